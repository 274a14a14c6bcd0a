// What happened so far: plain numbers that only grow, but for those that say `now`.

/** Counters of all clients together. */
export interface ClientCounters {
  connectionsNow: number;
  connectionsTotal: number;
  /** Refused for `connectionsMax`. */
  connectionsRejected: number;
  requests: number;
  /** Requests not yet answered. */
  requestsNow: number;
  /** Requests refused for `requestsActiveMax`, and for `bufferedBytesMax`. */
  requestsOverActiveMax: number;
  requestsOverBufferedMax: number;
  /** Unsent bytes of clients that have 64 KiB of them or more, with the network or before it. */
  bufferedBytesNow: number;
  /** Requests that were refused before any server was asked. */
  requestsInvalid: number;
  /** Clients read no further for a while, for `pipelineMax` or `unsentBytesPause`. */
  clientsPaused: number;
  /** Clients closed for `unsentBytesMax`, and for twice `bufferedBytesMax`. */
  clientsTooSlow: number;
  /** Clients closed since a server failed in the middle of a value that they had some of. */
  clientsCut: number;
  bytesRead: number;
  bytesWritten: number;
}

/** Counters of all servers together. */
export interface FleetCounters {
  /** Bytes that wait for connections which have 64 KiB of them or more, with the network or before it. */
  queuedBytesNow: number;
  /** Requests refused for `queuedBytesTotalMax`. */
  requestsOverQueuedMax: number;
}

/** Counters of one server. */
export interface ServerCounters {
  queuedNow: number;
  inFlightNow: number;
  requests: number;
  replies: number;
  connects: number;
  connectFailures: number;
  /** Connections lost or given up after they were made. */
  disconnects: number;
  /** Requests that waited longer than `queuedTimeoutMs`, and replies later than `replyTimeoutMs`. */
  queuedTimeouts: number;
  replyTimeouts: number;
  /** Requests refused for `inFlightMax`, `queuedMax`, `queuedBytesMax`, `queuedBytesTotalMax` or `uploadsMax`. */
  overflows: number;
  /** Requests that were given up before they were sent. */
  givenUp: number;
  /** Connections read no further for a while, since the only client that waited there did not take its answers. */
  pauses: number;
  /** Connections closed after `idleMs` without a request. */
  idleCloses: number;
  /** Requests that failed at once because the server is left alone for a while, is down or is taken out. */
  failedFast: number;
  /** Requests that were answered as if nothing were stored, because it is down. */
  missed: number;
  /** How often it was counted as down. */
  downs: number;
  /** Connections that were made to see whether it is back. */
  probes: number;
  bytesRead: number;
  bytesWritten: number;
}

export const newClientCounters = (): ClientCounters => ({
  connectionsNow: 0,
  connectionsTotal: 0,
  connectionsRejected: 0,
  requests: 0,
  requestsNow: 0,
  requestsOverActiveMax: 0,
  requestsOverBufferedMax: 0,
  bufferedBytesNow: 0,
  requestsInvalid: 0,
  clientsPaused: 0,
  clientsTooSlow: 0,
  clientsCut: 0,
  bytesRead: 0,
  bytesWritten: 0,
});

export const newFleetCounters = (): FleetCounters => ({ queuedBytesNow: 0, requestsOverQueuedMax: 0 });

export const newServerCounters = (): ServerCounters => ({
  queuedNow: 0,
  inFlightNow: 0,
  requests: 0,
  replies: 0,
  connects: 0,
  connectFailures: 0,
  disconnects: 0,
  queuedTimeouts: 0,
  replyTimeouts: 0,
  overflows: 0,
  givenUp: 0,
  pauses: 0,
  idleCloses: 0,
  failedFast: 0,
  missed: 0,
  downs: 0,
  probes: 0,
  bytesRead: 0,
  bytesWritten: 0,
});
