// The flags of a meta line, found once and asked for by their letters. Hot path: no allocation a line.
//
//     mg key t v O123 k
//            ^ ^ ^    ^    flag i: its letter at `offsets[2 * i]`, its token behind it up to `offsets[2 * i + 1]`

/** Flags that there is room for unless said otherwise. */
const META_FLAGS_MAX = 20;

/** Letters are A to Z and a to z: `code - FIRST` is a place in the table, `code & 31` a bit of a mask. */
const FIRST = 65;
const LAST = 122;
const LETTERS = 52;
const LOWER = 97;

const BLANK = 32;

/** The flags of one meta line, found by their letters. */
export class MetaFlags {
  /** Start and end of flag i at `2 * i` and `2 * i + 1`, in the order of the line. */
  readonly offsets: Uint32Array;
  count = 0;
  /** Letters that are there, each a bit: `code & 31` of upper case, and of lower case. */
  upper = 0;
  lower = 0;
  /** Which flag a letter is, if it is there. */
  readonly #places: Uint8Array = new Uint8Array(LAST - FIRST + 1);

  /** @param flagsMax Flags that there is room for. */
  constructor(flagsMax: number = META_FLAGS_MAX) {
    // No letter is there twice: more room than there are letters is never used.
    this.offsets = new Uint32Array(Math.min(flagsMax, LETTERS) * 2);
  }

  /** Before another line. */
  clear(): void {
    this.count = 0;
    this.upper = 0;
    this.lower = 0;
  }

  /**
   * Takes the word from `start` to `end`, at least one byte, as the next flag.
   *
   * @param code Its first byte.
   * @returns what is wrong with it: it is no letter, or is there already, or there is no room
   */
  add(code: number, start: number, end: number): "added" | "no-letter" | "duplicate" | "too-many" {
    if (code < FIRST || code > LAST || (code > 90 && code < LOWER)) return "no-letter";
    const bit = 1 << (code & 31);
    const letters = code < LOWER ? this.upper : this.lower;
    if ((letters & bit) !== 0) return "duplicate";
    const { count, offsets } = this;
    const at = count * 2;
    if (at === offsets.length) return "too-many";
    if (code < LOWER) this.upper = letters | bit;
    else this.lower = letters | bit;
    offsets[at] = start;
    offsets[at + 1] = end;
    this.#places[code - FIRST] = count;
    this.count = count + 1;
    return "added";
  }

  /**
   * Takes words from `from` on, each behind one blank, up to a byte that is no blank and in no word: in one pass what
   * `clear` and `add` do word by word.
   *
   * @returns where that byte is; -1 for words that `add` does not take, and then nothing here means anything
   */
  addAll(bytes: Uint8Array, from: number, end: number): number {
    const { offsets } = this;
    const places = this.#places;
    let at = from;
    let place = 0;
    let upper = 0;
    let lower = 0;
    while (at < end && bytes[at] === BLANK) {
      const start = ++at;
      while (at < end && (bytes[at] as number) > BLANK) at++;
      if (at === start || place === offsets.length) return -1;
      const code = bytes[start] as number;
      const bit = 1 << (code & 31);
      if (code >= LOWER && code <= LAST) {
        if ((lower & bit) !== 0) return -1;
        lower |= bit;
      } else if (code >= FIRST && code <= 90) {
        if ((upper & bit) !== 0) return -1;
        upper |= bit;
      } else return -1;
      offsets[place] = start;
      offsets[place + 1] = at;
      places[code - FIRST] = place >> 1;
      place += 2;
    }
    this.count = place >> 1;
    this.upper = upper;
    this.lower = lower;
    return at;
  }

  /** @param letter One letter. */
  has(letter: string): boolean {
    return this.indexOf(letter) >= 0;
  }

  /** Which flag a letter is, in the order of the line; -1 if it is not there. */
  indexOf(letter: string): number {
    const code = letter.charCodeAt(0);
    if (code < FIRST || code > LAST || (code > 90 && code < LOWER)) return -1;
    const letters = code < LOWER ? this.upper : this.lower;
    return (letters & (1 << (code & 31))) === 0 ? -1 : (this.#places[code - FIRST] as number);
  }

  /** Where the token behind a letter starts; -1 if the letter is not there. */
  tokenStart(letter: string): number {
    const i = this.indexOf(letter);
    return i < 0 ? -1 : (this.offsets[i * 2] as number) + 1;
  }

  /** Where it ends: at its start if it is empty; -1 if the letter is not there. */
  tokenEnd(letter: string): number {
    const i = this.indexOf(letter);
    return i < 0 ? -1 : (this.offsets[i * 2 + 1] as number);
  }
}
