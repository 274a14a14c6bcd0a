// The locks of a memory that several workers share: threads, each with a `SharedLocks` over the same words.
//
//     recoverer, a constant | a row for each worker | lock 0, lock 1, ...
//
// A lock is a word: 0 when it is free, else the ticket of its owner, with the flag WAITERS if somebody wants a
// notice. `lock` and `unlock` are one exchange each as long as nobody else wants the same lock. Otherwise a waiter
// looks a few times, as most locks are held for less than a microsecond, and then sleeps: an owner that the system
// has taken off its processor gets it back the sooner.
//
// The contract that keeps workers from waiting for each other: locks have an order, and who holds one waits only
// for one that comes later in it; `tryLock` never waits. And who waits has left what its locks protect in order, and
// looks at it again afterwards, for whoever waits may have to recover what a dead worker left, or to stand still
// while another does: lock-recovery.ts, which says why that cannot get stuck. The error "was taken for dead" means
// that the memory is not this worker's any more: it must change nothing and let go of nothing before it joins again.
//
// Hot path.

import { LockRecovery, WAITERS } from "./lock-recovery.ts";
import { LOCK_PATIENCE, type LockPatience, LockWatch } from "./lock-watch.ts";
import {
  type LockCounters,
  LockWorkers,
  TABLE_WORDS,
  TICKET_BITS,
  WORKERS_MAX,
  workerIdOf,
} from "./lock-workers.ts";

// In the part of the table that belongs to no worker.
const RECOVERER = 0;
/** A word that is never 0, in place of the row that who has not joined does not have. */
const NOBODY = 1;

export interface SharedLocksOptions {
  /** Words, at first all 0, that nobody but these locks may use. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Where they start; best at a cache line, 16 words. */
  readonly start: number;
  /** How many locks there are. Sixteen that follow each other share a cache line. */
  readonly locks: number;
  /**
   * Puts right what a dead worker left. Called by the worker that came across it, once it holds all locks: from
   * `lock` or `forget`. It must not use the locks, and must call `beat` every few milliseconds. If it throws, so
   * does the call it was made from, and the next recovery calls it again.
   */
  readonly recover: (deadWorkerId: number) => void;
  /** Default: `LOCK_PATIENCE`. */
  readonly patience?: Partial<LockPatience>;
}

export class SharedLocks {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #locks: Int32Array<SharedArrayBuffer>;
  readonly #nobodyAt: number;
  readonly #locksStart: number;
  readonly #spinsMax: number;
  readonly #workers: LockWorkers;
  readonly #watch: LockWatch;
  readonly #recovery: LockRecovery;
  /** 0 for one that has not joined. */
  #ticket = 0;
  /** The word that is `#ticket` while this worker counts as alive; for one that has not joined, another. */
  #lifeAt: number;

  /** Words that so many locks take. */
  static wordsFor(locks: number): number {
    return TABLE_WORDS + locks;
  }

