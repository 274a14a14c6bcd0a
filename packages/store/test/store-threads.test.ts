// One store, five threads, on whichever runtime the tests run; this thread is one of them.
//
//     STORE_SECONDS=60 npm test -- node bun deno packages/store/test/store-threads

import process from "node:process";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { SlabStore } from "../src/mod.ts";
import { expectInOrder } from "./store-laws.ts";
import {
  BEGUN,
  blobsOnly,
  chances,
  expectExact,
  type Orders,
  prepare,
  step,
  Tallies,
  TICKET,
} from "./store-threads-work.ts";

const SECONDS = Number(process.env["STORE_SECONDS"] ?? 1);
const NOW = 1_800_000_000_000;
/** Where this thread counts. */
const HERE = 0;

interface Thread {
  readonly worker: Worker;
  /** Resolves when it has ended, to the error it ended by if there was one. */
  readonly ended: Promise<unknown>;
}

const running = new Map<Worker, Tallies>();
afterEach(() =>
  Promise.all(
    Array.from(running, ([worker, tallies]) => {
      tallies.stop(); // on Deno a thread in a loop does not end when it is terminated
      return worker.terminate();
    }),
  ),
);

async function start(
  store: SlabStore,
  tallies: Tallies,
  slot: number,
  evictionsMax?: number,
): Promise<Thread> {
  const workerData: Orders = { shared: store.share(), slot, tallies: tallies.words.buffer, evictionsMax };
  tallies.set(slot, TICKET, 0);
  const worker = new Worker(new URL("store-threads-worker.ts", import.meta.url), { workerData });
  running.set(worker, tallies);
  let failure: unknown;
  worker.on("error", (error) => (failure = error));
  const ended = new Promise<unknown>((resolve) => {
    worker.on("exit", () => {
      running.delete(worker);
      resolve(failure);
    });
  });
  while (tallies.of(slot, TICKET) === 0 && failure === undefined) await sleep(1);
  return { worker, ended };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Takes part for so long, or until enough was done, and lets others have their turn now and then. */
async function takePart(
  store: SlabStore,
  tallies: Tallies,
  seconds: number,
  isEnough: () => boolean = () => true,
): Promise<void> {
  const chance = chances(HERE);
  for (const end = Date.now() + seconds * 1_000; Date.now() < end || !isEnough(); await sleep(0)) {
    for (let i = 0; i < 200; i++) step(store, tallies, HERE, chance());
    store.maintain(NOW + 256);
  }
}

function make(bytesMax: number): { store: SlabStore; tallies: Tallies } {
  const store = SlabStore.shared({ bytesMax, pageBytes: 16_384, chunkBytesMax: 4_096, itemBytesMax: 30_000 });
  prepare(store);
  return { store, tallies: new Tallies() };
}

test(
  "counts, appends, adds and deletes are exact, no value is torn, and what is tuned stays",
  async () => {
    const { store, tallies } = make(4_194_304);
    const threads = await Promise.all([1, 2, 3, 4].map((slot) => start(store, tallies, slot)));
    let hasOneFailed = false;
    for (const { ended } of threads) void ended.then(() => (hasOneFailed = true));
    // On a busy machine a thread may have hardly begun when the time is over.
    await takePart(store, tallies, SECONDS, () => hasOneFailed || tallies.least(BEGUN) > 1_000);
    tallies.stop();
    expect(await Promise.all(threads.map(({ ended }) => ended))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(store.counters.evictions).toBe(0);
    expectExact(store, tallies, 0);
    expectInOrder(store, NOW + 256);
  },
  60_000 + SECONDS * 2_000,
);

test(
  "a thread that is ended anywhere leaves the others serving, and nothing half done",
  async () => {
    const { store, tallies } = make(4_194_304);
    const staying = await Promise.all([1, 2].map((slot) => start(store, tallies, slot)));
    let deaths = 0;
    for (let round = 0; round < 4; round++) {
      const slot = 3 + (round & 1);
      const mortal = await start(store, tallies, slot);
      await takePart(store, tallies, SECONDS / 8);
      // Deno lets a thread in a loop go on: there only the test below sees one die.
      const ends = process.versions["deno"] === undefined ? mortal.worker.terminate() : undefined;
      if (ends === undefined) break;
      await Promise.all([ends, takePart(store, tallies, SECONDS / 8)]);
      store.forget(tallies.of(slot, TICKET));
      deaths++;
    }
    await takePart(store, tallies, SECONDS / 8);
    tallies.stop();
    for (const { ended } of staying) expect(await ended).toBeUndefined();
    expectExact(store, tallies, deaths);
    expectInOrder(store, NOW + 256);
  },
  60_000 + SECONDS * 2_000,
);

test("a thread that ends in the middle of an eviction, with all its locks, is found out by the others", async () => {
  // No room for all blobs: some of them have to go.
  const store = SlabStore.shared({
    bytesMax: 65_536,
    pageBytes: 4_096,
    chunkBytesMax: 2_048,
    itemBytesMax: 8_192,
  });
  const tallies = new Tallies();
  const chance = chances(HERE);
  const serve = async (until: () => boolean): Promise<void> => {
    for (const end = Date.now() + 20_000; Date.now() < end && !until(); await sleep(0)) {
      for (let i = 0; i < 100; i++) step(store, tallies, HERE, blobsOnly(chance()));
    }
  };
  const mortal = await start(store, tallies, 1, 5);
  let ended = false;
  void mortal.ended.then(() => (ended = true));
  await serve(() => ended);
  expect(await mortal.ended).toBeUndefined();
  // Whoever needs its locks waits until it has been waited for long enough.
  const before = store.counters.evictions;
  await serve(() => store.counters.evictions > before + 500);
  expect(store.counters.evictions).toBeGreaterThan(before + 500);
  expectInOrder(store, NOW + 256);
}, 90_000);
