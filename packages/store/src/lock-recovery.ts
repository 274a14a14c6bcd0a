// What follows when a worker dies: somebody who holds all locks puts right what it left, and its locks are free.
//
// One recovers at a time: the one whose ticket is in the recoverer's word. It declares the dead one dead, goes
// through all locks once, calls `recover`, and lets go of everything. What it finds at each lock:
//
//     free                       it takes it, with the mark TAKEN, so that its own locks are told apart afterwards
//     its own                    it stays as it is: the store waits for a lock only while what it holds is in order
//     of a dead worker           it takes it, when that one has not let go of it for a few slices
//     of one that is parked      it stays as it is
//     of one that is at work     it waits until that one lets go, parks, or turns out to be dead
//
// A worker parks when it waits in lock() and sees that a recovery is under way. It keeps what it holds, which is in
// order, and touches nothing until the recovery is over. To end, it takes its mark away and looks at the recoverer's
// word once more, and parks again unless that is 0. So a mark that is seen while the word is set holds until
// the word is 0, even one left from a recovery before: its owner cannot get past that look. Hence one pass is
// enough: what the recoverer has passed is its own, or of somebody who does nothing, until it lets go.
//
// Nobody waits for ever:
//
// - Without a death a worker waits only for locks that come later in the order of locks, so there is no ring.
// - Who is parked waits for the recoverer alone. It watches it, and if that one dies, one of those that are parked
//   puts itself in its place: it declares it dead as well, takes the locks over, and starts from the beginning.
//   So a death may be told twice if the first to be told of it died over that, and never goes untold.
// - The recoverer waits only for workers that hold a lock and are at work. Such a one lets go in the end; or comes
//   to wait in lock(), where it looks at the recoverer's word at least once a slice, and parks; or is dead, which
//   the recoverer finds out as any waiter does. Nobody that it waits for waits for it without being parked. One
//   that was declared dead and was not parks no more but throws, so that it makes no progress any more either.
//
// Somebody is declared dead only by who is in the recoverer's word and lives, and has looked once more since. If it
// was alive after all it finds its row changed when it next takes a lock or waits for one, or that its lock is not
// its own when it lets go, and throws. One that runs lets go in time: on Deno a thread in a loop runs on after
// `terminate()` has said that it ended. But what one that was stopped while it held a lock does when it goes on,
// up to that moment, cannot be prevented, which is why it takes so long until a waiter declares it dead.
//
// A thread may also end, or notice that it was declared dead, between taking a lock, or the recoverer's word, and
// looking at its row. Such a word has an owner without a row, who has done nothing since: anybody may free it.

import type { LockWatch } from "./lock-watch.ts";
import { type LockWorkers, TICKET_BITS, WORKERS_MAX, workerIdOf } from "./lock-workers.ts";

/** Of a lock: somebody waits, and wants a notice when it is free. */
export const WAITERS = 1;
/** Of a lock: its owner has it for a recovery. */
const TAKEN = 2;

/** Slices without progress that one who was declared dead has to let go of a lock. */
const MERCY_SLICES = 10;

export class LockRecovery {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #recovererAt: number;
  readonly #locksStart: number;
  readonly #locksEnd: number;
  readonly #workers: LockWorkers;
  readonly #watch: LockWatch;
  readonly #recover: (deadWorkerId: number) => void;

  constructor(
    words: Int32Array<SharedArrayBuffer>,
    recovererAt: number,
    locksStart: number,
    locksEnd: number,
    workers: LockWorkers,
    watch: LockWatch,
    recover: (deadWorkerId: number) => void,
  ) {
    this.#words = words;
    this.#recovererAt = recovererAt;
    this.#locksStart = locksStart;
    this.#locksEnd = locksEnd;
    this.#workers = workers;
    this.#watch = watch;
    this.#recover = recover;
  }

