// How Bun's own loop learns that a ring has something to tell while it waits. It can wait for sockets only, so a second
// ring turns the one into the other; no thread is needed for it.
//
//     ring --- event descriptor ---> [read, then send] of the second ring ---> one byte on a socket ---> Bun ---> awakened

import type { System } from "./system.ts";
import { Queues } from "./queues.ts";

const READ = 22;
const SEND = 26;
const IOSQE_IO_LINK = 1 << 2;
const MSG_DONTWAIT_AND_NOSIGNAL = 0x40_40;

const EVENT_BYTES = 8;

export class Wake {
  /** Is written to when there is something to tell. */
  readonly event: number;
  readonly #system: System;
  readonly #queues: Queues;
  readonly #socket: number;
  readonly #eventAt: number;
  readonly #byteAt: number;
  readonly #bytes: Uint8Array;
  readonly #awakened: () => void;
  #own: Bun.Socket | undefined;
  #armed = false;
  #held = false;

  private constructor(system: System, queues: Queues, event: number, socket: number, awakened: () => void) {
    this.#system = system;
    this.event = event;
    this.#queues = queues;
    this.#socket = socket;
    this.#awakened = awakened;
    this.#bytes = new Uint8Array(EVENT_BYTES + 1);
    this.#eventAt = system.addressOf(this.#bytes);
    this.#byteAt = this.#eventAt + EVENT_BYTES;
  }

  /** @returns undefined where there is no second ring, or no descriptor for it */
  static async open(system: System, awakened: () => void): Promise<Wake | undefined> {
    const queues = Queues.open(system, 8, 16, 0);
    const event = system.eventDescriptor();
    const pair = system.socketPair();
    if (queues === undefined || event < 0 || pair === undefined) return undefined;
    const wake = new Wake(system, queues, event, pair[1], awakened);
    await wake.#listen(pair[0]);
    return wake;
  }

  async #listen(descriptor: number): Promise<void> {
    const socket = { open: () => {}, data: () => this.#woke() };
    const options = { fd: descriptor, socket }; // not in Bun's types
    this.#own = await Bun.connect(options as never);
    this.#hold();
  }

  /** Whether the process is to live as long as nothing else keeps it. */
  hold(wanted: boolean): void {
    this.#held = wanted;
    this.#hold();
  }

  #hold(): void {
    if (this.#held) this.#own?.ref();
    else this.#own?.unref();
  }

  /** Calls `awakened` once, in a turn of Bun's, after the event descriptor was written to. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#queues.put(READ, this.event, 0, 0).bytes(this.#eventAt, EVENT_BYTES, 0).how(IOSQE_IO_LINK, 0);
    this.#queues.put(SEND, this.#socket, 0, 0).bytes(this.#byteAt, 1, MSG_DONTWAIT_AND_NOSIGNAL);
    this.#queues.enter(0);
  }

  close(): void {
    this.#queues.close();
    this.#own?.terminate();
    for (const descriptor of [this.event, this.#socket]) this.#system.close(descriptor);
  }

  #woke(): void {
    this.#armed = false;
    while (this.#queues.take());
    this.#awakened();
  }
}
