// One pool of twemproxy's file: its keys, what each may be, and what it means here.
//
// A key that twemproxy knows and this proxy has no use for yet is taken as long as it asks for what is done anyway,
// and refused with the reason otherwise: a setting that is silently ignored is worse than none.

import { hashes, ringName, SERVERS_MAX, type DistributionName, type HashName } from "@memwire/router";
import * as v from "valibot";
import { parseListen, parseServer, type ListenConfig, type ServerConfig } from "./address-text.ts";
import { got, type Step } from "./mistake.ts";
import { nearest } from "./nearest.ts";
import { ringServer } from "./ring-server.ts";
import { only, oneOf, text, wholeNumber } from "./value-schema.ts";

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
  readonly issues: readonly PoolIssue[];
}

/** A mistake in a pool, and the way to it from the pool. */
interface PoolIssue {
  readonly steps: readonly Step[];
  readonly message: string;
}

/**
 * What `timeout` is if it is not given, in milliseconds: mcrouter's. twemproxy waits for ever then, so that a server
 * that hangs holds its clients.
 */
export const DEFAULT_TIMEOUT_MS = 1_000;

const TIMEOUT_MAX_MS = 2_147_483_647;
const CONNECTIONS_MAX = 1_000_000;

const listenForm = "host:port or /path [permissions]";
const serverForm = "host:port:weight [name] or /path:weight [name]";
const serversForm = `a list of at least one ${serverForm}`;
const notRedis = "this proxy speaks memcached's protocol only";
const milliseconds = "a whole number of milliseconds";
const distributions: readonly DistributionName[] = ["ketama", "modula", "random"];

const hashTagMessage = ({ input }: { input: unknown }): string =>
  `must be two characters in quotes, such as "{}", ${got(input)}`;

const poolSchema = v.object(
  {
    listen: text(listenForm, parseListen),
    hash: v.optional(oneOf(Object.keys(hashes) as HashName[]), "fnv1a_64"),
    distribution: v.optional(oneOf(distributions), "ketama"),
    hash_tag: v.optional(v.pipe(v.string(hashTagMessage), v.regex(/^[\x21-\x7e]{2}$/, hashTagMessage))),
    timeout: v.optional(wholeNumber(milliseconds, 1, TIMEOUT_MAX_MS), DEFAULT_TIMEOUT_MS),
    client_connections: v.optional(wholeNumber("a whole number", 1, CONNECTIONS_MAX)),
    servers: v.pipe(
      v.array(text(serverForm, parseServer), ({ input }) => `must be ${serversForm}, ${got(input)}`),
      v.minLength(1, `must be ${serversForm}, got none`),
      v.maxLength(SERVERS_MAX, ({ received }) => `must be at most ${SERVERS_MAX} servers, got ${received}`),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const input = dataset.value;
        for (const [key, message] of doublesAmong(input)) {
          addIssue({ message, path: [{ type: "array", origin: "value", input, key, value: input[key] }] });
        }
      }),
    ),
    auto_eject_hosts: only(false, "a server that fails keeps its keys; ejecting it is not supported yet"),
    // Without ejecting these two mean nothing, in twemproxy as here.
    server_retry_timeout: v.optional(wholeNumber(milliseconds, 0, TIMEOUT_MAX_MS)),
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
  ({ expected }) => `is missing: ${expected === '"listen"' ? listenForm : serversForm}`,
);

const knownKeys: readonly string[] = Object.keys(poolSchema.entries);

/** Reads one pool as YAML or JSON has it. Without issues there is a pool; with a wrong value there is none. */
export function readPool(name: string, entry: unknown): PoolReading {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return { issues: [{ steps: [], message: `must be a mapping with listen and servers, ${got(entry)}` }] };
  }
  const read = v.safeParse(poolSchema, entry);
  const issues: PoolIssue[] = [];
  for (const key of Object.keys(entry)) {
    if (!knownKeys.includes(key)) issues.push({ steps: [key], message: unknownKey(key) });
  }
  for (const { path = [], message } of read.issues ?? []) {
    issues.push({ steps: path.map(({ key }) => key as Step), message });
  }
  if (!read.success) return { issues };

  const { listen, hash, distribution, hash_tag, timeout, client_connections, servers } = read.output;
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

function unknownKey(key: string): string {
  const meant = nearest(key, knownKeys);
  return meant === undefined
    ? `is no key of a pool: ${knownKeys.join(", ")}`
    : `is no key of a pool: ${meant}?`;
}

/** Index and message of every server that has the same name on the ring as one before it. */
function doublesAmong(servers: readonly ServerConfig[]): [number, string][] {
  const firsts = new Map<string, number>();
  const doubles: [number, string][] = [];
  for (const [i, server] of servers.entries()) {
    const name = ringName(ringServer(server));
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, i);
    else doubles.push([i, `is ${name} as servers[${first}] is: take one out, or give it another name`]);
  }
  return doubles;
}
