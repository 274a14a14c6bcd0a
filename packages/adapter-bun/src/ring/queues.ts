// The two queues that a ring of io_uring is: what the kernel is to do, and what it has done. Both lie in memory that it
// shares, so that one system call a turn hands over all of what is to be done and learns of all that is done.
//
//     put() --> [submission entries] --- enter() ---> kernel ---> [completion entries] --> take(), one at a time
//
// Source: io_uring_setup(2), io_uring_enter(2), <linux/io_uring.h>. Numbers are 32 bits wide here; addresses, which are
// 64, are written in two halves.

import type { System } from "./system.ts";

const SETUP = 425;
const ENTER = 426;
const REGISTER = 427;

const SETUP_CQSIZE = 1 << 3;
const SETUP_SUBMIT_ALL = 1 << 7;
/** The kernel works for this thread alone, and only when it asks. Linux 6.1. */
export const SETUP_OWN_TURNS: number = (1 << 12) | (1 << 13) | (1 << 9); // SINGLE_ISSUER, DEFER_TASKRUN, TASKRUN_FLAG

const FEAT_SINGLE_MMAP = 1 << 0;
const OFFSET_OF_ENTRIES = 0x1000_0000;

/** Where things stand in a struct io_uring_params, in words of 4 bytes; offsets of the ring's follow from 10 and 20 on. */
const FEATURES = 5;
const SQ_TAIL = 11;
const SQ_FLAGS = 14;
const SQ_ARRAY = 16;
const CQ_HEAD = 20;
const CQ_TAIL = 21;
const CQ_ENTRIES = 25;
const CQ_FLAGS = 26;
const PARAMETERS_WORDS = 30;

const ENTER_GETEVENTS = 1 << 0;
const ENTER_EXT_ARG = 1 << 3;

const SQ_CQ_OVERFLOW = 1 << 1;
const SQ_TASKRUN = 1 << 2;
const CQ_EVENTFD_DISABLED = 1 << 0;

const IOSQE_BUFFER_SELECT = 1 << 5;
const ENTRY_WORDS = 16; // of 4 bytes
const COMPLETION_WORDS = 4;
const HALF = 2 ** 32;

export class Queues {
  readonly descriptor: number;
  readonly #system: System;
  readonly #ring: Int32Array;
  readonly #entries: Int32Array;
  readonly #entriesMax: number;
  readonly #completionsMask: number;
  // Where things are in `#ring`.
  readonly #flags: number;
  readonly #tail: number;
  readonly #doneHead: number;
  readonly #doneTail: number;
  readonly #doneFlags: number;
  readonly #done: number;
  #written = 0;
  /** Where the entry lies that was put last. */
  #last = 0;
  #submitted = 0;
  #taken = 0;
  /** A struct __kernel_timespec, and the struct io_uring_getevents_arg that points to it. */
  readonly #waitFor = new Uint32Array(4);
  readonly #waitArguments = new BigUint64Array(3);
  readonly #waitAt: number;

