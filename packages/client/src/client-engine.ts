// A memcached client without I/O.
//
//     get, send --linkOf the key--> ServerLink --pipelined connections--> memcached
//     Waiter <--- value, line, done, fail --- <---------------------------
//
// Whoever asks gives a `Waiter`, which hears of the answer from inside an input of the engine: it may ask again at
// once, but must not throw. Calls of one turn leave in one write to each connection. Hot path: `get` and `send`.

import { checkKey, SendBuffer, writeRequest, type TextRequest } from "@memwire/codec";
import { Outbox, type ConnectionId, type Millis } from "@memwire/engine";
import {
  checkFleet,
  DEFAULT_REPLY_LIMITS,
  DEFAULT_SERVER_LIMITS,
  expectedOf,
  limitsFrom,
  LinkEngine,
  newFleetCounters,
  newServerCounters,
  ServerLink,
  type Failure,
  type ServerContext,
  type ServerCounters,
  type ServerStatus,
  type Waiter,
} from "@memwire/link";
import { checkConnections, timeoutsOf, type ClientEngineOptions } from "./options.ts";

/** A request for keys, which are all to be of the connection that it is sent on. */
export type KeyRequest = Extract<
  TextRequest,
  { readonly key: Uint8Array } | { readonly keys: readonly Uint8Array[] }
>;

const NOTHING = new Uint8Array(0);

export class ClientEngine extends LinkEngine {
  readonly #context: ServerContext;
  readonly #distribution: ClientEngineOptions["distribution"];
  /** Those of server i, one behind the other: its connections. */
  readonly #links: readonly (readonly ServerLink[])[];

  /** @throws RangeError for no server, or a limit, a timeout or a number of connections that is out of range */
  constructor(options: ClientEngineOptions) {
    const { servers, distribution, connections = 1 } = options;
    checkFleet("a client", servers, distribution);
    checkConnections(connections);
    const context: ServerContext = {
      outbox: new Outbox(),
      limits: limitsFrom(DEFAULT_SERVER_LIMITS, options.limits),
      fleet: newFleetCounters(),
      replies: { ...DEFAULT_REPLY_LIMITS, ...options.replies },
      parties: new Map(),
      nextId: 1,
      now: 0,
    };
    const timeouts = timeoutsOf(options);
    const links = servers.map(({ name, endpoint }) =>
      Array.from({ length: connections }, () => new ServerLink(context, name, endpoint, timeouts)),
    );
    super(context, links.flat());
    this.#context = context;
    this.#distribution = distribution;
    this.#links = links;
  }

  accepted(): ConnectionId {
    throw new RangeError("a client accepts no connections");
  }

  /** The server that owns a key, as an index. */
  ownerOf(key: Uint8Array): number {
    return this.#distribution.owner(key, 0, key.length);
  }

  /** The connection that the calls for a key take. */
  linkOf(key: Uint8Array): ServerLink {
    const links = this.#links[this.ownerOf(key)] as readonly ServerLink[];
    return (links.length === 1 ? links[0] : links[spread(key) % links.length]) as ServerLink;
  }

  /** The connection to a server that has the least to do. @throws RangeError if there is no such server */
  leastBusy(server: number): ServerLink {
    const links = this.#links[server];
    if (links === undefined) {
      throw new RangeError(`server must be from 0 to ${this.#links.length - 1}, got ${server}`);
    }
    return links.reduce((least, link) => (loadOf(link) < loadOf(least) ? link : least));
  }

  /**
   * Asks for one key. The keys of one turn's calls leave in one line.
   *
   * @returns why it cannot be asked; then the waiter hears nothing
   * @throws RangeError for a key that the protocol cannot carry
   */
  get(link: ServerLink, key: Uint8Array, waiter: Waiter, now: Millis): Failure | null {
    checkKey(key);
    const failure = this.#refusal(link, now);
    if (failure === null) link.get(waiter, key, 0, key.length);
    return failure;
  }

  /** The same for any other request, in a line of its own. @throws RangeError as `writeRequest` */
  send(link: ServerLink, request: KeyRequest, waiter: Waiter, now: Millis): Failure | null {
    const failure = this.#refusal(link, now);
    if (failure === null) {
      writeRequest(link.output, request);
      link.push(waiter, expectedOf(request.command));
    } else {
      // Whether a request can be said does not depend on how its server is.
      writeRequest(new SendBuffer(), "value" in request ? { ...request, value: NOTHING } : request);
    }
    return failure;
  }

  servers(now: Millis): readonly ServerStatus[] {
    this.#context.now = now;
    return this.#links.map(statusOf);
  }

  #refusal(link: ServerLink, now: Millis): Failure | null {
    this.#context.now = now;
    return link.refusal();
  }
}

/** FNV-1a, of which connection a key takes: which one it is means nothing, only that it stays the same. */
function spread(key: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x0100_0193);
  return hash >>> 0;
}

function loadOf({ counters }: ServerLink): number {
  return counters.queuedNow + counters.inFlightNow;
}

/** The connections of one server as one: the counters of all, the state of the one that is furthest. */
function statusOf(links: readonly ServerLink[]): ServerStatus {
  const [{ name }] = links as [ServerLink];
  const counters = newServerCounters();
  for (const link of links) {
    for (const each of Object.keys(counters) as (keyof ServerCounters)[])
      counters[each] += link.counters[each];
  }
  const states = new Set(links.map(({ state }) => state));
  const state = (["ready", "connecting", "left alone"] as const).find((each) => states.has(each));
  return { name, state: state ?? "idle", counters };
}
