// Sends requests on as they came, but for what is to be changed: for proxies, by the offsets that a decoder has.
//
//     const forwarder = new RequestForwarder({ addPrefix, answered: true });
//     decoder.next() is "request" or "head":  forwarder.write(out, decoder)
//                       "part":               out.copy(decoder.bytes, decoder.partStart, decoder.partEnd)
//                       "tail":               out.copy(decoder.bytes, decoder.start, decoder.end)
//                       "invalid" in a value: the same; the server refuses it, too, and is in step again
//
// After a head that was not written, nothing is written up to its tail: a server would read the value as commands.
// Classic, meta and binary alike. What is not changed is copied, but for words that mean nothing at the end of a text
// line, which are left out. Nothing is allocated a request.

import { BinaryRequestDecoder } from "../binary/binary-request-decoder.ts";
import { REQUEST_MAGIC, writeBinaryHeader } from "../binary/header.ts";
import { NO_INITIAL, OPCODES } from "../binary/opcode.ts";
import type { Opcode } from "../binary/binary-message.ts";
import { SendBuffer } from "../send-buffer.ts";
import type { RequestFields } from "../text/request-fields.ts";
import { Changes, type ForwardRefusal, type Forwarding } from "./forwarding.ts";
import { scratchBytes, type Scratch, writeTextLine } from "./text-line.ts";

const AS_IT_IS = -1;

/** By opcode, the one that answers. */
const loudCodes: Uint8Array = new Uint8Array(256);
for (const { name, code } of Object.values(OPCODES)) {
  loudCodes[code] = OPCODES[name.replace(/q$/, "") as Opcode].code;
}

/** Sends requests on as they came, but for what is to be changed. */
export class RequestForwarder {
  readonly #changes: Changes;
  readonly #scratch: Scratch = { key: scratchBytes(), line: new SendBuffer() };

  /** @throws RangeError for a prefix longer than a key, or an exptime that is not a whole number */
  constructor(forwarding: Forwarding = {}) {
    this.#changes = new Changes(forwarding);
  }

  /**
   * Writes the request at hand, after `next()` answered "request" or "head".
   *
   * @param opaque Unsigned 32-bit, in place of the one that the request has; a meta request without one gets flag O.
   * Classic requests have none, and `mn` and `me` neither. By default it is left as it is.
   * @returns "written", or why nothing was
   * @throws RangeError for an opaque that is not an unsigned 32-bit number
   */
  write(
    out: SendBuffer,
    decoder: RequestFields | BinaryRequestDecoder,
    opaque: number = AS_IT_IS,
  ): "written" | ForwardRefusal {
    if (opaque !== AS_IT_IS && opaque >>> 0 !== opaque) {
      throw new RangeError(`opaque must be a whole number from 0 to 4294967295, got ${opaque}`);
    }
    if (decoder instanceof BinaryRequestDecoder) return this.#writeBinary(out, decoder, opaque);
    const refusal = writeTextLine(out, decoder, this.#changes, opaque, this.#scratch);
    if (refusal !== null) return refusal;
    out.copy(decoder.bytes, decoder.lineEnd, decoder.end);
    return "written";
  }

  #writeBinary(out: SendBuffer, decoder: BinaryRequestDecoder, opaque: number): "written" | ForwardRefusal {
    const changes = this.#changes;
    const { bytes, opcode, extrasStart, extrasEnd, keyStart, keyEnd, valueStart } = decoder;
    const { extras, key } = OPCODES[opcode];
    const changesKey = changes.changesKeys && key === "some" && !opcode.startsWith("sasl");
    if (changesKey) {
      const refusal = changes.keyRefusal(bytes, keyStart, keyEnd);
      if (refusal !== null) return refusal;
    }
    // Where nothing is to be created, nothing is to expire.
    const isExpiring =
      extras === "storage" ||
      extras === "exptime" ||
      (extras === "arithmetic" && decoder.exptime !== NO_INITIAL);
    const changesExptime = changes.changesExptime && isExpiring;
    if (changesExptime && changes.binaryExptime < 0) return "exptime";
    const addedBytes = changesKey ? changes.added.length : 0;
    const removedBytes = changesKey ? changes.removed.length : 0;
    writeBinaryHeader(
      out,
      REQUEST_MAGIC,
      changes.answered ? (loudCodes[decoder.code] as number) : decoder.code,
      keyEnd - keyStart - removedBytes + addedBytes,
      extrasEnd - extrasStart,
      decoder.dataType,
      decoder.vbucket,
      decoder.valueBytes,
      opaque === AS_IT_IS ? decoder.opaque : opaque,
      decoder.cas.high,
      decoder.cas.low,
    );
    // Of extras that have one, the exptime is the last.
    out.copy(bytes, extrasStart, changesExptime ? extrasEnd - 4 : extrasEnd);
    if (changesExptime) out.uint32(changes.binaryExptime);
    if (addedBytes > 0) out.copy(changes.added, 0, addedBytes);
    out.copy(bytes, keyStart + removedBytes, keyEnd);
    // Of a value that comes in parts nothing is here yet.
    out.copy(bytes, valueStart, decoder.end);
    return "written";
  }
}
