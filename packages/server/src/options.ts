// What a server is made of and every bound it keeps.

import { type Limits, limitsOf, type Protocol } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { SlabStore, type Store } from "@memwire/store";
import { type Authentication, checkOf, type UserCheck } from "./users.ts";

/** Bounds of one server. A connection that reaches one is slowed down or refused, never the others. */
export interface ServerLimits extends Limits {
  /** Connections at a time; further ones are told so and closed. */
  readonly connectionsMax: number;
  /**
   * Unsent bytes of one connection above which no command of it is read until it has taken them. What a connection
   * can hold of replies is twice this and two items: one send under way, one waiting.
   */
  readonly unsentBytesMax: number;
  /** How long `drain` lets clients take their replies. */
  readonly drainMs: Millis;
}

export interface ServerOptions {
  /** Where the items are. Default: a new `SlabStore` with its defaults. */
  readonly store?: Store;
  readonly limits?: Partial<ServerLimits>;
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
  /** When the server started, for `uptime`. Default: the first input. */
  readonly startedAt?: Millis;
  /**
   * What only the host knows, by memcached's names: `pid`, `tcpport`, `inter`, ... `stats` and `stats settings`
   * print those they have, in memcached's place.
   */
  readonly facts?: Readonly<Record<string, string | number>>;
}

/** Our own version behind the one of memcached whose replies these are. */
const VERSION = "1.6.45-memwire";

/** The options with every default filled in. */
export interface ServerSettings {
  readonly store: Store;
  readonly limits: ServerLimits;
  readonly version: string;
  readonly flushEnabled: boolean;
  readonly protocol: "auto" | Protocol;
  readonly authentication: { readonly kind: Authentication["kind"]; readonly check: UserCheck } | undefined;
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * @throws RangeError for a limit that is not a whole number from 1, a version that is not one printable line, a
 * protocol that does not go with the authentication, or a user without a name or a password
 */
export function settingsOf(options: ServerOptions): ServerSettings {
  const { store = new SlabStore(), version = VERSION, flushEnabled = true, facts = {} } = options;
  if (!/^[!-~]+( [!-~]+)*$/.test(version)) {
    throw new RangeError(`a version must be printable ASCII on one line, got "${version}"`);
  }
  const {
    connectionsMax = 1_024,
    unsentBytesMax = 1_048_576,
    drainMs = 5_000,
    // No larger value could be stored: it need not be received either.
    valueBytesMax = store.itemBytesMax,
    ...codec
  } = options.limits ?? {};
  const own = { connectionsMax, unsentBytesMax, drainMs };
  for (const [name, value] of Object.entries(own)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a whole number from 1, got ${value}`);
    }
  }
  return {
    store,
    limits: { ...limitsOf({ ...codec, valueBytesMax }), ...own },
    version,
    flushEnabled,
    ...whoMaySpeakWhat(options),
    facts,
  };
}

function whoMaySpeakWhat({
  protocol,
  authentication,
}: ServerOptions): Pick<ServerSettings, "protocol" | "authentication"> {
  if (authentication === undefined) return { protocol: protocol ?? "auto", authentication: undefined };
  const { kind, users } = authentication;
  const its = kind === "sasl" ? "binary" : "text";
  if (protocol !== undefined && protocol !== its) {
    throw new RangeError(`protocol must be "${its}" with authentication by ${kind}, got "${protocol}"`);
  }
  const check = typeof users === "function" ? users : checkOf(users);
  return { protocol: its, authentication: { kind, check } };
}
