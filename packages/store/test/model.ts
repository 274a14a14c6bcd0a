// A store as one would write it without a thought for memory: a Map of strings. Never evicts.

import { itemBytes } from "../src/mod.ts";
import type { Step } from "./store-laws.ts";
import type { TermsStep } from "./terms-steps.ts";

interface Item {
  readonly value: string;
  readonly flags: number;
  readonly expiresAt: number;
  readonly cas: bigint;
  readonly marks: Marks;
}

interface Marks {
  readonly fetched: boolean;
  readonly stale: boolean;
  readonly claimed: boolean;
  readonly keyInBase64: boolean;
}

const UNMARKED: Marks = { fetched: false, stale: false, claimed: false, keyInBase64: false };

const TWO_64 = 2n ** 64n;

export class Model {
  current: Item = { value: "", flags: 0, expiresAt: 0, cas: 0n, marks: UNMARKED };
  /** What the store tells of the time of the current item: what is touched on terms has another by now. */
  expiryShown = 0;
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
        return item === undefined ? "not-found" : this.#use(key, item, item.expiresAt, "found");
      case "delete":
        return this.#items.delete(key) ? "deleted" : "not-found";
      case "findAndTouch":
      case "touch":
        if (item === undefined) return "not-found";
        return this.#use(key, item, now + step.ttl, step.does === "touch" ? "touched" : "found");
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
      case "prepend":
        if (this.#isTooLarge(key, step.value, 0)) return "too-large";
        if (item === undefined) return "not-stored";
        return this.#extend(key, item, step.value, step.does === "append");
      case "cas":
        if (this.#isTooLarge(key, step.value, 5)) return "too-large";
        if (item === undefined) return "not-found";
        return item.cas === cas ? this.#store(key, step.value, 5, Infinity) : "exists";
      case "incr":
      case "decr":
        if (item === undefined) return "not-found";
        return this.#count(key, item, step.delta, step.does === "incr");
      case "flush":
        if (step.delay <= 0) this.#flush();
        else this.#flushAt = now + step.delay;
        return "flushed";
      case "maintain":
        return "maintained";
      default:
        return this.#takeOnTerms(step, item, cas, now);
    }
  }

  #takeOnTerms(step: TermsStep, item: Item | undefined, cas: bigint, now: number): string {
    const { key } = step;
    const differs = "seen" in step && step.seen !== "any" && item?.cas !== cas;
    switch (step.does) {
      case "findOn": {
        if (item === undefined) {
          if (!step.vivifies) return "not-found";
          const marks = { ...UNMARKED, claimed: true, fetched: step.uses };
          this.#store(key, "", 0, now + step.ttl + 500, marks, step.chosen);
          return "created";
        }
        const marks = step.uses ? { ...item.marks, fetched: true } : item.marks;
        return this.#change(key, { ...item, marks }, step.touches ? now + step.ttl : item.expiresAt, "found");
      }
      case "storeOn":
        return this.#storeOn(step, item, cas, now);
      case "deleteOn":
        if (item === undefined) return "not-found";
        if (differs) return "exists";
        this.#items.delete(key);
        return "done";
      case "markStale": {
        if (item === undefined) return "not-found";
        if (differs) return "exists";
        const marks = { ...item.marks, stale: true, claimed: false };
        const changed = { ...item, marks, cas: step.chosen ?? ++this.#lastCas };
        return this.#change(key, changed, step.touches ? now + step.ttl : item.expiresAt, "done");
      }
      case "countOn": {
        if (item === undefined) {
          if (!step.vivifies) return "not-found";
          this.number = step.initial;
          this.#store(key, `${step.initial}`, 0, now + step.ttl + 500, UNMARKED, step.chosen);
          return "created";
        }
        if (differs) return item.value === "" ? "non-numeric" : "exists";
        const answer = this.#count(key, item, step.delta, step.up, step.chosen);
        if (answer !== "counted" || !step.touches) return answer;
        return this.#change(key, this.current, now + step.ttl, answer);
      }
      case "claim":
        if (item === undefined) return "not-found";
        this.#change(key, { ...item, marks: { ...item.marks, claimed: true } }, item.expiresAt, "");
        return item.marks.claimed ? "taken" : "claimed";
    }
  }

  #storeOn(
    step: Extract<TermsStep, { does: "storeOn" }>,
    item: Item | undefined,
    cas: bigint,
    now: number,
  ): string {
    const { key, mode, value, flags, seen, keyInBase64, stale } = step;
    if (this.#isTooLarge(key, value, flags)) return "too-large";
    const extending = mode === "append" || mode === "prepend";
    const marks = { ...UNMARKED, keyInBase64, stale };
    if (item === undefined) {
      if (mode === "replace" || mode === "set") {
        if (seen !== "any") return "not-found";
        if (mode === "replace") return "not-stored";
      }
      if (extending && !step.vivifies) return "not-stored";
      return this.#store(key, value, flags, now + step.ttl, marks, step.chosen);
    }
    if (mode === "add") return "not-stored";
    const chosen = step.chosen ?? (step.keepsCas ? item.cas : undefined);
    const differs = seen !== "any" && item.cas !== cas;
    if (differs && (extending || !step.takesLate || cas > item.cas)) return "exists";
    if (extending) return this.#extend(key, item, value, mode === "append", chosen);
    const late = { ...marks, stale: true, claimed: item.marks.claimed };
    return differs
      ? this.#store(key, value, flags, item.expiresAt, late, chosen)
      : this.#store(key, value, flags, now + step.ttl, marks, chosen);
  }

  #isTooLarge(key: string, value: string, flags: number): boolean {
    return itemBytes(key.length, value.length, flags) > this.#itemBytesMax;
  }

  #extend(key: string, item: Item, value: string, behind: boolean, chosen?: bigint): string {
    const whole = behind ? item.value + value : value + item.value;
    if (this.#isTooLarge(key, whole, item.flags)) return "not-stored";
    return this.#store(key, whole, item.flags, item.expiresAt, UNMARKED, chosen);
  }

  /** A number that grows longer is a new item. */
  #count(key: string, item: Item, delta: bigint, up: boolean, chosen?: bigint): string {
    const before = numberOf(item.value);
    if (before === undefined) return "non-numeric";
    this.number = up ? (before + delta) % TWO_64 : before > delta ? before - delta : 0n;
    const text = `${this.number}`;
    const marks = text.length > item.value.length ? UNMARKED : item.marks;
    this.#store(key, text.padEnd(item.value.length), item.flags, item.expiresAt, marks, chosen);
    return "counted";
  }

  #store(
    key: string,
    value: string,
    flags: number,
    expiresAt: number,
    marks: Marks = UNMARKED,
    chosen?: bigint,
  ): string {
    this.current = { value, flags, expiresAt, marks, cas: chosen ?? ++this.#lastCas };
    this.expiryShown = expiresAt;
    this.#items.set(key, this.current);
    return "stored";
  }

  /** As the plain commands use an item, which show it as it is then. */
  #use(key: string, item: Item, expiresAt: number, answer: string): string {
    this.#change(key, { ...item, marks: { ...item.marks, fetched: true } }, expiresAt, answer);
    this.expiryShown = expiresAt;
    return answer;
  }

  #change(key: string, item: Item, expiresAt: number, answer: string): string {
    this.current = { ...item, expiresAt };
    this.expiryShown = item.expiresAt;
    this.#items.set(key, this.current);
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
