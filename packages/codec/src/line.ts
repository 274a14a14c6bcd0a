// One line of the text protocol: its end and its words, found in one pass. Hot path.
//
//     set  key 0 0  5 \r\n
//     ^start          ^end
//        ^firstEnd
//          ^^^ ^ ^  ^ the words behind the first: offsets 0, 1; 2, 3; ...
//
// Only blanks separate words. Of more words than are kept the last is kept in the last place.

const BLANK = 32;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

const WORDS_KEPT_MIN = 8;

/** Larger storage, which a retrieval of many keys needed, is given back by `release`. */
const WORDS_RETAINED = 1_024;

export class Line {
  /** Behind the first word, which starts where the line does and is empty if that is a blank. */
  firstEnd = 0;
  /** Behind the text of the line, its end (CR LF or LF) not counted. */
  end = 0;
  /** How many words there are behind the first, kept or not. */
  count = 0;
  /** Start and end of word i behind the first at `2 * i` and `2 * i + 1`. */
  offsets: Uint32Array = new Uint32Array(WORDS_KEPT_MIN * 2);
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
    let { offsets } = this;
    let at = start;
    let byte = 0;
    let count = 0;
    // Nearly all bytes of words are above the blank: one comparison says that the word goes on.
    while (at < end && ((byte = bytes[at] as number) > BLANK || (byte !== BLANK && byte !== LINE_FEED))) at++;
    this.firstEnd = at;
    for (;;) {
      while (at < end && (byte = bytes[at] as number) === BLANK) at++;
      if (at === end) return -1;
      if (byte === LINE_FEED) break;
      const wordStart = at;
      while (at < end && ((byte = bytes[at] as number) > BLANK || (byte !== BLANK && byte !== LINE_FEED)))
        at++;
      if (count * 2 === offsets.length) offsets = this.#grow(count);
      const place = count * 2 < offsets.length ? count * 2 : offsets.length - 2;
      offsets[place] = wordStart;
      offsets[place + 1] = at;
      count++;
    }
    this.count = count;
    this.end = at;
    if (at > start && bytes[at - 1] === CARRIAGE_RETURN) this.#dropCarriageReturn(at);
    return at;
  }

  /** Where the last word behind the first starts. */
  get lastStart(): number {
    return this.offsets[this.#lastPlace()] as number;
  }

  get lastEnd(): number {
    return this.offsets[this.#lastPlace() + 1] as number;
  }

  /** Gives back what a line of many words needed; nothing of it is wanted any more. */
  release(): void {
    if (this.offsets.length > WORDS_RETAINED * 2) this.offsets = new Uint32Array(WORDS_KEPT_MIN * 2);
  }

  /** Bytes of memory held. */
  get heldBytes(): number {
    return this.offsets.byteLength;
  }

  #lastPlace(): number {
    return Math.min(this.count * 2, this.offsets.length) - 2;
  }

  #dropCarriageReturn(feed: number): void {
    this.end = feed - 1;
    if (this.firstEnd === feed) this.firstEnd = feed - 1;
    if (this.count === 0 || this.lastEnd !== feed) return;
    if (this.lastStart === feed - 1) this.count--;
    else this.offsets[this.#lastPlace() + 1] = feed - 1;
  }

  #grow(count: number): Uint32Array {
    const words = Math.min(count * 2, this.#wordsMax);
    if (words === count) return this.offsets;
    const grown = new Uint32Array(words * 2);
    grown.set(this.offsets);
    this.offsets = grown;
    return grown;
  }
}
