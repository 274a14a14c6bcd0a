// A ring of io_uring and its turns: one system call hands over all that a turn wants done, and learns of all that came.
//
//     turn:  enter --> completions --> deferred tasks (an engine's turn: its sends) --> receives --> enter --> ...
//            nothing came ----> Bun's loop waits, and the wake brings the next turn
//
// As long as something comes every WAIT_US a turn waits for it in the kernel, and after ROUNDS_MAX turns Bun's loop has its
// own. So whoever is on Bun's sockets or timers waits no longer than some milliseconds. Hot path.

import { drainMicrotasks } from "bun:jsc";
import { Queues, SETUP_OWN_TURNS } from "./queues.ts";
import { ReceiveBuffers } from "./receive-buffers.ts";
import { SHUT_RDWR, SOCK_FLAGS, System } from "./system.ts";
import { Wake } from "./wake.ts";

const ACCEPT = 13;
const CONNECT = 16;
const SEND = 26;
const RECV = 27;

const RECVSEND_POLL_FIRST = 1;
const ACCEPT_MULTISHOT = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const MSG_WAITALL = 0x100;
const REGISTER_EVENTFD = 4;

const ENTRIES = 1_024;
/** More wait in the kernel, should so many come at once. */
const COMPLETIONS = 8_192;

/** 4 MiB, of which only what comes is ever touched. */
const SMALL_COUNT = 256;
const SMALL_BYTES = 16_384;
/** 2 MiB, for connections with much to read. */
const LARGE_COUNT = 8;
const LARGE_BYTES = 262_144;

/** Of a connection with much to read, so many large buffers a turn. */
const READS_MAX = 4;
const ROUNDS_MAX = 8;
const WAIT_US = 200;

/** What was asked for, and so what is completed; a completion has its place in the list. */
export type Asked = (typeof ASKED)[number];
const ASKED = ["receive", "send", "accept", "connect"] as const;

export interface RingSocket {
  completed(what: Asked, result: number, flags: number): void;
  /** Now is the time to ask for more. */
  receive(): void;
}

export class Ring {
  readonly system: System;
  readonly small: ReceiveBuffers;
  readonly large: ReceiveBuffers;
  readonly #queues: Queues;
  #wake: Wake | undefined;
  /** By descriptor. */
  readonly #sockets: (RingSocket | undefined)[] = [];
  #open = 0;
  #scheduled = false;
  #isTurn = false;
  /** Something came so soon the last time that it is worth waiting for. */
  #isDense = false;
  #sleptAt = 0;
  /** Sends that are done, or refused, when they are handed over. */
  #sendsAtOnce = 0;
  #deferred: (() => void)[] = [];
  #next: (() => void)[] = [];
  readonly #later: RingSocket[] = [];
  readonly #atOnce: RingSocket[] = [];

  private constructor(system: System, queues: Queues, small: ReceiveBuffers, large: ReceiveBuffers) {
    this.system = system;
    this.small = small;
    this.large = large;
    this.#queues = queues;
  }

