// Replies of one client whose turn has not come.
//
// They lie in one buffer, as they came, and each slot knows its range of it; a pipeline whose answers come out of order
// costs one buffer and not one a reply. The buffer is used again only when all of it is told, so what comes behind
// `SHARED_BYTES_MAX`, or not in one piece, has a buffer of its own. Hot path.

import type { SendBuffer } from "@memwire/codec";
import type { Slot } from "./slot.ts";
import type { SpareBuffers } from "./spare-buffers.ts";

const SHARED_BYTES_MAX = 4_096;

export class Stage {
  /** All that waits for its turn, also what slots keep themselves (`SlotOwner.staged`). */
  bytes = 0;
  readonly #buffers: SpareBuffers;
  /** Null while no slot has a range of it. */
  #shared: SendBuffer | null = null;
  /** Bytes of it that are still to be told. */
  #sharedBytes = 0;

  constructor(buffers: SpareBuffers) {
    this.#buffers = buffers;
  }

  /** Some of a slot's reply, behind what is there of it. */
  add(slot: Slot, bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.bytes += end - start;
    if (slot.staged === null) {
      const shared = (this.#shared ??= this.#buffers.lend());
      const at = shared.length;
      const isFirst = slot.stagedEnd === 0;
      if ((isFirst || slot.stagedEnd === at) && at + end - start <= SHARED_BYTES_MAX) {
        shared.copy(bytes, start, end);
        if (isFirst) slot.stagedStart = at;
        slot.stagedEnd = shared.length;
        this.#sharedBytes += end - start;
        return;
      }
      slot.staged = this.#buffers.lend();
      if (isFirst) this.#tidy();
      else this.#move(slot, slot.staged);
    }
    slot.staged.copy(bytes, start, end);
  }

  /**
   * It is the turn of that slot: what is staged of it goes to the output.
   *
   * @param output Null if there is nothing in it yet.
   * @returns the output, which may be another one then
   */
  tell(slot: Slot, output: SendBuffer | null): SendBuffer | null {
    if (slot.stagedEnd > 0) {
      const into = output ?? this.#buffers.lend();
      this.bytes -= slot.stagedEnd - slot.stagedStart;
      this.#move(slot, into);
      return into;
    }
    const own = slot.staged;
    if (own === null) return output;
    this.bytes -= own.length;
    slot.staged = null;
    if (output === null) return own;
    output.append(own);
    this.#buffers.giveBack(own);
    return output;
  }

  /** The client is gone, and its slots with it. */
  forget(): void {
    this.bytes = 0;
    this.#sharedBytes = 0;
    this.#tidy();
  }

  #move(slot: Slot, into: SendBuffer): void {
    into.copyFrom(this.#shared as SendBuffer, slot.stagedStart, slot.stagedEnd);
    this.#sharedBytes -= slot.stagedEnd - slot.stagedStart;
    slot.stagedEnd = 0;
    this.#tidy();
  }

  /** Once all of it is told, the shared buffer is anybody's. */
  #tidy(): void {
    const shared = this.#shared;
    if (shared === null || this.#sharedBytes > 0) return;
    this.#shared = null;
    shared.skip(shared.length);
    shared.reclaim();
    this.#buffers.giveBack(shared);
  }
}
