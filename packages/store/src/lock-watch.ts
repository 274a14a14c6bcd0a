// Waiting until somebody changes a word, slice by slice, and telling when he never will.
//
// A word that says who has something does not change while that one is dead, so a waiter that has seen the same in
// enough slices on end takes the owner for dead. What is counted are slices, not time: when the whole process is
// stopped and goes on a minute later, one slice was long, and the owner has the others to show itself in.
//
// The same word may also mean that the owner let go and took it again. So a worker counts its progress: each time
// that it has let go of a word somebody waits for, and in each slice that it waits itself. A slice counts if the
// progress read before it and that read after it are the same, and the word was too:
//
//     waiter   progress   word   ... sleeps ...   word   progress
//     owner                      lets go, progress + 1, takes it again
//
// Whatever the owner does between the two looks at the word, its progress is another one in the end. A beat is
// progress as well: of one that is at work for long.

import { type LockWorkers, TICKET_BITS } from "./lock-workers.ts";

/** How patient a waiter is. */
export interface LockPatience {
  /** Looks at a lock before its owner is asked for a notice. */
  readonly spinsMax: number;
  readonly sliceMs: number;
  /** Slices without progress of the owner after which it is dead. */
  readonly slicesMax: number;
}

/** Spins for as long as some locks are held. Two seconds until death, as a page may have to come from a disk. */
export const LOCK_PATIENCE: LockPatience = { spinsMax: 100, sliceMs: 10, slicesMax: 200 };

// A slice where nobody may sleep, in a browser's main thread: some milliseconds, if the engine compiles the loop.
const SPINS_A_SLICE = 2_000_000;

export class LockWatch {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #workers: LockWorkers;
  readonly #sliceMs: number;
  readonly #slicesMax: number;
  readonly #maySleep: boolean;
  /** What is being watched, and for how many slices it has been. */
  #at = 0;
  #word = 0;
  #progress = 0;
  #slices = 0;

  constructor(words: Int32Array<SharedArrayBuffer>, workers: LockWorkers, patience: LockPatience) {
    this.#words = words;
    this.#workers = workers;
    this.#sliceMs = patience.sliceMs;
    this.#slicesMax = patience.slicesMax;
    this.#maySleep = mayWait(words);
  }

  /**
   * Waits for a slice, or until somebody notifies, while `words[at]` is `word`: who has it, and flags. Whoever lets
   * go of it must show progress afterwards.
   *
   * @param ticket Whose wait it is: its own progress shows meanwhile.
   * @param slicesMax How many slices are enough.
   * @returns whether the owner has made no progress for so many
   */
  outlasts(ticket: number, at: number, word: number, slicesMax: number = this.#slicesMax): boolean {
    const progress = this.#workers.progressOf(word & TICKET_BITS);
    if (at !== this.#at || word !== this.#word || progress !== this.#progress) {
      this.#at = at;
      this.#word = word;
      this.#progress = progress;
      this.#slices = 0;
    }
    this.#workers.count(ticket, "waits");
    const whole = this.#sleep(at, word);
    this.#workers.showProgress(ticket);
    this.#slices = whole && this.isUnchanged() ? this.#slices + 1 : 0;
    return this.#slices >= slicesMax;
  }

  /** Whether the owner of what was watched last still has it, and has shown no progress. */
  isUnchanged(): boolean {
    return (
      Atomics.load(this.#words, this.#at) === this.#word &&
      this.#workers.progressOf(this.#word & TICKET_BITS) === this.#progress
    );
  }

  /** What was seen so far is of another wait. */
  startAnew(): void {
    this.#slices = 0;
  }

  /** @returns whether it was a whole slice */
  #sleep(at: number, word: number): boolean {
    const words = this.#words;
    if (this.#maySleep) return Atomics.wait(words, at, word, this.#sliceMs) === "timed-out";
    for (let spins = 0; spins < SPINS_A_SLICE; spins++) {
      if (Atomics.load(words, at) !== word) return false;
    }
    return true;
  }
}

/** Some threads must not sleep: there `Atomics.wait` throws, whatever it is asked. */
function mayWait(words: Int32Array<SharedArrayBuffer>): boolean {
  try {
    Atomics.wait(words, 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
