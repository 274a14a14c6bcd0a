// The store beside real memcached, both with more items than they have room for: which go, and what is counted.
//
// memcached without its background threads, each class with one strict list: so its work depends on nothing but the commands.

import process from "node:process";
import { SlabStore, type StoreOptions } from "@memwire/store";
import fc from "fast-check";
import { expect, test } from "vitest";
import { startMemcached, TextClient, withPeer } from "../src/mod.ts";
import { type Counts, countsOfPeer, countsOfStore, StorePeer } from "./store-counts.ts";
import { commandOf, type MixLimits, mixes, questionOf, type Step, StoreUnderTest } from "./store-mixes.ts";

const MEBIBYTE = 1_048_576;
const NOW = 1_800_000_000_000;
const TIMEOUT_MS = 120_000 + 2_000 * Number(process.env["FC_SECONDS"] ?? 0);
// A set that finds no room when some chunks are taken is another one to memcached: it keeps the old item, and counts nothing.
// The store is the same to all: what was last set is not there, so nothing is. Here such items are deleted on both sides.
const READING = "SERVER_ERROR Out of memory during read";
const NO_ROOM = "SERVER_ERROR out of memory storing object";

/** memcached's flags, and the same choices for the store. */
interface Side {
  readonly args: readonly string[];
  readonly options: StoreOptions;
}

const STRICT: StoreOptions = { pageBytes: MEBIBYTE, segmented: false, crawler: false, automove: false };
const NO_MODERN: Side = {
  args: ["-o", "no_modern"],
  options: { ...STRICT, chunkBytesMax: MEBIBYTE, itemBytesMax: MEBIBYTE },
};
const SPANNING: Side = {
  args: ["-o", "no_modern", "-I", "2m"],
  options: { ...STRICT, chunkBytesMax: MEBIBYTE / 2, itemBytesMax: 2 * MEBIBYTE },
};

/** What went on in a mix, so that a test can say that it was worth it. */
interface Course {
  readonly evicted: number;
  readonly evictingClasses: number;
  readonly reclaimed: number;
  readonly refused: number;
}

/** Has both take the steps, and finds no difference in answers, counts and items. */
async function compare(
  { args, options }: Side,
  megabytes: number,
  evictions: boolean,
  casUniques: boolean,
  steps: readonly Step[],
): Promise<Course> {
  const flags = ["-m", `${megabytes}`, ...(evictions ? [] : ["-M"]), ...(casUniques ? [] : ["-C"])];
  await using memcached = await startMemcached({ args: [...args, ...flags] });
  using client = await TextClient.connect(memcached.endpoint);
  const peer = new StorePeer(client);
  const bytesMax = megabytes * MEBIBYTE;
  const store = new SlabStore({ ...options, bytesMax, evictions, casUniques });
  const ours = new StoreUnderTest(store, NOW);

  const answers = steps.map((step) => ours.take(step));
  const expected = await peer.take(
    steps.map(
      (step, i) => `${commandOf(step)}${answers[i] === NO_ROOM ? `delete ${step.key} noreply\r\n` : ""}`,
    ),
  );
  const different = answers.findIndex(
    (answer, i) => answer !== (expected[i] === READING ? NO_ROOM : expected[i]),
  );
  expect(
    different,
    `${JSON.stringify(steps[different])}: ${answers[different]}, not ${expected[different]}`,
  ).toBe(-1);

  const counts = countsOfStore(store, NOW);
  const midway = expected.filter((answer) => answer === READING).length;
  expect(counts).toEqual(
    withMidway(await countsOfPeer(peer), midway, store.slabs(NOW).classes.at(-1)?.slabClass),
  );

  const keys = [...new Set(steps.map(({ key }) => key))];
  expect(keys.map((key) => `${key} ${ours.question(key)}`)).toEqual(
    (await peer.take(keys.map(questionOf))).map((answer, i) => `${keys[i]} ${answer}`),
  );
  return {
    evicted: counts["evictions"] ?? 0,
    evictingClasses: Object.entries(counts).filter(([name, count]) => name.endsWith(" evicted") && count)
      .length,
    reclaimed: counts["reclaimed"] ?? 0,
    refused: answers.filter((answer) => answer === NO_ROOM).length,
  };
}

/** What memcached would count if it counted sets that find no room midway: they are of the largest class. */
function withMidway(counts: Counts, midway: number, slabClass: number | undefined): Counts {
  const ofClass = `${slabClass} outofmemory`;
  return {
    ...counts,
    store_no_memory: (counts["store_no_memory"] ?? 0) + midway,
    ...(ofClass in counts ? { [ofClass]: (counts[ofClass] ?? 0) + midway } : {}),
  };
}

