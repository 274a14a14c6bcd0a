// What an invalidation asks of its fleet, read off the simulated wire.
//
//     write  "delete a\r\ndelete b\r\n"   -->  in flight: a b         no key twice, no more than `workers`,
//     received  "DELETED\r\n"             -->  in flight: b           none at a server that does not own it
//
// A new connection to a server takes the place of the one before: what was in flight there is no longer waited for.

import type { Happening } from "@memwire/adapter-memory";
import { latin1Text } from "@memwire/codec";

export interface WatchOptions {
  /** The host whose connections are watched. */
  readonly host: string;
  readonly owner: (key: string) => number;
  readonly workers: number;
}

interface Line {
  readonly connection: number;
  readonly inFlight: string[];
}

const LINE_FEED = 10;

export class DeleteWatch {
  /** What went against the laws. Stays empty. */
  readonly violations: Set<string> = new Set();
  deletes = 0;
  readonly #options: WatchOptions;
  /** Connections that the host made. */
  readonly #made: Set<number> = new Set();
  /** The newest connection to each server. */
  readonly #lines: Map<number, Line> = new Map();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  see({ host, connection, what, bytes }: Happening): void {
    if (host !== this.#options.host) return;
    if (what === "connect") this.#made.add(connection);
    if (bytes === undefined || !this.#made.has(connection)) return;
    if (what === "write") this.#asked(connection, latin1Text(bytes));
    else this.#answered(connection, bytes);
  }

  #asked(connection: number, text: string): void {
    const { owner, workers } = this.#options;
    if (!/^(delete \S+\r\n)+$/.test(text)) this.violations.add(`a server is asked ${JSON.stringify(text)}`);
    for (const [, key = ""] of text.matchAll(/delete (\S+)\r\n/g)) {
      const server = owner(key);
      let line = this.#lines.get(server);
      if (line === undefined || line.connection !== connection) line = { connection, inFlight: [] };
      this.#lines.set(server, line);
      if (line.inFlight.includes(key)) this.violations.add(`two deletes of ${key} are in flight`);
      line.inFlight.push(key);
      if (line.inFlight.length > workers) {
        this.violations.add(`${line.inFlight.length} deletes in flight to server ${server}`);
      }
      this.deletes++;
    }
    const servers = [...this.#lines].filter(([, line]) => line.connection === connection);
    if (servers.length > 1) this.violations.add("a server is asked for keys of another");
  }

  #answered(connection: number, bytes: Uint8Array): void {
    const line = [...this.#lines.values()].find((each) => each.connection === connection);
    if (line === undefined) return; // of a connection that was replaced
    for (const byte of bytes) if (byte === LINE_FEED) line.inFlight.shift();
  }
}
