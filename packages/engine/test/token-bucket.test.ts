// How often something may be asked for: what passes in any time, and when the next one may.

import { TokenBucket } from "@memwire/engine";
import fc from "fast-check";
import { expect, test } from "vitest";

const rates = fc.integer({ min: 1, max: 1_000 }).map((n) => n / 7);

test("a bucket lets no more pass in any time than its burst and its rate allow, and not much less", () => {
  const waits = fc.array(
    fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 80_000 }).map((n) => n / 16),
    ),
    {
      minLength: 1,
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(waits, rates, fc.integer({ min: 1, max: 20 }), (waits, perSecond, burst) => {
      let now = 1_798_761_600_000;
      const bucket = new TokenBucket({ perSecond, burst }, now);
      const passed: number[] = [];
      for (const waitMs of waits) {
        now += waitMs;
        const wait = bucket.waitMs(now);
        const recent = passed.filter((at) => at > now - (burst * 1_000) / perSecond).length;
        if (wait === 0) {
          bucket.take();
          passed.push(now);
        } else {
          expect(recent).toBeGreaterThan(0); // nobody waits for a bucket that was left alone
          expect(wait).toBeLessThanOrEqual(1_000 / perSecond + 1e-3);
        }
      }
      for (const [i, from] of passed.entries()) {
        for (const [j, until] of passed.entries()) {
          if (j < i) continue;
          const most = burst + ((until - from) / 1_000) * perSecond;
          expect(j - i + 1).toBeLessThanOrEqual(most + 1e-3);
        }
      }
    }),
  );
});

test("after the time it names, there is a token", () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 20 }), (perSecond, burst) => {
      const bucket = new TokenBucket({ perSecond, burst }, 0);
      for (let i = 0; i < burst; i++) {
        expect(bucket.waitMs(0)).toBe(0);
        bucket.take();
      }
      const wait = bucket.waitMs(0);
      expect(wait).toBeGreaterThan(0);
      expect(bucket.waitMs(wait * 0.99)).toBeGreaterThan(0);
      expect(bucket.waitMs(wait * 1.001)).toBe(0);
    }),
  );
});

test("who takes more than there are keeps the next one waiting for all of them", () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
  bucket.take(4);
  expect(bucket.waitMs(0)).toBe(0);
  bucket.take(8);
  expect(bucket.waitMs(0)).toBe(800);
  expect(bucket.waitMs(799)).toBeGreaterThan(0);
  expect(bucket.waitMs(801)).toBe(0);
});
