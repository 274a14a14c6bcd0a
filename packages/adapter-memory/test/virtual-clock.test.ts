import { simulate } from "@memwire/adapter-memory";
import { expect, test } from "vitest";
import fc from "fast-check";

test("tasks run in the order of their deadlines, those of one time in the order they were asked for", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), fc.array(fc.nat(199)), (delays, cancelled) => {
      const { clock, run } = started();
      const start = clock.now();
      const ran: [number, number][] = [];
      const cancels = delays.map((delay, index) =>
        clock.at(start + delay, () => ran.push([clock.now() - start, index])),
      );
      for (const index of cancelled) cancels[index]?.();
      run();
      const expected = delays
        .map((delay, index): [number, number] => [delay, index])
        .filter(([, index]) => !cancelled.includes(index))
        .sort((one, other) => one[0] - other[0] || one[1] - other[1]);
      expect(ran).toEqual(expected);
    }),
  );
});

test("what is deferred comes after the tasks of the same time, and before time goes by", () => {
  const { clock, run } = started();
  const ran: string[] = [];
  const now = clock.now();
  clock.at(now + 1, () => {
    clock.defer(() => ran.push("deferred"));
    clock.at(now + 1, () => ran.push("late"));
  });
  clock.at(now + 1, () => ran.push("second"));
  clock.at(now + 1.0625, () => ran.push("next"));
  run();
  expect(ran).toEqual(["second", "deferred", "late", "next"]);
});

test("a next turn comes after what is to happen now, and time goes by however many there are", () => {
  const { clock, run } = started();
  const ran: string[] = [];
  const start = clock.now();
  const again = (): void => {
    ran.push("turn");
    if (ran.length < 5) clock.nextTurn(again);
  };
  clock.nextTurn(again);
  clock.defer(() => ran.push("deferred"));
  clock.at(start + 0.125, () => ran.push("timer"));
  run();
  expect(ran).toEqual(["deferred", "turn", "timer", "turn", "turn"]);
  expect(clock.now()).toBe(start + 0.1875);
});

test("timers are as late as the conditions say, and never early", () => {
  const simulation = simulate({ seed: 1, timerLateMs: [1, 3] });
  const { clock } = simulation;
  const start = clock.now();
  const late: number[] = [];
  for (let i = 0; i < 200; i++) clock.at(start + 0.3, () => late.push(clock.now() - start - 0.3));
  simulation.run();
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0.99);
  expect(Math.min(...late)).toBeLessThan(1.2);
  expect(Math.max(...late)).toBeGreaterThan(2.8);
  expect(Math.max(...late)).toBeLessThanOrEqual(3.01);
});

test("a task of the past runs now, one of infinity never", () => {
  const { clock, run } = started();
  const ran: number[] = [];
  clock.at(clock.now() - 1_000, () => ran.push(clock.now()));
  clock.at(Infinity, () => ran.push(Infinity));
  const start = clock.now();
  run();
  expect(ran).toEqual([start]);
});

function started(): { clock: ReturnType<typeof simulate>["clock"]; run: () => void } {
  const simulation = simulate({ seed: 1, timerLateMs: [0, 0] });
  return { clock: simulation.clock, run: () => simulation.run() };
}
