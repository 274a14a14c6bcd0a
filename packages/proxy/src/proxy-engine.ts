// A memcached proxy without I/O.
//
//     clients --requests--> ClientLink --dispatch--> ServerLink --pipelined connections--> memcached
//             <--replies--- slots in order <-------- fragments in order <--------------------

import { BufferPool } from "@memwire/codec";
import {
  Outbox,
  type CloseCause,
  type Command,
  type ConnectionId,
  type Distrust,
  type ListenerId,
  type Millis,
  refuseUnknown,
  shown,
} from "@memwire/engine";
import {
  acceptClient,
  ClientLink,
  DEFAULT_REPLY_LIMITS,
  limitsFrom,
  LinkEngine,
  newClientCounters,
  newFleetCounters,
  RequestDecoders,
  SlowClients,
  SpareBuffers,
  Uploads,
  type ClientCounters,
  type Dispatcher,
} from "@memwire/link";
import type { Administered } from "@memwire/router";
import type { ProxyContext } from "./context.ts";
import { PoolDispatcher } from "./dispatch.ts";
import { watchHealth } from "./health-watch.ts";
import { DEFAULT_PROXY_LIMITS, PROXY_OPTIONS, type ProxyOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import { statusesOf, type PoolServerStatus } from "./server-status.ts";
import { SharedLinks } from "./shared-links.ts";
import { statLines, type StatLine } from "./stats.ts";

/**
 * Of large buffers that nobody uses: what a few dozen clients need who are told large values faster than they take them.
 * At the pool's own 8 MiB ten clients of values of 500 KB made garbage of every second one.
 */
const KEPT_BYTES_MAX = 33_554_432;
/** Of what `incr` or `ma` answers: a number of 64 bits in decimal. */
const NUMBER_BYTES_MAX = 20;

export class ProxyEngine extends LinkEngine {
  readonly #context: ProxyContext;
  readonly #pools: readonly Pool[];
  readonly #uploads: Uploads;
  readonly #dispatchers: readonly Dispatcher[];
  #draining = false;

  /** @throws RangeError for no pool, a pool without servers, or an option that is unknown or out of range */
  constructor(options: ProxyOptions) {
    refuseUnknown("a proxy", options, PROXY_OPTIONS);
    if (!Array.isArray(options.pools)) {
      throw new TypeError(`pools of a proxy must be an array, got ${shown(options.pools)}`);
    }
    if (options.pools.length === 0) throw new RangeError("a proxy needs at least one pool");
    const limits = limitsFrom(DEFAULT_PROXY_LIMITS, options.limits);
    const memory = new BufferPool({
      keptBytesMax: KEPT_BYTES_MAX,
      ...(options.copyBytes !== undefined && { copy: options.copyBytes }),
    });
    const counters = newClientCounters();
    const context: ProxyContext = {
      outbox: new Outbox(),
      limits,
      // A number is read, not handed on: a binary client is told it in other bytes, and a quiet one is not told it.
      streamedFromBytes: Math.max(limits.wholeBytesMax, NUMBER_BYTES_MAX) + 1,
      decoders: new RequestDecoders(options.requests ?? {}, {
        partsFromBytes: limits.wholeBytesMax + 1,
        pool: memory,
      }),
      pool: memory,
      buffers: new SpareBuffers(memory),
      replies: { ...DEFAULT_REPLY_LIMITS, ...options.replies },
      counters,
      slow: new SlowClients(counters, limits),
      fleet: newFleetCounters(),
      version: options.version ?? "memwire",
      parties: new Map(),
      yielded: [],
      nextId: 1,
      now: 0,
      asker: undefined,
      random: options.random,
    };
    const links = new SharedLinks(context);
    const pools = options.pools.map((pool) => new Pool(context, pool, links));
    const uploads = new Uploads(context, limits.uploadsMax);
    super(context, [...links.all, uploads, context.slow], context.yielded);
    this.#context = context;
    this.#uploads = uploads;
    this.#pools = pools;
    const { facts = () => ({}), healthChanged } = options;
    if (healthChanged !== undefined) for (const pool of pools) watchHealth(context, pool, healthChanged);
    const stats = (argument: string): readonly StatLine[] | null =>
      statLines(context, pools, facts, argument);
    const { buffers, version } = context;
    this.#dispatchers = pools.map((pool) => new PoolDispatcher(pool, uploads, buffers, version, stats));
  }

  get counters(): Readonly<ClientCounters> {
    return this.#context.counters;
  }

  servers(): PoolServerStatus[] {
    return this.#pools.flatMap(statusesOf);
  }

  /**
   * What an operator wants of a server: `down` takes it out at once, `drain` when what is under way is answered, and
   * `up` puts it back. Other pools that share its connections have it in the same way. Wake the driver behind it.
   *
   * @throws RangeError if there is no such server
   */
  setServer(pool: string, server: string, wanted: Administered, now: Millis): void {
    this.#context.now = now;
    const links = this.#pools.filter((each) => each.name === pool).flatMap((each) => each.named(server));
    if (links.length === 0) throw new RangeError(`there is no server ${server} in a pool ${pool}`);
    for (const link of links) link.administer(wanted);
  }

  /**
   * Takes no more requests but what has come or has begun to come, answers all of it, closes every connection. For a
   * graceful end; how long a client may take over what it has begun is the host's to say.
   */
  drain(now: Millis): void {
    this.#context.now = now;
    this.#draining = true;
    for (const party of this.#context.parties.values()) if (party instanceof ClientLink) party.drain();
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

  override closed(id: ConnectionId, cause: CloseCause, now: Millis, distrust?: Distrust): void {
    super.closed(id, cause, now, distrust);
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
    this.#uploads.release();
    for (const pool of this.#pools) for (const server of pool.servers) server.release();
  }
}
