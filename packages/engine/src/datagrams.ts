// Datagrams: what UDP has instead of connections. Each is whole or does not come at all; they may be lost, come twice
// or out of order, and nobody is told.
//
//     handler.received(from, bytes) <-- DatagramSocket <-- send(to, bytes)

/** Where a datagram comes from, is to go, or is waited for: an IP address or a host name, and a port. */
export interface DatagramAddress {
  readonly host: string;
  readonly port: number;
}

/** Names one datagram socket of a driver: the order of its `bind` calls, from 0. */
export type SocketId = number;

/** What an engine that is told of datagrams asks for beside commands. The bytes are lent until the next poll. */
export interface SendTo {
  readonly kind: "send-to";
  readonly socket: SocketId;
  readonly to: DatagramAddress;
  readonly bytes: Uint8Array;
}

/** In which way to wait for datagrams. What a runtime or a system cannot do is refused, never left out. */
export interface BindOptions {
  /** The port is shared with everybody who waits there in this way; the system spreads senders over them. */
  readonly reusePort?: boolean;
}

export interface DatagramHandler {
  /** A datagram came, of no byte or more. The bytes are lent: they may be overwritten when this returns. */
  received(from: DatagramAddress, bytes: Uint8Array): void;
}

export interface DatagramSocket {
  /** Where it waits, with the port that the system chose. */
  readonly address: DatagramAddress;
  /**
   * Datagrams that were given to `send` and did not leave: too large, more than UNSENT_DATAGRAM_BYTES_MAX waiting
   * before it, or refused by the system.
   */
  readonly drops: number;
  /** Sends, or drops. The bytes are the caller's again when this returns. It never throws. */
  send(to: DatagramAddress, bytes: Uint8Array): void;
  /** Receives nothing more; what still waits to leave may be lost. */
  close(): Promise<void>;
}

/** The most bytes of one datagram: 64 KiB less the headers of IPv4 and UDP. */
export const DATAGRAM_PAYLOAD_BYTES_MAX = 65_507;

/** Bytes of datagrams that one socket holds until the system takes them; it takes most at once. */
export const UNSENT_DATAGRAM_BYTES_MAX = 4_194_304;
