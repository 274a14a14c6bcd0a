// What one server is asked of a multi-get, and what came of it before its turn.
//
//     keys      b  d  e        those behind `#next` are still to come; one that was passed over is a miss
//     held      VALUE b 0 1 .. VALUE d 0 1 ..         whole values: of which keys is looked up when that matters, and
//                                                     never if there is one for each
//     begun     VALUE e 0 9000000 ....                one that is handed on as it comes; told as it comes when its
//                                                     turn is there
//
// Hot path; used again by its dispatcher.

import type { SendBuffer, TextReplyDecoder } from "@memwire/codec";
import type { Failure, SlotOwner, Source, SpareBuffers, StreamFound, Waiter } from "@memwire/link";
import { SPARE_KEYS_MAX, SPARE_MAX } from "./key-order.ts";
import type { OrderedSlot } from "./ordered-slot.ts";

/** What is held may be told before the last part is there, but looking costs: not for less than this. */
const ADVANCE_BYTES = 16_384;

const NOTHING = new Uint8Array(0);

/** "VALUE " */
const WORD_BYTES = 6;

export class OrderedPart implements Waiter {
  slot: OrderedSlot | null = null;
  /** The part of another server. */
  next: OrderedPart | null = null;
  /** Bytes of the line that is being written to the server. */
  lineBytes = 0;
  readonly #spare: OrderedPart[];
  readonly #buffers: SpareBuffers;
  // Of the arrays only so much counts: with a length of 0 they would lose their room.
  /** Which of all keys its own are. */
  readonly #places: number[] = [];
  #count = 0;
  #next = 0;
  /** Lines that are not answered yet. */
  #waiting = 0;
  #held: SendBuffer | null = null;
  readonly #heldBytes: number[] = [];
  /** Of those that were taken: of which key each is; -1 if it is of none that is still to come. */
  readonly #heldPlaces: number[] = [];
  #heldCount = 0;
  #heldNext = 0;
  /** What was taken of the values that are held, how many they are, and where the first is that is still to be told. */
  #taken: Uint8Array = NOTHING;
  #takenCount = 0;
  #takenAt = 0;
  #begun: SendBuffer | null = null;
  /** Of the value that comes in parts: which of its keys it is of; -1 if of none that is still to come. */
  #begunIndex = 0;
  #source: TextReplyDecoder | null = null;

  /** @param spare Where it goes when it is of no more use. */
  constructor(spare: OrderedPart[], buffers: SpareBuffers) {
    this.#spare = spare;
    this.#buffers = buffers;
  }

  key(place: number): void {
    this.#places[this.#count++] = place;
  }

