// A network with a door: connections that a listener does not want are closed, and no engine hears of them.
//
//     accepted --> its address --- not allowed --> closed, counted
//                      |
//                  its number --- one too many --> told so, closed, counted
//                      |
//                  accept(transport): from here on a connection as any other
//
// And on the way out: which of the servers are spoken to in TLS.

import {
  describeEndpoint,
  type CloseCause,
  type Endpoint,
  type Network,
  type TlsConnectOptions,
  type Transport,
  type TransportHandler,
} from "@memwire/engine";
import type { AddressGuard } from "./address-guard.ts";

/** The door of one pool, which may have several listeners, and what it has counted. */
export interface Door {
  readonly connectionsMax: number;
  /** Counted if that has a bound. */
  connectionsNow: number;
  /** Connections above `connectionsMax`. */
  rejected: number;
  /** Connections from addresses that may not. */
  denied: number;
}

/** What a listener lets in. */
export interface Entrance {
  readonly door: Door;
  readonly guard: AddressGuard | undefined;
}

const TOO_MANY = new TextEncoder().encode("ERROR Too many open connections\r\n");

/**
 * @param entrances By the endpoint as it is given to `listen`.
 * @param tlsOf How the server at an endpoint, as `describeEndpoint` has it, is spoken to; asked for each connection.
 */
export function withFrontDoor(
  network: Network,
  entrances: ReadonlyMap<Endpoint, Entrance>,
  tlsOf: (address: string) => TlsConnectOptions | undefined,
): Network {
  return {
    connect(endpoint, handler, options) {
      const tls = tlsOf(describeEndpoint(endpoint));
      return network.connect(endpoint, handler, tls === undefined ? options : { ...options, tls });
    },
    listen(endpoint, accept, options) {
      const entrance = entrances.get(endpoint);
      return network.listen(
        endpoint,
        entrance === undefined ? accept : (transport) => enter(entrance, transport, accept),
        options,
      );
    },
    bind: (address, handler, options) => network.bind(address, handler, options),
  };
}

function enter(
  { door, guard }: Entrance,
  transport: Transport,
  accept: (transport: Transport) => TransportHandler,
): TransportHandler {
  if (guard?.admits(transport.remote) === false) {
    door.denied++;
    transport.close();
    return nobody;
  }
  if (door.connectionsNow >= door.connectionsMax) {
    door.rejected++;
    transport.write(TOO_MANY);
    transport.close();
    return nobody;
  }
  if (door.connectionsMax === Infinity) return accept(transport);
  door.connectionsNow++;
  return new Guest(accept(transport), door);
}

const nobody: TransportHandler = {
  connected() {},
  received() {},
  ended() {},
  drained() {},
  closed() {},
};

/** A connection that is counted until it is over. */
class Guest implements TransportHandler {
  readonly #handler: TransportHandler;
  readonly #door: Door;

  constructor(handler: TransportHandler, door: Door) {
    this.#handler = handler;
    this.#door = door;
  }

  connected(): void {
    this.#handler.connected();
  }

  received(chunk: Uint8Array): void {
    this.#handler.received(chunk);
  }

  ended(): void {
    this.#handler.ended();
  }

  drained(): void {
    this.#handler.drained();
  }

  closed(cause: CloseCause): void {
    this.#door.connectionsNow--;
    this.#handler.closed(cause);
  }
}
