// What an engine wants done, in the order that `poll` gives it out.
//
//     engine writes bytes into port.output --- touch(port) ---> [ports to send] --- poll() ---> send, one a turn
//     engine says pause, close, connect ------ order() -------> [commands] -------- poll() ---> first of all
//
// Hot path: one `poll` a send, no allocation but the view that `take()` makes. The `send` object is reused.

import type { Command, ConnectionId } from "./contract.ts";

/** Bytes to be sent. */
export interface Output {
  /** Bytes written and not taken. */
  readonly length: number;
  /** Lends what was written so far; of more than `bytesMax` bytes their beginning will do. */
  take(bytesMax: number): Uint8Array;
  /** The network is done with what was taken. */
  reclaim(): void;
}

/** The sending half of one connection. */
export interface Port {
  readonly id: ConnectionId;
  readonly output: Output;
  /** Set by the outbox, as is the rest: a send is under way, it waits for its turn, or for the turn after. */
  state: "open" | "closing" | "closed";
  sending: boolean;
  queued: boolean;
  held: boolean;
  /** The ports behind it in those two lines. */
  nextQueued: Port | null;
  nextHeld: Port | null;
}

/** Of one send, so that a large value that goes slowly is seen to go: each that is through says so. */
const SEND_BYTES_MAX = 1_048_576;

export class Outbox {
  #commands: Command[] = [];
  #commandNext = 0;
  // Ports that are to send, and those that are held, as lists: an array that is emptied each turn is made anew by V8.
  #firstQueued: Port | null = null;
  #lastQueued: Port | null = null;
  #firstHeld: Port | null = null;
  readonly #send: { kind: "send"; id: ConnectionId; bytes: Uint8Array } = {
    kind: "send",
    id: 0,
    bytes: new Uint8Array(0),
  };

  /** A port for a connection. It cannot send before `ready` if it is still to be connected. */
  open(id: ConnectionId, output: Output, ready: boolean): Port {
    return {
      id,
      output,
      state: "open",
      sending: !ready,
      queued: false,
      held: false,
      nextQueued: null,
      nextHeld: null,
    };
  }

  /** The port's output has bytes: send them in this turn, or when the send before is through. */
  touch(port: Port): void {
    if (port.queued || port.sending || port.state === "closed") return;
    port.queued = true;
    if (this.#lastQueued === null) this.#firstQueued = port;
    else this.#lastQueued.nextQueued = port;
    this.#lastQueued = port;
  }

  /** The same, but in the next turn unless `touch` comes first: more is expected until then, for the same write. */
  hold(port: Port): void {
    if (port.held || port.queued) return;
    port.held = true;
    port.nextHeld = this.#firstHeld;
    this.#firstHeld = port;
  }

  /** Whether `release` has something to do: then the engine's deadline is now. */
  get holds(): boolean {
    return this.#firstHeld !== null;
  }

  /** Lets go of what was held in the turn before. To be called by `elapsed`. */
  release(): void {
    let port = this.#firstHeld;
    this.#firstHeld = null;
    while (port !== null) {
      const { nextHeld } = port;
      port.held = false;
      port.nextHeld = null;
      if (port.output.length > 0) this.touch(port);
      port = nextHeld;
    }
  }

  /** Connected, or the send before is through. */
  drained(port: Port): void {
    if (port.sending) port.output.reclaim();
    port.sending = false;
    if (port.output.length > 0 || port.state === "closing") this.touch(port);
  }

  /** Anything but a send. */
  order(command: Exclude<Command, { kind: "send" }>): void {
    this.#commands.push(command);
  }

  /** Sends what the port's output has, then closes the connection. */
  finish(port: Port): void {
    if (port.state !== "open") return;
    port.state = "closing";
    this.touch(port);
  }

  /** Closes the connection now; what its output still has is not sent. */
  abort(port: Port): void {
    if (port.state === "closed") return;
    port.state = "closed";
    this.order({ kind: "close", id: port.id });
  }

  /** The connection is over: nothing more is asked of it. */
  forget(port: Port): void {
    port.state = "closed";
  }

  poll(): Command | undefined {
    if (this.#commandNext < this.#commands.length) {
      const command = this.#commands[this.#commandNext++];
      if (this.#commandNext === this.#commands.length) {
        this.#commands.length = 0;
        this.#commandNext = 0;
      }
      return command;
    }
    for (let port = this.#firstQueued; port !== null; port = this.#firstQueued) {
      this.#firstQueued = port.nextQueued;
      if (port.nextQueued === null) this.#lastQueued = null;
      port.nextQueued = null;
      port.queued = false;
      if (port.state === "closed" || port.sending) continue;
      if (port.output.length > 0) {
        port.sending = true;
        this.#send.id = port.id;
        this.#send.bytes = port.output.take(SEND_BYTES_MAX);
        return this.#send;
      }
      if (port.state === "closing") {
        port.state = "closed";
        return { kind: "close", id: port.id };
      }
    }
    return undefined;
  }
}
