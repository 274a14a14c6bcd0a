// What a gateway is made of and every bound it keeps.

import type { Client } from "@memwire/client";
import type { Clock, Millis, RateLimit } from "@memwire/engine";
import type { AccessLine } from "./access-line.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "DELETE";

export const METHODS: readonly Method[] = ["GET", "HEAD", "PUT", "POST", "DELETE"];

/** A URL that stands for a key. */
export interface RouteOptions {
  /** Segments and query arguments, such as `/api/{uid}?lang`: each in braces or behind the `?` is an argument. */
  readonly path: string;
  /** The key, such as `u:{uid}:{lang}`: every name in braces is an argument of the path. */
  readonly key: string;
  /** Which methods it takes, of those that the gateway takes. */
  readonly methods?: readonly Method[];
}

/** Bounds; each has a counter in `GatewayCounters`. */
export interface GatewayLimits {
  /** Bytes of a URL's path and query, percent-encoded; beyond: 414. */
  readonly urlBytesMax: number;
  /**
   * Bytes of all header names and values; beyond: 431. By default `Infinity`, which is the bound of the runtime's own
   * server: counting them takes as long as the rest of a GET does here.
   */
  readonly headerBytesMax: number;
  /** Bytes of a request body; beyond: 413. */
  readonly bodyBytesMax: number;
  /** Bytes of a compressed value when inflated; beyond: 502. */
  readonly inflatedBytesMax: number;
  /** Keys of one `/multi`; beyond: 400. */
  readonly multiKeysMax: number;
  /** Bytes of the items in the answer to one `/multi`; an item beyond is answered by a 413 of its own. */
  readonly multiBytesMax: number;
  /** Requests that are being answered, streams included; beyond: 503. */
  readonly requestsMax: number;
  /** Streams open at a time; beyond: 503. */
  readonly streamsMax: number;
  /** URLs whose key is remembered, and their bytes; beyond, the least recently used is forgotten. */
  readonly mappingsMax: number;
  readonly mappingsBytesMax: number;
  /** IP addresses whose token buckets are remembered; beyond, the least recently used is forgotten. */
  readonly addressesMax: number;
}

export interface GatewayOptions {
  /** Not closed by the gateway. */
  readonly client: Pick<Client, "get" | "getEach" | "getFrom" | "set" | "add" | "delete" | "servers">;
  readonly clock: Clock;
  readonly routes?: readonly RouteOptions[];
  /** Which methods are taken at all; all five by default. Others are 405. */
  readonly methods?: readonly Method[];
  /** Of this many requests, each IP address (of IPv6: its /64), and all together. No limit by default. */
  readonly ratePerAddress?: RateLimit;
  readonly rateTotal?: RateLimit;
  /** Addresses or CIDR ranges. If `allow` is not empty, only those; whoever is in `deny` is 403 in any case. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** The bits of an item's flags that say that its value is compressed (gzip or zlib); 0: no value is. Default 1. */
  readonly compressedFlags?: number;
  /** Whether the content type of what is stored is kept, in the upper eight bits of the item's flags. Default true. */
  readonly contentTypes?: boolean;
  /** How long a request's body may take to arrive; beyond: 408. Default 30,000. */
  readonly bodyTimeoutMs?: Millis;
  /**
   * How long `/multi` waits for all answers if the request does not say so itself, and the most that it may say.
   * Defaults 1,000 and 10,000.
   */
  readonly multiTimeoutMs?: Millis;
  readonly multiTimeoutMaxMs?: Millis;
  /**
   * With `?follow`: how long until a node that was empty, or failed, is asked again, at first and at the most.
   * Defaults 50 and 2,000.
   */
  readonly followMinMs?: Millis;
  readonly followMaxMs?: Millis;
  /** How long an SSE stream says nothing before it says a comment, so that proxies keep it open. Default 15,000. */
  readonly commentMs?: Millis;
  /** At `close()`: how long streams may take to give what they hold, and bodies to arrive. Default 2,000. */
  readonly drainMs?: Millis;
  readonly limits?: Partial<GatewayLimits>;
  /**
   * What answers are made of: `Response` of `openAdapter()`, where the server of the runtime has a cheaper one.
   * Default: the global one.
   */
  readonly Response?: typeof globalThis.Response;
  /** Is told of each request when it is over; or only of failures, which costs less. */
  readonly log?: (line: AccessLine) => void;
  /** `failures`: statuses from 400, but for 404 and 409, which are everyday answers of a cache. Default `all`. */
  readonly logged?: "all" | "failures";
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  urlBytesMax: 8_192,
  headerBytesMax: Infinity,
  bodyBytesMax: 1_048_576,
  inflatedBytesMax: 8_388_608,
  multiKeysMax: 1_000,
  multiBytesMax: 16_777_216,
  requestsMax: 10_000,
  streamsMax: 1_000,
  mappingsMax: 10_000,
  mappingsBytesMax: 8_388_608,
  addressesMax: 100_000,
};
