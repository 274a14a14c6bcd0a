// The flags of a meta line, found once and asked for by their letters. Hot path: no allocation a line.
//
//     mg key t v O123 k
//            ^ ^ ^    ^    flag i: its letter at `offsets[2 * i]`, its token behind it up to `offsets[2 * i + 1]`

/** Flags that there is room for unless said otherwise. */
export const META_FLAGS_MAX = 20;

/** Letters are A to Z and a to z: `code - FIRST` is a place in the table. */
const FIRST = 65;
const LAST = 122;
const LETTERS = 52;

export class MetaFlags {
  /** Start and end of flag i at `2 * i` and `2 * i + 1`, in the order of the line. */
  readonly offsets: Uint32Array;
  count = 0;
  /** Which flag a letter is, plus 1; 0 if it is not there. */
  readonly #places: Uint8Array = new Uint8Array(LAST - FIRST + 1);
  /** Letters that are there, to forget them without going through the table. */
  readonly #codes: Uint8Array;

  /** @param flagsMax Flags that there is room for. */
  constructor(flagsMax: number = META_FLAGS_MAX) {
    // No letter is there twice: more room than there are letters is never used.
    const room = Math.min(flagsMax, LETTERS);
    this.offsets = new Uint32Array(room * 2);
    this.#codes = new Uint8Array(room);
  }

  /** Before another line. */
  clear(): void {
    for (let i = 0; i < this.count; i++) this.#places[(this.#codes[i] as number) - FIRST] = 0;
    this.count = 0;
  }

  /**
   * Takes the word from `start` to `end`, at least one byte, as the next flag.
   *
   * @param code Its first byte.
   * @returns what is wrong with it: it is no letter, or is there already, or there is no room
   */
  add(code: number, start: number, end: number): "added" | "no-letter" | "duplicate" | "too-many" {
    const place = code - FIRST;
    if (place < 0 || code > LAST || (code > 90 && code < 97)) return "no-letter";
    if (this.#places[place] !== 0) return "duplicate";
    const { count, offsets } = this;
    if (count === this.#codes.length) return "too-many";
    offsets[count * 2] = start;
    offsets[count * 2 + 1] = end;
    this.#codes[count] = code;
    this.count = count + 1;
    this.#places[place] = count + 1;
    return "added";
  }

  /** @param letter One letter. */
  has(letter: string): boolean {
    return this.indexOf(letter) >= 0;
  }

  /** Which flag a letter is, in the order of the line; -1 if it is not there. */
  indexOf(letter: string): number {
    return (this.#places[letter.charCodeAt(0) - FIRST] ?? 0) - 1;
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
