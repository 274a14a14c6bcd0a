// What a proxy is made of and every bound it keeps.

import type { CopyBytes, Limits as CodecLimits, Protocol } from "@memwire/codec";
import type { Endpoint, Millis, RateLimit } from "@memwire/engine";
import {
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_LOAD_LIMITS,
  DEFAULT_SERVER_LIMITS,
  type ClientLimits,
  type Credentials,
  type LoadLimits,
  type ServerLimits,
} from "@memwire/link";
import type { Distribution, HealthOptions } from "@memwire/router";
import type { HealthChange } from "./health-watch.ts";
import type { UserCheck } from "./sasl.ts";

/** One memcached server behind the proxy. */
export interface ServerOptions {
  /** How it is called in `stats`. */
  readonly name: string;
  readonly endpoint: Endpoint;
}

/** A set of servers that share the keys. Listener i of the driver belongs to pool i. */
export interface PoolOptions {
  readonly name: string;
  /** At least one. */
  readonly servers: readonly ServerOptions[];
  /** Which server owns a key: an index into `servers`. */
  readonly distribution: Pick<Distribution, "owner">;
  /**
   * The same over some of the servers only, `left`, given as indices into `servers`; so it answers, too. Needed where
   * `health.whenDown` is `rehash`, and called when a server goes down or comes back.
   */
  readonly distributionWithout?: (left: readonly number[]) => Pick<Distribution, "owner">;
  /** Connections to each server, from 1 to 64. Default: 1. A client takes one as long as it waits for an answer. */
  readonly connections?: number;
  /** Connections are made at once, and made again when lost, instead of when they are needed. Default: false. */
  readonly preconnect?: boolean;
  /** When a server counts as down, and what then becomes of its keys; how long it is left alone is the limits' default. */
  readonly health?: Partial<HealthOptions>;
  /**
   * What every new connection to a server begins with. `text`: what memcached -Y asks for. `sasl`: what -S asks for, by
   * PLAIN; such servers are asked in binary, and what that cannot say is refused: `docs/protocol.md`.
   */
  readonly credentials?: Credentials;
  /** How long a request may wait to be sent. */
  readonly queuedTimeoutMs?: Millis;
  /** How long a connection may take to be made, and to be verified if a failure came before. */
  readonly connectTimeoutMs?: Millis;
  /** How long a reply may take, from when the request was sent; once it has begun, each next piece of it. */
  readonly replyTimeoutMs?: Millis;
  /** How long a connection without requests is kept. Default: for ever. */
  readonly idleTimeoutMs?: Millis;
  /** `flush_all` goes to every server; refused if false, which is the default. */
  readonly flushEnabled?: boolean;
  /** What its clients may speak, where their first byte says which it is; both by default. Meta is text. */
  readonly protocols?: readonly Protocol[];
  /** Who may use it: clients say who they are by SASL, and so in the binary protocol alone. By default everybody. */
  readonly users?: UserCheck | undefined;
  /**
   * What is told of a multi-get that some servers cannot answer while others do. "error", the default: the values of
   * the others, then the error in place of `END`. "miss": their keys are not there, which is counted.
   */
  readonly partialResults?: "error" | "miss";
  /**
   * How often a client may ask for keys, and all clients of the pool together; further requests fail at once. Each key
   * of a multi-get counts: it passes if there is room for one, and what is after it waits for all. Without a bound by
   * default.
   */
  readonly ratePerClient?: RateLimit;
  readonly rateTotal?: RateLimit;
}

/** With `users` misspelt everybody could use it. */
export const POOL_OPTIONS: readonly string[] = Object.keys({
  name: true,
  servers: true,
  distribution: true,
  distributionWithout: true,
  connections: true,
  preconnect: true,
  health: true,
  credentials: true,
  queuedTimeoutMs: true,
  connectTimeoutMs: true,
  replyTimeoutMs: true,
  idleTimeoutMs: true,
  flushEnabled: true,
  protocols: true,
  users: true,
  partialResults: true,
  ratePerClient: true,
  rateTotal: true,
} satisfies Record<keyof PoolOptions, true>);

/** Bounds of the whole proxy; each has a counter where it can be met. */
export interface ProxyLimits extends ClientLimits, LoadLimits, ServerLimits {}

export interface ProxyOptions {
  readonly pools: readonly PoolOptions[];
  readonly limits?: Partial<ProxyLimits>;
  /** Bounds of what clients send; memcached's own by default. */
  readonly requests?: Partial<CodecLimits>;
  /**
   * Bounds of what servers send. A value above `valueBytesMax`, by default 32 MiB, costs the server its connection
   * and whatever is in flight there: it must be above the largest item that any server of the fleet may hold.
   */
  readonly replies?: Partial<CodecLimits>;
  /** Answers a number from 0 up to, not including, 1, such as `Math.random`: see `HealthOptions.retryJitter`. Default: 0. */
  readonly random?: () => number;
  /** How the runtime copies bytes best, as `openAdapter()` of `@memwire/adapter` has it. Default: as all can. */
  readonly copyBytes?: CopyBytes | undefined;
  /** What `version` answers. */
  readonly version?: string;
  /**
   * Called when a server fails that had answered before, goes down, is probed in vain for the first time, and comes
   * back; once for each of its pools.
   * It is called within an input to the engine: it gives the engine none itself, and throws nothing.
   */
  readonly healthChanged?: ((change: HealthChange) => void) | undefined;
  /** What only the host knows, such as clients at the door, as `stats` says it: asked each time. */
  readonly facts?: () => Facts;
}

export const PROXY_OPTIONS: readonly string[] = Object.keys({
  pools: true,
  limits: true,
  requests: true,
  replies: true,
  random: true,
  copyBytes: true,
  version: true,
  healthChanged: true,
  facts: true,
} satisfies Record<keyof ProxyOptions, true>);

/** Names without blanks; what is said is one line. */
export type Facts = Readonly<Record<string, number | string>>;

export const DEFAULT_PROXY_LIMITS: ProxyLimits = {
  ...DEFAULT_CLIENT_LIMITS,
  ...DEFAULT_LOAD_LIMITS,
  ...DEFAULT_SERVER_LIMITS,
  // Whole pipelines of many clients may come in one turn, before any of it is sent: not so much that this is refused.
  queuedMax: DEFAULT_SERVER_LIMITS.inFlightMax,
};
