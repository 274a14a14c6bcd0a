// A memcached server's memory: the commands. Hot path.
//
//     KeyIndex: key -> chunk      ItemLists: who goes first      SlabPages: chunks      LargeValues: values in parts
//                \------------------------ SlabItems -----------------------/
//                                              |
//                              Reclaimer: room for new items      Maintenance: what needs no hurry
//                                              |
//                       SlabStore, on SlabStoreBase: all but the commands for a key
//
// Several threads can use one store, each through an instance of its own over the same shared memory. There a value is
// copied out, or held, before the item's lock is left, since anybody may overwrite it from then on; or the lock is kept
// until the reader lets go (`readsInPlace`).

import { checkKey, checkRange } from "./byte-checks.ts";
import { hashOf } from "./key-hash.ts";
import {
  CAS_HIGH,
  CAS_LOW,
  CLAIMED,
  FETCHED,
  IN_BASE64,
  REGION_MASK,
  REGION_SHIFT,
  STALE,
} from "./layout.ts";
import { WORKERS_MAX } from "./lock-workers.ts";
import type { StoreOptions } from "./options.ts";
import { settingsOf } from "./settings.ts";
import { SharedLocks } from "./shared-locks.ts";
import { TOO_LARGE } from "./slab-counters.ts";
import { LOCKS, STRIPES } from "./slab-items.ts";
import { SlabMemory } from "./slab-memory.ts";
import { type SharedStore, SlabStoreBase } from "./slab-store-base.ts";
import { CLAIMED_MARK, FETCHED_MARK, IN_BASE64_MARK, STALE_MARK } from "./snapshot-format.ts";
import {
  type Counted,
  type CountedOn,
  type DeletedOn,
  type FoundOn,
  type Millis,
  type Store,
  type Stored,
} from "./store.ts";
import type { Terms } from "./terms.ts";

const LOCKS_BYTES = SharedLocks.wordsFor(LOCKS) * Int32Array.BYTES_PER_ELEMENT;

/**
 * Items in slabs: chunks of memory in classes of sizes, with memcached's rules for which item goes when.
 *
 * Memory is taken as it is needed, up to `bytesMax` and a page for each class; the index takes about 8 bytes an item
 * on top. Nothing here allocates an object per item or per call.
 */
export class SlabStore extends SlabStoreBase implements Store {
  /**
   * A store that several workers (threads) use. The calling one is the first of them; others `join` by what `share`
   * answers.
   */
  static shared(options: Omit<StoreOptions, "reserve"> = {}): SlabStore {
    const { buffers } = SlabMemory.reserve(settingsOf(options), WORKERS_MAX + 1, LOCKS_BYTES);
    return new SlabStore(options, { options, buffers });
  }

  /**
   * @param copyBytes As in `StoreOptions`: what is no message each worker has itself.
   * @throws RangeError if there are `WORKERS_MAX` workers already
   */
  static join(shared: SharedStore, { copyBytes }: Pick<StoreOptions, "copyBytes"> = {}): SlabStore {
    return new SlabStore({ ...shared.options, copyBytes }, shared);
  }

