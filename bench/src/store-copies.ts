// What large values cost a store that is shared, copied by `set` and as the runtime does it best, on the runtime that
// runs this:
//
//     node -C @memwire/source bench/src/store-copies.ts
//
// The fastest of several rounds; 100 keys, whose values lie at any place.

import { SlabStore } from "@memwire/store";
import { copyBytes } from "./store-traffic.ts";

const MEBIBYTE = 1_048_576;
const KEYS = 100;
const ROUNDS = 15;
const sizes = [100, 1_000, 10_000, 400_000];

const keys = Array.from({ length: KEYS }, (_, i) => new TextEncoder().encode(`key:${"x".repeat(i % 9)}${i}`));
const out = new Uint8Array(MEBIBYTE);

/** Microseconds that a set and a get take. */
function measure(store: SlabStore, bytes: number): string {
  const value = new Uint8Array(bytes).fill(7);
  const now = Date.now();
  const calls = Math.max(KEYS, Math.floor(20_000_000 / (bytes + 2_000) / KEYS) * KEYS);
  const fastest = { set: Infinity, get: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const key = keys[i % KEYS] as Uint8Array;
      store.set(key, 0, key.length, value, 0, bytes, 0, Infinity, now);
    }
    const between = performance.now();
    for (let i = 0; i < calls; i++) {
      const key = keys[i % KEYS] as Uint8Array;
      if (!store.find(key, 0, key.length, now)) throw new Error("an item is not there");
      let at = 0;
      do {
        const { valueBytes, valueStart, valueEnd } = store;
        if (copyBytes !== undefined) copyBytes(valueBytes, valueStart, valueEnd, out, at);
        else out.set(valueBytes.subarray(valueStart, valueEnd), at);
        at += valueEnd - valueStart;
      } while (store.nextPiece());
      store.letGo();
    }
    const end = performance.now();
    fastest.set = Math.min(fastest.set, ((between - start) * 1_000) / calls);
    fastest.get = Math.min(fastest.get, ((end - between) * 1_000) / calls);
  }
  return `set ${fastest.set.toFixed(2)}, get ${fastest.get.toFixed(2)}`;
}

console.log(`${navigator.userAgent}, us a call`);
for (const bytes of sizes) {
  const own = new SlabStore({ bytesMax: 256 * MEBIBYTE, copyBytes });
  const shared = SlabStore.shared({ bytesMax: 256 * MEBIBYTE, copyBytes });
  shared.readsInPlace = true;
  console.log(`  ${bytes} bytes: of its own ${measure(own, bytes)}; shared ${measure(shared, bytes)}`);
}
