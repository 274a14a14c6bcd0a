// The worker threads of a server: the main thread is worker 0, these are the others.
//
// A thread that ends without having been told to is replaced, in its place among the counters; what it left half done
// in the store is put right, and the others serve on meanwhile. Its connections are gone. One that does not get as far
// as serving is tried again a second later, so that nothing spins.

import { Worker } from "node:worker_threads";
import type { Clock, Millis } from "@memwire/engine";
import type { Sink } from "@memwire/program";
import { WorkerCounters, type WorkerMessage } from "@memwire/server";
import type { SlabStore } from "@memwire/store";
import type { Common, WorkerEvents } from "./engine-of-task.ts";
import type { MainWord, Orders, WorkerWord } from "./worker.ts";

const RETRY_MS: Millis = 1_000;
/** How late a thread may be that is told to end. */
const THREAD_LATE_MS: Millis = 250;

interface Place {
  readonly worker: number;
  thread: Worker | undefined;
  ticket: number;
  serves: boolean;
  /** Whether the last one in this place came to nothing; `undefined` before the first. */
  failing: boolean | undefined;
  failure: string;
}

/** The worker in the main thread, as the others reach it. */
export interface MainWorker {
  /** Another worker tells something. */
  readonly told: (worker: number, message: WorkerMessage) => void;
  /** Another worker has read the certificates again: this one is to do the same. */
  readonly refreshed: () => void;
  /** Another worker is dead. */
  readonly lost: (worker: number) => void;
}

/** What is told of all of them. */
export interface WorkersEvents extends Pick<WorkerEvents, "shutdown"> {
  /** One of them died, or cannot be replaced. */
  readonly says: (line: string) => void;
  /** One of them has lines for stderr, and no more until that is done. */
  readonly writes: Sink;
}

export class Workers {
  readonly #script: URL;
  readonly #orders: Omit<Orders, "worker">;
  readonly #store: SlabStore;
  readonly #clock: Clock;
  readonly #events: WorkersEvents;
  readonly #main: MainWorker;
  readonly #counters: WorkerCounters;
  readonly #places: Place[];
  #ending = false;
  #ended: () => void = () => {};

  /**
   * @param script What a thread runs: `serveAsWorker`.
   * @param where As the main thread has bound it.
   * @param events Is told of what any of them tells, but not of what is for workers.
   */
  constructor(
    script: URL,
    common: Common,
    store: SlabStore,
    where: Pick<Orders, "listen" | "datagrams" | "sharesDatagrams">,
    clock: Clock,
    events: WorkersEvents,
    main: MainWorker,
  ) {
    const { counters, task } = common;
    if (counters === undefined) throw new TypeError("several workers need counters that they share");
    this.#script = script;
    this.#orders = { ...common, store: store.share(), ...where };
    this.#store = store;
    this.#clock = clock;
    this.#events = events;
    this.#main = main;
    this.#counters = new WorkerCounters(counters, 0);
    this.#places = Array.from({ length: task.threads - 1 }, (_, i) => placeOf(i + 1));
  }

  /** Resolves when all serve, and never if they are to end before. @throws Error with what the first one said that cannot */
  async start(): Promise<void> {
    await Promise.all(this.#places.map((place) => this.#start(place)));
  }

  /** Passes on what the main thread's worker tells another one, or all others. */
  tell(message: WorkerMessage, to: number | undefined): void {
    this.#passOn(0, message, to);
  }

  /** Has all read again what can be. */
  reload(): void {
    this.#tell({ kind: "reload" });
  }

  /** Has all read the certificates again. */
  refresh(): void {
    this.#tell({ kind: "refresh" });
  }

  /** Has all end, and let clients take their replies for so long; those that are not through in time are ended. */
  async end(withinMs: Millis): Promise<void> {
    this.#ending = true;
    this.#tell({ kind: "end", withinMs });
    await new Promise<void>((resolve) => {
      this.#ended = () => {
        if (this.#places.every(({ thread }) => thread === undefined)) resolve();
      };
      this.#clock.at(this.#clock.now() + withinMs + THREAD_LATE_MS, resolve);
      this.#ended();
    });
    await Promise.all(this.#places.flatMap(({ thread }) => thread?.terminate() ?? []));
  }

  /** @param except The worker that need not hear it. */
  #tell(word: MainWord, except?: Place): void {
    for (const place of this.#places) if (place !== except) place.thread?.postMessage(word);
  }

  #start(place: Place): Promise<void> {
    place.serves = false;
    place.ticket = 0;
    place.failure = "it ended";
    const workerData: Orders = { ...this.#orders, worker: place.worker };
    const thread = new Worker(this.#script, { workerData });
    place.thread = thread;
    return new Promise((resolve, reject) => {
      thread.on("message", (word: WorkerWord) => {
        this.#heard(place, word);
        if (word.kind === "serves") resolve();
      });
      thread.on("error", (error: unknown) => {
        place.failure = error instanceof Error ? error.message : String(error);
      });
      thread.on("exit", () => {
        if (!this.#ending) reject(new Error(place.failure));
        this.#lost(place);
      });
    });
  }

  #heard(place: Place, word: WorkerWord): void {
    switch (word.kind) {
      case "joined":
        place.ticket = word.ticket;
        return;
      case "serves":
        place.serves = true;
        place.failing = false;
        return;
      case "shutdown":
        return this.#events.shutdown(word.mode);
      case "refreshed":
        this.#main.refreshed();
        return this.#tell({ kind: "refresh" }, place);
      case "tells":
        return this.#passOn(place.worker, word.message, word.to);
      case "says":
        return this.#events.writes(word.text, () => {
          place.thread?.postMessage({ kind: "written" } satisfies MainWord);
        });
      case "ended":
        place.ticket = 0;
        void place.thread?.terminate();
        place.thread = undefined;
        return this.#ended();
    }
  }

  /** What a worker tells another one, or all others. */
  #passOn(worker: number, message: WorkerMessage, to: number | undefined): void {
    if (worker !== 0 && (to === undefined || to === 0)) this.#main.told(worker, message);
    for (const place of this.#places) {
      if (place.worker === worker || (to !== undefined && place.worker !== to)) continue;
      place.thread?.postMessage({ kind: "told", worker, message } satisfies MainWord);
    }
  }

  #lost(place: Place): void {
    if (place.ticket !== 0) this.#store.forget(place.ticket);
    this.#counters.forget(place.worker);
    place.thread = undefined;
    this.#main.lost(place.worker);
    this.#tell({ kind: "lost", worker: place.worker });
    if (this.#ending) return this.#ended();
    const { serves, failing } = place;
    // Of one that has never served `start` tells.
    if (serves) this.#events.says(`worker ${place.worker} died and is replaced: ${place.failure}`);
    else if (failing === false)
      this.#events.says(`worker ${place.worker} cannot be replaced: ${place.failure}`);
    place.failing = !serves;
    const again = (): void => {
      if (!this.#ending) this.#start(place).catch(() => {});
    };
    if (serves) again();
    else this.#clock.at(this.#clock.now() + RETRY_MS, again);
  }
}

function placeOf(worker: number): Place {
  return { worker, thread: undefined, ticket: 0, serves: false, failing: undefined, failure: "" };
}
