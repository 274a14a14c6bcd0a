// A server behind the proxy that does as a script says, and as memcached does in everything the script leaves alone.
//
//     proxy ==== peer: requests --> script(request, peer) --> true: dealt with, whatever it said or did not say
//                                          | false
//                                          +--> ServerEngine --> the reply that memcached gives
//
// The bytes are looked at first as they come (`onBytes`), for backends that do not wait for the end of a request.

import { DEFAULT_LIMITS, latin1Bytes, latin1Text, TextRequestDecoder } from "@memwire/codec";
import type {
  Clock,
  CloseCause,
  ConnectionId,
  Endpoint,
  Listener,
  Network,
  Transport,
  TransportHandler,
} from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { WireClient } from "../server/wire-client.ts";

/** Where a backend runs: alone, so that its connections can be reset without those of others. */
export interface BackendHost {
  readonly network: Pick<Network, "listen">;
  /** Where it listens and others find it; port 0 the first time if the system chooses. */
  readonly endpoint: Endpoint;
  /** Resets (RST) every connection that it has accepted. */
  reset(): void;
}

/** Is shown each request, whole. @returns whether it has dealt with it */
export type Script = (request: string, peer: BackendPeer) => boolean;

/** Larger than memcached's default, so that large values find room. */
const STORE_BYTES = 67_108_864;
const VALUE_BYTES_MAX = 33_554_432;

export class ScriptedBackend {
  /** As memcached does if there is none. */
  script: Script | undefined;
  /** Is shown what came on a connection and was not yet taken; takes it if it answers true. */
  onBytes: Script | undefined;
  /** The requests so far, whole, in the order they came, but for `version`, by which connections are verified. */
  readonly requests: string[] = [];
  /** Every connection so far, the newest last. */
  readonly peers: BackendPeer[] = [];
  readonly #host: BackendHost;
  readonly #clock: Clock;
  readonly #engine: ServerEngine;
  #endpoint: Endpoint;
  #listener: Listener | undefined;

  constructor(host: BackendHost, clock: Clock) {
    this.#host = host;
    this.#endpoint = host.endpoint;
    this.#clock = clock;
    this.#engine = new ServerEngine({
      store: new SlabStore({ bytesMax: STORE_BYTES, itemBytesMax: VALUE_BYTES_MAX }),
    });
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  /** Connections that the proxy has open. */
  get openPeers(): number {
    return this.peers.filter(({ isOpen }) => isOpen).length;
  }

  /** Listens, where it listened before if it did. */
  async start(): Promise<void> {
    const accept = (transport: Transport): TransportHandler => {
      const peer = new BackendPeer(this, transport, this.#engine.accepted(this.#clock.now(), 0));
      this.peers.push(peer);
      return peer;
    };
    this.#listener = await this.#host.network.listen(this.#endpoint, accept);
    this.#endpoint = this.#listener.endpoint;
  }

  /** Refuses connects from now on; connections go on. */
  async refuse(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  /** Resets every connection. */
  reset(): void {
    this.#host.reset();
  }

  /** Refuses connects, and resets what it has. */
  async die(): Promise<void> {
    await this.refuse();
    this.reset();
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) peer.close();
    await this.refuse();
  }

  /** What memcached answers on that connection. */
  answer(id: ConnectionId, request: string): string {
    const engine = this.#engine;
    const now = this.#clock.now();
    engine.received(id, latin1Bytes(request), now);
    let reply = "";
    for (;;) {
      const command = engine.poll();
      if (command === undefined) {
        if (engine.deadline > -Infinity) return reply;
        engine.elapsed(now);
      } else if (command.kind === "send" && command.id === id) {
        reply += latin1Text(command.bytes);
        engine.drained(id, now);
      }
    }
  }
}

/** One connection of the proxy to a backend. */
export class BackendPeer implements TransportHandler {
  readonly #backend: ScriptedBackend;
  readonly #id: ConnectionId;
  readonly #wire: WireClient;
  readonly #decoder: TextRequestDecoder;

  constructor(backend: ScriptedBackend, transport: Transport, id: ConnectionId) {
    this.#backend = backend;
    this.#id = id;
    this.#wire = WireClient.accepted(transport);
    this.#decoder = new TextRequestDecoder({ ...DEFAULT_LIMITS, valueBytesMax: VALUE_BYTES_MAX });
  }

  get isOpen(): boolean {
    return !this.#wire.isOver;
  }

  say(text: string): void {
    this.#wire.send(text);
  }

  /** Says what memcached would. */
  comply(request: string): void {
    this.say(this.#backend.answer(this.#id, request));
  }

  /** Delivers what was said, and goes. */
  close(): void {
    this.#wire.end();
    if (this.#wire.hasSent) this.#wire.close();
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  connected(): void {}

  received(chunk: Uint8Array): void {
    const { onBytes } = this.#backend;
    if (onBytes !== undefined) {
      this.#wire.received(chunk);
      if (onBytes(this.#wire.peek(), this)) this.#wire.take();
      return;
    }
    const decoder = this.#decoder;
    decoder.receive(chunk);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      if (found === "fatal") return this.close();
      this.#asked(latin1Text(decoder.bytes.subarray(decoder.start, decoder.end)));
    }
  }

  ended(): void {
    this.#wire.ended();
    this.#wire.close();
  }

  drained(): void {
    this.#wire.drained();
  }

  closed(cause: CloseCause): void {
    this.#wire.closed(cause);
  }

  #asked(request: string): void {
    const { script, requests } = this.#backend;
    if (request !== VERSION) requests.push(request);
    if (script?.(request, this) === true) return;
    this.comply(request);
  }
}

/** What a proxy asks of itself. */
export const VERSION = "version\r\n";
