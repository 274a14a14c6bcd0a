// One end of a connection that knows nothing of the protocol: bytes out, bytes in, on any adapter.

import type { CloseCause, Endpoint, Network, Transport, TransportHandler } from "@memwire/engine";

export class WireClient implements TransportHandler {
  isConnected = false;
  hasEnded = false;
  cause: CloseCause | undefined = undefined;
  #transport: Transport | undefined = undefined;
  #ending = false;
  /** Still to be written; while `#full` the network has to take the last write first. */
  readonly #unsent: Uint8Array[] = [];
  #full = true;
  /** Received and not yet made text of; what was is asked for again and again while more comes. */
  readonly #chunks: Uint8Array[] = [];
  #text = "";
  #receivedBytes = 0;

  static connect(network: Network, endpoint: Endpoint): WireClient {
    const client = new WireClient();
    client.#transport = network.connect(endpoint, client);
    return client;
  }

  /** The other side of a connection that was accepted: a server that knows nothing of the protocol either. */
  static accepted(transport: Transport): WireClient {
    const server = new WireClient();
    server.#transport = transport;
    server.connected();
    return server;
  }

  /** Bytes received and not yet taken. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether the server has ended or closed the connection. */
  get isOver(): boolean {
    return this.hasEnded || this.cause !== undefined;
  }

  /** Whether everything that was to be sent is with the network. */
  get hasSent(): boolean {
    return !this.#full && this.#unsent.length === 0;
  }

  /** What was received, one character per byte; it stays until `take`. */
  peek(): string {
    for (const bytes of this.#chunks.splice(0)) {
      for (let at = 0; at < bytes.length; at += 4_096) {
        this.#text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
      }
    }
    return this.#text;
  }

  take(): string {
    const text = this.peek();
    this.#text = "";
    this.#receivedBytes = 0;
    return text;
  }

  /** Sends the bytes in writes of `pieceBytes`. */
  send(bytes: Uint8Array | string, pieceBytes: number = bytes.length): void {
    const all = typeof bytes === "string" ? Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)) : bytes;
    for (let at = 0; at < all.length; at += pieceBytes) this.#unsent.push(all.subarray(at, at + pieceBytes));
    this.#write();
  }

  /** Sends what is still to be sent, and then nothing more. */
  end(): void {
    this.#ending = true;
    this.#write();
  }

  /** Goes away, whatever is still to be sent or received. */
  close(): void {
    this.#unsent.length = 0;
    this.#transport?.close();
  }

  pause(): void {
    this.#transport?.pause();
  }

  resume(): void {
    this.#transport?.resume();
  }

  connected(): void {
    this.isConnected = true;
    this.drained();
  }

  received(chunk: Uint8Array): void {
    this.#chunks.push(new Uint8Array(chunk)); // lent: a copy is kept
    this.#receivedBytes += chunk.length;
  }

  ended(): void {
    this.hasEnded = true;
  }

  drained(): void {
    this.#full = false;
    this.#write();
  }

  closed(cause: CloseCause): void {
    this.cause = cause;
    this.#unsent.length = 0;
  }

  #write(): void {
    const transport = this.#transport;
    if (transport === undefined || this.#full) return;
    for (let next = this.#unsent.shift(); next !== undefined; next = this.#unsent.shift()) {
      if (transport.write(next)) continue;
      this.#full = true;
      return;
    }
    if (!this.#ending) return;
    this.#ending = false;
    transport.end();
  }
}
