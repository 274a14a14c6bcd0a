// A worker thread on a store: 90 % get, 10 % set, for as long as it is told each time.

import { parentPort, workerData } from "node:worker_threads";
import { type SharedStore, SlabStore } from "@memwire/store";
import { SharedLocks } from "../../packages/store/src/shared-locks.ts";
import { roomFor, SlabSubject } from "./store-subjects.ts";
import { copyBytes, shuffled, type StoreSubject, Traffic, VALUE_BYTES } from "./store-traffic.ts";

/** What a worker is told when it is started. It says "ready" when it is. */
export interface WorkerTask {
  readonly items: number;
  /** Of the order of its keys: not `FILL_SEED`, for then they would come in the order that they have in memory. */
  readonly seed: number;
  /** Filled. Without it the worker fills a store of its own. */
  readonly shared?: SharedStore;
  /** To see what they cost. Nobody else may use the store meanwhile. */
  readonly withoutLocks?: boolean;
}

/** What it did in the milliseconds that it was sent, and how many of them that took without receiving the keys. */
export interface WorkerDone {
  readonly calls: number;
  readonly ms: number;
}

export const FILL_SEED = 1;

/** Of each ten keys that are received together. */
const GETS = 9;
const GROUP = 10;

/** Stores every item. */
export function fillAll(subject: StoreSubject, traffic: Traffic, items: number): void {
  const order = shuffled(items, FILL_SEED);
  for (let at = 0; at < items;) {
    const count = traffic.receive("key:", order, at, items, VALUE_BYTES);
    at += count;
    for (let i = 0; i < count; i++) subject.set(i, VALUE_BYTES, Infinity, Date.now());
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const { items, seed, shared, withoutLocks = false } = workerData as WorkerTask;
  if (withoutLocks) takeOutLocks();
  const traffic = new Traffic(false);
  const store =
    shared === undefined
      ? new SlabStore({ ...roomFor({ items }), copyBytes })
      : SlabStore.join(shared, { copyBytes });
  const subject = new SlabSubject(store, traffic);
  if (shared === undefined) fillAll(subject, traffic, items);
  const order = shuffled(items, seed);
  let at = 0;
  port.on("message", (forMs: number) => {
    const end = performance.now() + forMs;
    let calls = 0;
    let ms = 0;
    for (let now = performance.now(); now < end;) {
      const count = traffic.receive("key:", order, at, items, VALUE_BYTES);
      at = (at + count) % items;
      const start = performance.now();
      ask(subject, count, Date.now());
      now = performance.now();
      ms += now - start;
      calls += count;
    }
    port.postMessage({ calls, ms } satisfies WorkerDone);
  });
  port.postMessage("ready");
}

function takeOutLocks(): void {
  SharedLocks.prototype.lock = () => {};
  SharedLocks.prototype.unlock = () => {};
  SharedLocks.prototype.tryLock = () => true;
}

function ask(subject: StoreSubject, count: number, now: number): void {
  if (subject.maintenanceAt <= now) subject.maintain(now);
  for (let i = 0; i < count; i++) {
    const right = i % GROUP < GETS ? subject.get(i, now) : subject.set(i, VALUE_BYTES, Infinity, now);
    if (!right) throw new Error("an item is not there");
  }
}
