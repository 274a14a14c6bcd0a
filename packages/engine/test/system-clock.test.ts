import { type ClockHost, systemClock } from "@memwire/engine";
import { expect, test } from "vitest";

const TIMER_MAX_MS = 2 ** 31 - 1;

test("now is Unix time with its fraction, and goes on with the host's", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  expect(clock.now()).toBe(1_000_000.25);
  host.pass(1.5);
  expect(clock.now()).toBe(1_000_001.75);
});

test("a task runs once, when the host's timer fires", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  let ran = 0;
  clock.at(clock.now() + 2.5, () => ran++);
  expect(host.timers.map(({ ms }) => ms)).toEqual([3]);
  host.pass(3);
  host.fire();
  expect([ran, host.timers]).toEqual([1, []]);
});

test("a timer that fires early is set again for what is left", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  let ran = 0;
  clock.at(clock.now() + 10, () => ran++);
  host.pass(9.4);
  host.fire();
  expect([ran, host.timers.map(({ ms }) => ms)]).toEqual([0, [1]]);
  host.pass(1);
  host.fire();
  expect(ran).toBe(1);
});

test("a deadline further away than timers reach is waited for in parts", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  let ran = 0;
  clock.at(clock.now() + TIMER_MAX_MS + 5, () => ran++);
  clock.at(Infinity, () => ran++);
  expect(host.timers.map(({ ms }) => ms)).toEqual([TIMER_MAX_MS, TIMER_MAX_MS]);
  host.pass(TIMER_MAX_MS);
  host.fire();
  expect([ran, host.timers.map(({ ms }) => ms)]).toEqual([0, [5, TIMER_MAX_MS]]);
  host.pass(5);
  host.fire();
  expect(ran).toBe(1);
});

test("a task that was cancelled does not run, also if its timer had to be set again", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  let ran = 0;
  const cancel = clock.at(clock.now() + 10, () => ran++);
  host.pass(9);
  host.fire();
  expect(host.timers.length).toBe(1);
  cancel();
  expect(host.timers).toEqual([]);
  cancel();
  expect(ran).toBe(0);
});

test("a deadline of the past is the shortest timer", () => {
  const host = new HandHost();
  const clock = systemClock(host);
  clock.at(clock.now() - 1_000, () => {});
  expect(host.timers.map(({ ms }) => ms)).toEqual([0]);
});

test("turns are deferred by the host", () => {
  const host = new HandHost();
  const task = (): void => {};
  systemClock(host).defer(task);
  expect(host.deferred).toEqual([task]);
});

test("next turns are the host's", () => {
  const host = new HandHost();
  const task = (): void => {};
  systemClock(host).nextTurn(task);
  expect([host.deferred, host.nextTurns]).toEqual([[], [task]]);
});

/** A runtime whose time goes by, and whose timers fire, by hand. */
class HandHost implements ClockHost {
  timers: { readonly task: () => void; readonly ms: number }[] = [];
  readonly deferred: (() => void)[] = [];
  readonly nextTurns: (() => void)[] = [];
  #passed = 0.25;
  readonly performance: ClockHost["performance"];

  constructor() {
    this.performance = { timeOrigin: 1_000_000, now: () => this.#passed };
  }

  setTimeout(task: () => void, ms: number): unknown {
    const timer = { task, ms };
    this.timers.push(timer);
    return timer;
  }

  clearTimeout(timer: never): void {
    this.timers = this.timers.filter((other) => other !== timer);
  }

  defer(task: () => void): void {
    this.deferred.push(task);
  }

  nextTurn(task: () => void): void {
    this.nextTurns.push(task);
  }

  pass(ms: number): void {
    this.#passed += ms;
  }

  /** Fires every timer there is, early or not. */
  fire(): void {
    const { timers } = this;
    this.timers = [];
    for (const { task } of timers) task();
  }
}
