// Several engines that are one server, in one process.

import {
  ServerEngine,
  type ServerOptions,
  type SharedCounters,
  type TellWorkers,
  WorkerCounters,
  type WorkerMessage,
} from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { Bench, START } from "./party.ts";

/** Engines on one store, whose messages wait until they are passed on, as between threads. */
export class Workers {
  readonly benches: Bench[] = [];
  /** Each as it would arrive in another thread. */
  readonly waiting: [from: number, message: WorkerMessage, to: number | undefined][] = [];
  readonly #store: SlabStore = SlabStore.shared({ bytesMax: 1_048_576, prefetchBytesLeast: 0 });
  readonly #options: ServerOptions;
  readonly #counters: SharedCounters | undefined;

  /** @param counters Of as many workers; without, each counts for itself. */
  constructor(count: number, options: ServerOptions = {}, counters?: SharedCounters) {
    this.#options = options;
    this.#counters = counters;
    for (let i = 0; i < count; i++) this.add();
    this.pass();
  }

  add(): Bench {
    const worker = this.benches.length;
    const store = worker === 0 ? this.#store : SlabStore.join(this.#store.share());
    const tellWorkers: TellWorkers = (message, to) => {
      this.waiting.push([worker, structuredClone(message), to]);
    };
    const counters = this.#counters;
    const bench = new Bench(
      new ServerEngine({
        store,
        tellWorkers,
        startedAt: START,
        debugTimeEnabled: true,
        ...(counters === undefined ? {} : { workers: new WorkerCounters(counters, worker) }),
        ...this.#options,
      }),
    );
    this.benches.push(bench);
    return bench;
  }

  pass(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const [from, message, to] = next;
      for (const [worker, bench] of this.benches.entries()) {
        if (worker === from || (to !== undefined && worker !== to)) continue;
        bench.engine.toldByWorker(from, message, bench.now);
        bench.turn();
      }
    }
  }

  /** Of what is on its way. */
  under(kind: "noted" | "counted"): number {
    let count = 0;
    for (const [, message] of this.waiting) {
      if (message.kind !== kind) continue;
      count += message.kind === "noted" ? message.lines.length : message.prefixes.length;
    }
    return count;
  }
}
