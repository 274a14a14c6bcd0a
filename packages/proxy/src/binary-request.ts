// Binary requests as text requests that are answered with the flags and the cas that a binary reply has.
//
//     get            gets key                         set      ms key len F T C c       with a cas any of set, add
//     gat, touch     gats T key                       add      ... ME                   and replace is a set
//     delete         md key C                         append   ... MA
//                                                     incr     ma key v c D N J C       decr: MD
//
// A key that a line cannot have goes in base64, and then a get or a touch is an `mg`. No other is: of an item that was
// marked as stale the first `mg` is told to renew it, which a binary client would not hear. So the value that comes with
// a touch is thrown away; the `touch` of text does not tell the flags and the cas. Hot path: written from the decoder's
// offsets.

import {
  base64Length,
  NO_INITIAL,
  writeBase64,
  type BinaryRequestDecoder,
  type SendBuffer,
} from "@memwire/codec";
import type { Expected } from "@memwire/link";

const KEY_BYTES_MAX = 250;
const BLANK = 32;

/**
 * The last second of 2038 that text can say without memcached 1.6.18 taking it for a time long past. Binary has 32 bits
 * without a sign: what is later than that is never.
 */
const EXPTIME_MAX = 0x7fff_ffff;

/** What a request asks for, whatever else it says. */
export type BinaryTask = "retrieve" | "touch" | "store" | "delete" | "count";

export class BinaryRequestWriter {
  readonly #key: Uint8Array = new Uint8Array(KEY_BYTES_MAX);
  #isWord = false;

  /** Whether a text server can be asked for the key of the request at hand, plain or in base64. */
  canSay({ bytes, keyStart, keyEnd }: BinaryRequestDecoder): boolean {
    this.#isWord = isWord(bytes, keyStart, keyEnd);
    return this.#isWord || base64Length(keyEnd - keyStart) <= KEY_BYTES_MAX;
  }

  /** What a server answers to the request whose key `canSay` said can be said. */
  expected(task: BinaryTask): Expected {
    return (task === "retrieve" || task === "touch") && this.#isWord ? "values" : "meta";
  }

  /** Deletes what is under the key, which `canSay` said can be said, whatever the cas of the request. */
  writeRemoval(out: SendBuffer, decoder: BinaryRequestDecoder): void {
    out.latin1("md");
    this.#writeKey(out, decoder);
    this.#endLine(out);
  }

  /**
   * The line of the request at hand, of one that stores all but its value. Its key is one that `canSay` said can be
   * said.
   */
  write(out: SendBuffer, task: BinaryTask, decoder: BinaryRequestDecoder): void {
    switch (task) {
      case "retrieve":
      case "touch":
        return this.#writeRetrieval(out, task, decoder);
      case "store":
        out.latin1("ms");
        this.#writeKey(out, decoder);
        out.byte(BLANK);
        out.decimal(decoder.valueBytes);
        writeStorage(out, decoder);
        break;
      case "delete":
        out.latin1("md");
        this.#writeKey(out, decoder);
        writeCas(out, decoder);
        break;
      case "count":
        out.latin1("ma");
        this.#writeKey(out, decoder);
        writeCount(out, decoder);
        break;
    }
    this.#endLine(out);
  }

  #writeRetrieval(out: SendBuffer, task: "retrieve" | "touch", decoder: BinaryRequestDecoder): void {
    const touches = decoder.extrasEnd > decoder.extrasStart;
    if (this.#isWord) {
      out.latin1(touches ? "gats" : "gets");
      if (touches) writeExptime(out, "", decoder.exptime);
      this.#writeKey(out, decoder);
      return out.latin1("\r\n");
    }
    out.latin1("mg");
    this.#writeKey(out, decoder);
    out.latin1(task === "touch" ? " f c" : " v f c");
    if (touches) writeExptime(out, "T", decoder.exptime);
    this.#endLine(out);
  }

  #endLine(out: SendBuffer): void {
    out.latin1(this.#isWord ? "\r\n" : " b\r\n");
  }

  #writeKey(out: SendBuffer, { bytes, keyStart, keyEnd }: BinaryRequestDecoder): void {
    out.byte(BLANK);
    if (this.#isWord) return out.copy(bytes, keyStart, keyEnd);
    for (let i = keyStart; i < keyEnd; i++) this.#key[i - keyStart] = bytes[i] as number;
    writeBase64(out, this.#key, keyEnd - keyStart);
  }
}

/** Whether a key can stand on a line. */
function isWord(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === BLANK || byte === 10 || byte === 13 || byte === 0) return false;
  }
  return true;
}

function writeStorage(out: SendBuffer, decoder: BinaryRequestDecoder): void {
  const { opcode, flags, exptime, cas } = decoder;
  const compares = cas.high !== 0 || cas.low !== 0;
  switch (opcode) {
    case "append":
    case "appendq":
      out.latin1(" MA");
      break;
    case "prepend":
    case "prependq":
      out.latin1(" MP");
      break;
    case "add":
    case "addq":
      if (!compares) out.latin1(" ME");
      break;
    case "replace":
    case "replaceq":
      if (!compares) out.latin1(" MR");
      break;
    default:
      break;
  }
  if (decoder.extrasEnd > decoder.extrasStart) {
    if (flags !== 0) {
      out.latin1(" F");
      out.decimal(flags);
    }
    if (exptime !== 0) writeExptime(out, "T", exptime);
  }
  writeCas(out, decoder);
  out.latin1(" c");
}

function writeCount(out: SendBuffer, decoder: BinaryRequestDecoder): void {
  const { opcode, delta, initial, exptime } = decoder;
  out.latin1(" v c D");
  out.decimal64(delta.high, delta.low);
  if (opcode === "decr" || opcode === "decrq") out.latin1(" MD");
  if (exptime !== NO_INITIAL) {
    writeExptime(out, "N", exptime);
    out.latin1(" J");
    out.decimal64(initial.high, initial.low);
  }
  writeCas(out, decoder);
}

function writeCas(out: SendBuffer, { cas }: BinaryRequestDecoder): void {
  if (cas.high === 0 && cas.low === 0) return;
  out.latin1(" C");
  out.decimal64(cas.high, cas.low);
}

function writeExptime(out: SendBuffer, letter: "T" | "N" | "", exptime: number): void {
  out.byte(BLANK);
  out.latin1(letter);
  out.decimal(Math.min(exptime, EXPTIME_MAX));
}
