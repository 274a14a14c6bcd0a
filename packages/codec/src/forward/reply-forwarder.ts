// Sends replies back as they came, but for what was changed of the request: for proxies, by the offsets that a decoder
// has. The other way of request-forwarder.ts.
//
//     const back = new ReplyForwarder({ removePrefix });
//     decoder.next() is "reply" or "head":  back.write(out, decoder)
//                       "part":             out.copy(decoder.bytes, decoder.partStart, decoder.partEnd)
//                       "tail":             out.copy(decoder.bytes, decoder.start, decoder.end)
//
// A key stands in `VALUE`, in `ME`, behind flag k (in base64 if there is a flag b) and in binary messages but those of
// `stat`; an opaque behind flag O and in the binary header. Everything else is copied. Nothing is allocated a reply.

import { base64Bytes, decodeBase64, writeBase64 } from "../base64.ts";
import { BinaryReplyDecoder } from "../binary/binary-reply-decoder.ts";
import { REPLY_MAGIC, writeBinaryHeader } from "../binary/header.ts";
import { BINARY_STATUSES } from "../binary/status.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { SendBuffer } from "../send-buffer.ts";
import type { TextReplyDecoder } from "../text/text-reply-decoder.ts";
import { Changes, type Forwarding, type KeyRefusal } from "./forwarding.ts";
import { scratchBytes } from "./text-line.ts";

const KEY_BYTES_MAX = DEFAULT_LIMITS.keyBytesMax;
const LETTER_K = 107;
const LETTER_O = 79;

/** What is to be changed of keys, in this order. */
export type ReplyForwarding = Pick<Forwarding, "removePrefix" | "addPrefix">;

/** Why nothing was written. */
export type ReplyForwardRefusal =
  | KeyRefusal
  /** A key that is said to be base64 is not, or is longer than keys are. */
  | "key-unreadable"
  | "prefix-unsayable";

/** Sends replies back as they came, but for keys and opaques. */
export class ReplyForwarder {
  readonly #changes: Changes;
  readonly #scratch: Uint8Array = scratchBytes();

