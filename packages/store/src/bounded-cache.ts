// A bounded cache for applications: a store spoken to in text, with `bigint` for 64-bit numbers and a clock of its
// own. Every call allocates a little; a server uses the store itself.

import { refuseUnknown, STORE_OPTIONS, type StoreOptions } from "./options.ts";
import { SlabStore } from "./slab-store.ts";
import {
  checkBytes,
  checkFunctions,
  checkText,
  checkTime,
  expiresAtOf,
  flagsOf,
  halvesOf,
} from "./cache-arguments.ts";
import { type Counted, KEY_BYTES_MAX, type Millis, type Store, type Stored } from "./store.ts";
import { decodeUtf8, Utf8Encoder } from "./utf8.ts";

const OPTIONS: readonly string[] = [...STORE_OPTIONS, "now", "store", "onGone"];

/** A longer value is encoded into an array of its own. */
const VALUE_UNITS_MAX = 4_096;

export interface BoundedCacheOptions extends StoreOptions {
  /** The time, such as `Date.now`: this package has no clock. */
  readonly now: () => Millis;
  /** Default: a new `SlabStore` with the other options. */
  readonly store?: Store;
  /**
   * Told of what goes to make room, or is found to have expired. Called during another call: it must not use the cache,
   * whose methods throw until it has returned. What it throws itself is thrown again in a microtask, where nobody
   * catches it, and the call goes on.
   */
  readonly onGone?: (key: string, cause: "evicted" | "expired") => void;
}

/** How long a value stays, and the number that goes with it. */
export interface ValueOptions {
  /** Milliseconds from now; 0 or less is gone at once. Default: until there is no more room for it. */
  readonly ttlMs?: number;
  /** An unsigned 32-bit number that is kept with the value. Default 0. */
  readonly flags?: number;
}

/** A value and what is known of it. The bytes are the caller's. */
export interface Entry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly flags: number;
  /** Changes whenever the value does: for `cas`. */
  readonly cas: bigint;
  readonly expiresAt: Millis;
}

/**
 * Texts or bytes by key, within a bound of memory.
 *
 * A key is text of 1 to 250 bytes in UTF-8. Methods throw a `RangeError` for a key, flags or number that is out of
 * range, or an option that there is not, a `TypeError` for what is of another type than they say, and then change
 * nothing; everything else is in the answer.
 */
export class BoundedCache {
  readonly store: Store;
  readonly #now: () => Millis;
  readonly #key: Utf8Encoder = new Utf8Encoder(KEY_BYTES_MAX);
  readonly #text: Utf8Encoder = new Utf8Encoder(VALUE_UNITS_MAX);
  /** `onGone` is being told: the store, and the key of the call that it is in the middle of, are in use. */
  #isTelling = false;

  /**
   * @throws TypeError for a `now` or an `onGone` that is no function; RangeError for an option that there is not; what
   * `SlabStore` throws
   */
  constructor(options: BoundedCacheOptions) {
    refuseUnknown("a cache", options, OPTIONS);
    checkFunctions(options);
    const { now, store, onGone, ...others } = options;
    this.store = store ?? new SlabStore(others);
    this.#now = now;
    if (onGone === undefined) return;
    this.store.listener = {
      gone: (cause, bytes, start, end) => {
        this.#isTelling = true;
        try {
          onGone(decodeUtf8(bytes, start, end), cause);
        } finally {
          this.#isTelling = false;
        }
      },
    };
  }

  /** The value as text. */
  get(key: string): string | undefined {
    return this.#find(key) ? this.#valueAsText() : undefined;
  }

