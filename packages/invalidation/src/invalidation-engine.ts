// Acknowledges writes at once and deletes their keys in the fleet afterwards, without I/O.
//
//     clients --set, delete--> ClientLink --key--> KeyQueue --> Deleter --delete--> ServerLink --> memcached
//             <--STORED------- at once             one a key    one a server        one pipelined connection
//
// What was acknowledged is deleted for as long as the engine runs, whatever its server does meanwhile. The queue is
// in memory: what is left in it when the engine is gone is lost, so `drain` before, and look at `servers()` after.

import { BufferPool } from "@memwire/codec";
import {
  Outbox,
  type CloseCause,
  type Command,
  type ConnectionId,
  type Distrust,
  type ListenerId,
  type Millis,
} from "@memwire/engine";
import {
  acceptClient,
  ClientLink,
  DEFAULT_LOAD_LIMITS,
  DEFAULT_SERVER_LIMITS,
  LinkEngine,
  newClientCounters,
  newFleetCounters,
  RequestDecoders,
  SlowClients,
  SpareBuffers,
  type ClientCounters,
  type Dispatcher,
} from "@memwire/link";
import type { InvalidationContext } from "./context.ts";
import { newInvalidationCounters, type InvalidationCounters } from "./counters.ts";
import { Deleter } from "./deleter.ts";
import { InvalidationDispatcher } from "./dispatch.ts";
import { KeyQueue } from "./key-queue.ts";
import {
  checkOptions,
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_REPLY_TIMEOUT_MS,
  invalidationLimits,
  type InvalidationLimits,
  type InvalidationOptions,
} from "./options.ts";
import type { InvalidationServerStatus } from "./server-status.ts";
import { statsReply } from "./stats.ts";

export class InvalidationEngine extends LinkEngine {
  readonly #context: InvalidationContext;
  readonly #deleters: readonly Deleter[];
  readonly #dispatcher: Dispatcher;
  #startedAt: Millis | undefined;
  #draining = false;

  /** @throws RangeError for no server, a name that `stats` cannot say, or a limit or timeout that is out of range */
  constructor(options: InvalidationOptions) {
    checkOptions(options);
    const context = contextOf(options, invalidationLimits(options.limits));
    const deleters = deletersOf(context, options);
    super(context, [...deleters.map(({ link }) => link), context.slow], context.yielded);
    this.#context = context;
    this.#deleters = deleters;
    this.#startedAt = options.startedAt;
    this.#dispatcher = new InvalidationDispatcher(context, deleters, options.distribution, () =>
      statsReply(context, this.servers(), this.#startedAt ?? context.now, options.facts ?? {}),
    );
  }

  get counters(): Readonly<ClientCounters & InvalidationCounters> {
    return { ...this.#context.counters, ...this.#context.writes };
  }

  /** Keys that are still to be deleted. */
  get keys(): number {
    return this.#context.queue.size;
  }

  /** The bytes of those keys. */
  get keyBytes(): number {
    return this.#context.queue.bytes;
  }

  servers(): InvalidationServerStatus[] {
    const { queue, now } = this.#context;
    return this.#deleters.map(({ link, state, counters, queue: { depth, inFlight } }, server) => ({
      name: link.name,
      state,
      counters: link.counters,
      depth,
      inFlight,
      oldestAgeMs: queue.oldestAgeMs(server, now),
      deletes: counters,
    }));
  }

  /**
   * Takes no more requests, answers those it has, goes on deleting until no key is left, then closes every
   * connection. How long that may take is for the caller to say: `keys` are left until then.
   */
  drain(now: Millis): void {
    this.#context.now = now;
    this.#draining = true;
    for (const party of this.#context.parties.values()) if (party instanceof ClientLink) party.finish();
    this.#releaseIfDone();
  }

  accepted(now: Millis, _via: ListenerId): ConnectionId {
    this.#startedAt ??= now;
    this.#context.now = now;
    return acceptClient(this.#context, this.#dispatcher, this.#draining);
  }

  override received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    super.received(id, chunk, now);
    this.#releaseIfDone();
  }

  override closed(id: ConnectionId, cause: CloseCause, now: Millis, distrust?: Distrust): void {
    super.closed(id, cause, now, distrust);
    this.#releaseIfDone();
  }

  override elapsed(now: Millis): void {
    super.elapsed(now);
    for (const deleter of this.#deleters) if (deleter.wakeAt <= now) deleter.sendWaiting();
  }

  override get deadline(): Millis {
    let earliest = super.deadline;
    for (const { wakeAt } of this.#deleters) earliest = Math.min(earliest, wakeAt);
    return earliest;
  }

  override poll(): Command | undefined {
    const command = super.poll();
    if (command?.kind === "send") this.#context.counters.bytesWritten += command.bytes.length;
    return command;
  }

  /** While draining: servers are let go when there is nothing more to tell them. */
  #releaseIfDone(): void {
    if (!this.#draining || this.keys > 0 || this.#context.counters.connectionsNow > 0) return;
    for (const { link } of this.#deleters) link.release();
  }
}

function contextOf(options: InvalidationOptions, limits: InvalidationLimits): InvalidationContext {
  const { workers, retryMinMs, retryMaxMs } = limits;
  const counters = newClientCounters();
  // The deleters keep these bounds. A late reply replaces the connection: no two deletes of one key are in flight.
  const all = {
    ...DEFAULT_LOAD_LIMITS,
    ...DEFAULT_SERVER_LIMITS,
    ...limits,
    inFlightMax: workers,
    queuedMax: workers,
    timeoutsMax: 1,
    retryMinMs,
    retryMaxMs,
  };
  return {
    outbox: new Outbox(),
    limits: all,
    decoders: new RequestDecoders(options.requests ?? {}, { protocol: "text" }),
    buffers: new SpareBuffers(new BufferPool()),
    replies: {},
    counters,
    slow: new SlowClients(counters, all),
    fleet: newFleetCounters(),
    queue: new KeyQueue(options.servers.length, limits),
    writes: newInvalidationCounters(),
    version: options.version ?? "memwire",
    parties: new Map(),
    yielded: [],
    nextId: 1,
    now: 0,
  };
}

function deletersOf(context: InvalidationContext, options: InvalidationOptions): Deleter[] {
  const timeouts = {
    // Nothing is sent that may not be in flight at once. A delete that waited by a deadline of its own could fail
    // before those in flight, and answers are told apart by their order.
    queuedMs: Infinity,
    connectMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    replyMs: options.replyTimeoutMs ?? DEFAULT_REPLY_TIMEOUT_MS,
    idleMs: Infinity,
  };
  return options.servers.map(
    ({ name, endpoint }, server) => new Deleter(context, server, name, endpoint, timeouts),
  );
}
