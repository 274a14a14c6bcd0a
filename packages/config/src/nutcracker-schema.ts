// One pool of twemproxy's own file: every key of twemproxy 0.5, and what it means here.
//
// What this proxy does not do is refused with the reason: a setting that is silently ignored is worse than none.

import type { HashName } from "@memwire/router";
import * as v from "valibot";
import { listenForm } from "./address-text.ts";
import { bareListenPattern, parseBareListen } from "./bare-v6.ts";
import { given } from "./given.ts";
import { about } from "./json-schema.ts";
import { BACKLOG_MAX } from "./listen-schema.ts";
import { mapping } from "./mapping.ts";
import {
  CLIENT_CONNECTIONS_MAX,
  DEFAULT_TIMEOUT_MS,
  type HealthConfig,
  type PoolConfig,
} from "./pool-config.ts";
import { bareServerList, serversForm } from "./server-list.ts";
import {
  hashTag,
  milliseconds,
  never,
  only,
  oneOf,
  text,
  TIMEOUT_MAX_MS,
  truth,
  wholeNumber,
} from "./value-schema.ts";

// twemproxy's own.
const DEFAULT_FAILURE_LIMIT = 2;
const DEFAULT_RETRY_TIMEOUT_MS = 30_000;

const CONNECTIONS_MAX = 64;

const notRedis = "this proxy speaks memcached's protocol only";

const hashNames: readonly HashName[] = [
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "crc32a",
  "fnv1_64",
  "fnv1a_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "murmur",
  "jenkins",
];

/** A pool without its name. */
export const nutcrackerPool: v.GenericSchema<unknown, Omit<PoolConfig, "name">> = v.pipe(
  mapping({
    what: "a pool",
    form: "a mapping with listen and servers",
    required: { listen: listenForm, servers: serversForm },
    entries: {
      listen: about("Where clients connect to.", text(listenForm, parseBareListen, bareListenPattern)),
      hash: v.optional(about("How a key becomes a number.", oneOf(hashNames)), "fnv1a_64"),
      distribution: v.optional(
        about("How that number becomes a server.", oneOf(["ketama", "modula", "random"])),
        "ketama",
      ),
      hash_tag: v.exactOptional(
        about("Of a key with these two characters only what stands between is hashed.", hashTag()),
      ),
      timeout: v.optional(
        about(
          "Milliseconds that a request may wait, a connection may take, and a reply may take: each; 0: for ever.",
          milliseconds(0),
        ),
        DEFAULT_TIMEOUT_MS,
      ),
      client_connections: v.exactOptional(
        about(
          "Clients of this pool at a time; 0: any number.",
          wholeNumber("a whole number", 0, CLIENT_CONNECTIONS_MAX),
        ),
      ),
      servers: about("The memcached servers that share the keys.", bareServerList),
      auto_eject_hosts: v.optional(
        about("The keys of a server that fails go to the others.", truth()),
        false,
      ),
      // Without ejecting these two mean nothing, in twemproxy as here.
      server_retry_timeout: v.optional(
        about("Milliseconds until a server that was ejected is tried again.", milliseconds(0)),
        DEFAULT_RETRY_TIMEOUT_MS,
      ),
      server_failure_limit: v.optional(
        about(
          "Failures in a row until a server is ejected.",
          wholeNumber("a whole number", 0, TIMEOUT_MAX_MS),
        ),
        DEFAULT_FAILURE_LIMIT,
      ),
      server_connections: v.exactOptional(
        about("Connections to each server.", wholeNumber("a whole number", 1, CONNECTIONS_MAX)),
      ),
      preconnect: v.exactOptional(about("Servers are connected to before the first request.", truth())),
      backlog: v.exactOptional(
        about(
          "Connections that the system keeps until they are accepted.",
          wholeNumber("a whole number", 0, BACKLOG_MAX),
        ),
      ),
      tcpkeepalive: v.exactOptional(
        about("The system asks a client that is silent for long whether it is still there.", truth()),
      ),
      reuse_port: v.exactOptional(about("Other processes may listen on the port in the same way.", truth())),
      redis: only(false, notRedis),
      redis_auth: never(notRedis),
      redis_db: only(0, notRedis),
    },
  }),
  v.transform((values): Omit<PoolConfig, "name"> => {
    const { timeout: asked, backlog, reuse_port: reusePort, client_connections: clients } = values;
    // To a unix socket it is nothing, in twemproxy as well.
    const keepAlive = values.listen.endpoint.kind === "tcp" ? values.tcpkeepalive : undefined;
    const timeout = asked === 0 ? TIMEOUT_MAX_MS : asked;
    return {
      // The system takes 0 for 1.
      listeners: [
        { ...values.listen, ...given({ backlog: backlog === 0 ? 1 : backlog, reusePort, keepAlive }) },
      ],
      servers: values.servers,
      hash: values.hash,
      distribution: { name: values.distribution },
      queuedTimeoutMs: timeout,
      connectTimeoutMs: timeout,
      replyTimeoutMs: timeout,
      ...(values.auto_eject_hosts
        ? { health: ejecting(values.server_failure_limit, values.server_retry_timeout) }
        : {}),
      ...given({
        clientConnectionsMax: clients === 0 ? undefined : clients,
        hashTag: values.hash_tag,
        connections: values.server_connections,
        preconnect: values.preconnect,
      }),
    };
  }),
);

/** twemproxy waits as long each time, and then believes the server; here it is tried first. It takes a limit of 0 for 1. */
function ejecting(limit: number, retryMs: number): HealthConfig {
  const waitMs = Math.max(1, retryMs);
  return {
    failuresMax: Math.max(1, limit),
    whenDown: "rehash",
    retryMinMs: waitMs,
    retryMaxMs: waitMs,
    retryJitter: 0,
    flapWindowMs: 0,
  };
}
