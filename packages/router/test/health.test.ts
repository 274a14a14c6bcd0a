// Whether a server is well, by example and by law.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DEFAULT_HEALTH,
  Health,
  healthFrom,
  isFailOpen,
  type FailureKind,
  type FailureWeight,
  type HealthOptions,
} from "../src/mod.ts";

const never = (): number => 0;

function healthOf(options: Partial<HealthOptions> = {}, chance: () => number = never): Health {
  return new Health(healthFrom({ retryJitter: 0, ...options }), chance);
}

/** A connection that was made now fails. */
function fail(
  health: Health,
  now: number,
  weight: FailureWeight = "dead",
  kind: FailureKind = "refused",
): void {
  health.failed(kind, weight, health.episode, now);
}

test("a server is down after as many failures in a row as it may have, of whatever kind", () => {
  const health = healthOf({ failuresMax: 3 });
  fail(health, 0, "dead", "refused");
  fail(health, 100, "late", "timed-out");
  expect([health.state, health.takesTraffic, health.inTrouble]).toEqual(["up", true, true]);
  fail(health, 300, "lost", "broken-reply");
  expect([health.state, health.takesTraffic]).toEqual(["down", false]);
  expect(health.status).toEqual({
    state: "down",
    administered: "up",
    since: 300,
    retryAt: 500,
    failuresInARow: 3,
    flaps: 0,
    failures: { refused: 1, "timed-out": 1, "broken-reply": 1 },
  });
});

test("an answer in between starts the count anew", () => {
  const health = healthOf({ failuresMax: 2, flapWindowMs: 0 });
  for (let now = 0; now < 100; now++) {
    fail(health, now, "late", "timed-out");
    health.answered(now);
  }
  expect(health.status).toMatchObject({ state: "up", failuresInARow: 0, failures: { "timed-out": 100 } });
});

test("connections that are lost together are one failure", () => {
  const health = healthOf({ failuresMax: 3 });
  const { episode } = health;
  for (let i = 0; i < 10; i++) health.failed("reset", "lost", episode, 0);
  expect(health.status).toMatchObject({ state: "up", failuresInARow: 1, failures: { reset: 10 } });
});

test("once it is down it is left alone for twice as long after each failure, and time alone makes it no better", () => {
  const health = healthOf({ retryMinMs: 100, retryMaxMs: 500 });
  const waits: number[] = [];
  for (let i = 0; i < 5; i++) {
    const now = Math.max(0, health.retryAt);
    fail(health, now);
    waits.push(health.retryAt - now);
  }
  expect(waits).toEqual([100, 100, 400, 500, 500]);
  expect(health.state).toBe("down");
});

test("one that is not down yet is tried again soon, however long one that is down is left alone", () => {
  const health = healthOf({ failuresMax: 3, retryMinMs: 30_000, retryMaxMs: 30_000 });
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    const now = Math.max(0, health.retryAt);
    fail(health, now);
    waits.push(health.retryAt - now);
  }
  expect(waits).toEqual([100, 100, 30_000, 30_000]);
  const never = healthOf({ failuresMax: 0, retryMinMs: 30_000, retryMaxMs: 30_000 });
  fail(never, 0);
  expect(never.retryAt).toBe(30_000);
});

test("however many failures it takes, it is down after as many short times", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), options, (failuresMax, given) => {
      const health = healthOf({ ...given, failuresMax, retryJitter: 0 });
      let now = 0;
      for (let i = 1; i < failuresMax; i++) {
        fail(health, now);
        now = health.retryAt;
      }
      expect(health.state).toBe("up");
      fail(health, now);
      expect(health.state).toBe("down");
      expect(now).toBe((failuresMax - 1) * Math.min(given.trialMs, given.retryMinMs));
    }),
  );
});

test("a probe brings it back on probation: if it fails before it answers a request it is down again", () => {
  const health = healthOf({ failuresMax: 3, flapWindowMs: 0 });
  for (const now of [0, 100, 300]) fail(health, now);
  health.verified(700);
  expect(health.status).toMatchObject({ state: "up", since: 700, retryAt: undefined, failuresInARow: 2 });
  fail(health, 701);
  expect(health.status).toMatchObject({ state: "down", since: 701, retryAt: 701 + 800 });
  health.verified(1_501);
  health.answered(1_502);
  fail(health, 1_503);
  expect(health.status).toMatchObject({ state: "up", failuresInARow: 1, retryAt: 1_603 });
});

test("a request of before that is answered after all brings it back as well", () => {
  const health = healthOf({ failuresMax: 1 });
  fail(health, 0);
  expect(health.state).toBe("down");
  health.answered(50);
  expect([health.state, health.retryAt, health.inTrouble]).toEqual(["up", -Infinity, false]);
});