  /**
   * While a recovery is under way this worker is parked. What it holds is in order.
   *
   * @throws Error if it was declared dead: the recoverer may be waiting until it makes no progress
   */
  letRecover(ticket: number): void {
    let parked = false;
    for (;;) {
      this.#workers.mustLive(ticket);
      const recoverer = Atomics.load(this.#words, this.#recovererAt);
      if (recoverer === 0) {
        if (!parked) return;
        this.#workers.unpark(ticket);
        parked = false;
        continue; // the next recovery may have begun, and have seen the mark
      }
      if (recoverer === ticket) throw new Error("a recovery must not wait: it holds all locks");
      if (!this.#workers.isKnown(recoverer)) {
        Atomics.compareExchange(this.#words, this.#recovererAt, recoverer, 0);
        continue;
      }
      this.#workers.park(ticket);
      parked = true;
      if (!this.#watch.outlasts(ticket, this.#recovererAt, recoverer)) continue;
      if (Atomics.compareExchange(this.#words, this.#recovererAt, recoverer, ticket) !== recoverer) continue;
      this.#workers.unpark(ticket);
      parked = false;
      this.#recoverFrom(ticket, recoverer);
    }
  }

  /** The owner of what was watched last seems to be dead. Unless it shows progress just now, that is dealt with. */
  presumeDead(ticket: number, owner: number): void {
    if (Atomics.compareExchange(this.#words, this.#recovererAt, 0, ticket) !== 0) return;
    if (this.#watch.isUnchanged()) this.#recoverFrom(ticket, owner);
    else this.#end(ticket);
  }

  /** Somebody knows that this worker is dead. Its death has been dealt with afterwards. */
  forget(ticket: number, dead: number): void {
    const words = this.#words;
    const at = this.#recovererAt;
    while (this.#workers.isKnown(dead)) {
      if (
        Atomics.compareExchange(words, at, 0, ticket) === 0 ||
        Atomics.compareExchange(words, at, dead, ticket) === dead
      ) {
        this.#recoverFrom(ticket, dead);
        return;
      }
      this.letRecover(ticket);
    }
  }

  /** The recoverer's word is this worker's. */
  #recoverFrom(ticket: number, dead: number): void {
    const workers = this.#workers;
    try {
      workers.mustLive(ticket);
      workers.declareDead(dead);
      // It may have left, or have been dealt with, just before.
      if (workers.deadTicket(workerIdOf(dead)) === 0) return;
      for (let at = this.#locksStart; at < this.#locksEnd; at++) this.#take(ticket, at);
      // Somebody may have been found dead on the way.
      for (let id = 1; id <= WORKERS_MAX; id++) {
        const ticketOfDead = workers.deadTicket(id);
        if (ticketOfDead === 0) continue;
        workers.mustLive(ticket);
        this.#recover(id);
        workers.mustLive(ticket);
        workers.bury(ticketOfDead);
        workers.count(ticket, "recoveries");
      }
    } finally {
      this.#end(ticket);
    }
  }

  /** Afterwards nobody but this worker does anything under this lock. */
  #take(ticket: number, at: number): void {
    const words = this.#words;
    const workers = this.#workers;
    const taken = ticket | TAKEN | WAITERS;
    for (;;) {
      const seen = Atomics.load(words, at);
      const owner = seen & TICKET_BITS;
      if (owner === ticket) return;
      if (owner === 0 || this.#isLeft(seen)) {
        if (Atomics.compareExchange(words, at, seen, taken) === seen) return;
        continue;
      }
      const lives = workers.lives(owner);
      if (lives && workers.isParked(owner)) {
        // It may have let go and parked only then; if it has the lock now, it has it until the end.
        if (Atomics.load(words, at) === seen) return;
        continue;
      }
      // Without the flag it could let go and take it again unnoticed.
      const waited = seen | WAITERS;
      if (seen !== waited && Atomics.compareExchange(words, at, seen, waited) !== seen) continue;
      const outlasts = this.#watch.outlasts(ticket, at, waited, lives ? undefined : MERCY_SLICES);
      workers.mustLive(ticket);
      if (!outlasts) continue;
      if (lives) workers.declareDead(owner);
      else if (Atomics.compareExchange(words, at, waited, taken) === waited) return;
    }
  }

  /** Whether nobody is at work under this lock: its owner never was, or recovered and was not heard of since. */
  #isLeft(word: number): boolean {
    const owner = word & TICKET_BITS;
    return !this.#workers.isKnown(owner) || ((word & TAKEN) !== 0 && !this.#workers.lives(owner));
  }

  /** Lets go of all that was taken. Does nothing wrong if this worker was itself declared dead. */
  #end(ticket: number): void {
    const words = this.#words;
    const taken = ticket | TAKEN | WAITERS;
    for (let at = this.#locksStart; at < this.#locksEnd; at++) {
      if (Atomics.compareExchange(words, at, taken, 0) === taken) Atomics.notify(words, at, 1);
    }
    Atomics.compareExchange(words, this.#recovererAt, ticket, 0);
    this.#workers.showProgress(ticket);
    Atomics.notify(words, this.#recovererAt);
  }
}
