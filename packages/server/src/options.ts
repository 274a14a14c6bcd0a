// What a server is made of and every bound it keeps.

import {
  BufferPool,
  type CopyBytes,
  DEFAULT_LIMITS,
  type Limits,
  limitsOf,
  type Protocol,
} from "@memwire/codec";
import { checkHas, type Millis, refuseUnknown } from "@memwire/engine";
import { KEY_BYTES_MAX, SlabStore, type Store } from "@memwire/store";
import { type Authentication, checkBy, type UserCheck } from "./users/users.ts";
import type { WorkerCounters } from "./workers/worker-counters.ts";
import type { TellWorkers } from "./workers/worker-relay.ts";

/** Bounds of one server. A connection that reaches one is slowed down or refused, never the others. */
export interface ServerLimits extends Limits {
  /** Connections at a time; further ones are told so and closed. */
  readonly connectionsMax: number;
  /**
   * Unsent bytes of one connection above which no command of it is read until it has taken them. What a connection
   * can hold of replies is twice this and two items: one send under way, one waiting.
   */
  readonly unsentBytesMax: number;
  /**
   * Bytes of memory for what all connections together have not taken, apart from values that the store holds. From half
   * of it on each has one send at a time, and one that finishes no send for a second or more is closed; above it no large
   * value is copied to be sent: `SERVER_ERROR out of memory writing get response`. As much is for large values that
   * come slowly: above it those wait that need more, and one of which nothing comes for ten seconds is closed. Of several
   * workers each has its part. Default: 256 MiB, or a quarter of the store's `bytesMax` if that is more.
   */
  readonly bufferedBytesMax: number;
  /** Commands of one connection in a turn: then the others have theirs, and it goes on in the next (`-R`). */
  readonly requestsPerTurn: number;
  /** How long a connection may ask for nothing (`idle_timeout`). Default: for ever. */
  readonly idleTimeoutMs: Millis;
  /** How long nothing may come in the middle of a command. `Infinity`, as for the others: for ever. */
  readonly receiveTimeoutMs: Millis;
  /** How long a connection may take nothing of a reply that waits for it. */
  readonly sendTimeoutMs: Millis;
  /**
   * Bytes of replies to datagrams that one turn may make. A reply that alone is larger is told to be, in the text
   * protocol; any other one above that is lost, as datagrams may be.
   */
  readonly unsentDatagramBytesMax: number;
  /** How long `drain` lets clients take their replies. */
  readonly drainMs: Millis;
  /** Connections that `watch` at a time, of all workers; further ones are told so. */
  readonly watchersMax: number;
  /** Lines that one watcher has not yet taken, in bytes; above it misses some, and is told how many. */
  readonly watcherBytesMax: number;
  /**
   * Lines for watchers that are on their way to one other worker; above it some are dropped, and its watchers are told
   * how many.
   */
  readonly workerLinesMax: number;
  /** Prefixes of keys that `stats detail` counts; keys with further ones are not counted. */
  readonly prefixesMax: number;
}

/** By memcached's names. */
export type HostFacts = Readonly<Record<string, string | number>>;

/** `at-once`: no reply is waited for. `graceful`: clients get what they asked for, as by `drain`. */
export type ShutdownMode = "at-once" | "graceful";