test("one that comes back and soon fails again is left alone for longer each time, and is down", () => {
  const health = healthOf({
    failuresMax: 3,
    retryMinMs: 100,
    flapWindowMs: 1_000,
    flapRamp: 2,
    flapMaxMs: 700,
  });
  const waits: number[] = [];
  const states: string[] = [];
  let now = 0;
  fail(health, now, "lost", "reset");
  for (let i = 0; i < 5; i++) {
    health.verified(now);
    health.answered(now + 1);
    now += 500;
    fail(health, now, "lost", "reset");
    waits.push(health.retryAt - now);
    states.push(health.state);
    now = health.retryAt;
  }
  expect(waits).toEqual([100, 100, 700, 700, 700]);
  expect(states).toEqual(["up", "up", "down", "down", "down"]);
  expect(health.status.flaps).toBe(5);
  health.verified(now);
  health.answered(now + 1);
  fail(health, now + 1_001);
  expect(health.status).toMatchObject({ state: "up", flaps: 0, retryAt: now + 1_001 + 100 });
});

test("files and ports that this side has run out of are not the server's fault", () => {
  const health = healthOf({ failuresMax: 1 });
  fail(health, 0, "dead", "exhausted");
  expect(health.status).toMatchObject({ state: "up", retryAt: 100, failures: { exhausted: 1 } });
});

test("what an operator takes out takes no traffic, and what he puts back is tried at once", () => {
  const health = healthOf({ failuresMax: 1, retryMinMs: 1_000 });
  fail(health, 0);
  for (const wanted of ["down", "drain"] as const) {
    health.administer(wanted, 5);
    expect([health.takesTraffic, health.administered]).toEqual([false, wanted]);
  }
  health.administer("up", 10);
  expect([health.state, health.takesTraffic, health.retryAt]).toEqual(["down", false, -Infinity]);
  health.verified(11);
  expect(health.takesTraffic).toBe(true);
});

test("what fails while an operator has a server out does not keep it from being tried when he puts it back", () => {
  const health = healthOf({ failuresMax: 1, retryMinMs: 1_000, retryMaxMs: 60_000 });
  fail(health, 0);
  health.verified(1_000);
  fail(health, 1_000);
  health.administer("drain", 1_001);
  fail(health, 1_002);
  expect(health.status).toMatchObject({ flaps: 1, retryAt: 1_002 + 4_000 });
  health.administer("up", 1_003);
  expect([health.retryAt, health.status.flaps]).toEqual([-Infinity, 0]);
  fail(health, 1_003);
  expect(health.retryAt).toBe(1_003 + 1_000); // as after the first failure of all
});

test("a pool of which too little is up is open", () => {
  const open = [4, 3, 2, 1, 0].map((up) => isFailOpen(up, 4, 0.5));
  expect(open).toEqual([false, false, false, true, true]);
  expect([isFailOpen(0, 4, 0), isFailOpen(0, 0, 1)]).toEqual([false, false]);
});

test.each([
  [{ failuresMax: -1 }, "failuresMax must be a whole number from 0, got -1"],
  [{ failuresMax: 1.5 }, "failuresMax must be a whole number from 0, got 1.5"],
  [{ whenDown: "die" as "fail" }, "whenDown must be fail, miss or rehash, got die"],
  [{ retryMinMs: 0 }, "retryMinMs must be at least 1, got 0"],
  [{ retryMinMs: 9, retryMaxMs: 8 }, "retryMaxMs must be at least 9, got 8"],
  [{ trialMs: 0 }, "trialMs must be at least 1, got 0"],
  [{ retryJitter: 1.1 }, "retryJitter must be from 0 to 1, got 1.1"],
  [{ flapWindowMs: NaN }, "flapWindowMs must be at least 0, got NaN"],
  [{ flapRamp: 0.9 }, "flapRamp must be at least 1, got 0.9"],
  [{ flapMaxMs: 99 }, "flapMaxMs must be at least 100, got 99"],
  [{ failOpenBelow: 2 }, "failOpenBelow must be from 0 to 1, got 2"],
])("%j is refused", (options, message) => {
  expect(() => healthFrom(options)).toThrow(new RangeError(message));
});

// The laws: whatever happens, in whatever order.

type Event =
  | { readonly kind: "fails"; readonly weight: FailureWeight; readonly stale: boolean }
  | { readonly kind: "answered" | "verified" | "rests" | "up" | "down" | "drain" };

