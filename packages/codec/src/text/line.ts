// One line of the text protocol: its end and its words, found in one pass. Hot path.
//
//     set  key 0 0  5 \r\n
//     ^start          ^end
//     ^^^  ^^^ ^ ^  ^       word i: from `offsets[2 * i]` to `offsets[2 * i + 1]`
//
// Only blanks separate words. Of more words than may be kept the last is kept in the last place.

import { findLineFeed } from "../bytes.ts";

const BLANK = 32;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

const WORDS_KEPT_MIN = 8;

/** Larger storage, which a retrieval of many keys needed, is given back by `release`. */
const WORDS_RETAINED = 1_024;

export class Line {
  /** Behind the text of the line, its end (CR LF or LF) not counted. */
  end = 0;
  /** How many words there are, kept or not. */
  count = 0;
  /** Start and end of word i at `2 * i` and `2 * i + 1`. */
  offsets: Uint32Array = new Uint32Array(WORDS_KEPT_MIN * 2);
  /** The same without the first word. */
  rest: Uint32Array = this.offsets.subarray(2);
  /** Where in `offsets` the last word is. */
  #lastPlace = 0;
  readonly #wordsMax: number;

  /** @param wordsMax Words whose places are kept, at least 8 */
  constructor(wordsMax: number) {
    this.#wordsMax = Math.max(wordsMax, WORDS_KEPT_MIN);
  }

  /**
   * Splits the line that begins at `start`.
   *
   * @returns where its line feed is, before `end`; -1 if it is not there yet, and then nothing here means anything
   */
  split(bytes: Uint8Array, start: number, end: number): number {
    // A constant: an array that may be another one after each word cost a third more on Node.
    const { offsets } = this;
    const room = offsets.length;
    let place = 0;
    let at = start;
    for (;;) {
      const wordStart = at;
      // Nothing else in this loop: with the ends of words in it, it took twice the time on Node.
      while (at < end && isInWord(bytes[at] as number)) at++;
      if (at >= end) return -1;
      const isLast = bytes[at] === LINE_FEED;
      const wordEnd = isLast && at > wordStart && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
      if (wordEnd > wordStart) {
        if (place === room) return this.#splitMore(bytes, start, end);
        offsets[place] = wordStart;
        offsets[place + 1] = wordEnd;
        place += 2;
      }
      if (isLast) {
        this.end = wordEnd;
        this.count = place >> 1;
        this.#lastPlace = place - 2;
        return at;
      }
      at++;
    }
  }

  /** Where word i behind the command starts. */
  wordStart(i: number): number {
    return this.rest[i * 2] as number;
  }

  wordEnd(i: number): number {
    return this.rest[i * 2 + 1] as number;
  }

  /** Where the last word starts. */
  get lastStart(): number {
    return this.offsets[this.#lastPlace] as number;
  }

  get lastEnd(): number {
    return this.offsets[this.#lastPlace + 1] as number;
  }

  /** Gives back what a line of many words needed; nothing of it is wanted any more. */
  release(): void {
    if (this.offsets.length > WORDS_RETAINED * 2) this.#makeRoom(WORDS_KEPT_MIN);
  }

  /** Bytes of memory held. */
  get heldBytes(): number {
    return this.offsets.byteLength;
  }

  /** The line has more words than there is room for: makes twice the room and begins again. */
  #splitMore(bytes: Uint8Array, start: number, end: number): number {
    const words = this.offsets.length / 2;
    if (words === this.#wordsMax) return this.#splitTooMany(bytes, start, end);
    this.#makeRoom(Math.min(words * 2, this.#wordsMax));
    return this.split(bytes, start, end);
  }

  /** The first words are in their places; the others are counted, and the last is put in the last place. */
  #splitTooMany(bytes: Uint8Array, start: number, end: number): number {
    const feed = findLineFeed(bytes, start, end);
    if (feed < 0) return -1;
    this.end = bytes[feed - 1] === CARRIAGE_RETURN ? feed - 1 : feed;
    this.count = 0;
    this.#lastPlace = this.offsets.length - 2;
    let wordStart = start;
    for (let at = start; at <= this.end; at++) {
      if (at < this.end && bytes[at] !== BLANK) continue;
      if (at > wordStart) {
        this.count++;
        this.offsets[this.#lastPlace] = wordStart;
        this.offsets[this.#lastPlace + 1] = at;
      }
      wordStart = at + 1;
    }
    return feed;
  }

  #makeRoom(words: number): void {
    this.offsets = new Uint32Array(words * 2);
    this.rest = this.offsets.subarray(2);
  }
}

/** Only a blank or a line feed ends a word. */
function isInWord(byte: number): boolean {
  return byte > BLANK || (byte !== BLANK && byte !== LINE_FEED);
}
