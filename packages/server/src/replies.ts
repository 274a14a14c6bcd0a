// What one client is to be sent: lines and small values, joined, and between them large values where they lie.
//
//     written:   VALUE a 0 500000 \r\n | \r\n VALUE b ... \r\n END \r\n
//     lent:                      a's value in the store
//     sends:     ----------------> --------> ------------------------->
//
// A large value is not copied: the store holds it (`Store.hold`), its pieces are sends of their own, and it is let go
// when the network has the last of them, or the connection is over. One that cannot be held is copied, if there is room.
// Hot path, but for large values, of which each makes an object a piece.

import { SendBuffer } from "@memwire/codec";
import type { Store } from "@memwire/store";
import { type ReplyRoom, SMALL_BYTES } from "./reply-room.ts";

/** A piece of a value in the store's memory. */
interface Lent {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** How many bytes that were written go before it, and behind the piece before. */
  before: number;
  /** What is let go when it is sent; 0 if another piece of the same value follows. */
  hold: number;
}

/** Below this a piece of a value is copied: a send of its own costs more. */
const PIECE_BYTES_LEAST = 4_096;

export class Replies extends SendBuffer {
  readonly #store: Store;
  readonly #room: ReplyRoom;
  readonly #lent: Lent[] = [];
  #lentBytes = 0;
  /** Of what is written, how much goes before a piece. */
  #before = 0;
  /** Whether a piece was taken last, and what is let go when that is sent. */
  #tookPiece = false;
  #sentHold = 0;
  /** What the value is held by that was admitted. */
  #admitted = 0;

  constructor(room: ReplyRoom, store: Store) {
    super(room.pool);
    this.#store = store;
    this.#room = room;
  }

  /** Of what is to be sent, what was written here. */
  get writtenBytes(): number {
    return super.length;
  }

  override get length(): number {
    return super.length + this.#lentBytes;
  }

  /** Whether there is room for what may be large and is no value: then for one of them, however large. */
  get hasRoom(): boolean {
    return this.#room.has(SMALL_BYTES + 1);
  }

  /**
   * Whether there is room for the value of the store's current item: `value` is to follow. It is lent if it has
   * `lentBytesLeast` bytes, which takes none.
   */
  admits(lentBytesLeast: number): boolean {
    const { valueLength } = this.#store;
    if (valueLength <= SMALL_BYTES && valueLength < lentBytesLeast) return true;
    if (valueLength >= lentBytesLeast) this.#admitted = this.#store.hold();
    if (this.#admitted !== 0 || this.#room.has(valueLength)) return true;
    this.#store.letGo();
    return false;
  }

  /** Writes the value of the store's current item that was admitted, and lets go of it; or lends it. */
  value(lentBytesLeast: number): void {
    const store = this.#store;
    const hold = this.#admitted;
    if (hold !== 0) {
      this.#admitted = 0;
      return this.#lend(hold, Math.min(lentBytesLeast, PIECE_BYTES_LEAST));
    }
    do this.copy(store.valueBytes, store.valueStart, store.valueEnd);
    while (store.nextPiece());
    store.letGo();
  }

  override take(bytesMax: number = Infinity): Uint8Array {
    const piece = this.#lent[0];
    this.#tookPiece = false;
    if (piece === undefined) return super.take(bytesMax);
    if (piece.before > 0) {
      const taken = super.take(Math.min(piece.before, bytesMax));
      piece.before -= taken.length;
      this.#before -= taken.length;
      return taken;
    }
    // Whole: no piece is larger than a chunk of the store's, a MiB at most.
    this.#lent.shift();
    this.#lentBytes -= piece.end - piece.start;
    this.#tookPiece = true;
    this.#sentHold = piece.hold;
    return piece.bytes.subarray(piece.start, piece.end);
  }

  override reclaim(): void {
    if (!this.#tookPiece) return super.reclaim();
    this.#tookPiece = false;
    this.#letGo();
  }

  /** The connection is over: nothing is sent any more, and nobody reads what was. */
  abandon(): void {
    this.#letGo();
    for (const { hold } of this.#lent) if (hold !== 0) this.#store.release(hold);
    this.#lent.length = 0;
    this.#lentBytes = 0;
    this.#before = 0;
    this.clear();
  }

  #lend(hold: number, pieceBytesLeast: number): void {
    const store = this.#store;
    let last: Lent | undefined;
    do {
      const { valueBytes: bytes, valueStart: start, valueEnd: end } = store;
      if (end - start < pieceBytesLeast) {
        this.copy(bytes, start, end);
        continue;
      }
      const before = super.length - this.#before;
      this.#before += before;
      this.#lentBytes += end - start;
      last = { bytes, start, end, before, hold: 0 };
      this.#lent.push(last);
    } while (store.nextPiece());
    if (last === undefined) store.release(hold);
    else last.hold = hold;
  }

  #letGo(): void {
    if (this.#sentHold === 0) return;
    this.#store.release(this.#sentHold);
    this.#sentHold = 0;
  }
}
