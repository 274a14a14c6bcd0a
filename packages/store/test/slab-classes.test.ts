import fc from "fast-check";
import { expect, test } from "vitest";
import { CLASSES_MAX } from "../src/layout.ts";
import { slabClasses, slabClassOf, type SlabClassOptions } from "../src/slab-classes.ts";
import { SLAB_CLASS_DEFAULTS, SLAB_CLASS_REFUSALS, SLAB_CLASSES } from "./slab-class-vectors.ts";

test.each(SLAB_CLASSES)("memcached %s has classes of the same sizes", (_, options, sizes) => {
  expect(slabClasses({ ...SLAB_CLASS_DEFAULTS, ...options }).sizes.join(" ")).toBe(
    `0 ${sizes.trim().replace(/\s+/g, " ")}`,
  );
});

test.each(SLAB_CLASS_REFUSALS)("what memcached %s refuses is refused", (_args, _words, options, error) => {
  expect(() => slabClasses({ ...SLAB_CLASS_DEFAULTS, ...options })).toThrow(new RangeError(error));
});

test("the largest chunk is one of a page, and holds the first part of any item", () => {
  const of = (pageBytes: number, chunkBytesMax: number): string =>
    slabClasses({ ...SLAB_CLASS_DEFAULTS, pageBytes, chunkBytesMax, growthFactor: 2 }).sizes.join(" ");
  expect(of(4_096, 4_096)).toBe("0 96 192 384 768 1536 4096");
  expect(of(512, 512)).toBe("0 96 192 512");
  expect(() => of(4_096, 256)).toThrow(
    "chunkBytesMax must be a divisor of pageBytes, 4096, from 512, got 256",
  );
  expect(() => of(4_096, NaN)).toThrow("got NaN");
});

const options: fc.Arbitrary<SlabClassOptions> = fc
  .record({
    chunkBytesMax: fc.integer({ min: 9, max: 20 }).map((power) => 2 ** power),
    chunkSpaceMin: fc.integer({ min: 1, max: 2_000 }),
    growthFactor: fc.double({ min: 1.001, max: 10, noNaN: true }),
    chunkSizes: fc.option(fc.array(fc.integer({ min: 9, max: 500 }), { minLength: 1, maxLength: 62 }), {
      nil: undefined,
    }),
  })
  .map(({ chunkSizes: steps, ...made }) => {
    let size = 39;
    const sizes = steps?.map((step) => (size += step)).filter((each) => each <= made.chunkBytesMax);
    return { ...made, pageBytes: 1_048_576, chunkSizes: sizes?.length === 0 ? [48] : sizes };
  });

test("an item gets the first class whose chunks hold it, or the last", () => {
  fc.assert(
    fc.property(options, fc.array(fc.integer({ min: 1, max: 2 ** 31 })), (made, others) => {
      const classes = slabClasses(made);
      const sizes = [...classes.sizes];
      expect(sizes.length).toBeLessThanOrEqual(CLASSES_MAX + 1);
      const edges = sizes.slice(1).flatMap((size) => [size - 1, size, size + 1]);
      for (const bytes of [1, 2 ** 31, ...edges, ...others]) {
        const first = sizes.findIndex((size) => size >= bytes);
        expect(slabClassOf(classes, bytes), `${bytes} bytes`).toBe(first === -1 ? sizes.length - 1 : first);
      }
    }),
  );
});