  /** The value as text, which stays for so long from now on. */
  getAndTouch(key: string, ttlMs: number): string | undefined {
    const now = this.#come();
    const name = this.#keyOf(key);
    const found = this.store.findAndTouch(name, 0, this.#key.length, expiresAtOf(ttlMs, now), now);
    return found ? this.#valueAsText() : undefined;
  }

  entry(key: string): Entry | undefined {
    return this.#find(key) ? this.#entry() : undefined;
  }

  /** Every key with what is there, in no order. The cache may be used meanwhile: what is stored then may be missed. */
  *entries(): Generator<[key: string, entry: Entry], void, undefined> {
    const scan = this.store.scan();
    while (scan.next(this.#come())) {
      yield [decodeUtf8(scan.keyBytes, scan.keyStart, scan.keyEnd), this.#entry()];
    }
  }

  set(key: string, value: string | Uint8Array, options: ValueOptions = {}): Stored {
    return this.#put("set", key, value, options);
  }

  add(key: string, value: string | Uint8Array, options: ValueOptions = {}): Stored {
    return this.#put("add", key, value, options);
  }

  replace(key: string, value: string | Uint8Array, options: ValueOptions = {}): Stored {
    return this.#put("replace", key, value, options);
  }

  /** Stores if nobody changed the value since `entry` answered this `cas`. */
  cas(key: string, value: string | Uint8Array, cas: bigint, options: ValueOptions = {}): Stored {
    const now = this.#come();
    const name = this.#keyOf(key);
    const bytes = this.#bytesOf(value);
    const [high, low] = halvesOf(cas);
    const flags = flagsOf(options);
    const expiresAt = expiresAtOf(options.ttlMs, now);
    return this.store.cas(
      name,
      0,
      this.#key.length,
      bytes,
      0,
      this.#lengthOf(value),
      flags,
      expiresAt,
      high,
      low,
      now,
    );
  }

  append(key: string, value: string | Uint8Array): Stored {
    return this.#extend("append", key, value);
  }

  prepend(key: string, value: string | Uint8Array): Stored {
    return this.#extend("prepend", key, value);
  }

  delete(key: string): boolean {
    const now = this.#come();
    const name = this.#keyOf(key);
    return this.store.delete(name, 0, this.#key.length, now);
  }

  /** Changes how long the value stays. */
  touch(key: string, ttlMs: number): boolean {
    const now = this.#come();
    const name = this.#keyOf(key);
    return this.store.touch(name, 0, this.#key.length, expiresAtOf(ttlMs, now), now);
  }

  /** Adds to the decimal number that the value is. @returns the new number, or why there is none */
  incr(key: string, delta = 1n): bigint | Exclude<Counted, "counted"> {
    return this.#count("incr", key, delta);
  }

  /** Subtracts, down to 0 at most. */
  decr(key: string, delta = 1n): bigint | Exclude<Counted, "counted"> {
    return this.#count("decr", key, delta);
  }

  /** Forgets everything. */
  clear(): void {
    this.store.flush(0, this.#come());
  }

  /** The time, first of all in every call. Now and then something is done that needs no hurry. */
  #come(): Millis {
    if (this.#isTelling)
      throw new Error("onGone must not use the cache: it is in the middle of another call");
    const now = checkTime(this.#now());
    if (now >= this.store.maintenanceAt) this.store.maintain(now);
    return now;
  }

  // The value is let go as soon as it is read: others wait for it where it lies in memory that they share.

  #valueAsText(): string {
    const { store } = this;
    const whole = store.valueLength === store.valueEnd - store.valueStart;
    const text = whole
      ? decodeUtf8(store.valueBytes, store.valueStart, store.valueEnd)
      : decodeUtf8(this.#value(), 0, store.valueLength);
    store.letGo();
    return text;
  }

  #entry(): Entry {
    const { store } = this;
    const entry = {
      bytes: this.#value(),
      flags: store.flags,
      cas: (BigInt(store.casHigh) << 32n) | BigInt(store.casLow),
      expiresAt: store.expiresAt,
    };
    store.letGo();
    return entry;
  }

  /** A copy of the value that the store shows. */
  #value(): Uint8Array<ArrayBuffer> {
    const { store } = this;
    const value = new Uint8Array(store.valueLength);
    let at = 0;
    do {
      value.set(store.valueBytes.subarray(store.valueStart, store.valueEnd), at);
      at += store.valueEnd - store.valueStart;
    } while (store.nextPiece());
    return value;
  }

  #find(key: string): boolean {
    const now = this.#come();
    const name = this.#keyOf(key);
    return this.store.find(name, 0, this.#key.length, now);
  }

  #put(
    command: "set" | "add" | "replace",
    key: string,
    value: string | Uint8Array,
    options: ValueOptions,
  ): Stored {
    const now = this.#come();
    const name = this.#keyOf(key);
    const bytes = this.#bytesOf(value);
    const expiresAt = expiresAtOf(options.ttlMs, now);
    return this.store[command](
      name,
      0,
      this.#key.length,
      bytes,
      0,
      this.#lengthOf(value),
      flagsOf(options),
      expiresAt,
      now,
    );
  }

  #extend(command: "append" | "prepend", key: string, value: string | Uint8Array): Stored {
    const now = this.#come();
    const name = this.#keyOf(key);
    const bytes = this.#bytesOf(value);
    return this.store[command](name, 0, this.#key.length, bytes, 0, this.#lengthOf(value), now);
  }

  #count(command: "incr" | "decr", key: string, delta: bigint): bigint | Exclude<Counted, "counted"> {
    const { store } = this;
    const now = this.#come();
    const name = this.#keyOf(key);
    const [high, low] = halvesOf(delta);
    const counted = store[command](name, 0, this.#key.length, high, low, now);
    return counted === "counted" ? (BigInt(store.numberHigh) << 32n) | BigInt(store.numberLow) : counted;
  }

  /** @returns bytes of which the first `#key.length` are the key */
  #keyOf(key: string): Uint8Array {
    checkText(key);
    const bytes = this.#key.encode(key);
    const { length } = this.#key;
    if (length >= 1 && length <= KEY_BYTES_MAX) return bytes;
    throw new RangeError(`a key must have 1 to ${KEY_BYTES_MAX} bytes, got ${length}`);
  }

  /** @returns bytes of which the first `#lengthOf(value)` are the value */
  #bytesOf(value: string | Uint8Array): Uint8Array {
    return typeof value === "string" ? this.#text.encode(value) : checkBytes(value);
  }

  #lengthOf(value: string | Uint8Array): number {
    return typeof value === "string" ? this.#text.length : value.length;
  }
}
