// Values whose flags say that they are compressed: which form they have, and what they are.
//
//     gzip      1f 8b 08 ...
//     zlib      78 9c ... (or another header whose method and checksum are right); HTTP calls it deflate
//     php       4 bytes of length, little-endian, then zlib: php-memcached
//
// The flags are only a hint: other clients use the same bit for other things, so a value in none of these forms is
// taken as it is.

import { adler32 } from "./adler32.ts";
import { joined } from "./bytes.ts";

export type Coding = "gzip" | "deflate";

/** A form that a value may have, and where the compressed data begins. */
export interface CompressedForm {
  readonly coding: Coding;
  readonly start: number;
}

const PHP_LENGTH_BYTES = 4;
const SUM_BYTES = 4;
/** So little is fed at a time, because some runtimes inflate all they are given at once: up to a thousandfold. */
const PIECE_BYTES = 4_096;

/** The forms that these bytes may have: none, one, or, when php's length happens to look like zlib, two. */
export function formsOf(bytes: Uint8Array): readonly CompressedForm[] {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) return [{ coding: "gzip", start: 0 }];
  const starts = [0, PHP_LENGTH_BYTES].filter((start) => isZlib(bytes, start));
  return starts.map((start) => ({ coding: "deflate", start }));
}

/** Whether a zlib header without a preset dictionary stands there. */
function isZlib(bytes: Uint8Array, start: number): boolean {
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  const methodIsDeflate = (first & 0x0f) === 8 && first >> 4 <= 7;
  return methodIsDeflate && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0;
}

/** Inflates by the first of the forms that is right. */
export async function inflateAs(
  forms: readonly CompressedForm[],
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Uint8Array | "broken" | "too-large"> {
  let outcome: Uint8Array | "broken" | "too-large" = "broken";
  for (const { coding, start } of forms) {
    outcome = await inflate(bytes.subarray(start), coding, bytesMax);
    if (outcome !== "broken") break;
  }
  return outcome;
}

/** Gives up as soon as more than `bytesMax` have come out, not when all has. */
async function inflate(
  bytes: Uint8Array,
  coding: Coding,
  bytesMax: number,
): Promise<Uint8Array | "broken" | "too-large"> {
  const stream = new DecompressionStream(coding);
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  // Whatever goes wrong shows at the reader too.
  writer.closed.catch(nothing);
  reader.closed.catch(nothing);
  const fed = feed(writer, bytes).catch(nothing);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > bytesMax) {
        reader.cancel().catch(nothing);
        writer.abort().catch(nothing);
        return "too-large";
      }
      pieces.push(value);
    }
    await fed;
  } catch {
    return "broken";
  }
  const plain = joined(pieces, length);
  return coding === "deflate" && !endsWithSumOf(bytes, plain) ? "broken" : plain;
}

/** Deno takes zlib data that was cut off for whole: only the checksum at its end tells. */
function endsWithSumOf(compressed: Uint8Array, plain: Uint8Array): boolean {
  const { buffer, byteOffset, length } = compressed;
  return (
    length >= SUM_BYTES &&
    new DataView(buffer, byteOffset, length).getUint32(length - SUM_BYTES) === adler32(plain)
  );
}

async function feed(writer: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await writer.ready;
    await writer.write(bytes.subarray(at, at + PIECE_BYTES) as Uint8Array<ArrayBuffer>);
  }
  await writer.close();
}

function nothing(): void {}
