export { BoundedCache, type BoundedCacheOptions, type Entry, type ValueOptions } from "./bounded-cache.ts";
export {
  CAS_BADVAL,
  CAS_HITS,
  DECR_HITS,
  DELETE_HITS,
  INCR_HITS,
  SETS,
  TOUCH_HITS,
} from "./class-commands.ts";
export type { CopyBytes } from "./copy-bytes.ts";
export type { StoreCounters } from "./counters.ts";
export { expiryOf, flushTimeOf } from "./expiry.ts";
export { itemBytes } from "./item-bytes.ts";
export type { StoreOptions } from "./options.ts";
export type { SlabClassStatistics, SlabItemStatistics, SlabStatistics } from "./slab-statistics.ts";
export { SlabStore } from "./slab-store.ts";
export type { SharedStore } from "./slab-store-base.ts";
export {
  SnapshotReader,
  type SnapshotRefused,
  type SnapshotRestored,
  type SnapshotResult,
} from "./snapshot-reader.ts";
export type { RestorableStore } from "./snapshot-records.ts";
export type { SnapshotFault } from "./snapshot-refusal.ts";
export { SNAPSHOT_PIECE_BYTES_MAX, SnapshotWriter } from "./snapshot-writer.ts";
export {
  KEY_BYTES_MAX,
  type Counted,
  type CountedOn,
  type DeletedOn,
  type FoundOn,
  type KeyPrefetch,
  type Millis,
  type PageMoved,
  type Store,
  type Stored,
  type StoreListener,
  type StoreScan,
} from "./store.ts";
export { Terms } from "./terms.ts";
export type { StoreSetup, StoreTuning } from "./tuning.ts";
export { decodeUtf8, encodeUtf8 } from "./utf8.ts";
