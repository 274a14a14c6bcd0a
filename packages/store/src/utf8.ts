// Text to UTF-8 and back, for a package that has no TextEncoder of its own.

// At a time that many characters become text: one by one they would take three times as long.
const UNITS_MAX = 1_024;
const BYTES_PER_UNIT_MAX = 3;

/** A lone surrogate becomes U+FFFD, as TextEncoder has it. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * BYTES_PER_UNIT_MAX);
  return bytes.slice(0, write(text, bytes));
}

/** As `encodeUtf8`, without an array for every text: several times as quick for a short one. */
export class Utf8Encoder {
  /** Of what was encoded last. */
  length = 0;
  readonly #unitsMax: number;
  readonly #bytes: Uint8Array;

  /** @param unitsMax `length` of the longest text that gets no array of its own. */
  constructor(unitsMax: number) {
    this.#unitsMax = unitsMax;
    this.#bytes = new Uint8Array(unitsMax * BYTES_PER_UNIT_MAX);
  }

  /** @returns bytes of which the first `length` are the text, until the next one is encoded */
  encode(text: string): Uint8Array {
    const bytes =
      text.length <= this.#unitsMax ? this.#bytes : new Uint8Array(text.length * BYTES_PER_UNIT_MAX);
    this.length = write(text, bytes);
    return bytes;
  }
}

/** @returns where the text ends */
function write(text: string, bytes: Uint8Array): number {
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.codePointAt(i) as number;
    if (code < 0x80) {
      bytes[end++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x800) {
      bytes[end++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x1_0000) {
        bytes[end++] = 0xe0 | (code >> 12);
      } else {
        i++; // the second half of a pair
        bytes[end++] = 0xf0 | (code >> 18);
        bytes[end++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[end++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[end++] = 0x80 | (code & 0x3f);
  }
  return end;
}

/** Reads `bytes[start]` to `bytes[end - 1]`. What is not UTF-8 becomes U+FFFD, one for each sequence cut short. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  // oxlint-disable-next-line unicorn/no-new-array -- an array that grows takes a fifth longer
  const units: number[] = new Array(Math.min(end - start, UNITS_MAX));
  let count = 0;
  let text = "";
  let at = start;
  while (at < end) {
    if (count >= UNITS_MAX) {
      text += textOf(units, count);
      count = 0;
    }
    const first = bytes[at++] as number;
    if (first < 0x80) {
      units[count++] = first;
      continue;
    }
    const trailing = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
    let code = trailing === 0 ? 0xfffd : first & (0x3f >> trailing);
    // The second byte has a narrower range behind these: overlong forms, surrogates, above U+10FFFF.
    let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    for (let i = 0; i < trailing; i++) {
      const next = at < end ? (bytes[at] as number) : 0;
      if (next < low || next > high) {
        code = 0xfffd;
        break;
      }
      code = (code << 6) | (next & 0x3f);
      at++;
      low = 0x80;
      high = 0xbf;
    }
    if (code >= 0x1_0000) {
      units[count++] = 0xd7c0 + (code >> 10);
      code = 0xdc00 | (code & 0x3ff);
    }
    units[count++] = code;
  }
  return text + textOf(units, count);
}

function textOf(units: number[], count: number): string {
  units.length = count;
  return String.fromCharCode.apply(undefined, units);
}
