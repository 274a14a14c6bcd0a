// What happened so far: plain numbers that only grow. When the queue is empty, `writes` is `coalesced` and the `done`
// of all servers.

/** Counters of all writes together. */
export interface InvalidationCounters {
  /** Keys that were taken. */
  writes: number;
  /** Of those, whose key waited already and made no further delete. */
  coalesced: number;
  /** Writes refused for `queueKeysMax` or `queueBytesMax`. */
  refused: number;
}

/** Counters of one server. */
export interface DeleteCounters {
  /** Deletes that the server answered. */
  done: number;
  /** Deletes that were not answered, or with an error, and whose key went back into the queue. */
  retried: number;
  /** Of those, answered with an error. */
  errors: number;
  /** Writes of its keys that were refused because the queue was full. */
  refused: number;
}

export const newInvalidationCounters = (): InvalidationCounters => ({ writes: 0, coalesced: 0, refused: 0 });

export const newDeleteCounters = (): DeleteCounters => ({ done: 0, retried: 0, errors: 0, refused: 0 });
