// A thread that uses a store until it is stopped: store-threads.test.ts.

import { Buffer } from "node:buffer";
import process from "node:process";
import { workerData } from "node:worker_threads";
import { SlabStore } from "../src/mod.ts";
import { blobsOnly, chances, type Orders, step, Tallies, TICKET } from "./store-threads-work.ts";

const { shared, slot, tallies: buffer, evictionsMax } = workerData as Orders;
const tallies = new Tallies(buffer);
// Each thread reads in its own way: copies, what is short in place, all in place.
const { copy } = Buffer.prototype;
const ownWay = slot % 3 === 2;
const store = SlabStore.join(shared, {
  copyBytes: ownWay ? (from, start, end, into, at) => copy.call(from, into, at, start, end) : undefined,
});
store.readsInPlace = slot % 3 > 0;
let evictions = 0;
store.listener = {
  gone: () => {
    if (++evictions === evictionsMax) process.exit(0);
  },
};
tallies.set(slot, TICKET, store.ticket);
const chance = chances(slot);
while (!tallies.stopped) {
  step(store, tallies, slot, evictionsMax === undefined ? chance() : blobsOnly(chance()));
}
store.leave();
