// The smallest engine there is: it answers every chunk and every datagram with the same bytes.

import {
  Outbox,
  type CloseCause,
  type Command,
  type ConnectionId,
  type DatagramAddress,
  type Engine,
  type Millis,
  type Output,
  type Port,
  type SendTo,
  type SocketId,
} from "@memwire/engine";

class Pieces implements Output {
  length = 0;
  #pieces: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    this.#pieces.push(chunk.slice()); // the chunk is lent
    this.length += chunk.length;
  }

  take(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.length = 0;
    return bytes;
  }

  reclaim(): void {}
}

export class EchoEngine implements Engine {
  readonly deadline: Millis = Infinity;
  readonly #outbox = new Outbox();
  readonly #ports = new Map<ConnectionId, Port>();
  readonly #datagrams: SendTo[] = [];
  #idNext = 0;

  accepted(): ConnectionId {
    const id = this.#idNext++;
    this.#ports.set(id, this.#outbox.open(id, new Pieces(), true));
    return id;
  }

  connected(): void {}

  received(id: ConnectionId, chunk: Uint8Array): void {
    const port = this.#port(id);
    (port.output as Pieces).add(chunk);
    this.#outbox.touch(port);
  }

  ended(id: ConnectionId): void {
    this.#outbox.finish(this.#port(id));
  }

  drained(id: ConnectionId): void {
    this.#outbox.drained(this.#port(id));
  }

  closed(id: ConnectionId, _cause: CloseCause): void {
    this.#outbox.forget(this.#port(id));
    this.#ports.delete(id);
  }

  arrived(socket: SocketId, to: DatagramAddress, bytes: Uint8Array): void {
    this.#datagrams.push({ kind: "send-to", socket, to, bytes: bytes.slice() });
  }

  elapsed(_now: Millis): void {}

  poll(): Command | SendTo | undefined {
    return this.#outbox.poll() ?? this.#datagrams.shift();
  }

  #port(id: ConnectionId): Port {
    const port = this.#ports.get(id);
    if (port === undefined) throw new RangeError(`no connection ${id}`);
    return port;
  }
}
