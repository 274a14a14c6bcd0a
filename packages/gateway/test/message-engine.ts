// A message store that speaks memcached's protocol: `get` takes the next message, whatever the key, and a miss means
// that there is none.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { Command, ConnectionId, Engine, ListenerId, Millis } from "@memwire/engine";

interface Connection {
  received: string;
  toSend: string;
  isSending: boolean;
}

export class MessageEngine implements Engine {
  readonly deadline = Infinity;
  /** Messages that are left, the next one first. */
  readonly queue: string[];
  /** Gets that came, and messages that went out for them. */
  asked = 0;
  handedOut = 0;
  /** Lines that are no `get` of one key. */
  readonly violations: string[] = [];
  readonly #connections: Map<ConnectionId, Connection> = new Map();
  readonly #commands: Command[] = [];
  #nextId = 1;

  constructor(queue: readonly string[]) {
    this.queue = [...queue];
  }

  accepted(_now: Millis, _via: ListenerId): ConnectionId {
    const id = this.#nextId++;
    this.#connections.set(id, { received: "", toSend: "", isSending: false });
    return id;
  }

  received(id: ConnectionId, chunk: Uint8Array): void {
    const connection = this.#connections.get(id) as Connection;
    const lines = (connection.received + latin1Text(chunk)).split("\r\n");
    connection.received = lines.pop() ?? "";
    for (const line of lines) connection.toSend += this.#answer(line);
    this.#send(id, connection);
  }

  drained(id: ConnectionId): void {
    const connection = this.#connections.get(id) as Connection;
    connection.isSending = false;
    this.#send(id, connection);
  }

  ended(id: ConnectionId): void {
    this.#commands.push({ kind: "close", id });
  }

  closed(id: ConnectionId): void {
    this.#connections.delete(id);
  }

  connected(): void {}

  elapsed(): void {}

  poll(): Command | undefined {
    return this.#commands.shift();
  }

  #answer(line: string): string {
    if (!/^get [^ ]+$/.test(line)) this.violations.push(line);
    this.asked++;
    const message = this.queue.shift();
    if (message === undefined) return "END\r\n";
    this.handedOut++;
    return `VALUE ${line.slice(4)} 0 ${message.length}\r\n${message}\r\nEND\r\n`;
  }

  #send(id: ConnectionId, connection: Connection): void {
    if (connection.isSending || connection.toSend === "") return;
    this.#commands.push({ kind: "send", id, bytes: latin1Bytes(connection.toSend) });
    connection.toSend = "";
    connection.isSending = true;
  }
}
