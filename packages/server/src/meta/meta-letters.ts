// The flags of meta commands that the server looks at: as bits of `MetaFlags`, to be asked whether they are there, and
// as bytes, to be answered in the order of the line.

const bit = (letter: string): number => 1 << (letter.charCodeAt(0) & 31);

/** Letters of one case as bits. */
export function bitsOf(letters: string): number {
  return Array.from(letters, bit).reduce((all, one) => all | one, 0);
}

// Of `lower`.
export const BASE64: number = bit("b");
export const NO_USE: number = bit("u");
export const VALUE: number = bit("v");
export const EMPTY: number = bit("x");

// Of `upper`.
export const COMPARE: number = bit("C");
export const CHOOSE_CAS: number = bit("E");
export const INVALIDATE: number = bit("I");
export const VIVIFY: number = bit("N");
export const RECACHE: number = bit("R");
export const TOUCH: number = bit("T");

export const LETTER_C = 99;
export const LETTER_F = 102;
export const LETTER_H = 104;
export const LETTER_K = 107;
export const LETTER_L = 108;
export const LETTER_S = 115;
export const LETTER_T = 116;
export const LETTER_UPPER_N = 78;
export const LETTER_UPPER_O = 79;
export const LETTER_UPPER_T = 84;
