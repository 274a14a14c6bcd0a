// A thread that uses a store until it is stopped: store-threads.test.ts.

import process from "node:process";
import { workerData } from "node:worker_threads";
import { SlabStore } from "../src/mod.ts";
import { blobsOnly, chances, type Orders, step, Tallies, TICKET } from "./store-threads-work.ts";

const { shared, slot, tallies: buffer, evictionsMax } = workerData as Orders;
const tallies = new Tallies(buffer);
const store = SlabStore.join(shared);
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
