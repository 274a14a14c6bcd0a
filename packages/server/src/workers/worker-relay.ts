// What the workers of one server tell each other of what operators do, beside what they count in shared memory.
//
//     watch at worker 1      --watched-->  worker 2: lines are wanted
//     a command at worker 2  --noted---->  worker 1: a line for its watchers  --took--> worker 2: there is room again
//     stats conns            --survey--->  all tell of their connections, to the one that asks:      --surveyed-->
//     stats detail on        --detail--->  all count by prefix, and tell what they counted:  --counted-->  --added-->
//
// Messages are plain data, for one worker or for all others. What a turn has to tell goes in one message when it is
// over. What another thread has not yet taken waits in memory: no more than `workerLinesMax` lines are on their way to
// one worker. Further ones are dropped and counted, and its watchers are told how many they missed. What was counted by
// prefix is told when all have taken what was told before; until then it adds up here.

import type { Millis } from "@memwire/engine";
import type { ServerCounters } from "../counters.ts";
import type { ConnectionFacts } from "../stats/stats-connections.ts";
import type { PrefixCounts } from "../stats/prefix-counters.ts";

/** What operators can set that is remembered for `stats`. */
export interface Remembered {
  sizesEnabled: boolean;
  /** Seconds of memcached's clock before which everything was flushed last. */
  oldest: number;
  // What nothing here goes by.
  crawlerSleep: number;
  crawlerItems: number;
  automoveRatio: number;
  automoveFreeRatio: number;
  automoveWindow: number;
}

/** A line of a kind, with its time. */
export type NotedLine = readonly [kind: number, text: string, time: Millis];

export type MissedLines = readonly [kind: number, lines: number];

/** Can be sent to another thread as it is. */
export type WorkerMessage =
  /** Whoever has watchers says so again. */
  | { readonly kind: "began" }
  | { readonly kind: "watched"; readonly kinds: number }
  /** How many lines of each kind were dropped before these. */
  | { readonly kind: "noted"; readonly missed: readonly MissedLines[]; readonly lines: readonly NotedLine[] }
  | { readonly kind: "took"; readonly lines: number }
  | { readonly kind: "detail"; readonly counting: boolean }
  | { readonly kind: "counted"; readonly prefixes: readonly (readonly [string, PrefixCounts])[] }
  | { readonly kind: "added" }
  | { readonly kind: "survey" }
  | { readonly kind: "surveyed"; readonly connections: readonly ConnectionFacts[] }
  | { readonly kind: "cleared" }
  | { readonly kind: "remembered"; readonly values: Partial<Remembered> }
  /** Moved by milliseconds, stopped, let go again. */
  | { readonly kind: "time"; readonly move: Millis | "pause" | "resume" };

/** @param to The worker that it is for; `undefined`: all others. */
export type TellWorkers = (message: WorkerMessage, to: number | undefined) => void;

/** Another worker, as far as this one has heard of it. */
interface Other {
  /** What its watchers watch. */
  kinds: number;
  /** Lines it was sent and has not taken. */
  linesUnderWay: number;
  /** It was sent counts by prefix and has not added them. */
  countsUnderWay: boolean;
  /** Lines of each kind that it was not sent, and has not been told of. */
  readonly missed: Map<number, number>;
}

export class WorkerRelay {
  readonly #tell: TellWorkers | undefined;
  readonly #counters: ServerCounters;
  readonly #linesMax: number;
  readonly #others: Map<number, Other> = new Map();
  /** Of this turn; of further ones only how many there were, by their kinds. */
  #lines: NotedLine[] = [];
  readonly #further: Map<number, number> = new Map();

  /** @param tell Gives a message to other workers; `undefined` if there are none. */
  constructor(tell: TellWorkers | undefined, counters: ServerCounters, linesMax: number) {
    this.#tell = tell;
    this.#counters = counters;
    this.#linesMax = linesMax;
  }

  get hasOthers(): boolean {
    return this.#tell !== undefined;
  }

  /** @param to The worker that it is for; without it, all others. */
  tell(message: WorkerMessage, to?: number): void {
    this.#tell?.(message, to);
  }

  /** What watchers of other workers watch. */
  get kinds(): number {
    let all = 0;
    for (const { kinds } of this.#others.values()) all |= kinds;
    return all;
  }

  /** The workers that this one has heard of. */
  get others(): readonly number[] {
    return [...this.#others.keys()];
  }

  /** There is such a worker. */
  know(worker: number): void {
    this.#other(worker);
  }

  /** A worker is dead: nothing is under way to it. */
  forget(worker: number): void {
    this.#others.delete(worker);
  }

  /** A worker's watchers watch this from now on; 0 for nothing. */
  watched(worker: number, kinds: number): void {
    const other = this.#other(worker);
    other.kinds = kinds;
    if (kinds === 0) other.missed.clear();
  }

  /** A worker has taken so many lines. */
  took(worker: number, lines: number): void {
    const other = this.#other(worker);
    other.linesUnderWay = Math.max(0, other.linesUnderWay - lines);
  }

  /** A worker has added what was counted by prefix. */
  added(worker: number): void {
    this.#other(worker).countsUnderWay = false;
  }

  /** Keeps a line until the turn is over. */
  note(kind: number, text: string, time: Millis): void {
    if (this.#lines.length < this.#linesMax) this.#lines.push([kind, text, time]);
    else this.#further.set(kind, (this.#further.get(kind) ?? 0) + 1);
  }

  /** The turn is over: its lines are told. */
  flush(): void {
    const lines = this.#lines;
    if (lines.length > 0) this.#lines = [];
    for (const [worker, other] of this.#others) this.#send(worker, other, lines);
    this.#further.clear();
  }

  /** Whether what was counted by prefix may be told: all have added what was told last. */
  get mayTellCounts(): boolean {
    for (const { countsUnderWay } of this.#others.values()) if (countsUnderWay) return false;
    return true;
  }

  /** Tells all others what was counted by prefix. */
  tellCounts(prefixes: readonly (readonly [string, PrefixCounts])[]): void {
    for (const other of this.#others.values()) other.countsUnderWay = true;
    this.tell({ kind: "counted", prefixes });
  }

  #other(worker: number): Other {
    const known = this.#others.get(worker);
    if (known !== undefined) return known;
    const other = { kinds: 0, linesUnderWay: 0, countsUnderWay: false, missed: new Map<number, number>() };
    this.#others.set(worker, other);
    return other;
  }

  #send(worker: number, other: Other, lines: readonly NotedLine[]): void {
    if (lines.length + other.missed.size === 0) return;
    const room = this.#linesMax - other.linesUnderWay;
    const wanted = lines.filter(([kind]) => (kind & other.kinds) !== 0);
    if (room > 0 && wanted.length + other.missed.size > 0) {
      const missed = [...other.missed];
      other.missed.clear();
      const told = wanted.slice(0, room);
      other.linesUnderWay += told.length;
      this.tell({ kind: "noted", missed, lines: told }, worker);
    }
    for (let i = Math.max(0, room); i < wanted.length; i++) this.#miss(other, (wanted[i] as NotedLine)[0], 1);
    for (const [kind, count] of this.#further) if ((kind & other.kinds) !== 0) this.#miss(other, kind, count);
  }

  #miss({ missed }: Other, kind: number, lines: number): void {
    missed.set(kind, (missed.get(kind) ?? 0) + lines);
    this.#counters.logWorkerDropped += lines;
  }
}
