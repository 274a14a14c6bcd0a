// One end of a connection: a Transport, and the calls to its handler.
//
//     connecting --> open -- close() --> closing: what was written goes out, input is thrown away --> closed
//                                                 until both sides have ended, or LINGER_MS
//
// Every handler call is made by an event of the clock, so none comes from inside a call to the transport.

import {
  type CloseCause,
  type Endpoint,
  LINGER_MS,
  type Transport,
  type TransportHandler,
  unreachable,
} from "@memwire/engine";
import { Inbox, type Reader } from "./inbox.ts";
import type { Happening } from "./journal.ts";
import type { Accept, Machine } from "./machine.ts";
import { type Destination, Pipe, type Segment, type Source } from "./pipe.ts";
import { type World, latencyMs } from "./world.ts";

export class Socket implements Transport, Source, Destination, Reader {
  readonly connection: number;
  /** Where it connects, or was connected to. */
  readonly endpoint: Endpoint;
  readonly machine: Machine;
  readonly #world: World;
  #state: "connecting" | "open" | "closing" | "closed" = "closed"; // until `start` or `accept`
  #handler!: TransportHandler; // set before the first event: by `start` or `accept`
  #peer!: Socket;
  #outgoing!: Pipe;
  #inbox!: Inbox;
  #peerEnded: "no" | "arrived" | "read" = "no";

  constructor(world: World, machine: Machine, connection: number, endpoint: Endpoint) {
    this.#world = world;
    this.machine = machine;
    this.connection = connection;
    this.endpoint = endpoint;
  }

  /** Makes two sockets the ends of one connection that does not stand yet. */
  static join(near: Socket, far: Socket): void {
    near.#plug(far);
    far.#plug(near);
    near.#inbox = new Inbox(near.#world, near.machine, near, far.#outgoing);
    far.#inbox = new Inbox(far.#world, far.machine, far, near.#outgoing);
  }

  #plug(peer: Socket): void {
    this.#peer = peer;
    this.#outgoing = new Pipe(this.#world, this.machine, peer.machine, this, peer);
  }

  /** The other end. */
  get peer(): Socket {
    return this.#peer;
  }

  /** What this end sends. */
  get outgoing(): Pipe {
    return this.#outgoing;
  }

  get isConnecting(): boolean {
    return this.#state === "connecting";
  }

  /** Connects, as far as this end is concerned. */
  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.#state = "connecting";
    this.machine.sockets.add(this);
    this.#note("connect");
  }

  /** The connect did not succeed. */
  fail(cause: CloseCause): void {
    if (this.#state === "connecting") this.#finish(cause);
  }

  /** The connection is accepted at this end. */
  accept(accept: Accept): void {
    this.machine.sockets.add(this);
    this.#note("accepted");
    this.#state = "open";
    this.#outgoing.answer();
    this.#outgoing.open();
    this.#handler = accept(this);
  }

  // Transport

  write(bytes: Uint8Array): boolean {
    if (this.#state === "closing" || this.#state === "closed") return false;
    if (this.#state === "connecting") throw new TypeError("write before connected");
    this.#note("write", bytes);
    return this.#outgoing.write(bytes);
  }

  pause(): void {
    this.#inbox.pause();
  }

  resume(): void {
    this.#inbox.resume();
  }

  end(): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#outgoing.end();
    this.#closeIfBothEnded();
  }

  close(): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    this.#inbox.close();
    if (this.#state === "connecting") {
      this.#outgoing.reset();
      return this.#finishSoon("closed");
    }
    this.#state = "closing";
    this.#outgoing.end();
    this.#closeIfBothEnded();
    const { clock } = this.#world;
    clock.schedule(clock.now() + LINGER_MS, () => {
      if (this.#state !== "closing") return;
      if (!this.#outgoing.isEnded) this.#outgoing.reset();
      this.#finish("closed");
    });
  }

  // Source

  flushed(): void {
    if (this.#state === "open") {
      this.#note("drained");
      this.#handler.drained();
    }
    this.#closeIfBothEnded();
  }

  lost(): void {
    this.#finish("timed-out");
  }

  // Destination

  arrived(segment: Segment): void {
    const { kind } = segment;
    switch (kind) {
      case "opened":
        return this.#opened();
      case "bytes":
        if (this.#state === "closed") return this.#outgoing.reset(); // nobody is here to read them
        return this.#inbox.put(segment);
      case "ended":
        this.#peerEnded = "arrived";
        this.#inbox.putEnd();
        return this.#closeIfBothEnded();
      case "reset":
        this.#outgoing.abandon();
        return this.#finish("reset");
      default:
        return unreachable(kind);
    }
  }

  #opened(): void {
    if (this.#state === "closed") return this.#outgoing.reset(); // it gave up meanwhile
    this.#state = "open";
    this.#outgoing.open();
    this.#note("connected");
    this.#handler.connected();
  }

  // Reader

  lend(chunk: Uint8Array): void {
    this.#note("received", chunk);
    this.#handler.received(chunk);
  }

  readEnd(): void {
    this.#peerEnded = "read";
    this.#note("ended");
    this.#handler.ended();
    this.#closeIfBothEnded();
  }

  // Faults

  /** Both ends are reset, and what is on its way is lost. */
  reset(): void {
    const { clock } = this.#world;
    for (const end of [this, this.#peer]) {
      end.#outgoing.sever();
      end.#outgoing.reset();
      const at = clock.now() + latencyMs(this.#world, end.machine, end.#peer.machine);
      clock.schedule(at, () => end.#finish("reset")); // at the latest: the reset itself may yet be lost
    }
  }

  /** The process at this end is killed: its system says what is left to say. */
  kill(): void {
    if (this.#inbox.bytes === 0) this.#outgoing.end();
    if (!this.#outgoing.isEnded) this.#outgoing.reset();
    this.#finishSoon("reset");
  }

  /** This end is gone, and the other hears nothing of it. */
  vanish(): void {
    this.#outgoing.sever();
    this.#finishSoon("reset");
  }

  #closeIfBothEnded(): void {
    if (!this.#outgoing.isEnded || this.#peerEnded === "no") return;
    if (this.#peerEnded === "read" || this.#state === "closing") this.#finishSoon("closed");
  }

  #finishSoon(cause: CloseCause): void {
    if (this.#state === "closed") return;
    this.#inbox.close();
    this.#state = "closed";
    this.#world.clock.schedule(0, () => this.#sayClosed(cause));
  }

  #finish(cause: CloseCause): void {
    if (this.#state === "closed") return;
    const said = this.#state === "closing" ? "closed" : cause;
    this.#inbox.close();
    this.#state = "closed";
    this.#sayClosed(said);
  }

  #sayClosed(cause: CloseCause): void {
    this.machine.sockets.delete(this);
    const { clock, journal } = this.#world;
    const { connection } = this;
    journal.note({ at: clock.now(), host: this.machine.name, connection, what: "closed", cause });
    this.#handler.closed(cause);
  }

  #note(what: Happening["what"], bytes?: Uint8Array): void {
    const { clock, journal } = this.#world;
    const about = { at: clock.now(), host: this.machine.name, connection: this.connection, what };
    journal.note(bytes === undefined ? about : { ...about, bytes });
  }
}
