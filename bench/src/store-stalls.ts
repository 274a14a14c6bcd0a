// The longest that one call holds the event loop while items are filled in and the table grows, expire, are flushed and
// are evicted: the store, a Map of objects, and arithmetic, which is as good as this machine gets, on the runtime that
// runs this:
//
//     node -C @memwire/source bench/src/store-stalls.ts [--items 5000000] [--subject SlabStore]
//     bun --conditions=@memwire/source bench/src/store-stalls.ts
//     deno run -A --conditions=@memwire/source bench/src/store-stalls.ts
//
// Calls are timed in batches of 16, of which one is an upper bound of each of them; `maintain` and `flush` alone. What
// the collector takes counts, what the thread waited for a processor does not: milliseconds are without that wait, and
// with it in brackets. The five longest of each phase; the goal is 5 ms. Linux.

import { parseArgs } from "node:util";
import { grouped } from "./figures.ts";
import { Answering, answerLines, ownCommand } from "./in-turn.ts";
import { StallWatch } from "./stall-watch.ts";
import { makeSubject } from "./store-subjects.ts";
import { shuffled, type StoreSubject, Traffic, VALUE_BYTES } from "./store-traffic.ts";

const CALLS_TIMED = 16;
const TTL_MS = 3_600_000;
const MAINTAINED_MS = 5_000;
const ARITHMETIC = "arithmetic";
/** Two processes for each other subject. */
const FILLING = "filling";
const EVICTING = "evicting";
const ARITHMETIC_MS = 5_000;
const ARITHMETIC_STEPS = 2_000;

/** What is done with key `i` of a batch. */
type Call = (i: number, now: number) => unknown;

/** A turn of the event loop: what a runtime does between two of our calls holds up others just the same. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One subject, driven through all phases in a process of its own. */
class Driver {
  readonly #name: string;
  readonly #items: number;
  readonly #order: Uint32Array;
  readonly #traffic = new Traffic(false);
  readonly #watches = new Map<string, StallWatch>();
  readonly #subject: StoreSubject;
  #skippedMs = 0;

  constructor(name: string, items: number, full: boolean) {
    this.#name = name;
    this.#items = items;
    this.#order = shuffled(items, 1);
    this.#subject = makeSubject(name, this.#traffic, full ? { items: items >> 1, full } : { items });
  }

  /** Does as a line of the parent says. */
  async run(part: string): Promise<readonly string[]> {
    if (part === EVICTING) await this.#calls("evict", 0, this.#items, this.#set);
    else await this.#fillAndForget();
    return [...this.#watches].map(([phase, watch]) => `  ${phase.padEnd(22)}${watch.report()}`);
  }

  async #fillAndForget(): Promise<void> {
    const items = this.#items;
    const quarter = items >> 2;
    const expiresAt = this.#now() + TTL_MS;
    await this.#calls("fill, grow", 0, items, (i, now) => this.#subject.set(i, VALUE_BYTES, expiresAt, now));
    this.#skippedMs += 2 * TTL_MS;
    await this.#gone("expired", quarter);
    await this.#calls("fill again", 0, items, this.#set);
    await this.#alone("flush", () => this.#subject.flush(this.#now()));
    await this.#gone("flushed", quarter);
  }

  /** Everything is gone, and is found to be: by gets, by sets, and by the subject itself. */
  async #gone(phase: string, quarter: number): Promise<void> {
    await this.#calls(`${phase}, get`, 0, quarter, (i, now) => {
      if (this.#subject.get(i, now)) throw new Error(`${this.#name} has what is ${phase}`);
    });
    await this.#calls(`${phase}, set`, quarter, 2 * quarter, this.#set);
    const end = performance.now() + MAINTAINED_MS;
    while (this.#subject.maintenanceAt < Infinity && performance.now() < end) {
      this.#skippedMs += Math.max(0, this.#subject.maintenanceAt - this.#now());
      await this.#maintain(phase, this.#now());
    }
  }

  readonly #set: Call = (i, now) => this.#subject.set(i, VALUE_BYTES, Infinity, now);

  async #calls(phase: string, from: number, end: number, call: Call): Promise<void> {
    const watch = this.#watch(phase);
    for (let at = from; at < end;) {
      const count = this.#traffic.receive("key:", this.#order, at, end, VALUE_BYTES);
      at += count;
      const now = this.#now();
      if (this.#subject.maintenanceAt <= now) await this.#maintain(phase, now);
      let start = watch.begin();
      for (let first = 0; first < count; first += CALLS_TIMED) {
        const last = Math.min(count, first + CALLS_TIMED);
        for (let i = first; i < last; i++) call(i, now);
        start = watch.end(start);
      }
      await turn();
      watch.end(start);
    }
  }

  #maintain(phase: string, now: number): Promise<void> {
    return this.#alone(`${phase.replace(/,.*/, "")}, maintain`, () => this.#subject.maintain(now));
  }

  async #alone(phase: string, call: () => void): Promise<void> {
    const watch = this.#watch(phase);
    const start = watch.begin();
    call();
    const next = watch.end(start);
    await turn();
    watch.end(next);
  }

  #watch(phase: string): StallWatch {
    const known = this.#watches.get(phase);
    if (known !== undefined) return known;
    const watch = new StallWatch();
    this.#watches.set(phase, watch);
    return watch;
  }

  #now(): number {
    return Math.floor(performance.timeOrigin + performance.now() + this.#skippedMs);
  }
}

/** The same loop over nothing but numbers: what is long here is the machine's. */
async function arithmetic(): Promise<readonly string[]> {
  const watch = new StallWatch();
  const end = performance.now() + ARITHMETIC_MS;
  let sum = 0;
  while (performance.now() < end) {
    let start = watch.begin();
    for (let first = 0; first < CALLS_TIMED; first++) {
      for (let i = 0; i < ARITHMETIC_STEPS; i++) sum = (Math.imul(sum, 31) + i) | 0;
      start = watch.end(start);
    }
    await turn();
    watch.end(start);
  }
  return [`  ${`sum ${sum}`.padEnd(22)}${watch.report()}`];
}

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "5000000" },
    subject: { type: "string", multiple: true, default: [ARITHMETIC, "SlabStore", "Map"] },
    measured: { type: "string" },
  },
});
const items = Number(values.items);
if (values.measured === undefined) {
  console.log(`${navigator.userAgent}, ${grouped(items)} items`);
  for (const name of values.subject) {
    console.log(name);
    // Apart, for the system takes a while to take back the memory of a store that is gone.
    for (const part of name === ARITHMETIC ? [ARITHMETIC] : [FILLING, EVICTING]) {
      const child = new Answering(
        name,
        ownCommand(import.meta.url, ["--measured", name, "--items", `${items}`]),
      );
      try {
        console.log((JSON.parse(await child.ask(part)) as string[]).join("\n"));
      } finally {
        child.end();
      }
    }
  }
} else {
  const name = values.measured;
  await answerLines(async (part) =>
    JSON.stringify(
      await (part === ARITHMETIC ? arithmetic() : new Driver(name, items, part === EVICTING).run(part)),
    ),
  );
}
