// What a store counts, named as memcached's `stats` names it.

/** The first two say what is there now; the others count events since the start or `resetCounters()`. */
export interface StoreCounters {
  /** Items held, expired ones that nobody has come across included. */
  currItems: number;
  /** Their bytes by `itemBytes`. */
  bytes: number;
  /** Items stored, each overwriting included. */
  totalItems: number;
  /** Items that had to go for new ones; of those, never found since they were stored. */
  evictions: number;
  evictedUnfetched: number;
  /** Expired items whose room was taken for new ones; of those, never found. */
  reclaimed: number;
  expiredUnfetched: number;
  /** Items asked for, or touched, that had expired. */
  getExpired: number;
  /** Values refused for their size, and for want of room. */
  storeTooLarge: number;
  storeNoMemory: number;
}

export function zeroCounters(): StoreCounters {
  return {
    currItems: 0,
    bytes: 0,
    totalItems: 0,
    evictions: 0,
    evictedUnfetched: 0,
    reclaimed: 0,
    expiredUnfetched: 0,
    getExpired: 0,
    storeTooLarge: 0,
    storeNoMemory: 0,
  };
}
