// One pool of twemproxy's file: its keys, what each may be, and what it means here.
//
// A key that twemproxy knows and this proxy has no use for yet is taken as long as it asks for what is done anyway,
// and refused with the reason otherwise: a setting that is silently ignored is worse than none.

import { hashes, type DistributionName, type HashName } from "@memwire/router";
import * as v from "valibot";
import { listenForm, parseListen, type ListenConfig, type ServerConfig } from "./address-text.ts";
import { mappingReader, type Issue } from "./mapping.ts";
import { serverList, serversForm } from "./server-list.ts";
import { hashTag, milliseconds, only, oneOf, text, TIMEOUT_MAX_MS, wholeNumber } from "./value-schema.ts";

/** One pool: servers that share the keys, and where its clients connect to. */
export interface PoolConfig {
  /** 1 to 200 printable ASCII characters, no blank. */
  readonly name: string;
  readonly listen: ListenConfig;
  readonly hash: HashName;
  readonly distribution: DistributionName;
  /** Two characters; of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
  /** How long a request may wait to be sent, a connection may take, and a reply may take: each. */
  readonly timeoutMs: number;
  /** At least one, no two of one name on the ring. */
  readonly servers: readonly ServerConfig[];
}

/** What a pool's entry in the file says. */
export interface PoolReading {
  readonly pool?: PoolConfig;
  /** `client_connections`: for a file with one pool, as what it limits here is all pools together. */
  readonly connectionsMax?: number;
  readonly issues: readonly Issue[];
}

/**
 * What `timeout` is if it is not given, in milliseconds: mcrouter's. twemproxy waits for ever then, so that a server
 * that hangs holds its clients.
 */
export const DEFAULT_TIMEOUT_MS = 1_000;

const CONNECTIONS_MAX = 1_000_000;

const notRedis = "this proxy speaks memcached's protocol only";
const distributions: readonly DistributionName[] = ["ketama", "modula", "random"];

const readEntry = mappingReader({
  what: "a pool",
  form: "a mapping with listen and servers",
  required: { listen: listenForm, servers: serversForm },
  entries: {
    listen: text(listenForm, parseListen),
    hash: v.optional(oneOf(Object.keys(hashes) as HashName[]), "fnv1a_64"),
    distribution: v.optional(oneOf(distributions), "ketama"),
    hash_tag: v.optional(hashTag()),
    timeout: v.optional(milliseconds(), DEFAULT_TIMEOUT_MS),
    client_connections: v.optional(wholeNumber("a whole number", 1, CONNECTIONS_MAX)),
    servers: serverList,
    auto_eject_hosts: only(false, "a server that fails keeps its keys; ejecting it is not supported yet"),
    // Without ejecting these two mean nothing, in twemproxy as here.
    server_retry_timeout: v.optional(milliseconds(0)),
    server_failure_limit: v.optional(wholeNumber("a whole number", 0, TIMEOUT_MAX_MS)),
    server_connections: only(1, "all requests share one connection to a server; more are not supported yet"),
    preconnect: only(
      false,
      "a server is connected to when a key first needs it; sooner is not supported yet",
    ),
    backlog: only(512, "the runtimes listen with that; another number is not supported yet"),
    tcpkeepalive: only(false, "it is not supported yet; timeouts find a server that is gone"),
    reuse_port: only(false, "it is not supported yet"),
    redis: only(false, notRedis),
    redis_auth: v.optional(v.custom<never>(() => false, `must be taken out: ${notRedis}`)),
    redis_db: only(0, notRedis),
  },
});

/** Reads one pool as YAML or JSON has it. Without issues there is a pool; with a wrong value there is none. */
export function readPool(name: string, entry: unknown): PoolReading {
  const { output, issues } = readEntry(entry);
  if (output === undefined) return { issues };

  const { listen, hash, distribution, hash_tag, timeout, client_connections, servers } = output;
  const pool: PoolConfig = {
    name,
    listen,
    hash,
    distribution,
    timeoutMs: timeout,
    servers,
    ...(hash_tag === undefined ? {} : { hashTag: hash_tag }),
  };
  return {
    pool,
    issues,
    ...(client_connections === undefined ? {} : { connectionsMax: client_connections }),
  };
}
