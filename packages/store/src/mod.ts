export { BoundedCache, type BoundedCacheOptions, type Entry, type ValueOptions } from "./bounded-cache.ts";
export type { StoreCounters } from "./counters.ts";
export { expiryOf, flushTimeOf } from "./expiry.ts";
export { itemBytes } from "./item.ts";
export { LruStore } from "./lru-store.ts";
export {
  KEY_BYTES_MAX,
  type Counted,
  type Millis,
  type Store,
  type Stored,
  type StoreOptions,
} from "./store.ts";
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";