const options = fc
  .record({
    failuresMax: fc.nat(4),
    retryMinMs: fc.integer({ min: 1, max: 200 }),
    retryMaxMs: fc.integer({ min: 200, max: 10_000 }),
    trialMs: fc.integer({ min: 1, max: 200 }),
    retryJitter: fc.constantFrom(0, 0.3, 1),
    flapWindowMs: fc.constantFrom(0, 500, 10_000),
    flapRamp: fc.constantFrom(1, 1.5, 3),
    flapMaxMs: fc.integer({ min: 200, max: 100_000 }),
  })
  .map((given) => healthFrom(given));
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("fails" as const),
      weight: fc.constantFrom("late" as const, "lost" as const, "dead" as const),
      stale: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constantFrom("answered" as const, "verified" as const, "rests" as const),
  }),
  fc.record({ kind: fc.constantFrom("up" as const, "down" as const, "drain" as const) }),
);
const story = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 2_000 })), { maxLength: 60 });
const draws = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

function play(health: Health, [what, after]: readonly [Event, number], now: number): number {
  const then = now + after;
  switch (what.kind) {
    case "fails":
      health.failed("reset", what.weight, health.episode - (what.stale ? 1 : 0), then);
      break;
    case "answered":
    case "verified":
      health[what.kind](then);
      break;
    case "rests":
      return Math.max(then, health.retryAt);
    default:
      health.administer(what.kind, then);
  }
  return then;
}

test("it goes down only by a failure, comes up only by an answer, and is left alone for no longer than it may", () => {
  fc.assert(
    fc.property(options, story, draws, (given, events, chances) => {
      const health = new Health(given, () => chances.next().value as number);
      const longest = Math.max(given.retryMaxMs, given.flapMaxMs);
      let now = 0;
      let inARow = 0;
      for (const each of events) {
        const before = health.state;
        const [{ kind }] = each;
        now = play(health, each, now);
        if (before === "up" && health.state === "down") expect(kind).toBe("fails");
        if (before === "down" && health.state === "up") expect(["answered", "verified"]).toContain(kind);
        if (kind === "fails") inARow++;
        if (kind === "answered") inARow = 0;
        const { failuresInARow, flaps, state } = health.status;
        expect(failuresInARow).toBeLessThanOrEqual(inARow); // connections that fail together are one
        if (given.failuresMax === 0) expect(state).toBe("up");
        else if (state === "up") expect(failuresInARow).toBeLessThan(given.failuresMax);
        else expect(Math.max(failuresInARow, flaps)).toBeGreaterThanOrEqual(given.failuresMax);
        expect(health.retryAt).toBeLessThanOrEqual(now + longest);
        if (kind === "answered") expect(health.inTrouble).toBe(false);
        expect(health.takesTraffic).toBe(state === "up" && health.administered === "up");
      }
    }),
  );
});

test("without an answer it is never left alone for less than before, but for what chance takes off or flaps added", () => {
  const failures = fc.array(fc.constantFrom("dead" as const, "late" as const, "lost" as const), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(options, failures, draws, (given, weights, chances) => {
      const health = new Health(given, () => chances.next().value as number);
      let longest = 0;
      let { flaps } = health.status;
      let now = 0;
      for (const weight of weights) {
        const before = health.retryAt;
        fail(health, now, weight);
        if (health.retryAt === before) continue;
        const wait = health.retryAt - now;
        // It was up for long enough: what flaps added is forgotten.
        if (health.status.flaps < flaps) longest = Math.min(longest, given.retryMaxMs);
        ({ flaps } = health.status);
        expect(wait).toBeGreaterThanOrEqual(longest * (1 - given.retryJitter) - 1e-6);
        longest = Math.max(longest, wait);
        now = Math.ceil(health.retryAt);
        if (weight === "dead") health.verified(now); // which is no answer to a request
      }
    }),
  );
});

test("the same events and the same chance are the same story", () => {
  fc.assert(
    fc.property(
      options,
      story,
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1 }),
      (given, events, chances) => {
        const stories = [0, 1].map(() => {
          let drawn = 0;
          const health = new Health(given, () => chances[drawn++ % chances.length] as number);
          let now = 0;
          return events.map((each) => {
            now = play(health, each, now);
            return health.status;
          });
        });
        expect(stories[0]).toEqual(stories[1]);
      },
    ),
  );
});

test("a server that has been well for the whole window starts anew, however it flapped before", () => {
  fc.assert(
    fc.property(options, story, (given, events) => {
      const health = new Health({ ...given, retryJitter: 0 }, never);
      let now = 0;
      for (const each of events) now = play(health, each, now);
      health.answered(now);
      const later = now + given.flapWindowMs;
      fail(health, later);
      const { failuresMax, retryMinMs, trialMs } = given;
      const firstMs = failuresMax > 1 ? Math.min(trialMs, retryMinMs) : retryMinMs;
      expect(health.retryAt).toBe(later + firstMs);
      expect(health.status).toMatchObject({ flaps: 0, failuresInARow: 1 });
    }),
  );
});

test("the defaults are what they are said to be", () => {
  expect(healthFrom()).toEqual(DEFAULT_HEALTH);
  expect(healthFrom({ failuresMax: 5 })).toEqual({ ...DEFAULT_HEALTH, failuresMax: 5 });
});
