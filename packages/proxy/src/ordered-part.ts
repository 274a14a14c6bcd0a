// What one server is asked of a multi-get, and what came of it before its turn.
//
//     keys      b  d  e        those behind `#next` are still to come; one that was passed over is a miss
//     held      VALUE b 0 1 .. VALUE d 0 1 ..         whole values
//     begun     VALUE e 0 9000000 ....                one that is handed on as it comes; told as it comes when its
//                                                     turn is there
//
// Hot path; used again by its dispatcher.

import type { SendBuffer, TextReplyDecoder } from "@memwire/codec";
import type { Failure, SpareBuffers, StreamFound, Waiter } from "@memwire/link";
import type { OrderedSlot } from "./ordered-slot.ts";

/** Parts kept for requests to come, and the most keys of one. */
const SPARE_MAX = 256;
const SPARE_KEYS_MAX = 1_024;

const NOTHING = new Uint8Array(0);

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
  readonly #heldPlaces: number[] = [];
  readonly #heldBytes: number[] = [];
  #heldCount = 0;
  #heldNext = 0;
  /** What was taken of the values that are held, and is still to be told. */
  #taken: Uint8Array = NOTHING;
  #takenAt = 0;
  #begun: SendBuffer | null = null;
  #begunPlace = 0;
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
    if (this.#holds) return (this.#heldPlaces[this.#heldNext] as number) > place;
    if (this.#begun !== null) return this.#begunPlace > place;
    return (
      this.#waiting === 0 || this.#next >= this.#places.length || (this.#places[this.#next] as number) > place
    );
  }

  /** Tells the first that is held of the keys up to that one. @returns false if there is none */
  tellHeld(place: number): boolean {
    const slot = this.slot as OrderedSlot;
    if (this.#holds) {
      const heldPlace = this.#heldPlaces[this.#heldNext] as number;
      if (heldPlace > place) return false;
      this.#tellFirst(slot);
      slot.told(heldPlace);
      return true;
    }
    if (this.#begun === null || this.#begunPlace > place) return false;
    const begun = this.#begun;
    const told = begun.take();
    this.#begun = null;
    slot.direct = this.#source;
    slot.owner?.staged(-told.length);
    slot.reply(told, 0, told.length);
    this.#giveBack(begun);
    return true;
  }

  asked(): void {
    this.#waiting++;
    this.slot?.asked();
  }

  value(reply: TextReplyDecoder): boolean {
    const slot = this.slot as OrderedSlot;
    if (slot.owner === null) return true;
    const { bytes, start, end } = reply;
    const place = this.#find(reply);
    if (!this.#holds && slot.reaches(place)) {
      slot.reply(bytes, start, end);
      slot.told(place);
    } else {
      this.#held ??= this.#buffers.lend();
      this.#held.copy(bytes, start, end);
      this.#hold(place, end - start);
      slot.owner.staged(end - start);
    }
    if (place >= 0) this.#next++;
    return true;
  }

  stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    const slot = this.slot as OrderedSlot;
    if (slot.owner === null) return true;
    if (found === "head") this.#begin(slot, reply);
    const { bytes, start, end } = reply;
    if (slot.direct === reply) {
      slot.reply(bytes, start, end);
      if (found !== "tail") return true;
      slot.direct = null;
      slot.told(this.#begunPlace);
      slot.advance();
      return true;
    }
    const begun = this.#begun as SendBuffer;
    begun.copy(bytes, start, end);
    if (found === "tail") {
      this.#hold(this.#begunPlace, begun.length);
      this.#begun = null;
      if (this.#held === null) this.#held = begun;
      else {
        this.#held.append(begun);
        this.#buffers.giveBack(begun);
      }
    }
    slot.owner.staged(end - start);
    return true;
  }

  line(): void {}

  refuse(line: Uint8Array): void {
    this.slot?.refuse(line);
  }

  done(): void {
    const slot = this.slot as OrderedSlot;
    this.#waiting--;
    slot.advance();
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
    }
    this.#begun = null;
    this.#waiting--;
    slot.advance();
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

  #hold(place: number, bytes: number): void {
    this.#heldPlaces[this.#heldCount] = place;
    this.#heldBytes[this.#heldCount++] = bytes;
  }

  #tellFirst(slot: OrderedSlot): void {
    const held = this.#held as SendBuffer;
    const bytes = this.#heldBytes[this.#heldNext++] as number;
    if (this.#takenAt === this.#taken.length) {
      this.#taken = held.take();
      this.#takenAt = 0;
    }
    slot.owner?.staged(-bytes);
    slot.reply(this.#taken, this.#takenAt, this.#takenAt + bytes);
    this.#takenAt += bytes;
    if (this.#holds) return;
    this.#taken = NOTHING;
    this.#takenAt = 0;
    this.#heldCount = 0;
    this.#heldNext = 0;
    this.#held = null;
    this.#giveBack(held);
  }

  /** One of which all was told. */
  #giveBack(buffer: SendBuffer): void {
    buffer.reclaim();
    this.#buffers.giveBack(buffer);
  }

  #begin(slot: OrderedSlot, reply: TextReplyDecoder): void {
    this.#begunPlace = this.#find(reply);
    if (!this.#holds && slot.reaches(this.#begunPlace)) slot.direct = reply;
    else {
      this.#begun = this.#buffers.lend();
      this.#source = reply;
    }
    if (this.#begunPlace >= 0) this.#next++;
  }

  /**
   * Which key a value is of; those before it are misses.
   *
   * @returns -1 if it is of none that is still to come, as from a server that answers in no order: it is told as soon as
   * can be
   */
  #find(reply: TextReplyDecoder): number {
    const { order } = this.slot as OrderedSlot;
    const { bytes, keyStart, keyEnd } = reply;
    for (let i = this.#next; i < this.#count; i++) {
      const place = this.#places[i] as number;
      if (!order.isKey(place, bytes, keyStart, keyEnd)) continue;
      this.#next = i;
      return place;
    }
    return -1;
  }
}