  constructor({ words, start, locks, recover, patience }: SharedLocksOptions) {
    if (!(words.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError("the words of locks must be of a SharedArrayBuffer");
    }
    const locksStart = start + TABLE_WORDS;
    if (!(start >= 0 && locks > 0 && locksStart + locks <= words.length)) {
      throw new RangeError(`no room for ${locks} locks from word ${start} of ${words.length}`);
    }
    const patienceOrDefault = { ...LOCK_PATIENCE, ...patience };
    this.#words = words;
    this.#locks = words.subarray(locksStart, locksStart + locks);
    this.#locksStart = locksStart;
    this.#nobodyAt = start + NOBODY;
    this.#lifeAt = this.#nobodyAt;
    this.#spinsMax = patienceOrDefault.spinsMax;
    this.#workers = new LockWorkers(words, start);
    this.#watch = new LockWatch(words, this.#workers, patienceOrDefault);
    this.#recovery = new LockRecovery(
      words,
      start + RECOVERER,
      locksStart,
      locksStart + locks,
      this.#workers,
      this.#watch,
      recover,
    );
    Atomics.store(words, this.#nobodyAt, 1);
  }

  /** From 1 to `WORKERS_MAX`; 0 for one that has not joined. */
  get workerId(): number {
    return workerIdOf(this.#ticket);
  }

  /** For `forget`: this worker in one number that no other will have; 0 for one that has not joined. */
  get ticket(): number {
    return this.#ticket;
  }

  /**
   * Takes part, with the lowest id that is free. One that was taken for dead may join again.
   *
   * @returns the id
   * @throws RangeError if there are `WORKERS_MAX` already
   */
  join(): number {
    if (this.#ticket !== 0 && this.#workers.lives(this.#ticket)) {
      throw new Error(`worker ${this.workerId} has joined already`);
    }
    this.#ticket = this.#workers.join();
    this.#lifeAt = this.#workers.lifeAt(this.#ticket);
    return this.workerId;
  }

  /** Takes part no more. @throws Error if it holds a lock */
  leave(): void {
    const ticket = this.#joined();
    if (this.#workers.lives(ticket)) {
      const held = this.#locks.findIndex((word) => (word & TICKET_BITS) === ticket);
      if (held !== -1) throw new Error(`worker ${this.workerId} must not leave with lock ${held}`);
      this.#workers.leave(ticket);
    }
    this.#ticket = 0;
    this.#lifeAt = this.#nobodyAt;
  }

  /**
   * Waits until the lock is free, and takes it.
   *
   * @throws Error if this worker has the lock already, was taken for dead, or has not joined
   */
  lock(index: number): void {
    if (Atomics.compareExchange(this.#locks, index, 0, this.#ticket) !== 0) this.#contend(index);
    // Plain, as it is next to nothing then: on Node and Deno an atomic look would be a third of all this costs.
    if (this.#words[this.#lifeAt] !== this.#ticket) this.#refuse(index);
  }

  /** Takes the lock if it is free. */
  tryLock(index: number): boolean {
    if (Atomics.compareExchange(this.#locks, index, 0, this.#ticket) !== 0) return false;
    if (this.#words[this.#lifeAt] !== this.#ticket) this.#refuse(index);
    return true;
  }

  /** @throws Error if this worker does not have the lock, as when it was taken for dead; the lock stays as it is */
  unlock(index: number): void {
    const was = Atomics.compareExchange(this.#locks, index, this.#ticket, 0);
    if (was !== this.#ticket || was === 0) this.#unlockAndNotify(index);
  }

  /** Whoever holds a lock for long, or recovers, shows that it is alive. @throws Error if it comes too late */
  beat(): void {
    const ticket = this.#joined();
    this.#workers.mustLive(ticket);
    this.#workers.showProgress(ticket);
  }

  /**
   * The worker with this ticket is dead: its thread has ended. Returns when that has been dealt with, by this worker
   * or another; at once if it had left. Waits as `lock` does. If it is wrong the worker is out all the same, and
   * finds out.
   */
  forget(ticket: number): void {
    const own = this.#joined();
    if (ticket === own) throw new RangeError(`worker ${this.workerId} must not forget itself`);
    if (workerIdOf(ticket) === 0 || (ticket & TICKET_BITS) !== ticket) {
      throw new RangeError(`only a worker's ticket can be forgotten, got ${ticket}`);
    }
    this.#recovery.forget(own, ticket);
    this.#workers.mustLive(own);
  }

  /** Of all workers that have had this id, wherever they run. */
  counters(workerId: number): LockCounters {
    if (!(workerId >= 1 && workerId <= WORKERS_MAX)) {
      throw new RangeError(`a worker's id must be from 1 to ${WORKERS_MAX}, got ${workerId}`);
    }
    return this.#workers.counters(workerId);
  }

  #contend(index: number): void {
    const ticket = this.#joined();
    const words = this.#words;
    const at = this.#locksStart + index;
    this.#workers.count(ticket, "contended");
    for (let spins = 0; spins < this.#spinsMax; spins++) {
      if (Atomics.load(words, at) === 0 && Atomics.compareExchange(words, at, 0, ticket) === 0) return;
    }
    this.#watch.startAnew();
    let mine = ticket;
    for (;;) {
      this.#recovery.letRecover(ticket);
      const seen = Atomics.load(words, at);
      const owner = seen & TICKET_BITS;
      if (owner === ticket) throw new Error(`worker ${this.workerId} has lock ${index} already`);
      if (owner === 0) {
        if (Atomics.compareExchange(words, at, 0, mine) === 0) return;
      } else if (!this.#workers.isKnown(owner)) {
        if (Atomics.compareExchange(words, at, seen, 0) === seen) Atomics.notify(words, at, 1);
      } else {
        const waited = seen | WAITERS;
        if (seen !== waited && Atomics.compareExchange(words, at, seen, waited) !== seen) continue;
        // The flag goes with the owner, but others may sleep on: whoever has slept sets it again with the lock.
        mine = ticket | WAITERS;
        if (this.#watch.outlasts(ticket, at, waited)) this.#recovery.presumeDead(ticket, owner);
      }
    }
  }

  #unlockAndNotify(index: number): void {
    const ticket = this.#joined();
    const words = this.#locks;
    const held = ticket | WAITERS;
    if (Atomics.compareExchange(words, index, held, 0) !== held) {
      this.#workers.mustLive(ticket);
      throw new Error(`worker ${this.workerId} does not have lock ${index}`);
    }
    this.#workers.showProgress(ticket); // after it let go: lock-watch.ts
    Atomics.notify(words, index, 1);
  }

  /** The lock was taken by one that may not have it: nothing has been done under it. Throws. */
  #refuse(index: number): void {
    const ticket = this.#joined();
    const words = this.#locks;
    if (Atomics.compareExchange(words, index, ticket, 0) !== ticket) {
      Atomics.compareExchange(words, index, ticket | WAITERS, 0);
      Atomics.notify(words, index, 1);
    }
    this.#workers.mustLive(ticket);
  }

  #joined(): number {
    if (this.#ticket === 0) throw new Error("not a worker of this memory: it has not joined, or has left");
    return this.#ticket;
  }
}
