// Whether one server is well, from what happens to it.
//
//        answered                                          verified, or answered after all
//       +--------+                                    +------------------------------------------+
//       v        |                                    v                                          |
//      up -------+--- failed, and soon again ---> up, resting --- failuresMax in a row ---> down, resting
//                                                     ^    \                                  ^    |
//                                                     |     \-- retryAt: a trial              |    | retryAt:
//                                                     +-------------+                         +----+ a probe fails
//
// Time alone makes nobody well: a server that is down is up again when a probe or a request of before was answered,
// and one that fails on its first request after that is down at once, since it has still not answered a request. What
// failed, and how often, is counted by kind. Time is an argument, chance a function. Nothing here is on a hot path
// but `inTrouble`, which says whether an answer is news.

import { BackOff } from "./back-off.ts";
import type { HealthOptions } from "./health-options.ts";

/**
 * What went wrong.
 *
 * - `refused`, `not-found`, `unreachable`, `untrusted`: it could not be connected to
 * - `denied`: it does not let us in, by password or otherwise
 * - `reset`, `closed`, `failed`: the connection was lost
 * - `timed-out`: it did not connect or answer in time
 * - `broken-reply`: it answered what is no answer
 * - `exhausted`: no file descriptors, ports or memory left on this side, which is not the server's fault
 */
export type FailureKind =
  | "refused"
  | "not-found"
  | "unreachable"
  | "untrusted"
  | "denied"
  | "reset"
  | "closed"
  | "failed"
  | "timed-out"
  | "broken-reply"
  | "exhausted";

/**
 * How bad a failure is.
 *
 * - `late`: an answer did not come in time
 * - `lost`: a connection ended that had served, and something waited for it; the next may be made at once
 * - `dead`: a connection could not be made, or ended before it served anything: the server is left alone for a while
 */
export type FailureWeight = "late" | "lost" | "dead";

/** What an operator wants of a server. `drain`: nothing new, but what is under way is answered. */
export type Administered = "up" | "down" | "drain";

/** As seen from outside: for logs, metrics and tests. */
export interface HealthStatus {
  readonly state: "up" | "down";
  readonly administered: Administered;
  /** When `state` or `administered` last changed; `undefined` if never. */
  readonly since: number | undefined;
  /** Until when it is left alone; `undefined` if it is not in trouble. */
  readonly retryAt: number | undefined;
  readonly failuresInARow: number;
  /** How often in a row it came back and failed again within `flapWindowMs`. */
  readonly flaps: number;
  /** All that ever happened, and how often. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>;
}

export class Health {
  readonly #options: HealthOptions;
  readonly #backOff: BackOff;
  readonly #failures: Partial<Record<FailureKind, number>> = {};
  #state: "up" | "down" = "up";
  #administered: Administered = "up";
  #inARow = 0;
  #episode = 0;
  #since: number | undefined = undefined;
  #retryAt = -Infinity;
  /** A connection was lost, or not made, and none has been answered since; and when one was after that. */
  #isAway = false;
  #backAt = -Infinity;
  /** It failed, and has not answered a request in time since. */
  inTrouble = false;

  /** @param chance Answers a number from 0 up to, not including, 1. */
  constructor(options: HealthOptions, chance: () => number) {
    this.#options = options;
    this.#backOff = new BackOff(options, chance);
  }

  /** Whether it is up, and its operator wants it to be. */
  get takesTraffic(): boolean {
    return this.#state === "up" && this.#administered === "up";
  }

  get state(): "up" | "down" {
    return this.#state;
  }

  get administered(): Administered {
    return this.#administered;
  }

  /** Before then no connection is to be made; -Infinity if it is not left alone. */
  get retryAt(): number {
    return this.#retryAt;
  }

  get status(): HealthStatus {
    return {
      state: this.#state,
      administered: this.#administered,
      since: this.#since,
      retryAt: this.#retryAt === -Infinity ? undefined : this.#retryAt,
      failuresInARow: this.#inARow,
      flaps: this.#backOff.flaps,
      failures: { ...this.#failures },
    };
  }

  /**
   * What connections that are made now belong to. When one of an earlier episode fails, that is the same trouble again:
   * ten connections that are lost at once are one failure.
   */
  get episode(): number {
    return this.#episode;
  }

  /** @param episode In which the connection was made. */
  failed(kind: FailureKind, weight: FailureWeight, episode: number, now: number): void {
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    if (weight !== "late" && episode !== this.#episode) return;
    this.inTrouble = true;
    if (kind !== "exhausted") this.#inARow++;
    const isFlap = weight !== "late" && this.#goesAway(now);
    const { failuresMax } = this.#options;
    const isDown = this.#inARow >= failuresMax || (isFlap && this.#backOff.flaps >= failuresMax);
    const goesDown = failuresMax > 0 && isDown && this.#state === "up";
    if (weight === "dead" || isFlap || goesDown) {
      this.#retryAt = now + this.#backOff.next(goesDown || this.#state === "down" || failuresMax === 0);
    }
    if (goesDown) this.#become("down", now);
  }

  /** A request was answered in time. To be called while `inTrouble`, and else for nothing. */
  answered(now: number): void {
    this.#inARow = 0;
    this.inTrouble = false;
    this.#backOff.restart();
    this.#back(now);
  }

  /** A probe was answered: it may be asked. That it is well it still has to show. */
  verified(now: number): void {
    const { failuresMax } = this.#options;
    if (failuresMax > 0) this.#inARow = Math.min(this.#inARow, failuresMax - 1);
    this.#back(now);
  }

  /** An operator took it out or put it back. What is put back is probed at once. */
  administer(wanted: Administered, now: number): void {
    if (wanted === this.#administered) return;
    this.#administered = wanted;
    this.#since = now;
    if (wanted !== "up") return;
    this.#retryAt = -Infinity;
    this.#backOff.restart();
    this.#backOff.flapped(false);
  }

  /** @returns whether it had just come back */
  #goesAway(now: number): boolean {
    this.#episode++;
    if (this.#isAway) return false;
    this.#isAway = true;
    const isFlap = now - this.#backAt < this.#options.flapWindowMs;
    this.#backOff.flapped(isFlap);
    return isFlap;
  }

  #back(now: number): void {
    if (this.#isAway) this.#backAt = now;
    this.#isAway = false;
    this.#retryAt = -Infinity;
    this.#become("up", now);
  }

  #become(state: "up" | "down", now: number): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = now;
  }
}
