// The bytes of a snapshot, however they are cut, as items in a store: a warm restart.
//
//     reader.receive(chunk, now)     for each chunk, which is the caller's again then
//     reader.ended(now)  ->  what was restored, or why nothing was
//
// It is for a store that is empty and serves nobody yet: items are put in while they come, and what turns out to be
// damaged leaves the store empty. Bytes never make it throw. None are believed before the checksum behind them was
// right, so what the reader holds is a block, and of an item that is longer than the rest of its block the whole.

import { checkChunk } from "./byte-checks.ts";
import { checksumOf } from "./checksum.ts";
import {
  CHECKSUM_BYTES,
  COUNT_AT,
  END_BYTES,
  FLUSH_AT_AT,
  HEAD_BYTES,
  LAST_CAS_HIGH_AT,
  LAST_CAS_LOW_AT,
  LENGTH_BYTES,
  MAGIC,
  RECORDS_BYTES_MAX,
  VERSION,
  VERSION_AT,
  WRITTEN_AT_AT,
} from "./snapshot-format.ts";
import { type RestorableStore, SnapshotRecords } from "./snapshot-records.ts";
import { refusalText, type SnapshotFault } from "./snapshot-refusal.ts";
import type { Millis } from "./store.ts";

export type SnapshotResult = SnapshotRestored | SnapshotRefused;

export interface SnapshotRestored {
  readonly outcome: "restored";
  readonly writtenAt: Millis;
  /** Items put in. The others of the snapshot are counted below. */
  readonly items: number;
  /** Their time went by since, or that of a flush. */
  readonly expired: number;
  /** Above the store's `itemBytesMax`. */
  readonly tooLarge: number;
  /** The store had no room for them, and must not evict. */
  readonly noRoom: number;
  /** Of those put in, how many went again to make room for others. */
  readonly evicted: number;
}

export interface SnapshotRefused {
  readonly outcome: "refused";
  readonly fault: SnapshotFault;
  /** Where, counted from the first byte. */
  readonly at: number;
  /** One line for people: what is wrong, where, and what would be right. */
  readonly message: string;
}

const PART_BYTES_MAX = LENGTH_BYTES + RECORDS_BYTES_MAX + CHECKSUM_BYTES;

export class SnapshotReader {
  readonly #store: RestorableStore;
  readonly #records: SnapshotRecords;
  readonly #evictionsBefore: number;
  /** The part at hand. */
  readonly #part: Uint8Array = new Uint8Array(PART_BYTES_MAX);
  readonly #view: DataView = new DataView(this.#part.buffer);
  #kind: "head" | "length" | "block" | "end" | "nothing" = "head";
  /** Its number, where it begins, how much of it there is, how much is wanted before anything can be said of it. */
  #number = 0;
  #start = 0;
  #held = 0;
  #wanted = HEAD_BYTES;
  #writtenAt: Millis = 0;
  #flushAt: Millis = Infinity;
  #lastCasHigh = 0;
  #lastCasLow = 0;
  #result: SnapshotResult | undefined;

  /** @param store Empty, and not in use before `ended`. */
  constructor(store: RestorableStore) {
    this.#store = store;
    this.#records = new SnapshotRecords(store);
    this.#evictionsBefore = store.counters.evictions;
  }

