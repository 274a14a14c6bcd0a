// What the proxy says of its servers while it runs: a line for each that fails, that goes down, for the first probe of
// it that failed, and for each that is back.
//
// A server that comes and goes is left alone longer and longer, which bounds its lines by itself; one that is only slow
// is not. So each has a number of lines a minute. The last of them says so, and the next one how many there were not.
// Failures that take no server down have their own bound, or they would use up what is for one that goes down.

import { describeEndpoint, type Millis } from "@memwire/engine";
import type { HealthChange } from "@memwire/proxy";

/** Lines of one server of one pool in so many ms. */
export const LINES_MAX = 10;
export const LINES_WINDOW_MS = 60_000;

/** A failure that does not take a server down has a line if the last such line is so many ms ago. */
export const FAILURE_EVERY_MS = 10_000;

interface Told {
  windowStart: Millis;
  lines: number;
  unsaid: number;
  /** When a failure had a line, and how many had none since. */
  failureAt: Millis;
  failuresUnsaid: number;
}

export class HealthLog {
  readonly #say: (line: string) => void;
  /** By pool and server: there are no more than the configuration has. */
  readonly #told: Map<string, Told> = new Map();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  changed(change: HealthChange): void {
    const told = this.#toldOf(change);
    if (change.what === "failed") return this.#failed(change, told);
    if (change.now - told.windowStart >= LINES_WINDOW_MS) {
      told.windowStart = change.now;
      told.lines = 0;
    }
    if (told.lines === LINES_MAX) {
      told.unsaid++;
      return;
    }
    told.lines++;
    const before = told.unsaid === 0 ? "" : `; before that it changed ${told.unsaid} times`;
    told.unsaid = 0;
    const until = timeOf(told.windowStart + LINES_WINDOW_MS);
    const after = told.lines < LINES_MAX ? "" : `; it changes too often: no more of it until ${until}`;
    this.#say(`${lineOf(change)}${takeFailures(told)}${before}${after}`);
  }

  #failed(change: HealthChange, told: Told): void {
    if (change.now - told.failureAt < FAILURE_EVERY_MS) {
      told.failuresUnsaid++;
      return;
    }
    told.failureAt = change.now;
    this.#say(`${lineOf(change)}${takeFailures(told)}`);
  }

  #toldOf({ pool, server, now }: HealthChange): Told {
    const key = `${pool}:${server}`;
    let told = this.#told.get(key);
    if (told === undefined) {
      told = { windowStart: now, lines: 0, unsaid: 0, failureAt: -Infinity, failuresUnsaid: 0 };
      this.#told.set(key, told);
    }
    return told;
  }
}

/** How many failures had no line, if any; from now on that is said. */
function takeFailures(told: Told): string {
  const { failuresUnsaid: count } = told;
  told.failuresUnsaid = 0;
  if (count === 0) return "";
  return `; before that it failed ${count} ${count === 1 ? "time" : "times"} without a line`;
}

function lineOf(change: HealthChange): string {
  const { what, pool, server, endpoint, failure, failureText, now, downSince, health } = change;
  const address = describeEndpoint(endpoint);
  const who = `pool ${pool}: server ${server === address ? address : `${server} (${address})`}`;
  if (what === "failed") return `${who} failed at ${timeOf(now)}: ${failure} (${failureText})`;
  if (what === "came-back") {
    const seconds = ((now - downSince) / 1000).toFixed(1);
    return `${who} takes traffic again, at ${timeOf(now)}: it was down for ${seconds} s`;
  }
  const { failuresInARow, retryAt = now } = health;
  const still = what === "still-down" ? "still " : "";
  // Of the others the kind says it all.
  const why = failure === "untrusted" ? `${failure} (${failureText})` : failure;
  const failures = `${why}, ${failuresInARow} ${failuresInARow === 1 ? "failure" : "failures"} in a row`;
  return `${who} is ${still}down since ${timeOf(downSince)}: ${failures}; tried next at ${timeOf(retryAt)}`;
}

const timeOf = (at: Millis): string => new Date(at).toISOString();
