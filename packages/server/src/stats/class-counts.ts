// What is counted of storage commands by slab class, for `stats slabs`. Hot path.

import { CAS_BADVAL, CAS_HITS, SETS, type Store, type Stored } from "@memwire/store";
import type { Millis } from "@memwire/engine";

/** memcached counts a storage command in the class that its value belongs to, stored or not. */
export function countStored(
  store: Store,
  stored: Stored,
  compares: boolean,
  key: Uint8Array,
  start: number,
  end: number,
  valueBytes: number,
  flags: number,
  now: Millis,
): void {
  if (stored === "stored") {
    const { slabClass } = store;
    store.countCommand(slabClass, SETS);
    if (compares) store.countCommand(slabClass, CAS_HITS);
    return;
  }
  store.countCommand(store.slabClassFor(end - start, valueBytes, flags), SETS);
  if (compares && stored === "exists" && store.inspect(key, start, end, now)) {
    store.countCommand(store.slabClass, CAS_BADVAL);
  }
}
