// The certificates of -Z, from the files that -o names. They are read again on SIGHUP and for refresh_certs: what has a
// mistake by then changes nothing.

import { readFileSync } from "node:fs";
import type { Listener, TlsCredentials, TlsListenOptions } from "@memwire/engine";
import { usageMistake } from "@memwire/program";
import { PROGRAM, type TlsTask } from "./task.ts";

export class TlsFiles {
  readonly #task: TlsTask;
  readonly #listeners: Listener[] = [];

  constructor(task: TlsTask) {
    this.#task = task;
  }

  /** How to listen. @throws ProgramEnd 2 for a file that cannot be read, or if there is no private key */
  options(): TlsListenOptions {
    const { verify, ciphers, minVersion } = this.#task;
    try {
      return { ...this.#read(), verify, minVersion, ...(ciphers === undefined ? {} : { ciphers }) };
    } catch (error) {
      throw usageMistake(PROGRAM, messageOf(error));
    }
  }

  /** A listener that gets what is read from now on. */
  serve(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Reads the files again. @returns what is wrong with them; then nothing has changed */
  refresh(): string | undefined {
    try {
      const credentials = this.#read();
      for (const { tls } of this.#listeners) tls?.refresh(credentials);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Handshakes that failed. */
  get failures(): number {
    return this.#listeners.reduce((sum, { tls }) => sum + (tls?.failures ?? 0), 0);
  }

  #read(): TlsCredentials {
    const { chainFile, keyFile, caFile } = this.#task;
    const chain = readFileSync(chainFile);
    const key = keyFile === undefined ? keyIn(chainFile, chain) : readFileSync(keyFile);
    return { chain, key, ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }) };
  }
}

/** The private key among certificates. It goes on alone: Deno finds none behind them. @throws Error if there is none */
function keyIn(file: string, bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder("latin1").decode(bytes);
  const [key] = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(text) ?? [];
  if (key !== undefined) return new TextEncoder().encode(`${key}\n`);
  throw new Error(`-Z needs a private key: -o ssl_key=<file>, since there is none in ${file}`);
}

function messageOf(error: unknown): string {
  const { code, path, message } = error as NodeJS.ErrnoException;
  return code === "ENOENT" && path !== undefined ? `cannot read ${path}: no such file` : message;
}
