// One pool of memwire's own file: its keys, what each may be, and what it means.

import * as v from "valibot";
import { credentials } from "./credentials-schema.ts";
import { createPlacement } from "./create-placement.ts";
import { defaultHashes, distribution, hashNames } from "./distribution-schema.ts";
import { given } from "./given.ts";
import { health } from "./health-schema.ts";
import { about } from "./json-schema.ts";
import { listeners, listenersForm } from "./listen-schema.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import { CLIENT_CONNECTIONS_MAX, DEFAULT_TIMEOUT_MS, type PoolConfig } from "./pool-config.ts";
import { poolServers, poolServersForm } from "./pool-server-schema.ts";
import { rate, someRate } from "./rate-schema.ts";
import { serverTls } from "./tls-schema.ts";
import { hashTag, listOf, milliseconds, oneOf, pathTo, text, truth, wholeNumber } from "./value-schema.ts";

const CONNECTIONS_MAX = 64;

/** mcrouter's, whose weights are from 0 to 1; and what it takes for one that is not given. */
const SHARES: ReadonlySet<string> = new Set(["weighted-ch3", "weighted-rendezvous"]);
const DEFAULT_SHARE = 0.5;

const protocol = oneOf(["text", "binary"]);

const mark = text("1 to 250 characters without blanks", (words) => {
  if (/^[\x21-\x7e]{1,250}$/.test(words)) return words;
  throw new RangeError(`must be 1 to 250 printable ASCII characters without blanks, ${got(words)}`);
});

const ratesForm = "a mapping with per_client, total or both";

const rateLimit = someRate(
  mapping({
    what: "rate_limit",
    form: ratesForm,
    entries: {
      per_client: v.exactOptional(about("Of each client, which is a connection.", rate)),
      total: v.exactOptional(about("Of all clients of the pool together.", rate)),
    },
  }),
  ratesForm,
);

const elsewhere = "this proxy speaks memcached's protocol only";

const entry = mapping({
  what: "a pool",
  form: "a mapping with listen and servers",
  required: { listen: listenersForm, servers: poolServersForm },
  // twemproxy's, for whoever takes them over one by one.
  hints: {
    server_connections: "connections",
    users: "users_file: ..., a file with a line name:password for each",
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
      about(
        "What clients may speak; text has the meta commands, too.",
        listOf("a list of text, binary or both", protocol, 1),
      ),
    ),
    client_connections: v.exactOptional(
      about(
        "Clients of this pool at a time; a further one is told so and closed.",
        wholeNumber("a whole number", 1, CLIENT_CONNECTIONS_MAX),
      ),
    ),
    users_file: v.exactOptional(
      about(
        "The file of those who may use the pool, a line name:password each; they say so by SASL PLAIN.",
        text("the name of a file", (name) => name),
      ),
    ),
    servers: about("The memcached servers that share the keys.", poolServers),
    server_tls: v.exactOptional(about("TLS to all servers that do not say otherwise.", serverTls)),
    hash: v.exactOptional(
      about(
        "How a key becomes a number; not with mcrouter's distributions and those of clients, which have their own.",
        oneOf(hashNames),
      ),
    ),
    distribution: v.optional(about("How that number becomes a server.", distribution), "ketama"),
    hash_tag: v.exactOptional(
      about("Of a key with these two characters only what stands between is hashed.", hashTag()),
    ),
    empty_hash_tag: v.exactOptional(
      about("What is hashed of a key with nothing in its tag.", oneOf(["key", "nothing"])),
    ),
    hash_stop: v.exactOptional(
      about("Of a key that has it, as mcrouter's |#|, only what stands before is hashed.", mark),
    ),
    salt: v.exactOptional(about("Is put behind what is hashed of every key: mcrouter's.", mark)),
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
      about("Connections to each server.", wholeNumber("a whole number", 1, CONNECTIONS_MAX)),
    ),
    preconnect: v.exactOptional(about("Servers are connected to before the first request.", truth())),
    idle_timeout: v.exactOptional(
      about(
        "Milliseconds after which a connection to a server that nobody uses is closed; never if not given.",
        milliseconds(),
      ),
    ),
    health: v.exactOptional(about("When a server counts as down, and what happens then.", health)),
    partial_results: v.exactOptional(
      about(
        "What a multi-get answers when a server of some of its keys fails: one error, or misses.",
        oneOf(["error", "miss"]),
      ),
    ),
    rate_limit: v.exactOptional(
      about("How many keys clients may ask for a second; a further request fails at once.", rateLimit),
    ),
    credentials: v.exactOptional(about("As whom the servers are asked.", credentials)),
    flush_all: v.exactOptional(about("Whether clients may say flush_all; it goes to every server.", truth())),
  },
});

/** A pool without its name. */
export const pool: v.GenericSchema<unknown, Omit<PoolConfig, "name">> = v.pipe(
  entry,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const read = poolOf(dataset.value);
    const { name } = read.distribution;
    if (name !== "random" && read.hash !== undefined && defaultHashes[name] === undefined) {
      addIssue({ message: `must be taken out: ${name} has a hash of its own`, path: pathTo("hash") });
      return NEVER;
    }
    if (read.usersFile !== undefined && read.protocols?.includes("binary") === false) {
      addIssue({
        message: "must have binary, which is how the users of users_file come in",
        path: pathTo("protocols"),
      });
      return NEVER;
    }
    if (read.hashTag !== undefined && read.hashStop !== undefined) {
      addIssue({ message: "cannot stand beside hash_tag: take one out", path: pathTo("hash_stop") });
      return NEVER;
    }
    if (read.distribution.seed !== undefined && read.hash !== "xxh3") {
      const message = `goes with hash: xxh3, which alone has a seed, not with ${read.hash}`;
      addIssue({ message, path: pathTo("distribution", "seed") });
      return NEVER;
    }
    try {
      createPlacement(read, read.servers, () => 0);
    } catch (error) {
      const { message } = error as RangeError;
      const where = /server|weight/.test(message) ? "servers" : "distribution";
      addIssue({ message: `does not go with ${name}: ${message}`, path: pathTo(where) });
      return NEVER;
    }
    return read;
  }),
);

function poolOf(read: v.InferOutput<typeof entry>): Omit<PoolConfig, "name"> {
  const { timeout, servers, server_tls: tlsOfAll, distribution: how } = read;
  const hash = read.hash ?? defaultHashes[how.name];
  const weightIfNone = SHARES.has(how.name) ? DEFAULT_SHARE : 1;
  return {
    listeners: read.listen,
    servers: servers.map(({ tls = tlsOfAll, weight = weightIfNone, ...server }) => ({
      ...server,
      weight,
      ...(tls ? { tls } : {}),
    })),
    distribution: how,
    queuedTimeoutMs: read.queued_timeout ?? timeout,
    connectTimeoutMs: read.connect_timeout ?? timeout,
    replyTimeoutMs: read.reply_timeout ?? timeout,
    ...given({
      hash,
      hashTag: read.hash_tag,
      emptyHashTag: read.empty_hash_tag,
      hashStop: read.hash_stop,
      salt: read.salt,
      protocols: read.protocols,
      clientConnectionsMax: read.client_connections,
      usersFile: read.users_file,
      connections: read.connections,
      preconnect: read.preconnect,
      idleTimeoutMs: read.idle_timeout,
      health: read.health,
      partialResults: read.partial_results,
      ratePerClient: read.rate_limit?.per_client,
      rateTotal: read.rate_limit?.total,
      credentials: read.credentials,
      flushEnabled: read.flush_all,
    }),
  };
}
