// A memcached proxy without I/O.
//
//     clients --requests--> ClientLink --dispatch--> ServerLink --one pipelined connection--> memcached
//             <--replies--- slots in order <-------- fragments in order <--------------------

import {
  Outbox,
  type CloseCause,
  type Command,
  type ConnectionId,
  type ListenerId,
  type Millis,
} from "@memwire/engine";
import {
  acceptClient,
  ClientLink,
  DEFAULT_REPLY_LIMITS,
  limitsFrom,
  LinkEngine,
  newClientCounters,
  type ClientCounters,
  type Dispatcher,
  type ServerStatus,
} from "@memwire/link";
import type { ProxyContext } from "./context.ts";
import { PoolDispatcher } from "./dispatch.ts";
import { DEFAULT_PROXY_LIMITS, type ProxyOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { statsReply } from "./stats.ts";

/** One server of a pool as seen from outside: for logs, metrics and tests. */
export interface PoolServerStatus extends ServerStatus {
  readonly pool: string;
}

export class ProxyEngine extends LinkEngine {
  readonly #context: ProxyContext;
  readonly #pools: readonly Pool[];
  readonly #dispatchers: readonly Dispatcher[];
  #draining = false;

  /** @throws RangeError for no pool, a pool without servers, or a limit or timeout that is out of range */
  constructor(options: ProxyOptions) {
    if (options.pools.length === 0) throw new RangeError("a proxy needs at least one pool");
    const context: ProxyContext = {
      outbox: new Outbox(),
      limits: limitsFrom(DEFAULT_PROXY_LIMITS, options.limits),
      requests: options.requests ?? {},
      replies: { ...DEFAULT_REPLY_LIMITS, ...options.replies },
      counters: newClientCounters(),
      version: options.version ?? "memwire",
      parties: new Map(),
      spare: [],
      yielded: [],
      nextId: 1,
      now: 0,
    };
    const pools = options.pools.map((pool) => new Pool(context, pool));
    super(
      context,
      pools.flatMap(({ servers }) => servers),
      context.yielded,
    );
    this.#context = context;
    this.#pools = pools;
    const stats = (argument: string): Uint8Array | null => statsReply(context, pools, argument);
    this.#dispatchers = pools.map((pool) => new PoolDispatcher(pool, context.version, stats));
  }

  get counters(): Readonly<ClientCounters> {
    return this.#context.counters;
  }

  servers(): PoolServerStatus[] {
    return this.#pools.flatMap((pool) =>
      pool.servers.map(({ name, state, counters }) => ({ pool: pool.name, name, state, counters })),
    );
  }

  /** Takes no more requests, answers what there is, closes every connection. For a graceful end. */
  drain(now: Millis): void {
    this.#context.now = now;
    this.#draining = true;
    for (const party of this.#context.parties.values()) if (party instanceof ClientLink) party.finish();
    this.#releaseServers();
  }

  accepted(now: Millis, via: ListenerId): ConnectionId {
    const dispatcher = this.#dispatchers[via];
    if (dispatcher === undefined) {
      throw new RangeError(`listener ${via} has no pool: there are ${this.#pools.length}`);
    }
    this.#context.now = now;
    return acceptClient(this.#context, dispatcher, this.#draining);
  }

  override closed(id: ConnectionId, cause: CloseCause, now: Millis): void {
    super.closed(id, cause, now);
    if (this.#draining) this.#releaseServers();
  }

  override poll(): Command | undefined {
    const command = super.poll();
    if (command?.kind === "send") this.#context.counters.bytesWritten += command.bytes.length;
    return command;
  }

  /** While draining: servers are let go once the last client is. */
  #releaseServers(): void {
    if (this.#context.counters.connectionsNow > 0) return;
    for (const pool of this.#pools) for (const server of pool.servers) server.release();
  }
}
