// The graceful end: SIGTERM or SIGINT stops accepting, lets every request under way be answered, then exits with 0;
// or with 1 and a line that says so, if something is left that a part was to do.
//
//     signal --> what has come is taken --> listeners close --> engine.drain() --> idle, or its time is over --> driver
//     closes --> exit 0 or 1
//     one that means "at once": the same, but nobody is waited for
//     a second signal ----------------------------------------------------------------------------> exit 128 + n

import { writeSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import type { Clock, Driver, Listener, Millis } from "@memwire/engine";
import { exit } from "./exit.ts";

/** A running engine with its sockets. */
export interface Part {
  readonly engine: { drain(now: Millis): void };
  readonly driver: Driver;
  readonly listeners: readonly Listener[];
  /** How long it may take, from when its turn comes. Those that do not say have `END_WITHIN_MS` together. */
  readonly endWithinMs?: Millis;
  /**
   * What it still has to do, as one line for people; `undefined` if that is nothing. It goes on while it has time,
   * even with no connection open, as when it waits to make one.
   */
  readonly unfinished?: () => string | undefined;
}

/** A part that ends in a way of its own, such as an HTTP server, or a file that is written when all else has ended. */
export interface OtherPart {
  /** Takes nothing more, lets what is under way be answered for at most `withinMs`, then leaves nothing open. */
  end(withinMs: Millis): Promise<void>;
  /** As of a `Part`. */
  readonly endWithinMs?: Millis;
  /** What it has not done, as one line for people; `undefined` if that is nothing. */
  readonly unfinished?: () => string | undefined;
}

/** How long all parts that do not say otherwise may together take to answer what is under way. */
export const END_WITHIN_MS = 5_000;

/**
 * What ends a program, and how: `at-once` is without waiting for clients to take their answers. A part that says
 * itself how long it may take has its time in any case.
 */
export type EndSignals = Readonly<
  Partial<Record<"SIGTERM" | "SIGINT" | "SIGUSR1", "gracefully" | "at-once">>
>;

const SIGNALS: EndSignals = { SIGTERM: "gracefully", SIGINT: "gracefully" };

/** How late a part that keeps its own time may be. */
const OTHER_LATE_MS = 500;

/**
 * How long listeners and connections go on after the signal. What clients sent before it, and whoever connected, may
 * still wait in the system: Bun and Deno say that there was a signal before what there is to read, and a connection
 * that seems to be idle then would be closed with a request in it. In several turns, since where there is no time to
 * run a timer may be due as soon as the signal is said: a client is accepted in one of them and read in another.
 */
const TAKES_FOR_MS = 50;
const TAKES_IN_TURNS = 5;

/** How often a part that may be unfinished is asked: an engine cannot call. */
const LOOKS_EVERY_MS = 20;

/**
 * From now on these signals end the process.
 *
 * @param parts In the order in which they end: a proxy before the servers behind it.
 * @param signals Default: SIGTERM and SIGINT, both gracefully.
 */
export function endOnSignal(
  parts: readonly (Part | OtherPart)[],
  clock: Clock,
  signals: EndSignals = SIGNALS,
): void {
  let ending = false;
  for (const [signal, how] of Object.entries(signals)) {
    process.on(signal, () => {
      if (ending) {
        say(unfinished(parts));
        void exit(128 + constants.signals[signal as keyof EndSignals]);
        return;
      }
      ending = true;
      void end(parts, clock, how === "at-once" ? 0 : END_WITHIN_MS);
    });
  }
}

async function end(parts: readonly (Part | OtherPart)[], clock: Clock, withinMs: Millis): Promise<void> {
  try {
    if (withinMs > 0) await takeWhatHasCome(clock);
    const left = await endParts(parts, clock, withinMs);
    say(left);
    await exit(left.length > 0 ? 1 : 0);
  } catch (error) {
    console.error(error);
    await exit(1);
  }
}

/**
 * Ends all parts, one after the other.
 *
 * @param withinMs How long those that do not say otherwise may together take.
 *
 * @returns what they have not finished
 */
export async function endParts(
  parts: readonly (Part | OtherPart)[],
  clock: Clock,
  withinMs: Millis = END_WITHIN_MS,
): Promise<string[]> {
  const listeners = parts.flatMap((part) => ("listeners" in part ? part.listeners : []));
  await Promise.all(listeners.map((listener) => listener.close()));
  let togetherMs = withinMs;
  for (const part of parts) {
    const start = clock.now();
    const itsMs = part.endWithinMs ?? togetherMs;
    await ("engine" in part ? endEngine(part, clock, start + itsMs) : endOther(part, clock, itsMs));
    if (part.endWithinMs === undefined) togetherMs = Math.max(0, togetherMs - (clock.now() - start));
  }
  return unfinished(parts);
}

async function endEngine(part: Part, clock: Clock, deadline: Millis): Promise<void> {
  part.engine.drain(clock.now());
  part.driver.wake();
  // The long time of a part that may be unfinished is for that, not for clients that do not take their answers.
  const answeredBy =
    part.unfinished === undefined ? deadline : Math.min(clock.now() + END_WITHIN_MS, deadline);
  await inTime(part.driver.idle(), clock, answeredBy);
  while (part.unfinished?.() !== undefined && clock.now() < deadline) {
    await later(clock, LOOKS_EVERY_MS);
  }
  await inTime(part.driver.close(), clock, deadline);
}

/** It keeps its time itself; a bit more, and it is left as it is. */
function endOther(part: OtherPart, clock: Clock, withinMs: Millis): Promise<void> {
  return inTime(part.end(withinMs), clock, clock.now() + withinMs + OTHER_LATE_MS);
}

async function takeWhatHasCome(clock: Clock): Promise<void> {
  for (let turn = 0; turn < TAKES_IN_TURNS; turn++) await later(clock, TAKES_FOR_MS / TAKES_IN_TURNS);
}

function later(clock: Clock, ms: Millis): Promise<void> {
  return new Promise((resolve) => clock.at(clock.now() + ms, resolve));
}

function inTime(promise: Promise<void>, clock: Clock, deadline: Millis): Promise<void> {
  return Promise.race([promise, new Promise<void>((resolve) => clock.at(deadline, resolve))]);
}

function unfinished(parts: readonly (Part | OtherPart)[]): string[] {
  return parts.map((part) => part.unfinished?.()).filter((line) => line !== undefined);
}

/** Synchronously: on some runtimes what a stream still holds is lost by exit(). */
function say(lines: readonly string[]): void {
  for (const line of lines) writeSync(2, `${line}\n`);
}
