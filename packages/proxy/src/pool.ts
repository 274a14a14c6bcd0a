// A set of servers that share the keys.
//
//     owner(key) --> distribution over all servers         those that are down answer by themselves (`fail`, `miss`)
//                \-> distribution over those that are up    `rehash`: made anew when one goes down or comes back
//
// Hot path: `owner`, a look-up whichever it is, and `overload`.

import type { Protocol } from "@memwire/codec";
import { checkEndpoint, refuseUnknown } from "@memwire/engine";
import { checkFleet, checkName, type ClientLink, type Failure, type ServerLink } from "@memwire/link";
import { isFailOpen, type Distribution } from "@memwire/router";
import type { ProxyContext } from "./context.ts";
import { POOL_OPTIONS, type PoolOptions } from "./options.ts";
import { linkOptionsOf, timeoutsOf } from "./pool-links.ts";
import { PoolRates } from "./pool-rates.ts";
import type { UserCheck } from "./sasl.ts";
import type { SharedLinks } from "./shared-links.ts";

const PROTOCOLS: readonly unknown[] = ["text", "binary"] satisfies readonly Protocol[];

export class Pool {
  readonly name: string;
  readonly flushEnabled: boolean;
  /** What its clients speak; `undefined` if their first byte says so. */
  readonly protocol: Protocol | undefined;
  /** Asked for who its clients say they are; `undefined` if everybody may use it. */
  readonly users: UserCheck | undefined;
  /** How often clients said who they are, and how often in vain. */
  logins = 0;
  loginsFailed = 0;
  readonly partialResults: "error" | "miss";
  /** Parts of multi-gets, a server each, that were left out for `partialResults`. */
  partsMissed = 0;
  /** How often it may be asked; null if that has no bound. */
  readonly rates: PoolRates | null;
  readonly servers: readonly ServerLink[];
  /** What the servers are called in this pool. */
  readonly serverNames: readonly string[];
  readonly #all: Pick<Distribution, "owner">;
  readonly #without: PoolOptions["distributionWithout"];
  readonly #failOpenBelow: number;
  /** The one in use. */
  #distribution: Pick<Distribution, "owner">;
  /** The servers it is over; empty if it is the one over all. */
  #left: readonly number[] = [];
  /** So much is down that nothing is treated as down. */
  #isOpen = false;

  /** @throws RangeError for no server or no protocol at all, or an option that is unknown, out of range or cannot be */
  constructor(context: ProxyContext, options: PoolOptions, links: SharedLinks) {
    const { name, servers, distribution, distributionWithout } = options;
    checkName("pool", name);
    refuseUnknown(`pool ${name}`, options, POOL_OPTIONS);
    checkFleet(`pool ${name}`, servers, distribution);
    const timeouts = timeoutsOf(options);
    const { health, ...others } = linkOptionsOf(options, context.limits);
    if (health.whenDown === "rehash" && distributionWithout === undefined) {
      throw new RangeError(`pool ${name} needs distributionWithout, because whenDown is rehash`);
    }
    for (const server of servers) {
      checkName("server", server.name);
      checkEndpoint(`server ${server.name}: `, server.endpoint);
    }
    this.name = name;
    this.flushEnabled = options.flushEnabled ?? false;
    this.users = options.users;
    this.protocol = protocolOf(name, options);
    this.partialResults = options.partialResults ?? "error";
    this.rates = PoolRates.of(context, options);
    this.servers = servers.map((each) =>
      links.link(each.name, each.endpoint, timeouts, { health, ...others }),
    );
    this.serverNames = servers.map((each) => each.name);
    this.#all = distribution;
    this.#distribution = distribution;
    this.#without = health.whenDown === "rehash" ? distributionWithout : undefined;
    this.#failOpenBelow = health.failOpenBelow;
    for (const link of new Set(this.servers)) link.watch(() => this.#reconsider());
  }

  /** The server that owns a key. Hot path. */
  owner(bytes: Uint8Array, start: number, end: number): ServerLink {
    return this.servers[this.#distribution.owner(bytes, start, end)] as ServerLink;
  }

  /** Why a client's request for so many keys is sent to no server; null if it is. Hot path. */
  overload(client: ClientLink, keys: number): Failure | null {
    const { rates } = this;
    return client.overload() ?? (rates === null ? null : rates.refusal(client, keys));
  }

  /** The servers of that name. */
  named(server: string): readonly ServerLink[] {
    return this.servers.filter((_, i) => this.serverNames[i] === server);
  }

  /** A server may have gone down or come back. */
  #reconsider(): void {
    const up = this.#indices(({ takesTraffic }) => takesTraffic);
    const wanted = this.#indices(({ isWanted }) => isWanted);
    const isOpen = isFailOpen(up.length, wanted.length, this.#failOpenBelow);
    if (isOpen !== this.#isOpen) {
      this.#isOpen = isOpen;
      for (const link of new Set(this.servers)) link.open(isOpen);
    }
    this.#spreadOver(isOpen ? wanted : up);
  }

  /** Where there is none left, each answers for its own keys why. */
  #spreadOver(indices: readonly number[]): void {
    if (this.#without === undefined) return;
    const left = indices.length === this.servers.length ? [] : indices;
    if (left.join() === this.#left.join()) return;
    this.#left = left;
    this.#distribution = left.length === 0 ? this.#all : this.#without(left);
  }

  #indices(which: (link: ServerLink) => boolean): number[] {
    return [...this.servers.keys()].filter((i) => which(this.servers[i] as ServerLink));
  }
}

/** The only protocol of some; `undefined` if there are several. */
function protocolOf(
  name: string,
  { protocols = ["text", "binary"], users }: PoolOptions,
): Protocol | undefined {
  if (!Array.isArray(protocols) || !protocols.every((protocol) => PROTOCOLS.includes(protocol))) {
    throw new RangeError(
      `protocols of pool ${name} must be of "text" and "binary", got ${JSON.stringify(protocols)}`,
    );
  }
  const [first] = protocols;
  if (first === undefined) throw new RangeError(`pool ${name} needs at least one protocol`);
  if (users !== undefined) {
    if (typeof users !== "function") {
      throw new TypeError(
        `users of pool ${name} must be a function: checkOf of @memwire/server makes one of a list`,
      );
    }
    if (protocols.includes("binary")) return "binary";
    throw new RangeError(
      `pool ${name} has users, who come in by the binary protocol: protocols must have it`,
    );
  }
  return protocols.every((protocol) => protocol === first) ? first : undefined;
}
