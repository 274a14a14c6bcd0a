// The certificates that a configuration names, from their files. They are read again on SIGHUP: what has a mistake by
// then changes nothing.

import { resolve } from "node:path";
import type {
  ListenerConfig,
  PoolConfig,
  ProxyConfig,
  TlsConnectConfig,
  TlsListenConfig,
} from "@memwire/config";
import {
  describeEndpoint,
  type Listener,
  type TlsConnectOptions,
  type TlsCredentials,
  type TlsListenOptions,
} from "@memwire/engine";
import { certificatesOf, checkPair, notesOnDates, type NamedBytes } from "./certificates-of.ts";
import { handshakeLimits, type HandshakeLimits } from "./handshake-limits.ts";
import { NamedMistake } from "./named-mistake.ts";
import { readNamedFile } from "./read-named-file.ts";
import type { RereadFiles } from "./refresh-on-hangup.ts";

export class PemFiles implements RereadFiles {
  readonly what: string = "certificates";
  readonly #folder: string;
  readonly #pools: readonly PoolConfig[];
  readonly #handshakes: HandshakeLimits;
  readonly #listeners: (readonly [PoolConfig, Listener, TlsListenConfig])[] = [];
  /** What is to be said of what was read; each once, however many servers have it. */
  readonly #notes: Set<string> = new Set();
  #servers: ReadonlyMap<string, TlsConnectOptions>;

  /**
   * Reads those of the servers.
   *
   * @param folder Where names of files start from.
   * @throws Error that says what is wrong with which file of which pool
   */
  constructor(config: ProxyConfig, folder: string) {
    this.#folder = folder;
    this.#pools = config.pools;
    this.#handshakes = handshakeLimits(config);
    this.#servers = this.#readServers();
  }

  /** Whether there is any. */
  get some(): boolean {
    return this.#servers.size > 0 || this.#listeners.length > 0;
  }

  /** How the server at an address is spoken to. */
  server(address: string): TlsConnectOptions | undefined {
    return this.#servers.get(address);
  }

  /** How to listen. @throws Error that says what is wrong with which file of which pool */
  listenOptions(pool: PoolConfig, { tls }: ListenerConfig): { tls: TlsListenOptions } | undefined {
    if (tls === undefined) return undefined;
    const { verify, ciphers, minVersion } = tls;
    return {
      tls: {
        ...this.#credentials(pool, tls),
        ...this.#handshakes,
        verify,
        ...(ciphers === undefined ? {} : { ciphers }),
        ...(minVersion === undefined ? {} : { minVersion }),
      },
    };
  }

  /** A listener that gets what is read from now on. */
  serve(pool: PoolConfig, listener: Listener, { tls }: ListenerConfig): void {
    if (tls !== undefined) this.#listeners.push([pool, listener, tls]);
  }

  takeNotes(): readonly string[] {
    const notes = [...this.#notes];
    this.#notes.clear();
    return notes;
  }

  /** Reads all files again. @throws Error that says what is wrong with one; then nothing of it has changed */
  refresh(): void {
    this.#notes.clear();
    const servers = this.#readServers();
    const credentials = this.#listeners.map(([pool, , tls]) => this.#credentials(pool, tls));
    for (const [i, [, listener]] of this.#listeners.entries())
      listener.tls?.refresh(credentials[i] as TlsCredentials);
    this.#servers = servers;
  }

  #readServers(): ReadonlyMap<string, TlsConnectOptions> {
    const found = new Map<string, TlsConnectOptions>();
    for (const pool of this.#pools) {
      for (const { endpoint, tls } of pool.servers) {
        if (tls !== undefined) found.set(describeEndpoint(endpoint), this.#connectOptions(pool, tls));
      }
    }
    return found;
  }

  #connectOptions(
    pool: PoolConfig,
    { caFile, chainFile, keyFile, ...rest }: TlsConnectConfig,
  ): TlsConnectOptions {
    const own = chainFile === undefined ? {} : this.#pair(pool, chainFile, keyFile);
    return { ...rest, ...own, ...this.#roots(pool, caFile) };
  }

  #credentials(pool: PoolConfig, { chainFile, keyFile, caFile }: TlsListenConfig): TlsCredentials {
    return { ...this.#pair(pool, chainFile, keyFile), ...this.#roots(pool, caFile) };
  }

  #pair(
    { name }: PoolConfig,
    chainFile: string,
    keyFile: string | undefined,
  ): Pick<TlsCredentials, "chain" | "key"> {
    return ofPool(name, () => {
      const chain = this.#read(chainFile, "cert");
      const key = keyFile === undefined ? chain : this.#read(keyFile, "key");
      checkPair(chain, key);
      for (const note of notesOnDates(chain, Date.now())) this.#notes.add(`pool ${name}: ${note}`);
      return { chain: chain.bytes, key: key.bytes };
    });
  }

  #roots({ name }: PoolConfig, file: string | undefined): Pick<TlsCredentials, "ca"> {
    if (file === undefined) return {};
    return ofPool(name, () => {
      const roots = this.#read(file, "ca");
      certificatesOf(roots);
      return { ca: roots.bytes };
    });
  }

  /** @param key Of the configuration, that the file is named by. */
  #read(file: string, key: string): NamedBytes {
    const bytes = readNamedFile(this.#folder, file, key);
    return { key, named: file, path: resolve(this.#folder, file), bytes };
  }
}

/** @throws NamedMistake that `read` throws, with the pool */
function ofPool<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof NamedMistake ? error.ofPool(name) : error;
  }
}
