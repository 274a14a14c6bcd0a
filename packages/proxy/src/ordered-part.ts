// What one server is asked of a multi-get, and what came of it before its turn.
//
//     keys      b  d  e        those behind `#next` are still to come; one that was passed over is a miss
//     held      VALUE b 0 1 .. VALUE d 0 1 ..         whole values
//     begun     VALUE e 0 9000000 ....                one that is handed on as it comes; told as it comes when its
//                                                     turn is there
//
// Hot path; used again by its dispatcher.

import { SendBuffer, type TextReplyDecoder } from "@memwire/codec";
import type { Failure, StreamFound, Waiter } from "@memwire/link";
import type { OrderedSlot } from "./ordered-slot.ts";

/** Parts kept for requests to come, with at most 64 KiB each. */
const SPARE_MAX = 256;

export class OrderedPart implements Waiter {
  slot: OrderedSlot | null = null;
  /** Bytes of the line that is being written to the server. */
  lineBytes = 0;
  readonly #spare: OrderedPart[];
  /** Of its keys: which of all it is, and where it is in the slot's. */
  readonly #places: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #next = 0;
  /** Lines that are not answered yet. */
  #waiting = 0;
  readonly #held: SendBuffer = new SendBuffer();
  readonly #heldPlaces: number[] = [];
  readonly #heldBytes: number[] = [];
  #heldNext = 0;
  #begun: SendBuffer | null = null;
  #begunPlace = 0;
  #source: TextReplyDecoder | null = null;

  /** @param spare Where it goes when it is of no more use. */
  constructor(spare: OrderedPart[]) {
    this.#spare = spare;
  }

  key(place: number, start: number, end: number): void {
    this.#places.push(place);
    this.#starts.push(start);
    this.#ends.push(end);
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
    slot.direct = this.#source;
    slot.owner?.unstage(this.#begun, slot);
    this.#begun = null;
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
      slot.owner.stage(this.#held, bytes, start, end);
      this.#heldPlaces.push(place);
      this.#heldBytes.push(end - start);
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
    slot.owner.stage(begun, bytes, start, end);
    if (found !== "tail") return true;
    this.#heldPlaces.push(this.#begunPlace);
    this.#heldBytes.push(begun.length);
    this.#held.append(begun);
    this.#begun = null;
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
    if (this.#begun !== null) slot.owner?.unstage(this.#begun, null);
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
    this.#places.length = 0;
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#next = 0;
    this.lineBytes = 0;
    this.#source = null;
    if (this.#spare.length < SPARE_MAX) this.#spare.push(this);
  }

  get #holds(): boolean {
    return this.#heldNext < this.#heldPlaces.length;
  }

  #tellFirst(slot: OrderedSlot): void {
    slot.owner?.unstage(this.#held, slot, this.#heldBytes[this.#heldNext++]);
    if (this.#holds) return;
    this.#held.reclaim();
    this.#heldPlaces.length = 0;
    this.#heldBytes.length = 0;
    this.#heldNext = 0;
  }

  #begin(slot: OrderedSlot, reply: TextReplyDecoder): void {
    this.#begunPlace = this.#find(reply);
    if (!this.#holds && slot.reaches(this.#begunPlace)) slot.direct = reply;
    else {
      this.#begun = new SendBuffer();
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
    for (let i = this.#next; i < this.#places.length; i++) {
      if (!this.#isKey(i, reply)) continue;
      this.#next = i;
      return this.#places[i] as number;
    }
    return -1;
  }

  #isKey(index: number, { bytes, keyStart, keyEnd }: TextReplyDecoder): boolean {
    const { keys } = this.slot as OrderedSlot;
    const start = this.#starts[index] as number;
    if (keyEnd - keyStart !== (this.#ends[index] as number) - start) return false;
    // From behind: it is there that keys differ.
    for (let i = keyEnd - keyStart - 1; i >= 0; i--) {
      if (bytes[keyStart + i] !== keys[start + i]) return false;
    }
    return true;
  }
}
