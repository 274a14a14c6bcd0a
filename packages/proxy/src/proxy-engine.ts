// A memcached proxy without I/O.
//
//     clients --requests--> ClientLink --dispatch--> ServerLink --one pipelined connection--> memcached
//             <--replies--- slots in order <-------- fragments in order <--------------------
//
// This file joins the parts: connections to parties, the clock to deadlines, the outbox to `poll`.

import { latin1Bytes } from "@memwire/codec";
import {
  Outbox,
  type CloseCause,
  type Command,
  type ConnectionId,
  type Engine,
  type ListenerId,
  type Millis,
} from "@memwire/engine";
import { ClientLink, type Dispatcher } from "./client-link.ts";
import type { Context, Party } from "./context.ts";
import { newProxyCounters, type ProxyCounters, type ServerCounters } from "./counters.ts";
import { FarewellLink } from "./farewell-link.ts";
import { PoolDispatcher } from "./dispatch.ts";
import { DEFAULT_REPLY_LIMITS, proxyLimitsOf, type ProxyOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { statsReply } from "./stats.ts";

const TOO_MANY_CONNECTIONS = latin1Bytes("ERROR Too many open connections\r\n");
const NOTHING = new Uint8Array(0);

/** One server as seen from outside: for logs, metrics and tests. */
export interface ServerStatus {
  readonly pool: string;
  readonly name: string;
  readonly state: string;
  readonly counters: Readonly<ServerCounters>;
}

export class ProxyEngine implements Engine {
  readonly #context: Context;
  readonly #pools: readonly Pool[];
  readonly #dispatchers: readonly Dispatcher[];
  #draining = false;

  /** @throws RangeError for no pool, a pool without servers, or a limit or timeout that is out of range */
  constructor(options: ProxyOptions) {
    if (options.pools.length === 0) throw new RangeError("a proxy needs at least one pool");
    const context: Context = {
      outbox: new Outbox(),
      limits: proxyLimitsOf(options.limits),
      requests: options.requests ?? {},
      replies: { ...DEFAULT_REPLY_LIMITS, ...options.replies },
      counters: newProxyCounters(),
      version: options.version ?? "memwire",
      parties: new Map(),
      spare: [],
      nextId: 1,
      now: 0,
    };
    this.#context = context;
    this.#pools = options.pools.map((pool) => new Pool(context, pool));
    const stats = (argument: string): Uint8Array | null => statsReply(context, this.#pools, argument);
    this.#dispatchers = this.#pools.map((pool) => new PoolDispatcher(pool, context.version, stats));
  }

  get counters(): Readonly<ProxyCounters> {
    return this.#context.counters;
  }

  servers(): ServerStatus[] {
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
    const context = this.#context;
    const { counters, limits } = context;
    const dispatcher = this.#dispatchers[via];
    if (dispatcher === undefined)
      throw new RangeError(`listener ${via} has no pool: there are ${this.#pools.length}`);
    context.now = now;
    const id = context.nextId++;
    counters.connectionsTotal++;
    if (this.#draining || counters.connectionsNow >= limits.connectionsMax) {
      counters.connectionsRejected++;
      context.parties.set(id, new FarewellLink(context, id, this.#draining ? NOTHING : TOO_MANY_CONNECTIONS));
      return id;
    }
    counters.connectionsNow++;
    context.parties.set(id, new ClientLink(context, id, dispatcher));
    return id;
  }

  connected(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.connected();
  }

  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    this.#party(id, now)?.received(chunk);
  }

  ended(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.ended();
  }

  drained(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.drained();
  }

  closed(id: ConnectionId, cause: CloseCause, now: Millis): void {
    const party = this.#party(id, now);
    this.#context.parties.delete(id);
    party?.closed(cause);
    if (this.#draining) this.#releaseServers();
  }

  elapsed(now: Millis): void {
    this.#context.now = now;
    this.#context.outbox.release();
    for (const pool of this.#pools) {
      for (const server of pool.servers) if (server.deadline <= now) server.elapsed();
    }
  }

  get deadline(): Millis {
    if (this.#context.outbox.holds) return -Infinity;
    let earliest = Infinity;
    for (const pool of this.#pools) {
      for (const server of pool.servers) earliest = Math.min(earliest, server.deadline);
    }
    return earliest;
  }

  poll(): Command | undefined {
    const command = this.#context.outbox.poll();
    if (command?.kind === "send") this.#context.counters.bytesWritten += command.bytes.length;
    return command;
  }

  #party(id: ConnectionId, now: Millis): Party | undefined {
    this.#context.now = now;
    return this.#context.parties.get(id);
  }

  /** While draining: servers are let go once the last client is. */
  #releaseServers(): void {
    if (this.#context.counters.connectionsNow > 0) return;
    for (const pool of this.#pools) for (const server of pool.servers) server.release();
  }
}
