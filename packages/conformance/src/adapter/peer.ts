// One end of a connection under test: a handler that writes down what happened, and checks what must always hold.
//
//     near (connects) ====== adapter ====== far (accepted)
//
// What must always hold: the bytes are those that were sent, though what was sent is overwritten as soon as it may
// be; `closed` comes once and last; no handler is called from inside a call to the adapter.

import type { CloseCause, Distrust, Transport, TransportHandler } from "@memwire/engine";
import { patternBreak, patternBytes } from "./pattern.ts";

export class Peer implements TransportHandler {
  readonly name: string;
  /** Everything but `received`, in order: "connected", "ended", "drained", "closed". */
  readonly events: string[] = [];
  /** What went against the contract, in words. Stays empty. */
  readonly faults: string[] = [];
  receivedBytes = 0;
  sentBytes = 0;
  /** Why it closed, once it has. */
  cause: CloseCause | undefined;
  /** Why it found a server untrusted, if it was told. */
  distrust: Distrust | undefined;
  /** The last write was answered false, and `drained` has not come yet. */
  waiting = false;
  /** Called after each chunk, as an engine would act on it. */
  onReceived: () => void = () => {};
  /** The last send, which is the network's until it is drained. */
  #lent: Uint8Array = new Uint8Array(0);
  #transport: Transport | undefined;
  #calling = false;

  constructor(name: string) {
    this.name = name;
  }

  get transport(): Transport {
    if (this.#transport === undefined) throw new TypeError(`${this.name} has no transport yet`);
    return this.#transport;
  }

  /** Says which transport this is the handler of. */
  attach(transport: Transport): this {
    this.#transport = transport;
    return this;
  }

  /** Makes the call that gives the peer its transport. */
  start(connect: (handler: TransportHandler) => Transport): this {
    return this.attach(this.#watching(() => connect(this)));
  }

  /** Gives the transport an order. */
  ask(order: "pause" | "resume" | "end" | "close"): void {
    this.#watching(() => this.transport[order]());
  }

  /** Sends the next `length` bytes of the pattern, which are in `memory` then; answers what `write` did. */
  send(length: number, memory: ArrayBufferLike = new ArrayBuffer(length)): boolean {
    const bytes = new Uint8Array(memory, memory.byteLength - length);
    bytes.set(patternBytes(this.sentBytes, length));
    this.sentBytes += length;
    const taken = this.#watching(() => this.transport.write(bytes));
    this.#lent = bytes;
    this.waiting = !taken;
    if (taken) this.#reuse();
    return taken;
  }

  connected(): void {
    this.#note("connected");
  }

  received(chunk: Uint8Array): void {
    this.#watch("received");
    const broken = patternBreak(this.receivedBytes, chunk);
    if (broken >= 0) this.#fault(`wrong byte at ${broken}`);
    if (chunk.length === 0) this.#fault("received an empty chunk");
    if (this.events.includes("ended")) this.#fault("received after ended");
    this.receivedBytes += chunk.length;
    this.onReceived();
  }

  ended(): void {
    this.#note("ended");
  }

  drained(): void {
    if (!this.waiting) this.#fault("drained, but no write was waiting");
    this.waiting = false;
    this.#reuse();
    this.#note("drained");
  }

  closed(cause: CloseCause, distrust?: Distrust): void {
    this.#note("closed");
    this.distrust = distrust;
    this.#reuse();
    this.cause = cause;
  }

  /** As an engine writes its next output where the last one was: who still reads it there reads nonsense. */
  #reuse(): void {
    this.#lent.fill(0xee);
  }

  #note(event: string): void {
    this.#watch(event);
    if (event !== "drained" && this.events.includes(event)) this.#fault(`${event} a second time`);
    this.events.push(event);
  }

  #watch(event: string): void {
    if (this.#calling) this.#fault(`${event} from inside a call to the adapter`);
    if (this.cause !== undefined) this.#fault(`${event} after closed`);
  }

  #watching<T>(call: () => T): T {
    // An order given from inside a handler, such as close in received, is watched as well.
    const outer = this.#calling;
    this.#calling = true;
    try {
      return call();
    } finally {
      this.#calling = outer;
    }
  }

  #fault(what: string): void {
    if (this.faults.length < 10) this.faults.push(`${this.name}: ${what}`);
  }
}