export interface ServerOptions {
  /**
   * Where the items are. Default: a new `SlabStore` with its defaults. Its `readsInPlace` and `heldBytesLeast` are set:
   * who asks the same instance of a shared one beside the engine calls `letGo` as soon as a value is read.
   */
  readonly store?: Store;
  readonly limits?: Partial<ServerLimits>;
  /** How the runtime copies bytes best, as `openAdapter()` of `@memwire/adapter` has it. Default: as all can. */
  readonly copyBytes?: CopyBytes | undefined;
  /**
   * Values from so many bytes on are not copied to be sent: the store holds them until the network has them, or the
   * connection is over. `Infinity`: all are copied. Default: 98,304, where two more sends cost less than the copy.
   */
  readonly lentBytesLeast?: number;
  /**
   * With this, several engines in threads of their own, on one shared store, are one server: each counts for all of
   * them, and `connectionsMax` is what they have together.
   */
  readonly workers?: WorkerCounters;
  /** What `version` answers. Clients read the numbers in it to see what a server can do. */
  readonly version?: string;
  /** Whether `flush_all` is allowed, as it is by default; memcached's `-F` is false. */
  readonly flushEnabled?: boolean;
  /**
   * What clients speak; memcached's `-B`. By default the first byte of each connection decides. With authentication it
   * is the one that this goes with.
   */
  readonly protocol?: "auto" | Protocol;
  /** Who may use the server. By default anybody. */
  readonly authentication?: Authentication;
  /** Whether `shutdown` is allowed; memcached's `-A` is true. Default: it is not. */
  readonly shutdownEnabled?: boolean;
  /** Whether `lru_crawler metadump`, `mgdump` and `stats cachedump` are allowed, as by default; `-X` is false. */
  readonly dumpEnabled?: boolean;
  /** Whether `watch` is allowed, as it is by default; memcached's `-W` is false. */
  readonly watchEnabled?: boolean;
  /** What ends the prefix of a key, for `stats detail`: one byte (`-D`). Default `:`. */
  readonly prefixDelimiter?: string;
  /** Whether prefixes are counted from the start, as with `-D`. Default: from `stats detail on` on. */
  readonly detailEnabled?: boolean;
  /** Whether `stats sizes` tells sizes from the start (`-o track_sizes`). Default: from `stats sizes_enable` on. */
  readonly sizesEnabled?: boolean;
  /** Whether `debugtime` moves the clock that items expire by. For tests only. Default: it is unknown. */
  readonly debugTimeEnabled?: boolean;
  /**
   * A client that may has asked for the end; its connection is closed. Called in the middle of an input: what ends
   * the engine has to come after that.
   */
  readonly onShutdown?: (mode: ShutdownMode) => void;
  /**
   * Gives a message to another worker, `to`, or to all others if that is `undefined`, where this engine is one of
   * several that are one server: each gives it to its engine by `toldByWorker`. Called in the middle of an input, or
   * when a turn is over. Default: there are none.
   */
  readonly tellWorkers?: TellWorkers;
  /** Reads the certificates again. @returns what went wrong, if anything. Default: there is no TLS. */
  readonly refreshCertificates?: () => string | undefined;
  /**
   * How much is said, until a client says otherwise by `verbosity`: from 1 on to `log`, from 2 on to `transcript` as well
   * (`-v`, `-vv`). Of several workers what the first one has counts. Default: 1 where there is a `log`, or else 0.
   */
  readonly verbosity?: number;
  /** Is told, in one line, of a connection that is closed for its time, or went away in the middle of something. */
  readonly log?: (line: string) => void;
  /**
   * Is told, line by line, what clients ask and are answered, without values: for debugging. Then values are copied to be
   * sent, however large. Called in the middle of an input.
   */
  readonly transcript?: (line: string) => void;
  /** When the server started, for `uptime`. Default: the first input. */
  readonly startedAt?: Millis;
  /**
   * What only the host knows, by memcached's names: `pid`, `tcpport`, `inter`, ... `stats` and `stats settings`
   * print those they have, in memcached's place. A function is asked each time, for what changes, as `rusage_user`.
   */
  readonly facts?: HostFacts | (() => HostFacts);
}

/** memcached waits for ever. Whoever is stuck for so long in the middle of something only holds memory. */
const TIMEOUT_MS = 300_000;

/**
 * Of buffers that wait for the next large value, one that comes or one that goes. Twenty clients with values of 400 KB
 * have 12 MiB of them in turns: with 8 MiB the others were made anew each time, a quarter of the CPU, and Bun collected
 * them late, 300 MiB of them.
 */
const SPARE_BYTES_MAX = 16_777_216;

/** A thousand clients with values that are copied, below 96 KiB, have 144 MiB if none of them is fast. */
const BUFFERED_BYTES_MAX = 268_435_456;

/** Measured on Bun and Node: docs/performance.md. */
const LENT_BYTES_LEAST = 98_304;

/** The version of memcached whose replies these are, and no more: npm's memcached throws if it ends in a name. */
const VERSION = "1.6.45";

const PROTOCOL_OF: Readonly<Record<Authentication["kind"], Protocol>> = { sasl: "binary", ascii: "text" };

