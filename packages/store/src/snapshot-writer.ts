// A store's items as the bytes of a snapshot, pulled piece by piece.
//
//     for (let piece = writer.next(now); piece !== undefined; piece = writer.next(now)) file.write(piece)
//
// The store may be used between two pieces. Then what changes meanwhile is in the snapshot as it was or as it is,
// or in both ways, the newer one behind the older one; everything else is in it exactly once. An item is copied
// out whole while it is at hand: what the writer holds is a block, and of a larger value the rest.

import { checksumOf } from "./checksum.ts";
import { copyByView, withLoop } from "./copy-bytes.ts";
import {
  CAS_HIGH_AT,
  CAS_LOW_AT,
  CHECKSUM_BYTES,
  CLAIMED_MARK,
  COUNT_AT,
  END_BYTES,
  EXPIRES_AT_AT,
  FETCHED_MARK,
  FLAGS_AT,
  FLUSH_AT_AT,
  HEAD_BYTES,
  IN_BASE64_MARK,
  KEY_AT,
  LAST_CAS_HIGH_AT,
  LAST_CAS_LOW_AT,
  LENGTH_BYTES,
  MAGIC,
  MARKS_AT,
  RECORDS_BYTES_MAX,
  STALE_MARK,
  USED_AT_AT,
  VALUE_BYTES_AT,
  VERSION,
  VERSION_AT,
  WRITTEN_AT_AT,
} from "./snapshot-format.ts";
import { KEY_BYTES_MAX, type Millis, type Store, type StoreScan } from "./store.ts";

const copy = withLoop(copyByView);
const RECORDS_END_MAX = LENGTH_BYTES + RECORDS_BYTES_MAX;

/** Bytes of a piece, at most. */
export const SNAPSHOT_PIECE_BYTES_MAX: number = RECORDS_END_MAX + CHECKSUM_BYTES;

export class SnapshotWriter {
  readonly #store: Store;
  readonly #scan: StoreScan;
  readonly #piece: Uint8Array = new Uint8Array(SNAPSHOT_PIECE_BYTES_MAX);
  readonly #view: DataView = new DataView(this.#piece.buffer);
  /** What no block has yet of the value written last. */
  #rest: Uint8Array = new Uint8Array(0);
  #restStart = 0;
  #restEnd = 0;
  #next: "head" | "block" | "end" | "nothing" = "head";
  /** How many pieces there have been: the number of the one at hand. */
  #pieces = 0;
  #items = 0;

  constructor(store: Store) {
    this.#store = store;
    this.#scan = store.scan();
  }

  /** Items written so far. */
  get items(): number {
    return this.#items;
  }

  /**
   * The next piece of at most `SNAPSHOT_PIECE_BYTES_MAX` bytes, lent until the next call. Items that have expired or
   * were flushed are not in it.
   *
   * @returns undefined when the snapshot is complete
   */
  next(now: Millis): Uint8Array | undefined {
    if (this.#next === "head") {
      this.#next = "block";
      return this.#head(now);
    }
    if (this.#next === "block") {
      const recordsEnd = this.#records(now);
      if (recordsEnd > LENGTH_BYTES) {
        this.#view.setUint32(0, recordsEnd - LENGTH_BYTES, true);
        return this.#sealed(recordsEnd);
      }
      this.#next = "end";
    }
    if (this.#next === "nothing") return undefined;
    this.#next = "nothing";
    return this.#end();
  }

  #head(now: Millis): Uint8Array {
    this.#piece.set(MAGIC);
    this.#view.setUint32(VERSION_AT, VERSION, true);
    this.#view.setFloat64(WRITTEN_AT_AT, now, true);
    return this.#sealed(HEAD_BYTES - CHECKSUM_BYTES);
  }

  #end(): Uint8Array {
    this.#view.setUint32(0, 0, true);
    this.#view.setFloat64(COUNT_AT, this.#items, true);
    this.#view.setFloat64(FLUSH_AT_AT, this.#store.flushAt, true);
    this.#view.setUint32(LAST_CAS_HIGH_AT, this.#store.lastCasHigh, true);
    this.#view.setUint32(LAST_CAS_LOW_AT, this.#store.lastCasLow, true);
    return this.#sealed(END_BYTES - CHECKSUM_BYTES);
  }

  #sealed(end: number): Uint8Array {
    this.#view.setUint32(end, checksumOf(this.#view, 0, end, this.#pieces++), true);
    return this.#piece.subarray(0, end + CHECKSUM_BYTES);
  }

  /** Fills a block. @returns where its records end */
  #records(now: Millis): number {
    let at = this.#takeRest();
    // No item is at hand that would not fit in: all but its value has to be in one block.
    while (at + KEY_AT + KEY_BYTES_MAX <= RECORDS_END_MAX && this.#scan.next(now)) at = this.#record(at);
    return at;
  }

  #takeRest(): number {
    const start = this.#restStart;
    this.#restStart = Math.min(start + RECORDS_BYTES_MAX, this.#restEnd);
    copy(this.#rest, start, this.#restStart, this.#piece, LENGTH_BYTES);
    return LENGTH_BYTES + this.#restStart - start;
  }

  #record(start: number): number {
    const store = this.#store;
    const { keyBytes, keyStart, keyEnd } = this.#scan;
    this.#items++;
    this.#view.setUint16(start, keyEnd - keyStart, true);
    this.#view.setUint16(start + MARKS_AT, marksOf(store), true);
    this.#view.setUint32(start + FLAGS_AT, store.flags, true);
    this.#view.setUint32(start + VALUE_BYTES_AT, store.valueLength, true);
    this.#view.setUint32(start + CAS_HIGH_AT, store.casHigh, true);
    this.#view.setUint32(start + CAS_LOW_AT, store.casLow, true);
    this.#view.setFloat64(start + EXPIRES_AT_AT, store.expiresAt, true);
    this.#view.setFloat64(start + USED_AT_AT, store.usedAt, true);
    copy(keyBytes, keyStart, keyEnd, this.#piece, start + KEY_AT);
    return this.#value(start + KEY_AT + keyEnd - keyStart);
  }

  /** Writes what there is room for, and keeps the rest. */
  #value(start: number): number {
    const store = this.#store;
    const restBytes = store.valueLength - (RECORDS_END_MAX - start);
    this.#restStart = 0;
    this.#restEnd = 0;
    if (restBytes > this.#rest.length) this.#rest = new Uint8Array(restBytes);
    let at = start;
    do {
      const split = Math.min(store.valueEnd, store.valueStart + RECORDS_END_MAX - at);
      copy(store.valueBytes, store.valueStart, split, this.#piece, at);
      at += split - store.valueStart;
      copy(store.valueBytes, split, store.valueEnd, this.#rest, this.#restEnd);
      this.#restEnd += store.valueEnd - split;
    } while (store.nextPiece());
    return at;
  }
}

function marksOf(store: Store): number {
  return (
    (store.fetched ? FETCHED_MARK : 0) |
    (store.stale ? STALE_MARK : 0) |
    (store.claimed ? CLAIMED_MARK : 0) |
    (store.keyInBase64 ? IN_BASE64_MARK : 0)
  );
}
