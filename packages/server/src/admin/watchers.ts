// Clients that `watch`: a line for each thing that others do.
//
//     note(kind, text)  ->  each watcher of that kind: a line in its output, or, if that is full, one more missed
//
// A watcher that does not take its lines holds nobody up: what it has not taken stays below `watcherBytesMax`, and
// once it goes on it is told how many it has missed.

import type { Millis, Outbox } from "@memwire/engine";
import type { Connection } from "../connection.ts";
import type { ServerCounters } from "../counters.ts";
import type { ServerLimits } from "../options.ts";
import type { WorkerCounters } from "../workers/worker-counters.ts";
import type { WorkerRelay } from "../workers/worker-relay.ts";

// Kinds of what can be watched, a bit each.
export const FETCHES = 1;
export const MUTATIONS = 2;
export const EVICTIONS = 4;
export const CONNECTION_EVENTS = 8;
export const DELETIONS = 16;
export const SYSTEM_EVENTS = 32;

/** Kinds that are noted by commands for items. */
export const ITEM_KINDS: number = FETCHES | MUTATIONS | DELETIONS;

/** By memcached's names. It has no lines for raw commands, and a server none for a proxy: they may be asked for. */
export const WATCHED: ReadonlyMap<string, number> = new Map([
  ["fetchers", FETCHES],
  ["mutations", MUTATIONS],
  ["evictions", EVICTIONS],
  ["connevents", CONNECTION_EVENTS],
  ["deletions", DELETIONS],
  ["sysevents", SYSTEM_EVENTS],
  ["rawcmds", 0],
  ["proxyreqs", 0],
  ["proxyevents", 0],
  ["proxyuser", 0],
]);

interface Watcher {
  readonly connection: Connection;
  readonly kinds: number;
  /** Lines it has missed since the last one it got. */
  missed: number;
}

export class Watchers {
  /** What any of them watches, those of other workers included. */
  kinds = 0;
  /** What those of other workers watch. */
  #kindsElsewhere = 0;
  readonly #watchers: Watcher[] = [];
  readonly #outbox: Outbox;
  readonly #counters: ServerCounters;
  readonly #limits: Pick<ServerLimits, "watchersMax" | "watcherBytesMax">;
  readonly #relay: WorkerRelay;
  readonly #workers: WorkerCounters | undefined;
  #lastId = 0;

  constructor(
    outbox: Outbox,
    counters: ServerCounters,
    limits: Pick<ServerLimits, "watchersMax" | "watcherBytesMax">,
    relay: WorkerRelay,
    workers: WorkerCounters | undefined,
  ) {
    this.#relay = relay;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#limits = limits;
    this.#workers = workers;
  }

  get count(): number {
    return this.#watchers.length;
  }

  /** Those of other workers included. */
  get countOfAll(): number {
    return this.#workers?.watchers ?? this.count;
  }

  /** @returns false if there are too many already */
  add(connection: Connection, kinds: number): boolean {
    const { watchersMax } = this.#limits;
    if (!(this.#workers?.watch(watchersMax) ?? this.count < watchersMax)) return false;
    // As in memcached: with the numbers of lines one can tell which were before a watcher came.
    this.#lastId++;
    this.#watchers.push({ connection, kinds, missed: 0 });
    this.#watched();
    return true;
  }

  remove(connection: Connection): void {
    const at = this.#watchers.findIndex((watcher) => watcher.connection === connection);
    if (at < 0) return;
    this.#watchers.splice(at, 1);
    this.#workers?.unwatch();
    this.#watched();
  }

  /** Tells the other workers what is watched here. */
  announce(): void {
    this.#relay.tell({ kind: "watched", kinds: this.#kindsHere });
  }

  /** Watchers of other workers have changed. */
  changedElsewhere(): void {
    this.#kindsElsewhere = this.#relay.kinds;
    this.kinds = this.#kindsHere | this.#kindsElsewhere;
  }

  /** Gives a line to whoever watches this kind. */
  note(kind: number, text: string, now: Millis): void {
    this.#counters.logWorkerWritten++;
    if ((this.#kindsElsewhere & kind) !== 0) this.#relay.note(kind, text, now);
    this.notedElsewhere(kind, text, now);
  }

  /** Gives a line of another worker to those who watch here. */
  notedElsewhere(kind: number, text: string, now: Millis): void {
    const seconds = Math.floor(now / 1_000);
    // memcached has microseconds here as a plain number, without zeros in front.
    const microseconds = Math.floor((now - seconds * 1_000) * 1_000);
    const line = `ts=${seconds}.${microseconds} gid=${++this.#lastId} ${text}\n`;
    for (const watcher of this.#watchers) if ((watcher.kinds & kind) !== 0) this.#give(watcher, line);
  }

  /** Lines of another worker were dropped on their way: who watches here is told with the next one. */
  missedElsewhere(kind: number, lines: number): void {
    for (const watcher of this.#watchers) if ((watcher.kinds & kind) !== 0) watcher.missed += lines;
  }

  get #kindsHere(): number {
    return this.#watchers.reduce((all, { kinds }) => all | kinds, 0);
  }

  #watched(): void {
    this.kinds = this.#kindsHere | this.#kindsElsewhere;
    this.announce();
  }

  #give(watcher: Watcher, line: string): void {
    const { output, port } = watcher.connection;
    if (output.length + line.length > this.#limits.watcherBytesMax) {
      watcher.missed++;
      this.#counters.logWatcherSkipped++;
      return;
    }
    if (watcher.missed > 0) output.latin1(`[skipped=${watcher.missed}]\n`);
    watcher.missed = 0;
    output.latin1(line);
    this.#counters.logWatcherSent++;
    this.#outbox.touch(port);
  }
}