/** As memcached calls them. */
export const PROTOCOL_NAMES = { auto: "auto-negotiate", text: "ascii", binary: "binary" } as const;

const PROTOCOLS: readonly unknown[] = ["auto", "text", "binary"] satisfies readonly ("auto" | Protocol)[];

const OPTIONS: readonly string[] = Object.keys({
  store: true,
  limits: true,
  copyBytes: true,
  lentBytesLeast: true,
  workers: true,
  version: true,
  flushEnabled: true,
  protocol: true,
  authentication: true,
  shutdownEnabled: true,
  dumpEnabled: true,
  watchEnabled: true,
  prefixDelimiter: true,
  detailEnabled: true,
  sizesEnabled: true,
  debugTimeEnabled: true,
  onShutdown: true,
  tellWorkers: true,
  refreshCertificates: true,
  verbosity: true,
  log: true,
  transcript: true,
  startedAt: true,
  facts: true,
} satisfies Record<keyof ServerOptions, true>);

/** The options with every default filled in. */
export interface ServerSettings {
  readonly store: Store;
  readonly workers: WorkerCounters | undefined;
  readonly limits: ServerLimits;
  readonly replyPool: BufferPool;
  readonly requestPool: BufferPool;
  readonly lentBytesLeast: number;
  /** Those of them that a decoder keeps. */
  readonly decoding: Limits;
  readonly version: string;
  readonly flushEnabled: boolean;
  readonly protocol: "auto" | Protocol;
  readonly authentication: { readonly kind: Authentication["kind"]; readonly check: UserCheck } | undefined;
  readonly shutdownEnabled: boolean;
  readonly dumpEnabled: boolean;
  readonly watchEnabled: boolean;
  /** The byte. */
  readonly prefixDelimiter: number;
  readonly detailEnabled: boolean;
  readonly sizesEnabled: boolean;
  readonly debugTimeEnabled: boolean;
  readonly onShutdown: (mode: ShutdownMode) => void;
  readonly tellWorkers: TellWorkers | undefined;
  readonly refreshCertificates: () => string | undefined;
  readonly verbosity: number;
  readonly log: ((line: string) => void) | undefined;
  readonly transcript: ((line: string) => void) | undefined;
  readonly facts: () => HostFacts;
}

/**
 * @throws RangeError for an option or a limit that is unknown, a limit that is not a whole number from 1, a verbosity
 * that is none from 0, a key above the store's, a time below 1, a version that is not one printable line, a delimiter that is not one byte, a protocol
 * that does not go with the authentication, or a user without a name or a password
 * @throws TypeError for an `authentication` or a `store` that is none
 */
