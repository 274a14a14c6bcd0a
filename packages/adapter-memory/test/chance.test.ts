import { expect, test } from "vitest";
import fc from "fast-check";
import { Chance } from "@memwire/adapter-memory";

const seeds = fc.maxSafeNat();

// From a C program with sfc32 and its seeding as in PractRand's source.
const reference: readonly [seed: number, first: readonly number[]][] = [
  [0, [1363572419, 145230303, 808754475, 4216505632, 947923937, 2491578854]],
  [1, [2012149540, 1872316204, 1707632675, 1779833415, 2026416846, 1661539736]],
  [42, [1264412219, 1947509147, 3919439299, 1251167922, 656401615, 478193053]],
  [9007199254740991, [3268402823, 2602357022, 3266425223, 182731693, 1903088272, 1586958750]],
  [1234567890123, [444706931, 3154165413, 2035204892, 276300225, 2277147810, 3858605494]],
];

test("gives the numbers of PractRand's sfc32", () => {
  for (const [seed, first] of reference) {
    const chance = new Chance(seed);
    expect(first.map(() => chance.uint32())).toEqual(first);
  }
});

test("stays within the range asked for, and reaches both of its ends", () => {
  fc.assert(
    fc.property(seeds, fc.nat(1000), fc.nat(6), (seed, min, extra) => {
      const chance = new Chance(seed);
      for (const draw of [chance.between.bind(chance), chance.skewed.bind(chance)]) {
        const drawn = Array.from({ length: 200 }, () => draw([min, min + extra]));
        expect(new Set(drawn)).toEqual(new Set(Array.from({ length: extra + 1 }, (_, i) => min + i)));
      }
    }),
    { numRuns: 50 },
  );
});

test("draws skewed numbers from every order of magnitude alike", () => {
  const chance = new Chance(1);
  const magnitudes = Array.from({ length: 17 }, () => 0);
  for (let i = 0; i < 17_000; i++) (magnitudes[32 - Math.clz32(chance.skewed([0, 65_535]))] as number)++;
  for (const count of magnitudes) expect(count).toBeGreaterThan(850);
});

test("lets things happen as often as their probability says", () => {
  const chance = new Chance(2);
  const often = (probability: number): number =>
    Array.from({ length: 10_000 }, () => chance.happens(probability)).filter(Boolean).length;
  expect(often(0)).toBe(0);
  expect(often(1)).toBe(10_000);
  expect(Math.abs(often(0.3) - 3_000)).toBeLessThan(200);
});

test("a fork goes its own way", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const [one, other] = [new Chance(seed), new Chance(seed)];
      const fork = one.fork();
      other.fork();
      for (let i = 0; i < 10; i++) fork.uint32();
      expect(one.uint32()).toBe(other.uint32());
      expect([fork.uint32(), fork.uint32()]).not.toEqual([one.uint32(), one.uint32()]);
    }),
  );
});

test.each([-1, 0.5, NaN, Infinity, 2 ** 53])("refuses the seed %s", (seed) => {
  expect(() => new Chance(seed)).toThrow(RangeError);
});

test.each([0, -1, 1.5, 2 ** 32 + 1])("refuses to draw one of %s", (count) => {
  expect(() => new Chance(1).below(count)).toThrow(`got ${count}`);
});