  /**
   * Takes a chunk, of any size.
   *
   * @returns "refused" if it is no use to read on: `ended` says why
   * @throws TypeError for what is no bytes, such as text
   */
  receive(chunk: Uint8Array, now: Millis): "need-data" | "refused" {
    checkChunk(chunk);
    let at = 0;
    while (at < chunk.length && this.#result === undefined) {
      const end = Math.min(chunk.length, at + this.#wanted - this.#held);
      this.#part.set(chunk.subarray(at, end), this.#held);
      this.#held += end - at;
      at = end;
      if (this.#held === this.#wanted) this.#take(now);
    }
    return this.#result?.outcome === "refused" ? "refused" : "need-data";
  }

  /** There are no more bytes. If anything was wrong with them, the store is empty now. */
  ended(now: Millis): SnapshotResult {
    if (this.#result !== undefined) return this.#result;
    if (this.#kind === "head" && this.#isForeign(now)) return this.ended(now);
    if (this.#kind !== "nothing") return this.#refuse("cut-off", this.#held, 0, 0, now);
    this.#result = this.#restored(now);
    return this.#result;
  }

  #restored(now: Millis): SnapshotRestored {
    const store = this.#store;
    const { items, expired, tooLarge, noRoom } = this.#records;
    store.restored(this.#lastCasHigh, this.#lastCasLow);
    const evicted = store.counters.evictions - this.#evictionsBefore;
    const others = { outcome: "restored", writtenAt: this.#writtenAt, tooLarge, noRoom, evicted } as const;
    if (this.#flushAt < Infinity) store.flush(this.#flushAt, now);
    return this.#flushAt <= now
      ? { ...others, items: 0, expired: items + expired }
      : { ...others, items, expired };
  }

  /** What was wanted is there. */
  #take(now: Millis): void {
    switch (this.#kind) {
      case "head":
        return this.#takeHead(now);
      case "length":
        return this.#takeLength(now);
      case "block":
        return this.#takeBlock(now);
      case "end":
        return this.#takeEnd(now);
      case "nothing":
        this.#refuse("bytes-after-end", 0, 0, 0, now);
    }
  }

  #takeHead(now: Millis): void {
    if (this.#isForeign(now)) return;
    const version = this.#view.getUint32(VERSION_AT, true);
    if (version !== VERSION) {
      this.#refuse("unknown-version", VERSION_AT, version, VERSION, now);
    } else if (this.#isSealed(now)) {
      this.#writtenAt = this.#view.getFloat64(WRITTEN_AT_AT, true);
      this.#expect("length", LENGTH_BYTES);
    }
  }

  #takeLength(now: Millis): void {
    const length = this.#view.getUint32(0, true);
    if (length > RECORDS_BYTES_MAX) {
      this.#refuse("wrong-length", 0, length, RECORDS_BYTES_MAX, now);
      return;
    }
    this.#kind = length === 0 ? "end" : "block";
    this.#wanted = length === 0 ? END_BYTES : LENGTH_BYTES + length + CHECKSUM_BYTES;
  }

  #takeBlock(now: Millis): void {
    if (!this.#isSealed(now)) return;
    const end = this.#wanted - CHECKSUM_BYTES;
    const stopped = this.#records.take(this.#part, this.#view, LENGTH_BYTES, end, now);
    if (stopped < end) this.#refuse("wrong-record", stopped, 0, 0, now);
    else this.#expect("length", LENGTH_BYTES);
  }

  #takeEnd(now: Millis): void {
    if (!this.#isSealed(now)) return;
    const count = this.#view.getFloat64(COUNT_AT, true);
    const { seen, midway } = this.#records;
    if (midway) {
      this.#refuse("wrong-record", 0, 0, 0, now);
    } else if (count !== seen) {
      this.#refuse("wrong-count", COUNT_AT, count, seen, now);
    } else {
      this.#flushAt = this.#view.getFloat64(FLUSH_AT_AT, true);
      this.#lastCasHigh = this.#view.getUint32(LAST_CAS_HIGH_AT, true);
      this.#lastCasLow = this.#view.getUint32(LAST_CAS_LOW_AT, true);
      this.#expect("nothing", 1);
    }
  }

  /** Whether what there is of the head is not how a snapshot begins. */
  #isForeign(now: Millis): boolean {
    const end = Math.min(this.#held, MAGIC.length);
    for (let i = 0; i < end; i++) {
      const [found, expected] = [this.#part[i] as number, MAGIC[i] as number];
      if (found === expected) continue;
      this.#refuse("foreign", i, found, expected, now);
      return true;
    }
    return false;
  }

  /** Whether the checksum at the end of the part is that of its bytes. */
  #isSealed(now: Millis): boolean {
    const end = this.#wanted - CHECKSUM_BYTES;
    const found = this.#view.getUint32(end, true);
    const expected = checksumOf(this.#view, 0, end, this.#number);
    if (found !== expected) this.#refuse("wrong-checksum", end, found, expected, now);
    return found === expected;
  }

  /** The part at hand is done with. */
  #expect(kind: "length" | "nothing", wanted: number): void {
    this.#number++;
    this.#start += this.#held;
    this.#held = 0;
    this.#kind = kind;
    this.#wanted = wanted;
  }

  /** @param at Where, counted from the start of the part. */
  #refuse(fault: SnapshotFault, at: number, found: number, expected: number, now: Millis): SnapshotRefused {
    this.#store.flush(now, now);
    this.#store.resetCounters();
    const place = this.#start + at;
    const message = refusalText(fault, place, found, expected);
    const refused: SnapshotRefused = { outcome: "refused", fault, at: place, message };
    this.#result = refused;
    return refused;
  }
}
