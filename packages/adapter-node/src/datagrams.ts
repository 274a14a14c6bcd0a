// Datagrams by node:dgram, for all three runtimes.
//
// What is sent is copied, since node:dgram sends it later: it looks up its address first, even if that is a number.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { plain } from "./plain.ts";
import {
  bindBy,
  DATAGRAM_PAYLOAD_BYTES_MAX,
  UNSENT_DATAGRAM_BYTES_MAX,
  type BindOptions,
  type DatagramAddress,
  type DatagramHandler,
  type DatagramSocket,
} from "@memwire/engine";

/** Waits for datagrams, as `Network.bind`. */
export async function bindDatagrams(
  address: DatagramAddress,
  handler: DatagramHandler,
  { reusePort = false }: BindOptions = {},
): Promise<DatagramSocket> {
  const type = address.host.includes(":") ? "udp6" : "udp4";
  const socket = await bindBy(() => bound(createSocket({ type, reusePort }), address), address);
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) =>
    handler.received({ host: from.address, port: from.port }, plain(bytes)),
  );
  // Of the socket as a whole; a datagram that cannot be sent is its send's own affair.
  socket.on("error", () => {});
  return new NodeDatagramSocket(socket, { host: address.host, port: socket.address().port });
}

function bound(socket: Socket, { host, port }: DatagramAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.close();
      reject(error);
    };
    socket.once("error", fail);
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

class NodeDatagramSocket implements DatagramSocket {
  readonly address: DatagramAddress;
  drops = 0;
  readonly #socket: Socket;
  #unsentBytes = 0;
  #open = true;

  constructor(socket: Socket, address: DatagramAddress) {
    this.#socket = socket;
    this.address = address;
  }

  send({ host, port }: DatagramAddress, bytes: Uint8Array): void {
    if (!this.#open) return;
    const { length } = bytes;
    if (length > DATAGRAM_PAYLOAD_BYTES_MAX || this.#unsentBytes + length > UNSENT_DATAGRAM_BYTES_MAX) {
      this.drops++;
      return;
    }
    this.#unsentBytes += length;
    const sent = (error: Error | null): void => {
      this.#unsentBytes -= length;
      if (error !== null && error !== undefined && this.#open) this.drops++;
    };
    try {
      this.#socket.send(new Uint8Array(bytes), port, host, sent);
    } catch (error) {
      // No port, or no address.
      sent(error as Error);
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.close();
    await closed;
  }
}
