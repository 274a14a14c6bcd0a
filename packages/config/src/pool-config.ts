// What a pool is to be, whichever file says it. What is absent is left to the engine, which has a default for it.

import type { HashName } from "@memwire/router";
import type { ListenConfig, ServerConfig } from "./address-text.ts";
import type { DistributionConfig } from "./distribution-schema.ts";
import type { RateConfig } from "./rate-schema.ts";

/** One pool: servers that share the keys, and where its clients connect to. */
export interface PoolConfig {
  /** 1 to 200 printable ASCII characters, no blank. */
  readonly name: string;
  /** At least one. */
  readonly listeners: readonly ListenerConfig[];
  /** At least one; clients may speak all of them if not given. */
  readonly protocols?: readonly ProtocolName[];
  /** Clients of this pool at a time. */
  readonly clientConnectionsMax?: number;
  /** The file of those who may use it, as it is named in the file; everybody may if not given. */
  readonly usersFile?: string;
  /** At least one, no two of one name on the ring. */
  readonly servers: readonly PoolServerConfig[];
  /** There if the distribution hashes by it. */
  readonly hash?: HashName;
  readonly distribution: DistributionConfig;
  /** Two characters; of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
  /** What is hashed of a key with nothing in its tag. */
  readonly emptyHashTag?: "key" | "nothing";
  /** Of a key that has it, only what stands before is hashed. */
  readonly hashStop?: string;
  /** Is put behind what is hashed of every key. */
  readonly salt?: string;
  /** How long a request may wait to be sent, a connection may take, and a reply may take. */
  readonly queuedTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly replyTimeoutMs: number;
  /** Connections to each server. */
  readonly connections?: number;
  /** Whether servers are connected to before they are needed. */
  readonly preconnect?: boolean;
  /** After how long a connection to a server that nobody uses is closed. */
  readonly idleTimeoutMs?: number;
  readonly health?: HealthConfig;
  /** What a multi-get answers whose keys are partly on a server that fails. */
  readonly partialResults?: "error" | "miss";
  /** How often a client may ask for keys, and all clients of the pool together. */
  readonly ratePerClient?: RateConfig;
  readonly rateTotal?: RateConfig;
  readonly credentials?: CredentialsConfig;
  readonly flushEnabled?: boolean;
}

export type ProtocolName = "text" | "binary";

/** One of the places where a pool's clients connect to. */
export interface ListenerConfig extends ListenConfig {
  readonly tls?: TlsListenConfig;
  /** Addresses and CIDR ranges of clients; `allow` at least one. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly backlog?: number;
  readonly reusePort?: boolean;
  readonly keepAlive?: boolean;
}

/** Files of certificates and keys, in PEM, as they are named in the file. */
export interface TlsListenConfig {
  readonly chainFile: string;
  /** The file of the chain if not given. */
  readonly keyFile?: string;
  /** There if `verify` is not `none`. */
  readonly caFile?: string;
  readonly verify: "none" | "request" | "require";
  readonly ciphers?: string;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

export interface PoolServerConfig extends ServerConfig {
  readonly tls?: TlsConnectConfig;
}

/** How a server with TLS is spoken to. */
export interface TlsConnectConfig {
  readonly caFile?: string;
  /** A certificate of the proxy's own. */
  readonly chainFile?: string;
  readonly keyFile?: string;
  readonly servername?: string;
  readonly verify?: boolean;
  readonly ciphers?: string;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** When a server counts as down, and what happens then. */
export interface HealthConfig {
  readonly failuresMax?: number;
  readonly whenDown?: "fail" | "miss" | "rehash";
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly retryJitter?: number;
  readonly flapWindowMs?: number;
  readonly flapRamp?: number;
  readonly flapMaxMs?: number;
  readonly failOpenBelow?: number;
}

/** As whom the proxy asks the servers. The password is not in the configuration, only where it is found. */
export interface CredentialsConfig {
  /** What memcached -Y asks for, or SASL, which is -S. */
  readonly kind: "text" | "sasl";
  readonly user: string;
  readonly password: { readonly file: string } | { readonly variable: string };
}

/**
 * What `timeout` is if it is not given, in milliseconds: mcrouter's. twemproxy waits for ever then, so that a server
 * that hangs holds its clients.
 */
export const DEFAULT_TIMEOUT_MS = 1_000;

export const CLIENT_CONNECTIONS_MAX = 1_000_000;