  /** @throws RangeError for a prefix longer than a key */
  constructor({ removePrefix, addPrefix }: ReplyForwarding = {}) {
    this.#changes = new Changes({
      ...(removePrefix === undefined ? {} : { removePrefix }),
      ...(addPrefix === undefined ? {} : { addPrefix }),
    });
  }

  /**
   * Writes the reply at hand, after `next()` answered "reply" or "head".
   *
   * @param opaque What the client's request had: of a meta reply what stands behind flag O, which is left out if it is
   * empty; of a binary one an unsigned 32-bit number. By default it is left as it is.
   * @returns "written", or why nothing was
   * @throws RangeError for an opaque that is not an unsigned 32-bit number, TypeError for one of the other protocol
   */
  write(
    out: SendBuffer,
    decoder: TextReplyDecoder | BinaryReplyDecoder,
    opaque?: number | Uint8Array,
  ): "written" | ReplyForwardRefusal {
    if (decoder instanceof BinaryReplyDecoder) return this.#writeBinary(out, decoder, opaque);
    if (typeof opaque === "number") throw new TypeError("the opaque of a meta reply must be bytes");
    switch (decoder.kind) {
      case "value":
      case "me":
        return this.#writeKeyed(out, decoder);
      case "hd":
      case "va":
      case "en":
      case "nf":
      case "ns":
      case "ex":
        return this.#writeFlags(out, decoder, opaque);
      default:
        out.copy(decoder.bytes, decoder.start, decoder.end);
        return "written";
    }
  }

  #writeKeyed(out: SendBuffer, decoder: TextReplyDecoder): "written" | ReplyForwardRefusal {
    const { bytes, start, end, keyStart, keyEnd } = decoder;
    const { added, removed } = this.#changes;
    const refusal = this.#keyRefusal(bytes, keyStart, keyEnd, true);
    if (refusal !== null) return refusal;
    out.copy(bytes, start, keyStart);
    out.copy(added, 0, added.length);
    out.copy(bytes, keyStart + removed.length, end);
    return "written";
  }

  #writeFlags(
    out: SendBuffer,
    decoder: TextReplyDecoder,
    opaque: Uint8Array | undefined,
  ): "written" | ReplyForwardRefusal {
    const { bytes, meta, end } = decoder;
    const { added, removed, changesKeys } = this.#changes;
    const isBase64 = meta.has("b");
    const keyStart = changesKeys ? meta.tokenStart("k") : -1;
    let keyBytes = 0;
    if (keyStart >= 0) {
      const keyEnd = meta.tokenEnd("k");
      if (isBase64) {
        keyBytes = base64Bytes(bytes, keyStart, keyEnd);
        if (keyBytes === 0 || keyBytes > KEY_BYTES_MAX) return "key-unreadable";
        decodeBase64(bytes, keyStart, keyEnd, this.#scratch);
      }
      const refusal = isBase64
        ? this.#keyRefusal(this.#scratch, 0, keyBytes, false)
        : this.#keyRefusal(bytes, keyStart, keyEnd, true);
      if (refusal !== null) return refusal;
    }
    let at = decoder.start;
    for (let i = 0; i < meta.count; i++) {
      const flagStart = meta.offsets[i * 2] as number;
      const flagEnd = meta.offsets[i * 2 + 1] as number;
      const code = bytes[flagStart];
      if (code === LETTER_K && keyStart >= 0) {
        out.copy(bytes, at, keyStart);
        if (isBase64) this.#writeBase64Key(out, keyBytes);
        else {
          out.copy(added, 0, added.length);
          out.copy(bytes, keyStart + removed.length, flagEnd);
        }
      } else if (code === LETTER_O && opaque !== undefined) {
        // Without an opaque the blank before it goes, too.
        out.copy(bytes, at, opaque.length === 0 ? flagStart - 1 : flagStart + 1);
        out.copy(opaque, 0, opaque.length);
      } else continue;
      at = flagEnd;
    }
    out.copy(bytes, at, end);
    return "written";
  }

  #writeBase64Key(out: SendBuffer, keyBytes: number): void {
    const { added, removed } = this.#changes;
    this.#scratch.copyWithin(added.length, removed.length, keyBytes);
    this.#scratch.set(added);
    writeBase64(out, this.#scratch, keyBytes - removed.length + added.length);
  }

  #writeBinary(
    out: SendBuffer,
    decoder: BinaryReplyDecoder,
    opaque: number | Uint8Array = decoder.opaque,
  ): "written" | ReplyForwardRefusal {
    if (typeof opaque !== "number") throw new TypeError("the opaque of a binary reply must be a number");
    if (opaque >>> 0 !== opaque) {
      throw new RangeError(`opaque must be a whole number from 0 to 4294967295, got ${opaque}`);
    }
    const { bytes, keyStart, keyEnd, extrasStart, extrasEnd, valueStart } = decoder;
    const { added, removed } = this.#changes;
    const hasKey = keyEnd > keyStart && decoder.opcode !== "stat";
    if (hasKey) {
      const refusal = this.#keyRefusal(bytes, keyStart, keyEnd, false);
      if (refusal !== null) return refusal;
    }
    const removedBytes = hasKey ? removed.length : 0;
    const addedBytes = hasKey ? added.length : 0;
    writeBinaryHeader(
      out,
      REPLY_MAGIC,
      decoder.code,
      keyEnd - keyStart - removedBytes + addedBytes,
      extrasEnd - extrasStart,
      decoder.dataType,
      BINARY_STATUSES[decoder.status].code,
      decoder.valueBytes,
      opaque,
      decoder.cas.high,
      decoder.cas.low,
    );
    out.copy(bytes, extrasStart, extrasEnd);
    out.copy(added, 0, addedBytes);
    out.copy(bytes, keyStart + removedBytes, keyEnd);
    out.copy(bytes, valueStart, decoder.end);
    return "written";
  }

  /** Of the refusals of requests only those that a key may have. */
  #keyRefusal(bytes: Uint8Array, start: number, end: number, isText: boolean): ReplyForwardRefusal | null {
    const changes = this.#changes;
    if (!changes.changesKeys) return null;
    if (start === end) return "key-empty";
    if (isText && !changes.isWord) return "prefix-unsayable";
    return changes.keyRefusal(bytes, start, end);
  }
}
