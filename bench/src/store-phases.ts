// The work that a subject is measured at, phase by phase, in a process of its own.
//
// A round is all phases in their order, from `fill` into an empty subject. Calls are timed in batches, between which the
// next keys are received; what a subject has to do of itself when its time has come (`maintain`) is timed with them.

import process from "node:process";
import { collect } from "./in-turn.ts";
import { isTextSubject, makeSubject } from "./store-subjects.ts";
import { OTHER_VALUE_BYTES, shuffled, type StoreSubject, Traffic, VALUE_BYTES } from "./store-traffic.ts";

/** What a call of a phase took. */
export interface Timing {
  readonly ns: number;
  /** Of all threads of the process: a collector has some of its own. */
  readonly cpuNs: number;
}

export const PHASES = [
  "fill",
  "get",
  "get, 24 told ahead",
  "overwrite",
  "overwrite, other size",
  "incr",
  "delete",
  "get, expired",
  "set, expired",
  "evict",
] as const;
export type Phase = (typeof PHASES)[number];

/** Of text too: lru-cache has no time without a `ttl`, and `BoundedCache` none that could be made to pass. */
export const TEXT_PHASES: readonly Phase[] = PHASES.filter(
  (phase) => !phase.endsWith("expired") && !phase.endsWith("ahead"),
);

const MAIN = "key:";
const NEW = "new:";
const COUNTERS = "num:";
const COUNTER_BYTES = 10;
const KEYS_AHEAD = 24;
const CALLS_MAX = 1_000_000;
const CHECKED_MAX = 10_000;
const TTL_MS = 3_600_000;

/** Does something with the first `count` keys received. @returns how often that was right */
type Calls = (count: number, now: number) => number;

/** A subject, in the state that the phases so far have brought it to. */
export class Phases {
  readonly #name: string;
  readonly #items: number;
  /** In a phase. */
  readonly #calls: number;
  readonly #traffic: Traffic;
  #subject: StoreSubject;
  #order: Uint32Array;
  #orders = 0;
  #skippedMs = 0;

  constructor(name: string, items: number) {
    this.#name = name;
    this.#items = items;
    this.#calls = Math.min(items, CALLS_MAX);
    this.#traffic = new Traffic(isTextSubject(name));
    this.#subject = makeSubject(name, this.#traffic, { items: 1 });
    this.#order = shuffled(items, ++this.#orders);
  }

  /** @throws Error if the subject did not do what it was asked to: then no figure of it is worth anything */
  run(phase: Phase): Timing {
    // The keys of two phases do not come in one order, which would be that of the memory they were put in.
    this.#order = shuffled(this.#items, ++this.#orders);
    const calls = this.#calls;
    switch (phase) {
      case "fill":
        return this.#fill(false);
      case "get":
        this.#check();
        return this.#timed(MAIN, 0, calls, this.#gets);
      case "get, 24 told ahead":
        return this.#timed(MAIN, 0, calls, this.#getsAhead);
      case "overwrite":
        return this.#timed(MAIN, 0, calls, this.#sets(VALUE_BYTES));
      case "overwrite, other size":
        return this.#timed(MAIN, 0, calls, this.#sets(OTHER_VALUE_BYTES), OTHER_VALUE_BYTES);
      case "incr":
        this.#timed(COUNTERS, 0, calls, this.#sets(COUNTER_BYTES), COUNTER_BYTES);
        return this.#timed(COUNTERS, 0, calls, this.#incrs);
      case "delete":
        return this.#timed(MAIN, 0, calls, this.#deletes);
      case "get, expired":
        this.#setAndExpire();
        return this.#timed(MAIN, 0, calls, this.#misses);
      case "set, expired":
        this.#setAndExpire();
        return this.#timed(MAIN, 0, calls, this.#sets(VALUE_BYTES));
      case "evict":
        this.#fill(true);
        return this.#timed(NEW, 0, calls, this.#sets(VALUE_BYTES));
    }
  }

  #fill(full: boolean): Timing {
    // There might not be room for the old one beside the new one.
    this.#subject = makeSubject(this.#name, this.#traffic, { items: 1 });
    collect();
    this.#subject = makeSubject(this.#name, this.#traffic, { items: this.#items, full });
    return this.#timed(MAIN, 0, this.#items, this.#sets(VALUE_BYTES));
  }

  /** Those that this phase then asks, which are not all if there are more than it has calls. */
  #setAndExpire(): void {
    const asked = this.#order.subarray(0, this.#calls);
    this.#timed(MAIN, 0, this.#calls, this.#sets(VALUE_BYTES, this.#now() + TTL_MS));
    this.#skippedMs += 2 * TTL_MS;
    this.#order = shuffled(this.#calls, ++this.#orders).map((at) => asked[at] as number);
  }

  #now(): number {
    return Math.floor(performance.timeOrigin + performance.now()) + this.#skippedMs;
  }

  #timed(prefix: string, from: number, end: number, calls: Calls, valueBytes = VALUE_BYTES): Timing {
    const subject = this.#subject;
    let ms = 0;
    let cpuUs = 0;
    let right = 0;
    for (let at = from; at < end;) {
      const count = this.#traffic.receive(prefix, this.#order, at, end, valueBytes);
      at += count;
      const now = this.#now();
      const cpuBefore = process.cpuUsage();
      const start = performance.now();
      if (subject.maintenanceAt <= now) subject.maintain(now);
      right += calls(count, now);
      ms += performance.now() - start;
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuUs += user + system;
    }
    const asked = end - from;
    if (right !== asked) throw new Error(`of ${asked} calls ${this.#name} did ${right} right`);
    return { ns: (ms * 1e6) / asked, cpuNs: (cpuUs * 1e3) / asked };
  }

  #check(): void {
    const traffic = this.#traffic;
    for (let at = 0; at < Math.min(this.#items, CHECKED_MAX); at++) {
      traffic.receive(MAIN, this.#order, at, at + 1, VALUE_BYTES);
      const answer = this.#subject.get(0, this.#now()) ? traffic.answered() : "nothing";
      const expected = traffic.valueOf(0, VALUE_BYTES);
      if (answer !== expected) throw new Error(`${this.#name} answered ${answer}, not ${expected}`);
    }
  }

  #sets(valueBytes: number, expiresAt = Infinity): Calls {
    return (count, now) => {
      let right = 0;
      for (let i = 0; i < count; i++) if (this.#subject.set(i, valueBytes, expiresAt, now)) right++;
      return right;
    };
  }

  readonly #gets: Calls = (count, now) => {
    let right = 0;
    for (let i = 0; i < count; i++) if (this.#subject.get(i, now)) right++;
    return right;
  };

  readonly #getsAhead: Calls = (count, now) => {
    let right = 0;
    for (let start = 0; start < count; start += KEYS_AHEAD) {
      const end = Math.min(start + KEYS_AHEAD, count);
      this.#subject.expect?.(start, end);
      for (let i = start; i < end; i++) if (this.#subject.get(i, now)) right++;
    }
    return right;
  };

  readonly #misses: Calls = (count, now) => {
    let right = 0;
    for (let i = 0; i < count; i++) if (!this.#subject.get(i, now)) right++;
    return right;
  };

  readonly #incrs: Calls = (count, now) => {
    let right = 0;
    for (let i = 0; i < count; i++) if (this.#subject.incr(i, now)) right++;
    return right;
  };

  readonly #deletes: Calls = (count, now) => {
    let right = 0;
    for (let i = 0; i < count; i++) if (this.#subject.delete(i, now)) right++;
    return right;
  };
}
