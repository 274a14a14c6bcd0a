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
import { handshakeLimits, type HandshakeLimits } from "./handshake-limits.ts";
import { readNamedFile } from "./read-named-file.ts";
import type { RereadFiles } from "./refresh-on-hangup.ts";

export class PemFiles implements RereadFiles {
  readonly what: string = "certificates";
  readonly #folder: string;
  readonly #pools: readonly PoolConfig[];
  readonly #handshakes: HandshakeLimits;
  readonly #listeners: (readonly [Listener, TlsListenConfig])[] = [];
  #servers: ReadonlyMap<string, TlsConnectOptions>;

  /**
   * Reads those of the servers.
   *
   * @param folder Where names of files start from.
   * @throws Error that says which file cannot be read
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

  /** How to listen. @throws Error that says which file cannot be read */
  listenOptions({ tls }: ListenerConfig): { tls: TlsListenOptions } | undefined {
    if (tls === undefined) return undefined;
    const { verify, ciphers, minVersion } = tls;
    return {
      tls: {
        ...this.#credentials(tls),
        ...this.#handshakes,
        verify,
        ...(ciphers === undefined ? {} : { ciphers }),
        ...(minVersion === undefined ? {} : { minVersion }),
      },
    };
  }

  /** A listener that gets what is read from now on. */
  serve(listener: Listener, { tls }: ListenerConfig): void {
    if (tls !== undefined) this.#listeners.push([listener, tls]);
  }

  /** Reads all files again. @throws Error that says what is wrong with one; then nothing of it has changed */
  refresh(): void {
    const servers = this.#readServers();
    const credentials = this.#listeners.map(([, tls]) => this.#credentials(tls));
    for (const [i, [listener]] of this.#listeners.entries())
      listener.tls?.refresh(credentials[i] as TlsCredentials);
    this.#servers = servers;
  }

  #readServers(): ReadonlyMap<string, TlsConnectOptions> {
    const found = new Map<string, TlsConnectOptions>();
    for (const { servers } of this.#pools) {
      for (const { endpoint, tls } of servers) {
        if (tls !== undefined) found.set(describeEndpoint(endpoint), this.#connectOptions(tls));
      }
    }
    return found;
  }

  #connectOptions({ caFile, chainFile, keyFile, ...rest }: TlsConnectConfig): TlsConnectOptions {
    const own = chainFile === undefined ? {} : this.#pair(chainFile, keyFile);
    return { ...rest, ...own, ...(caFile === undefined ? {} : { ca: this.#certificates(caFile) }) };
  }

  #credentials({ chainFile, keyFile, caFile }: TlsListenConfig): TlsCredentials {
    return {
      ...this.#pair(chainFile, keyFile),
      ...(caFile === undefined ? {} : { ca: this.#certificates(caFile) }),
    };
  }

  #pair(chainFile: string, keyFile: string | undefined): Pick<TlsCredentials, "chain" | "key"> {
    const chain = this.#certificates(chainFile);
    return { chain, key: keyFile === undefined ? chain : this.#read(keyFile) };
  }

  #certificates(file: string): Uint8Array {
    const bytes = this.#read(file);
    // A connection to a server could only say that it is untrusted.
    if (new TextDecoder("latin1").decode(bytes).includes("-----BEGIN CERTIFICATE-----")) return bytes;
    throw new Error(`${resolve(this.#folder, file)} has no PEM certificate`);
  }

  #read(file: string): Uint8Array {
    return readNamedFile(this.#folder, file);
  }
}
