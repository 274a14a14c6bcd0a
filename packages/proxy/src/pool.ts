// A set of servers that share the keys.

import { checkName, checkPositive, DEFAULT_TIMEOUT_MS, ServerLink } from "@memwire/link";
import type { ProxyContext } from "./context.ts";
import type { PoolOptions } from "./options.ts";

export class Pool {
  readonly name: string;
  readonly flushEnabled: boolean;
  readonly servers: readonly ServerLink[];
  readonly #distribution: PoolOptions["distribution"];

  /** @throws RangeError for no server at all, or a timeout that is not a whole number of ms from 1 */
  constructor(context: ProxyContext, options: PoolOptions) {
    const {
      name,
      queuedTimeoutMs = DEFAULT_TIMEOUT_MS,
      connectTimeoutMs = DEFAULT_TIMEOUT_MS,
      replyTimeoutMs = DEFAULT_TIMEOUT_MS,
    } = options;
    checkName("pool", name);
    if (options.servers.length === 0) throw new RangeError(`pool ${name} needs at least one server`);
    checkPositive("queuedTimeoutMs", queuedTimeoutMs);
    checkPositive("connectTimeoutMs", connectTimeoutMs);
    checkPositive("replyTimeoutMs", replyTimeoutMs);
    const timeouts = {
      queuedMs: queuedTimeoutMs,
      connectMs: connectTimeoutMs,
      replyMs: replyTimeoutMs,
      idleMs: Infinity,
    };
    this.name = name;
    this.flushEnabled = options.flushEnabled ?? false;
    this.#distribution = options.distribution;
    this.servers = options.servers.map(
      (server) => new ServerLink(context, server.name, server.endpoint, timeouts),
    );
  }

  /** The server that owns a key. Hot path. */
  owner(bytes: Uint8Array, start: number, end: number): ServerLink {
    return this.servers[this.#distribution.owner(bytes, start, end)] as ServerLink;
  }
}