/** So many mixes, or as many as FC_SECONDS has time for. */
async function compareMixes(
  side: Side,
  evictions: boolean,
  count: number,
  limits: Omit<MixLimits, "memoryBytes">,
): Promise<Course[]> {
  const courses: Course[] = [];
  const mix = fc
    .record({ megabytes: fc.integer({ min: 4, max: 8 }), casUniques: fc.constantFrom(true, true, false) })
    .chain((made) =>
      mixes({ ...limits, memoryBytes: made.megabytes * MEBIBYTE }).map((one) => ({ ...made, one })),
    );
  await fc.assert(
    fc.asyncProperty(mix, async ({ megabytes, casUniques, one }) => {
      // Without cas uniques and flags the store needs a byte more than memcached for an item.
      const steps = casUniques ? one.steps : one.steps.map((step) => ({ ...step, flags: 7 }));
      courses.push(await compare(side, megabytes, evictions, casUniques, steps));
    }),
    // A smaller mix would say no more than the step at which the answers part, and each try takes a memcached.
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? count, endOnFailure: true },
  );
  return courses;
}

const set = (key: string, valueBytes: number): Step => ({
  command: "set",
  key,
  valueBytes,
  flags: 0,
  expired: false,
});
const times = <T>(many: number, make: (i: number) => T): T[] =>
  Array.from({ length: many }, (_, i) => make(i));

withPeer("memcached", () => {
  test("of 101 items of nearly a page in 64 pages, 37 are evicted", async () => {
    const steps = times(101, (i) => set(`key:${i}`, MEBIBYTE - 250));
    expect(await compare(NO_MODERN, 64, true, true, steps)).toMatchObject({ evicted: 37 });
  });

  test("an overwriting needs a chunk of its own, be it that of the old item", async () => {
    const full = times(10, (i) => set(`key:${i}`, 200_000));
    expect(await compare(NO_MODERN, 2, true, true, [...full, full[0] as Step])).toMatchObject({ evicted: 1 });
    const twice = [...full, set("key:5", 200_000), set("key:6", 200_000), set("key:7", 1_000)];
    expect(await compare(NO_MODERN, 2, true, true, twice)).toMatchObject({ evicted: 1 });
    expect(await compare(NO_MODERN, 2, false, true, twice)).toMatchObject({ evicted: 0, refused: 1 });
  });

  test("expired items at the end of the list go five at a time, needed or not", async () => {
    const expired = times(12, (i) => ({ ...set(`expired:${i}`, 100), expired: true }));
    const steps = [set("first", 100), ...expired, { ...set("first", 100), command: "delete" as const }];
    expect(await compare(NO_MODERN, 2, true, true, steps)).toMatchObject({ reclaimed: 0 });
    steps.push(set("second", 100));
    expect(await compare(NO_MODERN, 2, true, true, steps)).toMatchObject({ reclaimed: 5 });
  });

  test("the last part of an item takes a large chunk where no small one is to be had", async () => {
    const large = 524_240 + 240_000;
    const spare = set("spare", 2 * 524_240);
    const steps = [
      ...times(4, (i) => set(`large:${i}`, large)),
      spare,
      ...times(40, (i) => set(`key:${i}`, 180_000)),
      { ...spare, command: "delete" as const },
      set("last", large),
    ];
    expect(await compare(SPANNING, 8, true, true, steps)).toMatchObject({ evicted: 30 });
    expect(await compare(SPANNING, 8, false, true, steps)).toMatchObject({ refused: 30 });
  });

  const whole = { bytesLeast: 400, bytesMost: 900_000, stepsMax: 12_000 };
  const spanning = { bytesLeast: 4_000, bytesMost: 1_900_000, stepsMax: 3_000 };

  test(
    "mixes of sizes evict and reclaim the same items",
    async () => {
      const courses = await compareMixes(NO_MODERN, true, 15, whole);
      expect(courses.filter(({ evictingClasses }) => evictingClasses > 1).length).toBeGreaterThan(
        courses.length / 2,
      );
      expect(courses.some(({ reclaimed }) => reclaimed > 0)).toBe(true);
    },
    TIMEOUT_MS,
  );

  test(
    "mixes of sizes are refused the same items where none may be evicted",
    async () => {
      const courses = await compareMixes(NO_MODERN, false, 5, whole);
      expect(courses.some(({ refused }) => refused > 0)).toBe(true);
    },
    TIMEOUT_MS,
  );

  test(
    "mixes with items that span chunks evict and reclaim the same items",
    async () => {
      const courses = await compareMixes(SPANNING, true, 8, spanning);
      expect(courses.filter(({ evictingClasses }) => evictingClasses > 1).length).toBeGreaterThan(
        courses.length / 2,
      );
    },
    TIMEOUT_MS,
  );

  test(
    "mixes with items that span chunks are refused the same items where none may be evicted",
    async () => {
      const courses = await compareMixes(SPANNING, false, 4, spanning);
      expect(courses.some(({ refused }) => refused > 0)).toBe(true);
    },
    TIMEOUT_MS,
  );
});
