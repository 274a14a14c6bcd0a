// What a command line of memwire-server comes to. Data only: it goes to worker threads as it is.

import type { AdapterOptions } from "@memwire/adapter";
import type { DatagramAddress, Endpoint, TlsListenOptions } from "@memwire/engine";
import type { ServerLimits, ServerOptions } from "@memwire/server";
import type { StoreOptions } from "@memwire/store";

/** What it is called, and what stands before what it says. */
export const PROGRAM = "memwire-server";

/** Of lines of a worker that wait for stderr to take them: with -vv a `get` of many keys has many. */
export const WAITING_CHARACTERS_MAX = 1_048_576;

/** `auto`: the first byte of a connection decides. */
export type Protocol = "auto" | "text" | "binary";

export interface Task {
  /** At least one of these two. */
  readonly listen: readonly Listening[];
  /** Where it waits for datagrams. */
  readonly datagrams: readonly Waiting[];
  /** Connections that the system keeps until they are accepted. */
  readonly backlog: number;
  /** Workers, the main thread among them. */
  readonly threads: number;
  /** Permissions of the unix socket. */
  readonly socketMode: number;
  /** Whom the process is to be once it is up to it, if it is root. */
  readonly user: string | undefined;
  readonly daemon: boolean;
  readonly pidFile: string | undefined;
  /** Where the items are kept while the server does not run, if they are. */
  readonly snapshotFile: string | undefined;
  readonly store: StoreOptions;
  /** Whether its memory is to be in large pages. */
  readonly largePages: boolean;
  /** `slab_automove`, from 0 to 2. */
  readonly automoveLevel: number;
  readonly limits: Partial<ServerLimits>;
  readonly rights: Rights;
  /** What clients speak; with authentication it is the one that this goes with. */
  readonly protocol: Protocol;
  readonly authentication: AuthenticationTask | undefined;
  readonly tls: TlsTask | undefined;
  /** Whose sockets connections are on. */
  readonly sockets: AdapterOptions;
  /** How often `-v` was given. */
  readonly verbosity: number;
  /** One line each, for stderr: what was asked for and is not done. */
  readonly remarks: readonly string[];
  /** What `stats settings` tells, by memcached's names, of what only the command line knows. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Where to listen. */
export interface Listening {
  readonly endpoint: Endpoint;
  /** Without TLS where others have it. */
  readonly plain?: boolean;
  /** What clients speak there, if not what they speak elsewhere. */
  readonly protocol?: Protocol;
  /** The next one, if this one cannot be had: on a machine without IPv6. */
  readonly otherwise?: Endpoint;
}

/** Where to wait for datagrams. */
export interface Waiting {
  readonly address: DatagramAddress;
  /** As with `Listening`. */
  readonly otherwise?: DatagramAddress;
}

/** TLS on all addresses but those that are plain, and unix sockets. */
export interface TlsTask {
  readonly chainFile: string;
  /** `undefined` if the key is in the file of the chain. */
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly verify: NonNullable<TlsListenOptions["verify"]>;
  readonly ciphers: string | undefined;
  readonly minVersion: NonNullable<TlsListenOptions["minVersion"]>;
}

/** Who may use the server. */
export interface AuthenticationTask {
  readonly kind: "ascii" | "sasl";
  readonly file: string;
}

/** What clients may ask for, by the names of the server's options. */
export type Rights = Pick<
  ServerOptions,
  | "flushEnabled"
  | "dumpEnabled"
  | "watchEnabled"
  | "shutdownEnabled"
  | "debugTimeEnabled"
  | "prefixDelimiter"
  | "detailEnabled"
  | "sizesEnabled"
>;
