// What is done to an item on terms (terms.ts). Hot path for those that ask for nothing that has to be written.
//
// Everything here is about a key whose stripe is held (slab-items.ts): whatever the terms are, they hold at one moment.

import type { CasUniques } from "./cas-uniques.ts";
import type { CurrentItem } from "./current-item.ts";
import type { ItemWriter } from "./item-writer.ts";
import {
  CAS_HIGH,
  CAS_LOW,
  CLAIMED,
  EXPIRES_AT,
  FETCHED,
  IN_BASE64,
  REGION_MASK,
  REGION_SHIFT,
  SPLIT,
  STALE,
  STATE,
  VALUE_BYTES,
} from "./layout.ts";
import { NUMBER_BYTES_MAX, writeNumber } from "./number-text.ts";
import { HITS } from "./slab-counters.ts";
import type { SlabItems } from "./slab-items.ts";
import type { CountedOn, DeletedOn, FoundOn, Millis, Stored } from "./store.ts";
import type { Terms } from "./terms.ts";

const NOTHING = new Uint8Array(0);

export class ItemTerms {
  readonly #items: SlabItems;
  readonly #writer: ItemWriter;
  readonly #casUniques: CasUniques;
  readonly #shown: CurrentItem;
  readonly #digits: Uint8Array = new Uint8Array(NUMBER_BYTES_MAX);

  constructor(items: SlabItems, writer: ItemWriter, casUniques: CasUniques, shown: CurrentItem) {
    this.#items = items;
    this.#writer = writer;
    this.#casUniques = casUniques;
    this.#shown = shown;
  }

  find(terms: Terms, hash: number, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): FoundOn {
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref === 0) {
      if (!terms.vivifies) return "not-found";
      const marks = CLAIMED | (terms.uses ? FETCHED : 0);
      if (!this.#create(terms, hash, key, keyStart, keyEnd, NOTHING, 0, 0, marks, now)) return "not-found";
      if (!terms.touches) this.#countHit(this.#items.index.find(hash, key, keyStart, keyEnd));
      return "created";
    }
    this.#shown.showToReader(ref);
    if (terms.touches) this.#writer.setExpiry(ref, terms.expiresAt);
    if (terms.uses) this.#items.use(ref, now, terms.touches);
    else if (!terms.touches) this.#countHit(ref);
    return "found";
  }

