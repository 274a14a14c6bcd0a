// A memory that threads share under locks, for tests: counters that come out right only if nobody else is at work
// under the same lock. The threads are shared-locks-worker.ts.

import type { LockPatience } from "../src/lock-watch.ts";
import { SharedLocks } from "../src/shared-locks.ts";

export const STRIPES = 8;
/** The lock that is waited for under a stripe's, as the store's allocation lock is. */
export const ALLOCATION = 8;
/** One that has no place in a step. */
export const SPARE = 9;
const LOCKS = 10;
const SLOTS = 8;

/** Long enough for a thread that a loaded machine does not run, short enough to wait for. */
export const BRISK: Partial<LockPatience> = { sliceMs: 10, slicesMax: 40 };

/** What a thread has in hand in the middle of a step. */
export type InHand = "nothing" | "a stripe's lock" | "two locks" | "three locks";

/** What a thread is to do. */
export interface Order {
  readonly buffer: SharedArrayBuffer;
  /**
   * - `step`: steps, as many as it is told or until `stop`; if it has to die, it goes on until it can
   * - `hold`: takes the spare lock and ends the thread
   * - `hold-slowly`: takes the spare lock and lets go after 50 ms, and again
   * - `die-recovering`: takes the spare lock, and ends the thread when it is asked to recover
   */
  readonly role: "step" | "hold" | "hold-slowly" | "die-recovering";
  readonly slot: number;
  readonly steps: number;
  readonly diesWith?: InHand;
  readonly patience: Partial<LockPatience>;
}

/** All of it; each thread makes its own over the buffer. */
export class Memory {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  /** One under each stripe's lock, changed without atomics. When nobody is at work their sum is `total`. */
  readonly counters: Int32Array<SharedArrayBuffer>;
  /** By slot: steps begun, steps finished, the ticket. */
  readonly begun: Int32Array<SharedArrayBuffer>;
  readonly done: Int32Array<SharedArrayBuffer>;
  readonly tickets: Int32Array<SharedArrayBuffer>;
  readonly #shared: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(16_384)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    let end = SharedLocks.wordsFor(LOCKS);
    const next = (length: number): Int32Array<SharedArrayBuffer> => this.words.subarray(end, (end += length));
    this.counters = next(STRIPES);
    this.begun = next(SLOTS);
    this.done = next(SLOTS);
    this.tickets = next(SLOTS);
    this.#shared = next(4);
  }

  /** Steps, counted under the allocation lock. */
  get total(): number {
    return this.#shared[0] as number;
  }
  /** How often somebody was asked to recover, and how often something moved meanwhile. */
  get recoveries(): number {
    return Atomics.load(this.#shared, 1);
  }
  get disturbed(): number {
    return Atomics.load(this.#shared, 2);
  }

  get stopped(): boolean {
    return Atomics.load(this.#shared, 3) !== 0;
  }
  stop(): void {
    Atomics.store(this.#shared, 3, 1);
  }

  /** Locks over this memory. Asked to recover, they note it, and whether anything moves that has to stand still. */
  locks(patience: Partial<LockPatience>, asked: (deadWorkerId: number) => void = () => {}): SharedLocks {
    const state = (): string => [...this.counters, this.total].join();
    const locks: SharedLocks = new SharedLocks({
      words: this.words,
      start: 0,
      locks: LOCKS,
      patience,
      recover: (deadWorkerId) => {
        asked(deadWorkerId);
        Atomics.add(this.#shared, 1, 1);
        const before = state();
        for (let beats = 0; beats < 200; beats++) locks.beat();
        if (state() !== before) Atomics.add(this.#shared, 2, 1);
      },
    });
    return locks;
  }

  /** Counts under a stripe's lock, and, if another stripe is free, moves that to it under the allocation lock. */
  step(locks: SharedLocks, slot: number, chance: number, has: (inHand: InHand) => void = () => {}): void {
    const { counters, begun, done } = this;
    const stripe = chance % STRIPES;
    const other = (stripe + 1 + ((chance >> 3) % (STRIPES - 1))) % STRIPES;
    has("nothing");
    (begun[slot] as number)++;
    locks.lock(stripe);
    has("a stripe's lock");
    (counters[stripe] as number)++;
    locks.lock(ALLOCATION);
    has("two locks");
    (this.#shared[0] as number)++;
    if (locks.tryLock(other)) {
      (counters[stripe] as number)--;
      has("three locks");
      (counters[other] as number)++;
      locks.unlock(other);
    }
    locks.unlock(ALLOCATION);
    locks.unlock(stripe);
    (done[slot] as number)++;
  }
}

/** Numbers as good as random, the same for the same seed. */
export function chances(seed: number): () => number {
  let state = seed * 2 + 1;
  return () => {
    state = Math.imul(state, 0x2c9277b5) + 0x3c6ef372;
    return (state >>> 16) & 0x3fff;
  };
}
