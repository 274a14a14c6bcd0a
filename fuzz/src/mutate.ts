// Inputs from inputs: a few small changes, by a seeded generator, so that a run can be had again.

/** Enough for every limit that the targets set, and short enough to be fast. */
export const INPUT_BYTES_MAX = 320;

/** A number from 0 up to but not including `end`. */
export type Chance = (end: number) => number;

/** Marsaglia's xorshift of 32 bits (2003, "Xorshift RNGs"). */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0 || 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % end;
  };
}

export class Mutator {
  readonly #chance: Chance;
  readonly #words: readonly Uint8Array[];

  /** @param words What the code under test compares its input with, and the like */
  constructor(chance: Chance, words: Iterable<string>) {
    this.#chance = chance;
    this.#words = [...words].map((word) => Uint8Array.from(word, (char) => char.charCodeAt(0)));
  }

  /** A changed copy of `input`; `other` is one to take pieces from. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    let changed = input;
    for (let left = 1 + this.#chance(5); left > 0; left--) changed = this.#change(changed, other);
    return changed.length > INPUT_BYTES_MAX ? changed.subarray(0, INPUT_BYTES_MAX) : changed;
  }

  #change(input: Uint8Array, other: Uint8Array): Uint8Array {
    const chance = this.#chance;
    const at = chance(input.length + 1);
    const length = 1 + chance(chance(4) === 0 ? 64 : 4);
    switch (chance(11)) {
      case 0: // one bit
        return splice(input, at, 1, [(input[at] ?? 0) ^ (1 << chance(8))]);
      case 1: // one byte
        return splice(input, at, 1, [chance(256)]);
      case 2: // one byte, near what it was
        return splice(input, at, 1, [(input[at] ?? 0) + chance(9) - 4]);
      case 3:
        return splice(input, at, length, []);
      case 4: // the same again, once or often
        return splice(
          input,
          at,
          0,
          repeat(input.subarray(at, at + length), chance(4) === 0 ? chance(64) : 1),
        );
      case 5: {
        const from = chance(other.length + 1);
        return splice(input, at, chance(2) * length, other.subarray(from, from + length * 8));
      }
      case 6: // a line of the other
        return splice(input, lineStart(input, at), 0, lineAt(other, chance(other.length + 1)));
      case 7: // another number
        return splice(input, ...numberNear(input, at), this.#number());
      default:
        return splice(input, at, chance(2) * length, this.#words[chance(this.#words.length)] ?? []);
    }
  }

  /** The digits of a number: small, or near a power of two. */
  #number(): Uint8Array {
    const chance = this.#chance;
    const number = chance(2) === 0 ? BigInt(chance(40)) : (1n << BigInt(chance(65))) + BigInt(chance(3)) - 1n;
    const text = `${chance(8) === 0 ? "-" : ""}${number}`;
    return Uint8Array.from(text, (digit) => digit.charCodeAt(0));
  }
}

function lineStart(input: Uint8Array, at: number): number {
  return at === 0 ? 0 : input.lastIndexOf(10, at - 1) + 1;
}

function lineAt(input: Uint8Array, at: number): Uint8Array {
  const feed = input.indexOf(10, at);
  return input.subarray(lineStart(input, at), feed < 0 ? input.length : feed + 1);
}

function repeat(piece: Uint8Array, times: number): Uint8Array {
  const result = new Uint8Array(piece.length * times);
  for (let i = 0; i < times; i++) result.set(piece, i * piece.length);
  return result;
}

/** Where the first run of digits from `at` on starts, and its length; an insertion at `at` if there is none. */
function numberNear(input: Uint8Array, at: number): [start: number, length: number] {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
  let start = at;
  while (start < input.length && !isDigit(input[start])) start++;
  if (start === input.length) return [at, 0];
  let end = start;
  while (isDigit(input[end])) end++;
  return [start, end - start];
}

function splice(input: Uint8Array, at: number, removed: number, added: ArrayLike<number>): Uint8Array {
  const tail = input.subarray(Math.min(at + removed, input.length));
  const result = new Uint8Array(at + added.length + tail.length);
  result.set(input.subarray(0, at));
  result.set(added, at);
  result.set(tail, at + added.length);
  return result;
}