  private constructor(
    system: System,
    descriptor: number,
    parameters: Uint32Array,
    ring: ArrayBuffer,
    entries: ArrayBuffer,
  ) {
    const at = (index: number): number => (parameters[index] as number) >> 2;
    this.#system = system;
    this.descriptor = descriptor;
    this.#ring = new Int32Array(ring);
    this.#entries = new Int32Array(entries);
    this.#entriesMax = parameters[0] as number;
    this.#completionsMask = (parameters[1] as number) - 1;
    this.#tail = at(SQ_TAIL);
    this.#flags = at(SQ_FLAGS);
    this.#doneHead = at(CQ_HEAD);
    this.#doneTail = at(CQ_TAIL);
    this.#done = at(CQ_ENTRIES);
    this.#doneFlags = at(CQ_FLAGS);
    const array = at(SQ_ARRAY);
    for (let i = 0; i < this.#entriesMax; i++) this.#ring[array + i] = i;
    this.#waitArguments[2] = BigInt(system.addressOf(this.#waitFor));
    this.#waitAt = system.addressOf(this.#waitArguments);
  }

  /** @returns undefined where the kernel does not have this, or does not allow it */
  static open(system: System, entries: number, completions: number, flags: number): Queues | undefined {
    const parameters = new Uint32Array(PARAMETERS_WORDS);
    parameters[1] = completions;
    parameters[2] = flags | SETUP_CQSIZE | SETUP_SUBMIT_ALL;
    const descriptor = system.call(SETUP, entries, system.addressOf(parameters));
    if (descriptor < 0) return undefined;
    const [entriesMade = 0, completionsMade = 0] = parameters;
    const bytes = Math.max(
      (parameters[SQ_ARRAY] as number) + entriesMade * 4,
      (parameters[CQ_ENTRIES] as number) + completionsMade * COMPLETION_WORDS * 4,
    );
    const ring = system.map(bytes, descriptor);
    const room = system.map(entriesMade * ENTRY_WORDS * 4, descriptor, OFFSET_OF_ENTRIES);
    const isOne = ((parameters[FEATURES] as number) & FEAT_SINGLE_MMAP) !== 0;
    if (isOne && ring !== undefined && room !== undefined) {
      return new Queues(system, descriptor, parameters, ring.memory, room.memory);
    }
    system.close(descriptor);
    return undefined;
  }

  /** What is under way is given up. */
  close(): void {
    this.#system.close(this.descriptor);
  }

  /** @returns whether the kernel took it. @param count Of what lies at the address, as the operation has it. */
  register(operation: number, address: number, count: number): boolean {
    return this.#system.call(REGISTER, this.descriptor, operation, address, count) >= 0;
  }

  /** Something waits to be handed over, or the kernel has more to tell than it has yet. */
  get isBusy(): boolean {
    return (
      this.#written !== this.#submitted ||
      (Atomics.load(this.#ring, this.#flags) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) !== 0
    );
  }

  /** Writes one thing to be done. @param low, high What its completion is to be known by. */
  put(operation: number, descriptor: number, low: number, high: number): this {
    if (((this.#written - this.#submitted) | 0) >= this.#entriesMax) this.enter(0);
    const i = (this.#written & (this.#entriesMax - 1)) * ENTRY_WORDS;
    const entries = this.#entries;
    entries.fill(0, i, i + ENTRY_WORDS);
    entries[i] = operation;
    entries[i + 1] = descriptor;
    entries[i + 8] = low;
    entries[i + 9] = high;
    this.#last = i;
    this.#written = (this.#written + 1) | 0;
    return this;
  }

  /** Of what was put last: whether another follows on it, and what else its operation is told. */
  how(flags: number, priority: number): this {
    this.#entries[this.#last] = (this.#entries[this.#last] as number) | (flags << 8) | (priority << 16);
    return this;
  }

  /** Of what was put last: bytes, which must be kept until it is completed. @param more Flags of the operation's. */
  bytes(address: number, length: number, more: number): this {
    const entries = this.#entries;
    const i = this.#last;
    entries[i + 4] = address % HALF;
    entries[i + 5] = address / HALF;
    entries[i + 6] = length;
    entries[i + 7] = more;
    return this;
  }

  /** Of what was put last: a length that is in the place of an offset. */
  offset(offset: number): this {
    this.#entries[this.#last + 2] = offset;
    return this;
  }

  /** Of what was put last: it takes one of this group of buffers. */
  from(group: number): this {
    this.#entries[this.#last + 10] = group;
    return this.how(IOSQE_BUFFER_SELECT, 0);
  }

  /** Hands over what was put, and has the kernel do what it can at once. @param least Waits for so many completions. */
  enter(least: number, withinUs = 0): void {
    const count = (this.#written - this.#submitted) | 0;
    if (count !== 0) Atomics.store(this.#ring, this.#tail, this.#written);
    let taken: number;
    if (least === 0) taken = this.#system.call(ENTER, this.descriptor, count, 0, ENTER_GETEVENTS);
    else {
      this.#waitFor[2] = withinUs * 1_000;
      const flags = ENTER_GETEVENTS | ENTER_EXT_ARG;
      taken = this.#system.call(ENTER, this.descriptor, count, least, flags, this.#waitAt, 24);
    }
    if (taken > 0) this.#submitted = (this.#submitted + taken) | 0;
  }

  /** Of the completion at hand. */
  low = 0;
  high = 0;
  result = 0;
  flags = 0;

  /** Takes the next completion, if there is one; then the four fields above are its. */
  take(): boolean {
    const ring = this.#ring;
    if (this.#taken === Atomics.load(ring, this.#doneTail)) return false;
    const i = this.#done + (this.#taken & this.#completionsMask) * COMPLETION_WORDS;
    this.low = ring[i] as number;
    this.high = ring[i + 1] as number;
    this.result = ring[i + 2] as number;
    this.flags = ring[i + 3] as number;
    this.#taken = (this.#taken + 1) | 0;
    Atomics.store(ring, this.#doneHead, this.#taken);
    return true;
  }

  /** Whether the descriptor that was registered for it says that there is something to take. */
  announce(wanted: boolean): void {
    Atomics.store(this.#ring, this.#doneFlags, wanted ? 0 : CQ_EVENTFD_DISABLED);
  }
}