  find(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.showToReader(ref);
      this.items.use(ref, now, false);
    }
    this.leaveStripe(hash);
    return ref !== 0;
  }

  inspect(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) this.showToReader(ref);
    this.leaveStripe(hash);
    return ref !== 0;
  }

  findAndTouch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.writer.setExpiry(ref, expiresAt);
      this.showToReader(ref);
      this.items.use(ref, now, true);
    }
    this.leaveStripe(hash);
    return ref !== 0;
  }

  touch(key: Uint8Array, keyStart: number, keyEnd: number, expiresAt: Millis, now: Millis): boolean {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.writer.setExpiry(ref, expiresAt);
      this.showStored(ref);
      this.items.use(ref, now, true);
    }
    this.leaveStripe(hash);
    return ref !== 0;
  }

  set(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    const tooLarge = this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, flags);
    const hash = this.enter(key, keyStart, keyEnd, now);
    let stored: Stored = "too-large";
    if (tooLarge) {
      const old = this.items.live(hash, key, keyStart, keyEnd, now);
      if (old !== 0) this.items.remove(old);
    } else
      stored = this.writer.set(
        hash,
        key,
        keyStart,
        keyEnd,
        value,
        valueStart,
        valueEnd,
        flags,
        expiresAt,
        now,
      );
    this.leaveStripe(hash);
    return stored;
  }

  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, flags)) return "too-large";
    const hash = this.enter(key, keyStart, keyEnd, now);
    const old = this.items.live(hash, key, keyStart, keyEnd, now);
    let stored: Stored = "not-stored";
    // As memcached: who adds in vain still shows interest in the item.
    if (old !== 0) this.items.renew(old, now);
    else
      stored = this.writer.store(
        old,
        hash,
        key,
        keyStart,
        keyEnd,
        value,
        valueStart,
        valueEnd,
        flags,
        expiresAt,
        now,
      );
    this.leaveStripe(hash);
    return stored;
  }

  replace(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, flags)) return "too-large";
    const hash = this.enter(key, keyStart, keyEnd, now);
    const old = this.items.live(hash, key, keyStart, keyEnd, now);
    const stored =
      old === 0
        ? "not-stored"
        : this.writer.store(
            old,
            hash,
            key,
            keyStart,
            keyEnd,
            value,
            valueStart,
            valueEnd,
            flags,
            expiresAt,
            now,
          );
    this.leaveStripe(hash);
    return stored;
  }

  cas(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    casHigh: number,
    casLow: number,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, flags)) return "too-large";
    const hash = this.enter(key, keyStart, keyEnd, now);
    const old = this.items.live(hash, key, keyStart, keyEnd, now);
    let stored: Stored = "not-found";
    if (old !== 0) {
      const words = this.memory.words[old >>> REGION_SHIFT] as Int32Array;
      const at = (old & REGION_MASK) << 1;
      // Without uniques nobody can know that it is the same.
      const { casUniques } = this.items.settings;
      const same =
        casUniques && words[at + CAS_HIGH] === (casHigh | 0) && words[at + CAS_LOW] === (casLow | 0);
      stored = same
        ? this.writer.store(
            old,
            hash,
            key,
            keyStart,
            keyEnd,
            value,
            valueStart,
            valueEnd,
            flags,
            expiresAt,
            now,
          )
        : "exists";
    }
    this.leaveStripe(hash);
    return stored;
  }

  append(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored {
    return this.#extend(key, keyStart, keyEnd, value, valueStart, valueEnd, false, now);
  }

  prepend(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    now: Millis,
  ): Stored {
    return this.#extend(key, keyStart, keyEnd, value, valueStart, valueEnd, true, now);
  }

  delete(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    if (ref !== 0) {
      this.showStored(ref);
      this.items.remove(ref);
    }
    this.leaveStripe(hash);
    return ref !== 0;
  }

  incr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    return this.#count(key, keyStart, keyEnd, deltaHigh, deltaLow, true, now);
  }

  decr(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    now: Millis,
  ): Counted {
    return this.#count(key, keyStart, keyEnd, deltaHigh, deltaLow, false, now);
  }

  findOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): FoundOn {
    if (terms.vivifies) checkKey(key, keyStart, keyEnd);
    const hash = this.enter(key, keyStart, keyEnd, now);
    const found = this.terms.find(terms, hash, key, keyStart, keyEnd, now);
    this.leaveStripe(hash);
    return found;
  }

  claim(key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const hash = hashOf(key, keyStart, keyEnd, this.seed);
    // The current item stays at hand: if its value lies where others can come to it, so does its stripe.
    const isKept = this.keptStripe === (hash & (STRIPES - 1));
    if (!isKept) this.enter(key, keyStart, keyEnd, now);
    const claimed = this.terms.claim(hash, key, keyStart, keyEnd, now);
    if (!isKept) this.leaveStripe(hash);
    return claimed;
  }

  storeOn(
    terms: Terms,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, flags)) return "too-large";
    const hash = this.enter(key, keyStart, keyEnd, now);
    const stored = this.terms.store(
      terms,
      hash,
      key,
      keyStart,
      keyEnd,
      value,
      valueStart,
      valueEnd,
      flags,
      expiresAt,
      now,
    );
    this.leaveStripe(hash);
    return stored;
  }

  deleteOn(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const deleted = this.terms.delete(terms, hash, key, keyStart, keyEnd, now);
    this.leaveStripe(hash);
    return deleted;
  }

  markStale(terms: Terms, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): DeletedOn {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const marked = this.terms.markStale(terms, hash, key, keyStart, keyEnd, now);
    this.leaveStripe(hash);
    return marked;
  }

  countOn(
    terms: Terms,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): CountedOn {
    if (terms.vivifies) checkKey(key, keyStart, keyEnd);
    const hash = this.enter(key, keyStart, keyEnd, now);
    const counted = this.terms.count(terms, hash, key, keyStart, keyEnd, deltaHigh, deltaLow, up, now);
    this.leaveStripe(hash);
    return counted;
  }

  /**
   * As `set`, for an item that was there before a restart, with its cas unique and what was known of its use.
   * `marks` are as `SnapshotWriter` writes them.
   * `restored` is to follow when all are there.
   */
  restore(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
    expiresAt: Millis,
    casHigh: number,
    casLow: number,
    usedAt: Millis,
    marks: number,
    now: Millis,
  ): Stored {
    const stored = this.set(key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    if (stored !== "stored") return stored;
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.index.find(hash, key, keyStart, keyEnd);
    if (ref !== 0) this.writer.setHistory(ref, casHigh, casLow, usedAt, stateOf(marks));
    this.leaveStripe(hash);
    this.casUniques.skip(casHigh, casLow);
    return stored;
  }

  #isTooLarge(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    flags: number,
  ): boolean {
    checkKey(key, keyStart, keyEnd);
    checkRange("value", value, valueStart, valueEnd);
    const size = this.writer.sizeOf(keyEnd - keyStart, valueEnd - valueStart, flags);
    if (size <= this.itemBytesMax) return false;
    this.letGo();
    this.items.counters.count(0, TOO_LARGE);
    return true;
  }

  #extend(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    inFront: boolean,
    now: Millis,
  ): Stored {
    if (this.#isTooLarge(key, keyStart, keyEnd, value, valueStart, valueEnd, 0)) return "too-large";
    const hash = this.enter(key, keyStart, keyEnd, now);
    const old = this.items.live(hash, key, keyStart, keyEnd, now);
    const extended = old !== 0 && this.writer.extend(old, value, valueStart, valueEnd, inFront, now);
    this.leaveStripe(hash);
    return extended ? "stored" : "not-stored";
  }

  #count(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): Counted {
    const hash = this.enter(key, keyStart, keyEnd, now);
    const ref = this.items.live(hash, key, keyStart, keyEnd, now);
    const counted = ref === 0 ? "not-found" : this.writer.count(ref, deltaHigh, deltaLow, up, now);
    this.leaveStripe(hash);
    return counted;
  }
}

function stateOf(marks: number): number {
  return (
    ((marks & FETCHED_MARK) === 0 ? 0 : FETCHED) |
    ((marks & STALE_MARK) === 0 ? 0 : STALE) |
    ((marks & CLAIMED_MARK) === 0 ? 0 : CLAIMED) |
    ((marks & IN_BASE64_MARK) === 0 ? 0 : IN_BASE64)
  );
}
