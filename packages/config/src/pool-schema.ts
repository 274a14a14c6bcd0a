// One pool of memwire's own file: its keys, what each may be, and what it means.

import * as v from "valibot";
import { credentials } from "./credentials-schema.ts";
import { distributionNames, hashNames } from "./distributions.ts";
import { given } from "./given.ts";
import { health } from "./health-schema.ts";
import { about } from "./json-schema.ts";
import { listeners, listenersForm } from "./listen-schema.ts";
import { mapping } from "./mapping.ts";
import { CLIENT_CONNECTIONS_MAX, DEFAULT_TIMEOUT_MS, type PoolConfig } from "./pool-config.ts";
import { poolServers, poolServersForm } from "./pool-server-schema.ts";
import { serverTls } from "./tls-schema.ts";
import { hashTag, later, listOf, milliseconds, oneOf, truth, wholeNumber } from "./value-schema.ts";

const CONNECTIONS_MAX = 64;

const protocol = oneOf(["text", "binary"]);

const elsewhere = "this proxy speaks memcached's protocol only";

/** A pool without its name. */
export const pool: v.GenericSchema<unknown, Omit<PoolConfig, "name">> = v.pipe(
  mapping({
    what: "a pool",
    form: "a mapping with listen and servers",
    required: { listen: listenersForm, servers: poolServersForm },
    // twemproxy's, for whoever takes them over one by one.
    hints: {
      server_connections: "connections",
      auto_eject_hosts: "health: { when_down: rehash }",
      server_retry_timeout: "health: { retry_min: ..., retry_max: ... }",
      server_failure_limit: "health: { failures: ... }",
      backlog: "listen: { address: ..., backlog: ... }",
      reuse_port: "listen: { address: ..., reuse_port: ... }",
      redis: elsewhere,
      redis_auth: elsewhere,
      redis_db: elsewhere,
    },
    entries: {
      listen: about("Where the pool's clients connect to.", listeners),
      protocols: v.exactOptional(
        later(
          about(
            "What clients may speak; text has the meta commands, too.",
            listOf("a list of text, binary or both", protocol, 1),
          ),
        ),
      ),
      client_connections: v.exactOptional(
        about(
          "Clients of this pool at a time; a further one is told so and closed.",
          wholeNumber("a whole number", 1, CLIENT_CONNECTIONS_MAX),
        ),
      ),
      servers: about("The memcached servers that share the keys.", poolServers),
      server_tls: v.exactOptional(about("TLS to all servers that do not say otherwise.", serverTls)),
      hash: v.optional(about("How a key becomes a number.", oneOf(hashNames)), "fnv1a_64"),
      distribution: v.optional(
        about("How that number becomes a server.", oneOf(distributionNames)),
        "ketama",
      ),
      hash_tag: v.exactOptional(
        about("Of a key with these two characters only what stands between is hashed.", hashTag()),
      ),
      timeout: v.optional(
        about("Milliseconds: what the next three are if they are not given.", milliseconds()),
        DEFAULT_TIMEOUT_MS,
      ),
      queued_timeout: v.exactOptional(
        about("Milliseconds that a request may wait to be sent.", milliseconds()),
      ),
      connect_timeout: v.exactOptional(
        about("Milliseconds that a connection to a server may take.", milliseconds()),
      ),
      reply_timeout: v.exactOptional(about("Milliseconds that a reply may take.", milliseconds())),
      connections: v.exactOptional(
        later(about("Connections to each server.", wholeNumber("a whole number", 1, CONNECTIONS_MAX)), 1),
      ),
      preconnect: v.exactOptional(
        later(about("Servers are connected to before the first request.", truth()), false),
      ),
      idle_timeout: v.exactOptional(
        later(
          about(
            "Milliseconds after which a connection to a server that nobody uses is closed; never if not given.",
            milliseconds(),
          ),
        ),
      ),
      health: v.exactOptional(later(about("When a server counts as down, and what happens then.", health))),
      partial_results: v.exactOptional(
        later(
          about(
            "What a multi-get answers when a server of some of its keys fails: one error, or misses.",
            oneOf(["error", "miss"]),
          ),
          "error",
        ),
      ),
      credentials: v.exactOptional(later(about("As whom the servers are asked.", credentials))),
      flush_all: v.exactOptional(
        about("Whether clients may say flush_all; it goes to every server.", truth()),
      ),
    },
  }),
  v.transform(({ timeout, servers, server_tls: tlsOfAll, ...rest }): Omit<PoolConfig, "name"> => ({
    listeners: rest.listen,
    servers: servers.map(({ tls = tlsOfAll, ...server }) => ({ ...server, ...(tls ? { tls } : {}) })),
    hash: rest.hash,
    distribution: rest.distribution,
    queuedTimeoutMs: rest.queued_timeout ?? timeout,
    connectTimeoutMs: rest.connect_timeout ?? timeout,
    replyTimeoutMs: rest.reply_timeout ?? timeout,
    ...given({
      protocols: rest.protocols,
      clientConnectionsMax: rest.client_connections,
      hashTag: rest.hash_tag,
      connections: rest.connections,
      preconnect: rest.preconnect,
      idleTimeoutMs: rest.idle_timeout,
      health: rest.health,
      partialResults: rest.partial_results,
      credentials: rest.credentials,
      flushEnabled: rest.flush_all,
    }),
  })),
);