  /** Of what is no use of the item, but a hit, as memcached counts it. */
  #countHit(ref: number): void {
    const list = this.#items.lists.listOf(ref);
    this.#items.counters.count(list >> 2, HITS + (list & 3));
  }

  /** @returns false if the item that is shown was claimed, or there is another one */
  claim(hash: number, key: Uint8Array, keyStart: number, keyEnd: number, now: Millis): boolean {
    const ref = this.#items.index.find(hash, key, keyStart, keyEnd);
    if (ref === 0 || this.#items.isDead(ref, now)) return true;
    if (!this.#hasCas(ref, this.#shown.casHigh, this.#shown.casLow)) return false;
    const state = this.#stateOf(ref);
    this.#setState(ref, state | CLAIMED);
    return (state & CLAIMED) === 0;
  }

  /** The value is not too large. */
  store(
    terms: Terms,
    hash: number,
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
    const { mode } = terms;
    const marks = (terms.keyInBase64 ? IN_BASE64 : 0) | (terms.stale ? STALE : 0);
    const extending = mode === "append" || mode === "prepend";
    const old = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (old === 0) {
      if (terms.compares && !extending && mode !== "add") return "not-found";
      if (mode === "replace" || (extending && !terms.vivifies)) return "not-stored";
    } else if (mode === "add") {
      // As the plain `add`: who adds in vain still shows interest in the item.
      this.#items.renew(old, now);
      return "not-stored";
    }
    const late = old !== 0 && terms.compares && !this.#hasCas(old, terms.casHigh, terms.casLow);
    if (late && (extending || !terms.takesLate || !this.#isAbove(old, terms.casHigh, terms.casLow))) {
      return "exists";
    }
    const inherited = late ? STALE | (this.#stateOf(old) & CLAIMED) : 0;
    this.#begin(terms, old, extending && old !== 0 ? 0 : marks | inherited);
    const writer = this.#writer;
    let stored: Stored;
    if (extending && old !== 0) {
      stored = writer.extend(old, value, valueStart, valueEnd, mode === "prepend", now)
        ? "stored"
        : "not-stored";
    } else if (mode === "set" && !terms.compares) {
      stored = writer.set(hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, expiresAt, now);
    } else {
      const until = late ? this.#expiryOf(old) : expiresAt;
      stored = writer.store(old, hash, key, keyStart, keyEnd, value, valueStart, valueEnd, flags, until, now);
    }
    this.#end();
    return stored;
  }

  delete(
    terms: Terms,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    now: Millis,
  ): DeletedOn {
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref === 0) return "not-found";
    if (terms.compares && !this.#hasCas(ref, terms.casHigh, terms.casLow)) return "exists";
    this.#shown.showStored(ref);
    this.#items.remove(ref);
    return "done";
  }

  markStale(
    terms: Terms,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    now: Millis,
  ): DeletedOn {
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref === 0) return "not-found";
    if (terms.compares && !this.#hasCas(ref, terms.casHigh, terms.casLow)) return "exists";
    const words = this.#words(ref);
    this.#begin(terms, ref, 0);
    this.#casUniques.stamp(words, (ref & REGION_MASK) << 1);
    this.#end();
    // Whoever asks next may claim it, though somebody had claimed what was there before.
    this.#setState(ref, (this.#stateOf(ref) & ~CLAIMED) | STALE);
    this.#shown.showStored(ref);
    if (terms.touches) this.#writer.setExpiry(ref, terms.expiresAt);
    return "done";
  }

  count(
    terms: Terms,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    deltaHigh: number,
    deltaLow: number,
    up: boolean,
    now: Millis,
  ): CountedOn {
    const writer = this.#writer;
    const ref = this.#items.live(hash, key, keyStart, keyEnd, now);
    if (ref === 0) {
      return terms.vivifies ? this.#createNumber(terms, hash, key, keyStart, keyEnd, now) : "not-found";
    }
    if (terms.compares && !this.#hasCas(ref, terms.casHigh, terms.casLow)) {
      return this.#canBeNumber(ref) ? "exists" : "non-numeric";
    }
    this.#begin(terms, ref, 0);
    const counted = writer.count(ref, deltaHigh, deltaLow, up, now);
    this.#end();
    // A number that has grown may be in another chunk.
    if (counted === "counted" && terms.touches) {
      writer.setExpiry(this.#items.index.find(hash, key, keyStart, keyEnd), terms.expiresAt);
    }
    return counted;
  }

  #createNumber(
    terms: Terms,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    now: Millis,
  ): CountedOn {
    const { number } = this.#writer;
    const digits = this.#digits;
    number.high = terms.initialHigh;
    number.low = terms.initialLow;
    const first = writeNumber(digits, digits.length, number);
    return this.#create(terms, hash, key, keyStart, keyEnd, digits, first, digits.length, 0, now)
      ? "created"
      : "out-of-memory";
  }

  /** Makes an item where there is none. */
  #create(
    terms: Terms,
    hash: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    marks: number,
    now: Millis,
  ): boolean {
    const { vivifiedUntil } = terms;
    const size = this.#writer.sizeOf(keyEnd - keyStart, valueEnd - valueStart, 0);
    if (size > this.#items.settings.itemBytesMax) return false;
    this.#begin(terms, 0, marks);
    const stored = this.#writer.store(
      0,
      hash,
      key,
      keyStart,
      keyEnd,
      value,
      valueStart,
      valueEnd,
      0,
      vivifiedUntil,
      now,
    );
    this.#end();
    return stored === "stored";
  }

  /** What is written until `#end` gets the cas unique that the terms ask for, and these marks. */
  #begin(terms: Terms, old: number, marks: number): void {
    this.#writer.marks = marks;
    if (terms.choosesCas) this.#casUniques.choose(terms.newCasHigh, terms.newCasLow);
    else if (terms.keepsCas && old !== 0) {
      const words = this.#words(old);
      const at = (old & REGION_MASK) << 1;
      this.#casUniques.choose(words[at + CAS_HIGH] as number, words[at + CAS_LOW] as number);
    }
  }

  #end(): void {
    this.#writer.marks = 0;
    this.#casUniques.count();
  }

  #hasCas(ref: number, high: number, low: number): boolean {
    const words = this.#words(ref);
    const at = (ref & REGION_MASK) << 1;
    return words[at + CAS_HIGH] === (high | 0) && words[at + CAS_LOW] === (low | 0);
  }

  #isAbove(ref: number, high: number, low: number): boolean {
    const words = this.#words(ref);
    const at = (ref & REGION_MASK) << 1;
    const ownHigh = (words[at + CAS_HIGH] as number) >>> 0;
    return ownHigh > high || (ownHigh === high && (words[at + CAS_LOW] as number) >>> 0 > low);
  }

  /** memcached looks at this before the cas unique, and at the digits behind it. */
  #canBeNumber(ref: number): boolean {
    const words = this.#words(ref);
    const at = (ref & REGION_MASK) << 1;
    return (words[at + VALUE_BYTES] as number) > 0 && ((words[at + STATE] as number) & SPLIT) === 0;
  }

  #expiryOf(ref: number): Millis {
    const floats = this.#items.memory.floats[ref >>> REGION_SHIFT] as Float64Array;
    return floats[(ref & REGION_MASK) + EXPIRES_AT] as Millis;
  }

  #stateOf(ref: number): number {
    return this.#words(ref)[((ref & REGION_MASK) << 1) + STATE] as number;
  }

  #setState(ref: number, state: number): void {
    this.#words(ref)[((ref & REGION_MASK) << 1) + STATE] = state;
  }

  #words(ref: number): Int32Array {
    return this.#items.memory.words[ref >>> REGION_SHIFT] as Int32Array;
  }
}
