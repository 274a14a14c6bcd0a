// What is said of the whole process: the `proxy:` of memwire's own file. What is not given is left to the engine, and
// to the adapter.

import * as v from "valibot";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import { renameKeys } from "./rename-keys.ts";
import { milliseconds, oneOf, pathTo, wholeNumber } from "./value-schema.ts";

/** Whole numbers from 1, by the names that the engine has for them. */
export interface ProxyLimitsConfig {
  /** Of clients, and of requests to one server. */
  readonly limits: {
    readonly connectionsMax?: number;
    readonly pipelineMax?: number;
    readonly unsentBytesPause?: number;
    readonly unsentBytesMax?: number;
    readonly sendTimeoutMs?: number;
    readonly requestsActiveMax?: number;
    readonly bufferedBytesMax?: number;
    readonly wholeBytesMax?: number;
    readonly uploadsMax?: number;
    readonly inFlightMax?: number;
    readonly queuedMax?: number;
    readonly queuedBytesMax?: number;
    readonly queuedBytesTotalMax?: number;
    readonly timeoutsMax?: number;
    readonly retryMinMs?: number;
    readonly retryMaxMs?: number;
  };
  /** Of what clients send. */
  readonly requests: {
    readonly keyBytesMax?: number;
    readonly valueBytesMax?: number;
    readonly lineBytesMax?: number;
    readonly retrievalLineBytesMax?: number;
    readonly keysMax?: number;
    readonly metaWordsMax?: number;
    readonly opaqueBytesMax?: number;
  };
  /** Of what servers send. */
  readonly replies: { readonly valueBytesMax?: number };
  /** How long the end may take. */
  readonly drainTimeoutMs?: number;
  /** Whose sockets connections are on, on Deno. */
  readonly denoSockets?: "node" | "deno";
}

/** The most that any limit can be; it is also the longest value that the protocol can say. */
export const LIMIT_MAX = 2_147_483_647;

const limit = (what: string): v.ExactOptionalSchema<v.GenericSchema<unknown, number>, undefined> =>
  v.exactOptional(about(what, wholeNumber("a whole number", 1, LIMIT_MAX)));

const time = (what: string): v.ExactOptionalSchema<v.GenericSchema<unknown, number>, undefined> =>
  v.exactOptional(about(what, milliseconds()));

const denoSockets = oneOf(["node", "deno"]);

/**
 * A limit of a smaller and one of a larger thing: the second is not below the first. Of the decoders' two it is not so
 * either if one is not given, and that one is as memcached has it.
 */
const ordered = [
  ["line_bytes_max", "retrieval_line_bytes_max", 2_048, 1_048_576],
  ["unsent_bytes_pause", "unsent_bytes_max"],
  ["retry_min", "retry_max"],
] as const;

const names = {
  limits: {
    connections_max: "connectionsMax",
    pipeline_max: "pipelineMax",
    unsent_bytes_pause: "unsentBytesPause",
    unsent_bytes_max: "unsentBytesMax",
    send_timeout: "sendTimeoutMs",
    requests_active_max: "requestsActiveMax",
    buffered_bytes_max: "bufferedBytesMax",
    whole_bytes_max: "wholeBytesMax",
    uploads_max: "uploadsMax",
    in_flight_max: "inFlightMax",
    queued_max: "queuedMax",
    queued_bytes_max: "queuedBytesMax",
    queued_bytes_total_max: "queuedBytesTotalMax",
    timeouts_max: "timeoutsMax",
    retry_min: "retryMinMs",
    retry_max: "retryMaxMs",
  },
  requests: {
    key_bytes_max: "keyBytesMax",
    value_bytes_max: "valueBytesMax",
    line_bytes_max: "lineBytesMax",
    retrieval_line_bytes_max: "retrievalLineBytesMax",
    keys_max: "keysMax",
    meta_words_max: "metaWordsMax",
    opaque_bytes_max: "opaqueBytesMax",
  },
  replies: { reply_value_bytes_max: "valueBytesMax" },
} as const;

