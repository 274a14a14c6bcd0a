// What a waiting key takes in memory, said on stdout. Heap by the runtime's own account where it has one that counts
// everything (V8), resident memory of the process everywhere.
//
//     node --expose-gc -C @memwire/source packages/invalidation/test/measure-memory.ts

import process from "node:process";
import { KeyQueue } from "../src/key-queue.ts";

const KEYS = 1_000_000;
const KEY_BYTES = 20;

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});

collect();
const before = process.memoryUsage();
const queue = new KeyQueue(3, { queueKeysMax: KEYS, queueBytesMax: KEYS * KEY_BYTES });
const now = Date.now();
for (let i = 0; i < KEYS; i++) {
  // As the dispatcher makes it: a text that is one piece.
  const codes = Array.from(`user:profile:${1_000_000 + i}`.slice(0, KEY_BYTES), (letter) =>
    letter.charCodeAt(0),
  );
  queue.add(i % 3, String.fromCharCode(...codes), now + i / 100);
}
collect();
const after = process.memoryUsage();
const each = (what: "heapUsed" | "rss"): number => Math.round((after[what] - before[what]) / queue.size);
console.log(
  `${queue.size} keys of ${queue.bytes / queue.size} bytes: ${each("heapUsed")} bytes of heap a key, ${each("rss")} resident`,
);
