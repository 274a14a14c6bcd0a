// Who uses a shared memory: a table in it, with a row of words for each worker.
//
//     row     life   generation   progress   parked   contended   waits   recoveries
//
// A worker goes by its ticket: its id and how often that id was given out before, in one number, so that an id that
// is used again is not mistaken for the one that died with it. `life` is the ticket of a worker that lives, the same
// with DEAD once somebody declared it dead, and 0 when the row is free. Whatever is written to a row by a worker
// that was wrongly taken for dead does no harm to the next one: marks carry the ticket, the rest only counts.
//
// A row is a cache line, so that no worker's words slow down another's.

/** Workers at a time, at most: an id has 6 bits in a lock word. */
export const WORKERS_MAX = 63;

/** Words of a cache line. */
export const LINE_WORDS = 16;

/** Words of the table. There is no worker 0, so the first `LINE_WORDS` are left to the owner of the table. */
export const TABLE_WORDS: number = LINE_WORDS * (WORKERS_MAX + 1);

/** What of a word that says who has something is that one's ticket. Its bits 0 and 1 are for flags. */
export const TICKET_BITS = 0x3fff_fffc;
const ID_SHIFT = 2;
const GENERATION_SHIFT = 8;
const GENERATIONS = 1 << 22; // with the id and the flags 30 bits, which engines keep as a small integer

const DEAD = 1;

const LIFE = 0;
const GENERATION = 1;
const PROGRESS = 2;
const PARKED = 3;
const CONTENDED = 4;
const WAITS = 5;
const RECOVERIES = 6;

/** What a worker's use of the locks has come to; 32-bit numbers, which start again at 0. */
export interface LockCounters {
  /** Locks that somebody else had when they were wanted. */
  readonly contended: number;
  /** Slices of waiting. */
  readonly waits: number;
  /** Deaths of others that were dealt with. */
  readonly recoveries: number;
}

/** The id that is part of a ticket. */
export function workerIdOf(ticket: number): number {
  return (ticket >> ID_SHIFT) & WORKERS_MAX;
}

export class LockWorkers {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #start: number;

  constructor(words: Int32Array<SharedArrayBuffer>, start: number) {
    this.#words = words;
    this.#start = start;
  }

  /** Takes the row of the lowest free id. @returns its ticket */
  join(): number {
    for (let id = 1; id <= WORKERS_MAX; id++) {
      const row = this.#start + id * LINE_WORDS;
      if (Atomics.load(this.#words, row + LIFE) !== 0) continue;
      const generation = Atomics.add(this.#words, row + GENERATION, 1) & (GENERATIONS - 1);
      const ticket = (generation << GENERATION_SHIFT) | (id << ID_SHIFT);
      if (Atomics.compareExchange(this.#words, row + LIFE, 0, ticket) === 0) return ticket;
    }
    throw new RangeError(`too many workers: ${WORKERS_MAX} may share a memory`);
  }

  /** Gives the row back, unless somebody declared the worker dead: then that one sees to it. */
  leave(ticket: number): void {
    Atomics.compareExchange(this.#words, this.lifeAt(ticket), ticket, 0);
  }

  /** The word that is `ticket` for as long as this worker counts as alive. */
  lifeAt(ticket: number): number {
    return this.#row(ticket) + LIFE;
  }

  lives(ticket: number): boolean {
    return Atomics.load(this.#words, this.lifeAt(ticket)) === ticket;
  }

  /** @throws Error for a worker that was declared dead: from then on it must leave everything alone */
  mustLive(ticket: number): void {
    if (this.lives(ticket)) return;
    throw new Error(`worker ${workerIdOf(ticket)} was taken for dead and lost its locks: it must join again`);
  }

  /** Whether the worker has a row: it lives, or its death has not been dealt with yet. */
  isKnown(ticket: number): boolean {
    return (Atomics.load(this.#words, this.lifeAt(ticket)) & TICKET_BITS) === ticket;
  }

  declareDead(ticket: number): void {
    Atomics.compareExchange(this.#words, this.lifeAt(ticket), ticket, ticket | DEAD);
  }

  /** @returns the ticket of the worker with this id if it was declared dead and is not buried, else 0 */
  deadTicket(id: number): number {
    const life = Atomics.load(this.#words, this.#start + id * LINE_WORDS + LIFE);
    return (life & DEAD) === 0 ? 0 : life & TICKET_BITS;
  }

  /** Its death has been dealt with: the row is free. */
  bury(ticket: number): void {
    Atomics.compareExchange(this.#words, this.lifeAt(ticket), ticket | DEAD, 0);
  }

  /** A number that is another one whenever the worker has shown that it is alive. */
  progressOf(ticket: number): number {
    return Atomics.load(this.#words, this.#row(ticket) + PROGRESS);
  }

  showProgress(ticket: number): void {
    Atomics.add(this.#words, this.#row(ticket) + PROGRESS, 1);
  }

  park(ticket: number): void {
    Atomics.store(this.#words, this.#row(ticket) + PARKED, ticket);
  }

  unpark(ticket: number): void {
    Atomics.compareExchange(this.#words, this.#row(ticket) + PARKED, ticket, 0);
  }

  isParked(ticket: number): boolean {
    return Atomics.load(this.#words, this.#row(ticket) + PARKED) === ticket;
  }

  count(ticket: number, counter: keyof LockCounters): void {
    Atomics.add(this.#words, this.#row(ticket) + counterWord(counter), 1);
  }

  /** Of all workers that have had this id. */
  counters(id: number): LockCounters {
    const row = this.#start + id * LINE_WORDS;
    const read = (word: number): number => Atomics.load(this.#words, row + word) >>> 0;
    return { contended: read(CONTENDED), waits: read(WAITS), recoveries: read(RECOVERIES) };
  }

  #row(ticket: number): number {
    return this.#start + workerIdOf(ticket) * LINE_WORDS;
  }
}

function counterWord(counter: keyof LockCounters): number {
  switch (counter) {
    case "contended":
      return CONTENDED;
    case "waits":
      return WAITS;
    case "recoveries":
      return RECOVERIES;
  }
}
