// Time and turns.

import { expect } from "vitest";
import { once, type Law } from "./law.ts";
import { pair, pass } from "./pair.ts";

/** How long turns follow one another for input and timers that never come between. */
const TURNS_WITHIN_MS = 2_000;

export const clockLaws: readonly Law[] = [
  once("now does not go back, and goes on with the timers", async (harness) => {
    const { clock } = harness;
    const start = clock.now();
    let last = start;
    for (let i = 0; i < 20; i++) {
      await pass(harness, 2);
      expect(clock.now()).toBeGreaterThanOrEqual(last);
      last = clock.now();
    }
    expect(last - start).toBeGreaterThanOrEqual(40);
  }),

  once("a task runs once, not before its deadline", async (harness) => {
    const { clock } = harness;
    const early: number[] = [];
    let ran = 0;
    const deadlines = [0, 0.4, 1, 1.5, 2.9, 7.3, 20, 20.1, 33.3].map((ms) => clock.now() + ms);
    for (const deadline of deadlines) {
      clock.at(deadline, () => {
        ran++;
        if (clock.now() < deadline) early.push(deadline - clock.now());
      });
    }
    expect(ran).toBe(0);
    await harness.until(() => ran >= deadlines.length, "every task");
    await pass(harness, 50);
    expect([ran, early]).toEqual([deadlines.length, []]);
  }),

  once("a deadline that has passed means soon, and not at once", async (harness) => {
    let ran = false;
    harness.clock.at(harness.clock.now() - 1000, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    await harness.until(() => ran, "the task");
  }),

  once("the earlier deadline comes first", async (harness) => {
    const { clock } = harness;
    const order: number[] = [];
    const now = clock.now();
    for (const ms of [60, 20, 40]) clock.at(now + ms, () => order.push(ms));
    await harness.until(() => order.length === 3, "three tasks");
    expect(order).toEqual([20, 40, 60]);
  }),

  once("a cancelled task does not run, and cancelling again is nothing", async (harness) => {
    const { clock } = harness;
    let ran = 0;
    const task = (): void => {
      ran++;
    };
    const cancel = clock.at(clock.now() + 10, task);
    const tooLate = clock.at(clock.now() + 10, task);
    cancel();
    cancel();
    await pass(harness, 30);
    tooLate();
    expect(ran).toBe(1);
  }),

  once("deadlines beyond 2^31 ms, and Infinity, do not come at once", async (harness) => {
    const { clock } = harness;
    let ran = 0;
    const task = (): void => {
      ran++;
    };
    const cancels = [2 ** 31, 2 ** 32 + 5, 2 ** 40, Infinity].map((ms) => clock.at(clock.now() + ms, task));
    await pass(harness, 30);
    for (const cancel of cancels) cancel();
    expect(ran).toBe(0);
  }),

  once("between turns that follow one another come timers and input", async (harness) => {
    const { clock } = harness;
    const { near, far, finish } = await pair(harness, "tcp");
    const start = clock.now();
    let timers = 0;
    let over = false;
    const tick = (): void => {
      timers++;
      if (timers < 3) clock.at(clock.now() + 1, tick);
    };
    const turn = (): void => {
      over = (timers === 3 && far.receivedBytes === 3) || clock.now() - start > TURNS_WITHIN_MS;
      if (over) return;
      // One after the other, so that sockets have to be looked at more than once.
      if (near.sentBytes < 3 && near.sentBytes === far.receivedBytes && !near.waiting) near.send(1);
      clock.nextTurn(turn);
    };
    tick();
    clock.nextTurn(turn);
    expect([timers, near.sentBytes]).toEqual([1, 0]);
    await harness.until(() => over, "the turns");
    expect([timers, far.receivedBytes]).toEqual([3, 3]);
    await finish();
  }),

  once(
    "deferred tasks run in the order asked, after the turn at hand, before time goes by",
    async (harness) => {
      const { clock } = harness;
      const order: string[] = [];
      clock.at(clock.now() + 50, () => order.push("timer"));
      clock.defer(() => {
        order.push("first");
        clock.defer(() => order.push("third"));
      });
      clock.defer(() => order.push("second"));
      expect(order).toEqual([]);
      await harness.until(() => order.includes("timer"), "the timer");
      expect(order).toEqual(["first", "second", "third", "timer"]);
    },
  ),
];
