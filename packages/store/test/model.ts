// A store as one would write it without a thought for memory: a Map of strings. Never evicts.

import { itemBytes } from "../src/mod.ts";
import type { Step } from "./store-laws.ts";

interface Item {
  readonly value: string;
  readonly flags: number;
  readonly expiresAt: number;
  readonly cas: bigint;
}

const TWO_64 = 2n ** 64n;

export class Model {
  current: Item = { value: "", flags: 0, expiresAt: 0, cas: 0n };
  number = 0n;
  readonly #itemBytesMax: number;
  readonly #items: Map<string, Item> = new Map();
  #lastCas = 0n;
  #flushAt = Infinity;

  constructor(itemBytesMax: number) {
    this.#itemBytesMax = itemBytesMax;
  }

  take(step: Step, cas: bigint, now: number): string {
    if (now >= this.#flushAt) this.#flush();
    const { key } = step;
    for (const [name, { expiresAt }] of this.#items) if (expiresAt <= now) this.#items.delete(name);
    const item = this.#items.get(key);
    switch (step.does) {
      case "find":
        return item === undefined ? "not-found" : this.#is(item, "found");
      case "delete":
        return this.#items.delete(key) ? "deleted" : "not-found";
      case "findAndTouch":
      case "touch":
        if (item === undefined) return "not-found";
        this.#items.set(key, { ...item, expiresAt: now + step.ttl });
        return this.#is({ ...item, expiresAt: now + step.ttl }, step.does === "touch" ? "touched" : "found");
      case "set":
      case "add":
      case "replace":
        if (this.#isTooLarge(key, step.value, step.flags)) {
          if (step.does === "set") this.#items.delete(key);
          return "too-large";
        }
        if (step.does !== "set" && (step.does === "add") !== (item === undefined)) return "not-stored";
        return this.#store(key, step.value, step.flags, now + step.ttl);
      case "append":
      case "prepend": {
        if (this.#isTooLarge(key, step.value, 0)) return "too-large";
        if (item === undefined) return "not-stored";
        const value = step.does === "append" ? item.value + step.value : step.value + item.value;
        if (this.#isTooLarge(key, value, item.flags)) return "not-stored";
        return this.#store(key, value, item.flags, item.expiresAt);
      }
      case "cas":
        if (this.#isTooLarge(key, step.value, 5)) return "too-large";
        if (item === undefined) return "not-found";
        return item.cas === cas ? this.#store(key, step.value, 5, Infinity) : "exists";
      case "incr":
      case "decr": {
        if (item === undefined) return "not-found";
        const before = numberOf(item.value);
        if (before === undefined) return "non-numeric";
        const { delta } = step;
        this.number = step.does === "incr" ? (before + delta) % TWO_64 : before > delta ? before - delta : 0n;
        const value = `${this.number}`.padEnd(item.value.length);
        this.#store(key, value, item.flags, item.expiresAt);
        return "counted";
      }
      case "flush":
        if (step.delay <= 0) this.#flush();
        else this.#flushAt = now + step.delay;
        return "flushed";
      case "maintain":
        return "maintained";
    }
  }

  #isTooLarge(key: string, value: string, flags: number): boolean {
    return itemBytes(key.length, value.length, flags) > this.#itemBytesMax;
  }

  #store(key: string, value: string, flags: number, expiresAt: number): string {
    const item = { value, flags, expiresAt, cas: ++this.#lastCas };
    this.#items.set(key, item);
    return this.#is(item, "stored");
  }

  #is(item: Item, answer: string): string {
    this.current = item;
    return answer;
  }

  #flush(): void {
    this.#items.clear();
    this.#flushAt = Infinity;
  }
}

/** What C's strtoull and memcached's check make of a value. */
function numberOf(value: string): bigint | undefined {
  const match = /^[ \t\n\v\f\r]*([-+]?)([0-9]+)(?:[ \t\n\v\f\r\0]|$)/.exec(value);
  if (match === null) return undefined;
  const size = BigInt(match[2] as string);
  if (size >= TWO_64) return undefined;
  const number = match[1] === "-" ? (TWO_64 - size) % TWO_64 : size;
  const text = value.split("\0", 1)[0] as string;
  return number >= TWO_64 / 2n && text.includes("-") ? undefined : number;
}