/** The bounds of the process, each where the engine wants it. */
export const proxyLimits: v.GenericSchema<unknown, ProxyLimitsConfig> = v.pipe(
  mapping({
    what: "proxy",
    form: "a mapping with limits such as connections_max",
    entries: {
      connections_max: limit("Clients of all pools at a time; a further one is told so and closed."),
      pipeline_max: limit(
        "Requests of one client under way; then it is read no further until half are answered.",
      ),
      unsent_bytes_pause: limit("Unsent bytes of one client from which on it is read no further."),
      unsent_bytes_max: limit("Unsent bytes of one client above which it is closed."),
      send_timeout: time("Milliseconds that a client with 64 KiB or more unsent may take nothing of it."),
      requests_active_max: limit("Requests of all clients under way; a further one fails at once."),
      buffered_bytes_max: limit("Unsent bytes of all clients from which on a further request fails at once."),
      whole_bytes_max: limit(
        "Bytes of a value that is sent on once it is whole; a larger one is handed on as it comes.",
      ),
      uploads_max: limit("Connections to one server for such larger values; a further value waits for one."),
      in_flight_max: limit("Requests sent to one server and not answered; a further one fails at once."),
      queued_max: limit("Requests to one server that are not sent yet; a further one fails at once."),
      queued_bytes_max: limit(
        "Bytes of requests to one server that are not sent yet; a further one fails at once.",
      ),
      queued_bytes_total_max: limit(
        "Bytes that wait for all servers from which on a further request to one that has many fails at once.",
      ),
      timeouts_max: limit("Late replies in a row after which a connection to a server is replaced."),
      retry_min: time("Milliseconds that a server that cannot be connected to is left alone, at first."),
      retry_max: time("The same at the most: it doubles each time."),
      key_bytes_max: limit("Bytes of a key."),
      value_bytes_max: limit("Bytes of a value that a client stores: as much as the servers' -I."),
      line_bytes_max: limit("Bytes of a command line that is not a get or gets."),
      retrieval_line_bytes_max: limit("Bytes of a get or gets line."),
      keys_max: limit("Keys of one command."),
      meta_words_max: limit("Words of a meta command."),
      opaque_bytes_max: limit("Bytes of a meta command's opaque."),
      reply_value_bytes_max: limit(
        "Bytes of a value that a server sends: above the largest item of the fleet.",
      ),
      drain_timeout: time("Milliseconds that clients have at the end to be answered."),
      deno_sockets: v.exactOptional(
        about("Whose sockets connections are on, on Deno: those of its node:net, or its own.", denoSockets),
      ),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [small, large, smallDefault, largeDefault] of ordered) {
      const { [small]: least = smallDefault, [large]: most = largeDefault } = dataset.value;
      if (least === undefined || most === undefined || least <= most) continue;
      const isGiven = dataset.value[large] !== undefined;
      const byDefault = dataset.value[small] === undefined ? " by default" : "";
      const [key, message] = isGiven
        ? [large, `must be at least ${small}, ${least}${byDefault}, ${got(most)}`]
        : [small, `must be at most ${large}, ${most} by default, ${got(least)}`];
      addIssue({ message, path: pathTo(key) });
    }
  }),
  v.transform((values) => ({
    limits: renameKeys(pick(values, names.limits), names.limits),
    requests: renameKeys(pick(values, names.requests), names.requests),
    replies: renameKeys(pick(values, names.replies), names.replies),
    ...(values.drain_timeout === undefined ? {} : { drainTimeoutMs: values.drain_timeout }),
    ...(values.deno_sockets === undefined ? {} : { denoSockets: values.deno_sockets }),
  })),
);

/** What `values` has of the keys of `names`. */
function pick<T extends object, Names extends object>(
  values: T,
  wanted: Names,
): Pick<T, keyof T & keyof Names> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => Object.hasOwn(wanted, key))) as Pick<
    T,
    keyof T & keyof Names
  >;
}
