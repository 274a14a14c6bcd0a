// The place of a retrieval that one server is asked for, which knows what it asked.
//
//     gets k          -->  VALUE other 0 1 7    nobody asked for that: the connection is out of step and is given up
//     get a b c       -->  VALUE b .. VALUE c   looked at is the first value: whoever answers what somebody else asked
//                                               is found out by that
//
// Hot path: of one key a number is kept, not the bytes.

import type { TextReplyDecoder, TextRequestDecoder } from "@memwire/codec";
import { Slot, type SlotOwner, type StreamFound } from "@memwire/link";
import { hashOf } from "./meta-slot.ts";

const BLANK = 32;

export class AskedSlot extends Slot {
  /** If it is one key, what stands for it. */
  readonly #hash: number;
  /** If there are several, they, with blanks between; null when a value of one of them came. */
  #keys: Uint8Array | null;
  readonly #isOne: boolean;

  constructor(owner: SlotOwner, { bytes, keyCount, keyOffsets }: TextRequestDecoder) {
    super(owner, "values", false);
    const start = keyOffsets[0] as number;
    const end = keyOffsets[keyCount * 2 - 1] as number;
    this.#isOne = keyCount === 1;
    this.#hash = this.#isOne ? hashOf(bytes, start, end) : 0;
    this.#keys = this.#isOne ? null : bytes.slice(start, end);
  }

  override value(reply: TextReplyDecoder): boolean {
    return this.#isAsked(reply) && super.value(reply);
  }

  override stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    return (found !== "head" || this.#isAsked(reply)) && super.stream(reply, found);
  }

  #isAsked({ bytes, keyStart, keyEnd }: TextReplyDecoder): boolean {
    if (this.#isOne) return hashOf(bytes, keyStart, keyEnd) === this.#hash;
    const keys = this.#keys;
    this.#keys = null;
    return keys === null || hasWord(keys, bytes, keyStart, keyEnd);
  }
}

/** Whether one of the words with blanks between is `bytes[start]` to `bytes[end - 1]`. */
function hasWord(words: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  for (let at = 0; at + length <= words.length;) {
    let same = 0;
    while (same < length && words[at + same] === bytes[start + same]) same++;
    const next = at + same;
    if (same === length && (next === words.length || words[next] === BLANK)) return true;
    const blank = words.indexOf(BLANK, next);
    if (blank < 0) return false;
    at = blank + 1;
  }
  return false;
}
