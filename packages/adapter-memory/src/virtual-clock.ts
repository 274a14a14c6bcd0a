// Time that goes by only when it is told to, from one event to the next.
//
// Events at the same time happen in the order they were asked for, and what is deferred comes after all of them:
// several inputs of one instant make one turn, as they do on a real event loop. A next turn takes a moment.

import type { Clock, Millis } from "@memwire/engine";
import { Agenda } from "./agenda.ts";
import type { Chance, Range } from "./chance.ts";

const TICKS_PER_MS = 16; // sums of whole sixteenths are exact, so equal times are equal

export class VirtualClock implements Clock {
  readonly #agenda: Agenda = new Agenda();
  readonly #chance: Chance;
  readonly #timerLateMs: Range;
  #now: Millis;
  #happened = 0;

  /** @param timerLateMs By how much timers are late. */
  constructor(start: Millis, chance: Chance, timerLateMs: Range) {
    this.#now = start;
    this.#chance = chance;
    this.#timerLateMs = timerLateMs;
  }

  now(): Millis {
    return this.#now;
  }

  /** Events that have happened so far. */
  get happened(): number {
    return this.#happened;
  }

  /** When the next event is due; `Infinity` if nothing is left to happen. */
  get due(): Millis {
    return this.#agenda.due;
  }

  at(deadline: Millis, task: () => void): () => void {
    if (deadline === Infinity) return () => {};
    const entry = this.#agenda.add(Math.max(deadline, this.#now) + this.draw(this.#timerLateMs), task);
    return () => {
      entry.task = undefined;
    };
  }

  defer(task: () => void): void {
    this.#agenda.add(this.#now, task);
  }

  /** A tick later, so that time goes by, and with it what is on its way, however long turns follow one another. */
  nextTurn(task: () => void): void {
    this.#agenda.add(this.#now + 1 / TICKS_PER_MS, task);
  }

  /** Like `at`, but the simulator's own: never late, not to be cancelled. */
  schedule(at: Millis, task: () => void): void {
    this.#agenda.add(Math.max(at, this.#now), task);
  }

  /** A duration of the range, in steps of 1/16 ms. */
  draw([min, max]: Range): Millis {
    if (min === max) return min;
    return (
      this.#chance.between([Math.round(min * TICKS_PER_MS), Math.round(max * TICKS_PER_MS)]) / TICKS_PER_MS
    );
  }

  /** Lets the next event happen; there must be one. */
  step(): void {
    const entry = this.#agenda.next();
    this.#now = entry.at;
    this.#happened++;
    const { task } = entry;
    entry.task = undefined; // cancelling what has happened lets go of it
    task?.();
  }

  /** Lets time go by in which nothing happens. */
  skipTo(time: Millis): void {
    this.#now = Math.max(this.#now, time);
  }
}