  /** @returns undefined where the kernel does not have what it takes (Linux 6.1), or does not allow it */
  static async open(): Promise<Ring | undefined> {
    const system = await System.open();
    const queues = system && Queues.open(system, ENTRIES, COMPLETIONS, SETUP_OWN_TURNS);
    if (system === undefined || queues === undefined) return undefined;
    const small = ReceiveBuffers.open(system, queues, 0, SMALL_COUNT, SMALL_BYTES);
    const large = ReceiveBuffers.open(system, queues, 1, LARGE_COUNT, LARGE_BYTES);
    if (small === undefined || large === undefined) return undefined;
    const ring = new Ring(system, queues, small, large);
    const wake = await Wake.open(system, () => ring.#awakened());
    if (wake === undefined) return undefined;
    const event = new Int32Array([wake.event]);
    if (!queues.register(REGISTER_EVENTFD, system.addressOf(event), 1)) return undefined;
    queues.announce(false);
    ring.#wake = wake;
    process.once("exit", () => ring.#abandon());
    return ring;
  }

  /**
   * The thread ends, of itself or by an error: descriptors are the process's, and would stay open. What is under way holds
   * a socket for longer than its descriptor, so each is shut down.
   */
  #abandon(): void {
    for (const [descriptor, socket] of this.#sockets.entries()) {
      if (socket === undefined) continue;
      this.system.shutdown(descriptor, SHUT_RDWR);
      this.system.close(descriptor);
    }
    this.#queues.close();
    this.#wake?.close();
  }

  // What a socket asks for. Of each there is one at a time, and its completion comes in a turn.

  /** The socket is there until `closed`. */
  opened(descriptor: number, socket: RingSocket): void {
    this.#sockets[descriptor] = socket;
    if (++this.#open === 1) this.#wake?.hold(true);
  }

  /** Nothing is under way any more. */
  closed(descriptor: number): void {
    this.#sockets[descriptor] = undefined;
    this.system.close(descriptor);
    if (--this.#open === 0) this.#wake?.hold(false);
  }

  /** @param more Something is there already. */
  receive(descriptor: number, buffers: ReceiveBuffers, more: boolean): void {
    this.#ask(RECV, descriptor, "receive")
      .how(0, more ? 0 : RECVSEND_POLL_FIRST)
      .from(buffers.group);
  }

  /** As much as goes at once. @param bytes Must be left as they are until it is completed. */
  sendAtOnce(descriptor: number, bytes: Uint8Array): void {
    this.#sendsAtOnce++;
    const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    this.#ask(SEND, descriptor, "send").bytes(this.system.addressOf(bytes), bytes.length, flags);
  }

  /** All from `start` on, however long it takes. */
  send(descriptor: number, bytes: Uint8Array, start: number): void {
    const flags = MSG_NOSIGNAL | MSG_WAITALL;
    this.#ask(SEND, descriptor, "send").bytes(
      this.system.addressOf(bytes) + start,
      bytes.length - start,
      flags,
    );
  }

  /** Until it is completed without `F_MORE`. */
  accept(descriptor: number): void {
    this.#ask(ACCEPT, descriptor, "accept").how(0, ACCEPT_MULTISHOT).bytes(0, 0, SOCK_FLAGS);
  }

  /** @param address Must be kept until it is completed. */
  connect(descriptor: number, address: Uint8Array): void {
    this.#ask(CONNECT, descriptor, "connect")
      .bytes(this.system.addressOf(address), 0, 0)
      .offset(address.length);
  }

  #ask(operation: number, descriptor: number, what: Asked): Queues {
    this.#schedule();
    return this.#queues.put(operation, descriptor, descriptor, ASKED.indexOf(what));
  }

  /** Has `receive` called at the end of this turn, when engines have said who is to wait. */
  receiveLater(socket: RingSocket): void {
    this.#later.push(socket);
    this.#schedule();
  }

  /** Has `receive` called in this turn, as there is much more. */
  receiveAtOnce(socket: RingSocket): void {
    if (this.#isTurn) this.#atOnce.push(socket);
    else this.receiveLater(socket);
  }

  // Turns.

  /** Calls `task` after the input at hand, as a clock's `defer` does. */
  defer(task: () => void): void {
    if (this.#isTurn) this.#deferred.push(task);
    else setImmediate(task);
  }

  /** Calls `task` in the next turn, when there was other input. */
  nextTurn(task: () => void): void {
    if (this.#isTurn) this.#next.push(task);
    else setImmediate(task);
  }

  #schedule(): void {
    if (this.#scheduled || this.#isTurn) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    this.#isTurn = true;
    this.#queues.announce(false);
    let rounds = 0;
    while (rounds < ROUNDS_MAX && this.#turn()) rounds++;
    this.#isTurn = false;
    this.#scheduled = false;
    if (rounds > 0 || this.#queues.isBusy) this.#schedule();
    else this.#sleep();
  };

  /** @returns false if nothing was there to do */
  #turn(): boolean {
    const queues = this.#queues;
    const next = this.#next;
    const isIdle = next.length === 0 && this.#later.length === 0;
    queues.enter(isIdle && this.#isDense ? this.#sendsAtOnce + 1 : 0, WAIT_US);
    this.#sendsAtOnce = 0;
    if (!this.#dispatch() && isIdle) {
      this.#isDense = false;
      return false;
    }
    for (let i = 1; i < READS_MAX && this.#atOnce.length > 0; i++) {
      this.#receiveAll(this.#atOnce);
      queues.enter(0);
      this.#dispatch();
    }
    if (next.length > 0) {
      this.#next = [];
      for (const task of next) this.#try(task);
    }
    do {
      const tasks = this.#deferred;
      if (tasks.length > 0) this.#deferred = [];
      for (const task of tasks) this.#try(task);
      drainMicrotasks();
    } while (this.#deferred.length > 0);
    this.#receiveAll(this.#atOnce);
    this.#receiveAll(this.#later);
    return true;
  }

  /** None of them gets into line again meanwhile. */
  #receiveAll(sockets: RingSocket[]): void {
    for (const socket of sockets) socket.receive();
    sockets.length = 0;
  }

  #dispatch(): boolean {
    const queues = this.#queues;
    if (!queues.take()) return false;
    do {
      const { low, high, result, flags } = queues;
      try {
        this.#sockets[low]?.completed(ASKED[high] as Asked, result, flags);
      } catch (error) {
        rethrow(error);
      }
    } while (queues.take());
    return true;
  }

  #try(task: () => void): void {
    try {
      task();
    } catch (error) {
      rethrow(error);
    }
  }

  #sleep(): void {
    const queues = this.#queues;
    queues.announce(true);
    if (!queues.isBusy) {
      this.#sleptAt = performance.now();
      return this.#wake?.arm();
    }
    queues.announce(false);
    this.#schedule();
  }

  #awakened(): void {
    this.#isDense = (performance.now() - this.#sleptAt) * 1_000 < WAIT_US;
    this.#schedule();
  }
}

/** As loud as on the sockets of the runtimes, and nobody else is disturbed. */
function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
