// Mixes of commands on items of a few sizes, more of them than the memory holds; and the words in which memcached answers.
//
// A mix is a list of steps. `StoreUnderTest` takes them in process, `commandOf` says them to a memcached; the answers are
// the same text. Each size of a mix has keys of its own; now and then a step takes those of another one, so that items are
// overwritten by some of another size. Expired items come several in a row: memcached looks at five at a time.

import { latin1Bytes } from "@memwire/codec";
import type { Store, Stored } from "@memwire/store";
import fc from "fast-check";

export interface Step {
  readonly command: "set" | "delete" | "get";
  readonly key: string;
  readonly valueBytes: number;
  readonly flags: number;
  readonly expired: boolean;
}

export interface MixLimits {
  /** Of the values. */
  readonly bytesLeast: number;
  readonly bytesMost: number;
  /** What the memory may hold: a mix stores about five times that, if it has steps enough. */
  readonly memoryBytes: number;
  readonly stepsMax: number;
}

/** "x" */
const VALUE_BYTE = 120;

/** Some thousand steps, of which a failed test shows no more than what they are about: its seed has them all. */
export class Mix {
  readonly steps: readonly Step[];
  readonly #about: string;

  constructor(steps: readonly Step[], about: string) {
    this.steps = steps;
    this.#about = about;
  }

  [fc.toStringMethod](): string {
    return `${this.steps.length} steps, ${this.#about}`;
  }
}

export function mixes({ bytesLeast, bytesMost, memoryBytes, stepsMax }: MixLimits): fc.Arbitrary<Mix> {
  // Not fc.double(): of all doubles from 0 to 1 nearly all are next to 0.
  const part = fc.integer({ min: 0, max: 9_999 }).map((each) => each / 10_000);
  // As many between 1 and 10 KB as between 10 and 100.
  const size = part.map((each) => Math.round(bytesLeast * (bytesMost / bytesLeast) ** each));
  const draw = fc.record({
    percent: fc.nat(99),
    which: part,
    other: fc.nat(99),
    key: fc.nat(),
    more: fc.nat(99),
    flags: fc.constantFrom(0, 0, 7),
    inARow: fc.integer({ min: 1, max: 9 }),
  });
  return fc
    .record({
      sizes: fc.noBias(fc.array(size, { minLength: 3, maxLength: 5 })),
      deletePercent: fc.integer({ min: 2, max: 20 }),
      expiredPercent: fc.integer({ min: 0, max: 4 }),
      draws: fc.noShrink(
        fc.noBias(fc.array(draw, { minLength: stepsMax, maxLength: stepsMax, size: "max" })),
      ),
    })
    .map(({ sizes, deletePercent, expiredPercent, draws }) => {
      // As many bytes of each size: so there are many of the small ones.
      const whole = sizes.reduce((sum, each) => sum + 1 / each, 0);
      const steps: Step[] = [];
      let stored = 0;
      let expired = 0;
      for (const { percent, which, other, key, more, flags, inARow } of draws) {
        if (stored > memoryBytes * 5) break;
        let left = which * whole;
        let at = 0;
        while (at < sizes.length - 1 && (left -= 1 / (sizes[at] as number)) > 0) at++;
        const bytes = sizes[at] as number;
        const from = other < 15 ? other % sizes.length : at;
        const number = key % Math.max(8, Math.ceil(memoryBytes / (sizes[from] as number)));
        const command = commandAt(percent, deletePercent);
        const valueBytes = Math.min(bytesMost, bytes + Math.floor((bytes * more) / 400));
        if (command === "set") stored += valueBytes;
        if (expired === 0 && other < expiredPercent) expired = inARow;
        steps.push({ command, key: keyOf(from, number), valueBytes, flags, expired: expired > 0 });
        if (expired > 0) expired--;
      }
      const about = `sizes ${sizes.join(", ")}, ${deletePercent} % deletes, ${expiredPercent} % expired`;
      return new Mix(steps, about);
    });
}

function commandAt(percent: number, deletePercent: number): Step["command"] {
  if (percent < deletePercent) return "delete";
  return percent < deletePercent + 8 ? "get" : "set";
}

function keyOf(size: number, number: number): string {
  return `${size}:${number}:`.padEnd(number % 9 === 0 ? 200 : 1, "k");
}

/** A step as it is said to a memcached. It answers with one line. */
export function commandOf({ command, key, valueBytes, flags, expired }: Step): string {
  if (command === "delete") return `delete ${key}\r\n`;
  if (command === "get") return questionOf(key);
  return `set ${key} ${flags} ${expired ? -1 : 0} ${valueBytes}\r\n${"x".repeat(valueBytes)}\r\n`;
}

/** Whether there is such an item, and what of it is short. */
export function questionOf(key: string): string {
  return `mg ${key} s f\r\n`;
}

/** A store that answers with memcached's words. */
export class StoreUnderTest {
  readonly store: Store;
  readonly #now: number;
  readonly #value: Uint8Array;

  constructor(store: Store, now: number) {
    this.store = store;
    this.#now = now;
    this.#value = new Uint8Array(store.itemBytesMax).fill(VALUE_BYTE);
  }

  take({ command, key, valueBytes, flags, expired }: Step): string {
    if (command === "get") return this.question(key);
    const { store } = this;
    const bytes = latin1Bytes(key);
    const now = this.#now;
    if (command === "delete") return store.delete(bytes, 0, bytes.length, now) ? "DELETED" : "NOT_FOUND";
    const expiresAt = expired ? 0 : Infinity;
    return wordsFor(store.set(bytes, 0, bytes.length, this.#value, 0, valueBytes, flags, expiresAt, now));
  }

  question(key: string): string {
    const { store } = this;
    const bytes = latin1Bytes(key);
    if (!store.find(bytes, 0, bytes.length, this.#now)) return "EN";
    return `HD s${store.valueLength} f${store.flags}`;
  }
}

function wordsFor(stored: Stored): string {
  switch (stored) {
    case "stored":
      return "STORED";
    case "out-of-memory":
      return "SERVER_ERROR out of memory storing object";
    case "too-large":
      return "SERVER_ERROR object too large for cache";
    default:
      return "NOT_STORED";
  }
}
