// What the workers of one server count: each in a row of its own, in memory that all of them share.
//
//     words     connections   watchers   verbosity   connections of worker 0, 1 ...   watchers of worker 0, 1 ...
//     rows      worker 0      worker 1 ...           what `stats reset` has taken off
//
// A worker counts in an object as one that is alone does, and publishes it once a turn, before its replies leave: who
// has an answer finds it counted, whichever worker is asked. A row belongs to one worker, so nothing has to be locked,
// and to whoever takes its place when it dies. Connections and watchers are counted at once, or their limits would not
// hold.

import { type ServerCounters, zeroCounters } from "../counters.ts";

/** What a worker needs to count with the others; can be sent to it as a message. */
export interface SharedCounters {
  readonly workers: number;
  readonly memory: SharedArrayBuffer;
}

type Name = keyof ServerCounters;

const NAMES = Object.keys(zeroCounters()) as readonly Name[];

const BYTES_WRITTEN = NAMES.indexOf("bytesWritten");

/** What workers have a limit for together: the word of all of them. */
const CONNECTIONS = 0;
const WATCHERS = 1;
const LIMITED = 2;
const VERBOSITY = 2;
const HEAD_WORDS = 3;

export class WorkerCounters {
  readonly workers: number;
  /** Which of them this one is, from 0. */
  readonly worker: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #rows: Float64Array<SharedArrayBuffer>;

  /** The counters of so many workers, all zero. @throws RangeError unless it is a whole number from 1 */
  static shared(workers: number): SharedCounters {
    if (!Number.isSafeInteger(workers) || workers < 1) {
      throw new RangeError(`workers must be a whole number from 1, got ${workers}`);
    }
    const rowBytes = NAMES.length * Float64Array.BYTES_PER_ELEMENT;
    return { workers, memory: new SharedArrayBuffer(rowsAt(workers) + (workers + 1) * rowBytes) };
  }

  /** @param worker Which of them this one is, from 0. */
  constructor(shared: SharedCounters, worker: number) {
    const { workers, memory } = shared;
    if (!Number.isInteger(worker) || worker < 0 || worker >= workers) {
      throw new RangeError(`worker must be a whole number from 0 to ${workers - 1}, got ${worker}`);
    }
    this.workers = workers;
    this.worker = worker;
    this.#words = new Int32Array(memory, 0, wordsOf(workers));
    this.#rows = new Float64Array(memory, rowsAt(workers));
  }

  /** What this worker goes on from: what one before it in its place had counted. */
  begun(): ServerCounters {
    const counters = zeroCounters();
    for (const [i, name] of NAMES.entries()) counters[name] = this.#at(this.worker, i);
    counters.currConnections = 0;
    return counters;
  }

  publish(counters: Readonly<ServerCounters>): void {
    let at = this.worker * NAMES.length;
    // Not by NAMES: names that an engine has to look up cost ten times as much, 2 us on Node 26.
    for (const name in counters) this.#rows[at++] = counters[name as Name];
  }

  /** What was sent since. */
  publishWritten({ bytesWritten }: Readonly<ServerCounters>): void {
    this.#rows[this.worker * NAMES.length + BYTES_WRITTEN] = bytesWritten;
  }

  /** Takes a place among the connections of all workers. @returns false if there is none */
  enter(connectionsMax: number): boolean {
    return this.#enter(CONNECTIONS, connectionsMax);
  }

  /** Gives a place back. */
  leave(): void {
    this.#leave(CONNECTIONS);
  }

  /** Takes a place among the watchers of all workers. @returns false if there is none */
  watch(watchersMax: number): boolean {
    return this.#enter(WATCHERS, watchersMax);
  }

  /** Gives a place back. */
  unwatch(): void {
    this.#leave(WATCHERS);
  }

  /** Of all workers. */
  get watchers(): number {
    return Atomics.load(this.#words, WATCHERS);
  }

  /** A worker is dead: its connections are gone. */
  forget(worker: number): void {
    for (let what = 0; what < LIMITED; what++) {
      Atomics.sub(this.#words, what, Atomics.exchange(this.#words, this.#own(what, worker), 0));
    }
  }

  /** Of all workers, since the start or `reset`. */
  totals(): ServerCounters {
    const totals = zeroCounters();
    for (const [i, name] of NAMES.entries()) totals[name] = this.#sum(i) - this.#at(this.workers, i);
    totals.currConnections = Atomics.load(this.#words, CONNECTIONS);
    return totals;
  }

  reset(): void {
    for (let i = 0; i < NAMES.length; i++) this.#rows[this.workers * NAMES.length + i] = this.#sum(i);
  }

  /** As any of the workers was told last. */
  get verbosity(): number {
    return Atomics.load(this.#words, VERBOSITY) >>> 0;
  }

  set verbosity(verbosity: number) {
    Atomics.store(this.#words, VERBOSITY, verbosity | 0);
  }

  #enter(what: number, max: number): boolean {
    if (Atomics.add(this.#words, what, 1) >= max) {
      Atomics.sub(this.#words, what, 1);
      return false;
    }
    Atomics.add(this.#words, this.#own(what, this.worker), 1);
    return true;
  }

  #leave(what: number): void {
    Atomics.sub(this.#words, this.#own(what, this.worker), 1);
    Atomics.sub(this.#words, what, 1);
  }

  /** The word of one worker. */
  #own(what: number, worker: number): number {
    return HEAD_WORDS + what * this.workers + worker;
  }

  #sum(counter: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.workers; worker++) sum += this.#at(worker, counter);
    return sum;
  }

  #at(row: number, counter: number): number {
    return this.#rows[row * NAMES.length + counter] as number;
  }
}

function wordsOf(workers: number): number {
  return HEAD_WORDS + LIMITED * workers;
}

/** Where the rows begin: behind the words, on a border of eight bytes. */
function rowsAt(workers: number): number {
  return Math.ceil(wordsOf(workers) / 2) * Float64Array.BYTES_PER_ELEMENT;
}
