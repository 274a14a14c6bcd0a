// What happened so far: plain numbers that only grow, but for those that say `now`.

/** Every request ends in exactly one of these: their sum and `requestsNow` is `requests`. */
export interface OutcomeCounters {
  /** 200, 201 and 204. */
  served: number;
  /** 404: no such item. */
  missed: number;
  /** 409: POST of an item that is there. */
  conflicted: number;
  /** 207: `/multi` without all its keys. */
  partial: number;
  /** 400 */
  badRequests: number;
  /** 403, by `allow` and `deny`. */
  addressesRefused: number;
  /** 404: no such path. */
  pathsUnknown: number;
  /** 405 */
  methodsRefused: number;
  /** 408, for `bodyTimeoutMs`. */
  bodiesTooLate: number;
  /** 413, for `bodyBytesMax`, and because the server said so. */
  bodiesTooLarge: number;
  itemsTooLarge: number;
  /** 414, for `urlBytesMax`. */
  urlsTooLong: number;
  /** 415: PUT or POST with an encoding that could not be told again. */
  encodingsRefused: number;
  /** 429, for `ratePerAddress` and for `rateTotal`. */
  addressesTooOften: number;
  totalTooOften: number;
  /** 431, for `headerBytesMax`. */
  headersTooLarge: number;
  /** 499 */
  clientsGone: number;
  /** 500: a mistake in the gateway. */
  failures: number;
  /** 502: the server could not be reached, or said something wrong. */
  serverFailures: number;
  /** 502, for `inflatedBytesMax`, and for compressed values that are broken. */
  inflatedTooLarge: number;
  compressedBroken: number;
  /** 503: `inFlightMax` or `queuedMax` of the client. */
  serverOverflows: number;
  /** 503, for `requestsMax` and for `streamsMax`. */
  requestsTooMany: number;
  streamsTooMany: number;
  /** 503: the gateway, or its client, is closed. */
  closed: number;
  /** 504 */
  serverTimeouts: number;
}

export type Outcome = keyof OutcomeCounters;

export interface GatewayCounters extends OutcomeCounters {
  requests: number;
  requestsNow: number;
  streamsNow: number;
  /** URLs whose key was remembered, was not, and was forgotten for `mappingsMax` or `mappingsBytesMax`. */
  mappingHits: number;
  mappingMisses: number;
  mappingsForgotten: number;
  /** Addresses forgotten for `addressesMax`. */
  addressesForgotten: number;
  /** Compressed values that were inflated here, and that went out as they are. */
  inflated: number;
  passedThrough: number;
  /** `/multi` with more than `multiKeysMax` keys; also in `badRequests`. */
  multiKeysTooMany: number;
  /** Keys of `/multi` that were answered, without an item for `multiBytesMax`, and not within the time-out. */
  multiKeys: number;
  multiKeysTooLarge: number;
  multiKeysTooLate: number;
  /** Messages of streams that were given, and, of streams that are over, asked for and not given. */
  messages: number;
  messagesInFlight: number;
  /** Times that a node of a stream failed. */
  nodeFailures: number;
  /** Streams broken off at `close()`, for `drainMs`. */
  streamsBrokenOff: number;
  /** Times that `log` threw. */
  logFailures: number;
}

export const newCounters = (): GatewayCounters => ({
  requests: 0,
  requestsNow: 0,
  streamsNow: 0,
  served: 0,
  missed: 0,
  conflicted: 0,
  partial: 0,
  badRequests: 0,
  addressesRefused: 0,
  pathsUnknown: 0,
  methodsRefused: 0,
  bodiesTooLate: 0,
  bodiesTooLarge: 0,
  itemsTooLarge: 0,
  urlsTooLong: 0,
  encodingsRefused: 0,
  addressesTooOften: 0,
  totalTooOften: 0,
  headersTooLarge: 0,
  clientsGone: 0,
  failures: 0,
  serverFailures: 0,
  inflatedTooLarge: 0,
  compressedBroken: 0,
  serverOverflows: 0,
  requestsTooMany: 0,
  streamsTooMany: 0,
  closed: 0,
  serverTimeouts: 0,
  mappingHits: 0,
  mappingMisses: 0,
  mappingsForgotten: 0,
  addressesForgotten: 0,
  inflated: 0,
  passedThrough: 0,
  multiKeysTooMany: 0,
  multiKeys: 0,
  multiKeysTooLarge: 0,
  multiKeysTooLate: 0,
  messages: 0,
  messagesInFlight: 0,
  nodeFailures: 0,
  streamsBrokenOff: 0,
  logFailures: 0,
});