  /** Whether no value of a key up to that one is held or can come any more. */
  isPast(place: number): boolean {
    if (this.#holds) return this.#placeHeld() > place;
    if (this.#begun !== null) return this.#placeBegun > place;
    return this.#waiting === 0 || this.#next >= this.#count || (this.#places[this.#next] as number) > place;
  }

  /** Tells the first that is held of the keys up to that one. @returns false if there is none */
  tellHeld(place: number): boolean {
    const slot = this.slot as OrderedSlot;
    if (this.#holds) {
      if (this.#placeHeld() > place) return false;
      this.#tellFirst(slot);
      return true;
    }
    if (this.#begun === null || this.#placeBegun > place) return false;
    const begun = this.#begun;
    const told = begun.take();
    this.#endBegun(slot);
    slot.direct = this.#source;
    slot.owner?.staged(-told.length);
    slot.reply(told, 0, told.length);
    this.#giveBack(begun);
    slot.owner?.goOnReading();
    return true;
  }

  asked(): void {
    this.#waiting++;
    this.slot?.asked();
  }

  value({ bytes, start, end, keyStart }: TextReplyDecoder): boolean {
    const slot = this.slot as OrderedSlot;
    if (slot.owner === null) return true;
    if (this.#heldCount === 0 && !this.#isAsked(bytes, keyStart)) return false;
    this.#held ??= this.#buffers.lend();
    this.#held.copy(bytes, start, end);
    this.#heldBytes[this.#heldCount++] = end - start;
    slot.owner.staged(end - start);
    if (slot.isAwaited || this.#held.length >= ADVANCE_BYTES) slot.advance();
    return true;
  }

  stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    const slot = this.slot as OrderedSlot;
    if (slot.owner === null) return true;
    if (found === "head") {
      if (!this.#isAsked(reply.bytes, reply.keyStart)) return false;
      this.#begin(slot, reply);
    }
    const { bytes, start, end } = reply;
    if (slot.direct === reply) {
      slot.reply(bytes, start, end);
      if (found !== "tail") return true;
      slot.direct = null;
      this.#next = Math.max(this.#next, this.#begunIndex + 1);
      slot.told(this.#placeBegun);
      slot.advance();
      return true;
    }
    const begun = this.#begun as SendBuffer;
    begun.copy(bytes, start, end);
    if (found === "tail") {
      this.#heldBytes[this.#heldCount++] = begun.length;
      this.#endBegun(slot);
      if (this.#held === null) this.#held = begun;
      else {
        this.#held.append(begun);
        this.#buffers.giveBack(begun);
      }
    }
    slot.owner.staged(end - start);
    return true;
  }

  get owner(): SlotOwner | null {
    return this.slot === null ? null : this.slot.owner;
  }

  mustWait(reply: TextReplyDecoder, source: Source, waits: boolean): boolean {
    const { slot } = this;
    if (slot === null || slot.owner === null) return false;
    // Whose turn it is is looked at only where there is so much that it matters.
    if (!slot.owner.mustWait(slot, true, source, waits)) return false;
    slot.isStrained = true;
    const isTold = slot.direct === null ? slot.awaits(this) : slot.direct === reply;
    return slot.owner !== null && slot.owner.mustWait(slot, !isTold, source, waits);
  }

  line(): void {}

  refuse(line: Uint8Array): void {
    this.slot?.refuse(line);
  }

  done(): void {
    const slot = this.slot as OrderedSlot;
    this.#waiting--;
    if (slot.isAwaited) slot.advance();
    slot.done();
  }

  fail(failure: Failure, source: TextReplyDecoder | null = null): void {
    const slot = this.slot as OrderedSlot;
    if (source !== null && source === slot.direct) return slot.fail(failure, source);
    // Of a value that has begun the rest does not come.
    if (this.#begun !== null) {
      slot.owner?.staged(-this.#begun.length);
      this.#begun.take();
      this.#giveBack(this.#begun);
      this.#endBegun(slot);
    }
    this.#waiting--;
    if (slot.isAwaited) slot.advance();
    slot.owner?.goOnReading();
    slot.fail(failure);
  }

  /** Tells what is left, and is of no more use. */
  finish(): void {
    const slot = this.slot as OrderedSlot;
    while (this.#holds) this.#tellFirst(slot);
    this.slot = null;
    this.next = null;
    this.#source = null;
    if (this.#count > SPARE_KEYS_MAX || this.#spare.length >= SPARE_MAX) return;
    this.#count = 0;
    this.#next = 0;
    this.lineBytes = 0;
    this.#spare.push(this);
  }

  get #holds(): boolean {
    return this.#heldNext < this.#heldCount;
  }

  get #placeBegun(): number {
    return this.#begunIndex < 0 ? -1 : (this.#places[this.#begunIndex] as number);
  }

  /** Of which key the first is that is held. */
  #placeHeld(): number {
    if (this.#heldNext === this.#takenCount) this.#takeHeld();
    return this.#heldPlaces[this.#heldNext] as number;
  }

  /** Tells the first that is held, and those behind it that are of the keys behind its own. */
  #tellFirst(slot: OrderedSlot): void {
    let place = this.#placeHeld();
    let bytes = this.#heldBytes[this.#heldNext++] as number;
    while (this.#heldNext < this.#takenCount && this.#heldPlaces[this.#heldNext] === place + 1) {
      place++;
      bytes += this.#heldBytes[this.#heldNext++] as number;
    }
    const at = this.#takenAt;
    this.#takenAt = at + bytes;
    slot.owner?.staged(-bytes);
    slot.reply(this.#taken, at, at + bytes);
    if (!this.#holds) this.#clearHeld();
    slot.told(place); // those who hear of it look at this part
  }

  /** All that was held is told. */
  #clearHeld(): void {
    const held = this.#held as SendBuffer;
    this.#held = null;
    this.#taken = NOTHING;
    this.#takenCount = 0;
    this.#takenAt = 0;
    this.#heldCount = 0;
    this.#heldNext = 0;
    this.#giveBack(held);
  }

  /** Looks of which keys those are that were held since the last time. Only when all of those before were told. */
  #takeHeld(): void {
    const taken = (this.#held as SendBuffer).take();
    const isAll = this.#waiting === 0 && this.#takenCount === 0 && this.#heldCount === this.#count;
    let at = 0;
    for (let i = this.#takenCount; i < this.#heldCount; i++) {
      const index = isAll ? i : this.#find(taken, at + WORD_BYTES);
      if (index >= 0) this.#next = index + 1;
      this.#heldPlaces[i] = index < 0 ? -1 : (this.#places[index] as number);
      at += this.#heldBytes[i] as number;
    }
    this.#taken = taken;
    this.#takenCount = this.#heldCount;
    this.#takenAt = 0;
  }

  /** One of which all was told. */
  #giveBack(buffer: SendBuffer): void {
    buffer.reclaim();
    this.#buffers.giveBack(buffer);
  }

  #begin(slot: OrderedSlot, reply: TextReplyDecoder): void {
    slot.advance();
    this.#begunIndex = this.#find(reply.bytes, reply.keyStart);
    if (!this.#holds) {
      if (this.#begunIndex > this.#next) this.#next = this.#begunIndex;
      if (slot.reaches(this.#placeBegun)) {
        slot.direct = reply;
        return;
      }
    }
    this.#begun = this.#buffers.lend();
    this.#source = reply;
    slot.begun++;
  }

  #endBegun(slot: OrderedSlot): void {
    this.#begun = null;
    slot.begun--;
  }

  /**
   * Which of its keys begins there, with a blank behind it; those before it are misses.
   *
   * @returns -1 if it is none that is still to come, as from a server that answers in no order: its value is told as
   * soon as can be
   */
  #find(bytes: Uint8Array, at: number): number {
    const { order } = this.slot as OrderedSlot;
    for (let i = this.#next; i < this.#count; i++) {
      if (order.isAt(this.#places[i] as number, bytes, at)) return i;
    }
    return -1;
  }

  /**
   * Whether one of its keys begins there, with a blank behind it. Asked of the first of the values that are held: a
   * server that is out of step, and answers what somebody else asked, is found out by that. Of each it cost 8 % of a
   * multi-get of 24 keys.
   */
  #isAsked(bytes: Uint8Array, at: number): boolean {
    const { order } = this.slot as OrderedSlot;
    for (let i = 0; i < this.#count; i++) if (order.isAt(this.#places[i] as number, bytes, at)) return true;
    return false;
  }
}
