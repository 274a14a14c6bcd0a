// Rings of any points: whose hashes are whose, at the ends, where points are equal, and where they crowd.

import fc from "fast-check";
import { expect, test } from "vitest";
import { littleEndianWord } from "../src/hash/word.ts";
import type { WordHash } from "../src/hash/word-hash.ts";
import { NO_SERVER } from "../src/mod.ts";
import { RingDistribution } from "../src/ring-distribution.ts";
import type { RingRecipe } from "../src/ring.ts";
import { addressName } from "../src/server.ts";

/** The key itself is the hash. */
const asWord: WordHash = (bytes, start) => littleEndianWord(bytes, start);

const LAST = 0xffff_ffff;
const point = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, LAST - 1, LAST),
  fc.integer({ min: 1_000, max: 1_100 }), // a crowd
  fc.integer({ min: 0, max: LAST }),
);
/** The points of each server. */
const points = fc.array(fc.array(point, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 });

function ringOf(owned: readonly (readonly number[])[], more: Partial<RingRecipe>): RingDistribution {
  const servers = owned.map((_, i) => ({ host: `${i}`, port: 1 }));
  const recipe: RingRecipe = {
    nameOf: addressName,
    order: "listed",
    weights: "none",
    textsOf: () => 1,
    addPoints: ({ index }, _texts, into) => into.push(...(owned[index] as number[])),
    ...more,
  };
  return new RingDistribution(servers, recipe, asWord);
}

const ownerOf = (ring: RingDistribution, hash: number): number =>
  ring.owner(Uint8Array.of(hash, hash >>> 8, hash >>> 16, hash >>> 24), 0, 4);

/** Every point with its server, in the order of the ring; of equal ones the one that counts comes first. */
function inOrder(
  owned: readonly (readonly number[])[],
  ties: "first" | "last",
): { at: number; server: number }[] {
  const all = owned.flatMap((each, server) => each.map((at) => ({ at, server })));
  return all.sort((a, b) => a.at - b.at || (ties === "first" ? a.server - b.server : b.server - a.server));
}

/** Hashes at and beside every point, and at both ends. */
function hashesBeside(owned: readonly (readonly number[])[]): number[] {
  const near = owned.flat().flatMap((at) => [at - 1, at, at + 1]);
  return [0, LAST, 2 ** 31, ...near].filter((hash) => hash >= 0 && hash <= LAST);
}

test("a point owns the hashes up to itself, and of equal ones the first server's or the last's", () => {
  fc.assert(
    fc.property(points, fc.constantFrom("first" as const, "last" as const), (owned, ties) => {
      const ring = ringOf(owned, { ties });
      const ordered = inOrder(owned, ties);
      for (const hash of hashesBeside(owned)) {
        const wanted = ordered.find(({ at }) => at >= hash) ?? ordered[0];
        expect(ownerOf(ring, hash)).toBe(wanted?.server);
      }
    }),
  );
});

test("or it owns the hashes from itself on, around the end of the ring, too", () => {
  fc.assert(
    fc.property(points, (owned) => {
      // Of equal points the last in the order counts: the others own nothing.
      const ring = ringOf(owned, { owns: "after" });
      const ordered = inOrder(owned, "first");
      for (const hash of hashesBeside(owned)) {
        const wanted = ordered.findLast(({ at }) => at <= hash) ?? ordered.at(-1);
        expect(ownerOf(ring, hash)).toBe(wanted?.server);
      }
    }),
  );
});

test("servers without points are left out, and if none has one that is refused", () => {
  for (const owns of ["before", "after"] as const) {
    expect(ownerOf(ringOf([], { owns }), 7)).toBe(NO_SERVER);
    expect(ownerOf(ringOf([[], [5], []], { owns }), 7)).toBe(1);
    expect(() => ringOf([[], []], { owns })).toThrow(RangeError);
  }
});