export function settingsOf(options: ServerOptions): ServerSettings {
  refuseUnknown("a server", options, OPTIONS);
  const {
    copyBytes,
    store = new SlabStore({ copyBytes }),
    version = VERSION,
    prefixDelimiter = ":",
    facts = {},
  } = options;
  checkHas("store", store, "find", "a SlabStore, or the store of a BoundedCache");
  const { lentBytesLeast = LENT_BYTES_LEAST, verbosity = options.log === undefined ? 0 : 1 } = options;
  if (!(lentBytesLeast >= 1)) {
    throw new RangeError(`lentBytesLeast must be at least 1, Infinity for never, got ${lentBytesLeast}`);
  }
  if (!/^[!-~]+( [!-~]+)*$/.test(version)) {
    throw new RangeError(`a version must be printable ASCII on one line, got "${version}"`);
  }
  if (!/^[\x21-\xff]$/.test(prefixDelimiter)) {
    throw new RangeError(`prefixDelimiter must be one byte that may be in a key, got "${prefixDelimiter}"`);
  }
  if (!Number.isInteger(verbosity) || verbosity < 0) {
    throw new RangeError(`verbosity must be a whole number from 0, got ${verbosity}`);
  }
  const {
    connectionsMax = 1_024,
    unsentBytesMax = 1_048_576,
    bufferedBytesMax = Math.max(BUFFERED_BYTES_MAX, Math.floor(store.bytesMax / 4)),
    unsentDatagramBytesMax = 4_194_304,
    drainMs = 5_000,
    watchersMax = 20,
    watcherBytesMax = 262_144,
    workerLinesMax = 8_192,
    prefixesMax = 65_536,
    requestsPerTurn = 20,
    idleTimeoutMs = Infinity,
    receiveTimeoutMs = TIMEOUT_MS,
    sendTimeoutMs = TIMEOUT_MS,
    // No larger value could be stored: it need not be received either.
    valueBytesMax = store.itemBytesMax,
    ...codec
  } = options.limits ?? {};
  const own = {
    connectionsMax,
    unsentBytesMax,
    bufferedBytesMax,
    unsentDatagramBytesMax,
    drainMs,
    watchersMax,
    watcherBytesMax,
    workerLinesMax,
    prefixesMax,
    requestsPerTurn,
  };
  for (const [name, value] of Object.entries(own)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a whole number from 1, got ${value}`);
    }
  }
  const times = { idleTimeoutMs, receiveTimeoutMs, sendTimeoutMs };
  for (const [name, value] of Object.entries(times)) {
    if (!(value >= 1)) throw new RangeError(`${name} must be at least 1, Infinity for ever, got ${value}`);
  }
  refuseUnknown("limits", codec, [...Object.keys({ ...own, ...times }), ...Object.keys(DEFAULT_LIMITS)]);
  const decoding = limitsOf({ ...codec, valueBytesMax });
  // With a longer key the store throws, in the middle of what a client has asked.
  if (decoding.keyBytesMax > KEY_BYTES_MAX) {
    throw new RangeError(
      `keyBytesMax must be at most ${KEY_BYTES_MAX}, as the store's keys are, got ${decoding.keyBytesMax}`,
    );
  }
  const pooling = {
    keptBytesMax: SPARE_BYTES_MAX,
    usedBytesMax: Math.ceil(bufferedBytesMax / (options.workers?.workers ?? 1)),
    ...(copyBytes === undefined ? {} : { copy: copyBytes }),
  };
  return {
    store,
    workers: options.workers,
    limits: { ...decoding, ...own, ...times },
    decoding,
    version,
    lentBytesLeast,
    replyPool: new BufferPool(pooling),
    requestPool: new BufferPool(pooling),
    flushEnabled: options.flushEnabled ?? true,
    ...whoMaySpeakWhat(options),
    shutdownEnabled: options.shutdownEnabled ?? false,
    dumpEnabled: options.dumpEnabled ?? true,
    watchEnabled: options.watchEnabled ?? true,
    prefixDelimiter: prefixDelimiter.charCodeAt(0),
    detailEnabled: options.detailEnabled ?? false,
    sizesEnabled: options.sizesEnabled ?? false,
    debugTimeEnabled: options.debugTimeEnabled ?? false,
    onShutdown: options.onShutdown ?? (() => {}),
    tellWorkers: options.tellWorkers,
    refreshCertificates: options.refreshCertificates ?? (() => "TLS not enabled"),
    facts: typeof facts === "function" ? facts : () => facts,
    verbosity,
    log: options.log,
    transcript: options.transcript,
  };
}

function whoMaySpeakWhat({
  protocol,
  authentication,
}: ServerOptions): Pick<ServerSettings, "protocol" | "authentication"> {
  const check = authentication === undefined ? undefined : checkBy(authentication);
  if (protocol !== undefined) refuseOther(protocol, authentication);
  if (check === undefined || authentication === undefined) {
    return { protocol: protocol ?? "auto", authentication: undefined };
  }
  const { kind } = authentication;
  return { protocol: PROTOCOL_OF[kind], authentication: { kind, check } };
}

/** @throws RangeError for a protocol that there is not, or that does not go with the authentication */
export function refuseOther(
  protocol: "auto" | Protocol,
  authentication: Pick<Authentication, "kind"> | undefined,
): void {
  if (!PROTOCOLS.includes(protocol)) {
    throw new RangeError(`protocol must be "auto", "text" or "binary", got ${JSON.stringify(protocol)}`);
  }
  if (authentication === undefined) return;
  const { kind } = authentication;
  const its = PROTOCOL_OF[kind];
  if (protocol !== its) {
    throw new RangeError(`protocol must be "${its}" with authentication by ${kind}, got "${protocol}"`);
  }
}
