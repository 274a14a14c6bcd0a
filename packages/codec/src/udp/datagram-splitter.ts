// A server's reply as datagrams. Hot path: one splitter for good, no allocation a datagram but `copy`'s view.
//
//     splitter.split(requestId, reply);                                lends the reply
//     while (splitter.next(out) === "datagram") send(out.take());      copies each piece once, behind its header
//
// One `out` for all makes the datagrams lie one behind the other; `take` after each is what keeps them apart.

import { check16, DATAGRAM_BYTES_MAX, DATAGRAM_HEADER_BYTES, writeDatagramHeader } from "./datagram.ts";
import type { SendBuffer } from "../send-buffer.ts";

const TOTAL_MAX = 65_535;
const EMPTY: Uint8Array = new Uint8Array(0);

/** Cuts a reply into datagrams. */
export class DatagramSplitter {
  /** Datagrams that the reply takes; none if it is empty. */
  total = 0;
  readonly #dataBytesMax: number;
  #requestId = 0;
  #sequence = 0;
  #bytes: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;

  /** @throws RangeError if a datagram of so many bytes has no room for data, or is none that UDP can send */
  constructor(datagramBytesMax: number = DATAGRAM_BYTES_MAX) {
    const fits = datagramBytesMax > DATAGRAM_HEADER_BYTES && datagramBytesMax <= 65_507;
    if (!fits || !Number.isInteger(datagramBytesMax)) {
      throw new RangeError(
        `datagramBytesMax must be a whole number from 9 to 65507, got ${datagramBytesMax}`,
      );
    }
    this.#dataBytesMax = datagramBytesMax - DATAGRAM_HEADER_BYTES;
  }

  /**
   * Begins with a reply, `bytes[start]` to `bytes[end - 1]`, lent until `next` answers "done" or until the next
   * `split`. What is left of the one before is forgotten.
   *
   * @throws RangeError, with the one before as it was, for a reply of more than 65,535 datagrams, or an id that is
   * not unsigned 16-bit
   */
  split(requestId: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    check16("request id", requestId);
    const total = Math.ceil((end - start) / this.#dataBytesMax);
    if (total > TOTAL_MAX) {
      const bytesMax = TOTAL_MAX * this.#dataBytesMax;
      throw new RangeError(`a reply must fit ${TOTAL_MAX} datagrams, ${bytesMax} bytes, got ${end - start}`);
    }
    this.total = total;
    this.#requestId = requestId;
    this.#sequence = 0;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Writes the next datagram. "done": there is none, nothing was written, and the reply is the caller's again. */
  next(out: SendBuffer): "datagram" | "done" {
    const at = this.#at;
    if (at >= this.#end) {
      this.#bytes = EMPTY;
      return "done";
    }
    const end = Math.min(at + this.#dataBytesMax, this.#end);
    writeDatagramHeader(out, this.#requestId, this.#sequence++, this.total);
    out.copy(this.#bytes, at, end);
    this.#at = end;
    return "datagram";
  }
}
