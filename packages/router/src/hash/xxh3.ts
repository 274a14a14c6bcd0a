// XXH3, 64 bits, with a seed. Hot path: allocates nothing.
//
// Each range of lengths has a way of its own. A key has 250 bytes at the most; more than 240 go to xxh3-long.ts. The
// seed only ever changes the secret: what a step adds to or takes from it is done once, here, when a hash is made.
// Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, "XXH3 Algorithm Overview"

import type { WordHash } from "./word-hash.ts";
import { carryOf, highProduct, type WideHash } from "./wide-hash.ts";
import { littleEndianWord } from "./word.ts";
import { xxh3Long } from "./xxh3-long.ts";
import { addFold, avalanche } from "./xxh3-mix.ts";
import { XXH3_SECRET } from "./xxh3-secret.ts";

const MIDDLE_BYTES_MAX = 240;

/** XXH3 under a seed of 64 bits, given in two halves. */
export function xxh3(seedLow = 0, seedHigh = 0): WideHash {
  const secret = seeded(XXH3_SECRET, seedLow, seedHigh);
  const flips = flipsOf(seedLow, seedHigh);
  const pads = padsOf(seedLow, seedHigh);
  return (bytes, start, end, into) => {
    const length = end - start;
    if (length <= 16) hashShort(bytes, start, length, flips, into);
    else if (length <= MIDDLE_BYTES_MAX) hashMiddle(bytes, start, length, pads, into);
    else xxh3Long(bytes, start, length, secret, into);
  };
}

/** The lower 32 bits of XXH3, under a seed of 64 bits, given in two halves. */
export function xxh3LowerUnder(seedLow: number, seedHigh: number): WordHash {
  const wide = xxh3(seedLow, seedHigh);
  const halves = new Int32Array(2);
  return (bytes, start, end) => {
    wide(bytes, start, end, halves);
    return halves[0] as number;
  };
}

/** The lower 32 bits of XXH3 without a seed. */
export const xxh3Lower: WordHash = xxh3LowerUnder(0, 0);

/** The secret for long keys: of each 16 bytes, the seed is added to the first eight and taken from the others. */
function seeded(secret: Uint8Array, seedLow: number, seedHigh: number): Uint8Array {
  const made = secret.slice();
  for (let at = 0; at < made.length; at += 8) {
    const low = littleEndianWord(secret, at);
    const high = littleEndianWord(secret, at + 4);
    const adds = at % 16 === 0;
    const newLow = adds ? (low + seedLow) | 0 : (low - seedLow) | 0;
    const newHigh = adds
      ? high + seedHigh + carryOf(newLow, seedLow)
      : high - seedHigh - carryOf(low, seedLow);
    for (let i = 0; i < 4; i++) {
      made[at + i] = newLow >>> (i * 8);
      made[at + 4 + i] = newHigh >>> (i * 8);
    }
  }
  return made;
}

/** What the short ways xor a key with, two halves each: for no byte, 1 to 3, 4 to 8, and 9 to 16 (two of them). */
function flipsOf(seedLow: number, seedHigh: number): Int32Array {
  const word = (at: number): number => littleEndianWord(XXH3_SECRET, at);
  const flips = new Int32Array(10);
  flips[0] = word(56) ^ word(64) ^ seedLow;
  flips[1] = word(60) ^ word(68) ^ seedHigh;

  const small = word(0) ^ word(4);
  flips[2] = small + seedLow;
  flips[3] = seedHigh + carryOf(small + seedLow, seedLow);

  // Here the seed's lower half, its bytes turned round, is mixed into its upper one.
  const four = word(8) ^ word(16);
  flips[4] = four - seedLow;
  flips[5] = (word(12) ^ word(20)) - (seedHigh ^ turned(seedLow)) - carryOf(four, seedLow);

  const first = word(24) ^ word(32);
  flips[6] = first + seedLow;
  flips[7] = (word(28) ^ word(36)) + seedHigh + carryOf(first + seedLow, seedLow);
  const second = word(40) ^ word(48);
  flips[8] = second - seedLow;
  flips[9] = (word(44) ^ word(52)) - seedHigh - carryOf(second, seedLow);
  return flips;
}

function hashShort(
  bytes: Uint8Array,
  start: number,
  length: number,
  flips: Int32Array,
  into: Int32Array,
): void {
  if (length > 8) hash9to16(bytes, start, length, flips, into);
  else if (length >= 4) hash4to8(bytes, start, length, flips, into);
  else if (length > 0) {
    const combined =
      ((bytes[start] as number) << 16) |
      ((bytes[start + (length >>> 1)] as number) << 24) |
      (bytes[start + length - 1] as number) |
      (length << 8);
    avalancheShort(combined ^ (flips[2] as number), flips[3] as number, into);
  } else {
    avalancheShort(flips[0] as number, flips[1] as number, into);
  }
}

/** The avalanche of XXH64, which the shortest keys have: 33, a product, 29, a product, 32. */
function avalancheShort(keyedLow: number, keyedHigh: number, into: Int32Array): void {
  const mixedLow = keyedLow ^ (keyedHigh >>> 1);
  let low = Math.imul(mixedLow, 0x27d4eb4f);
  let high =
    (highProduct(mixedLow, 0x27d4eb4f) + Math.imul(mixedLow, 0xc2b2ae3d) + Math.imul(keyedHigh, 0x27d4eb4f)) |
    0;
  low ^= (low >>> 29) | (high << 3);
  high ^= high >>> 29;
  high = (highProduct(low, 0x9e3779f9) + Math.imul(low, 0x165667b1) + Math.imul(high, 0x9e3779f9)) | 0;
  into[0] = Math.imul(low, 0x9e3779f9) ^ high;
  into[1] = high;
}

function hash4to8(
  bytes: Uint8Array,
  start: number,
  length: number,
  flips: Int32Array,
  into: Int32Array,
): void {
  const keyedLow = littleEndianWord(bytes, start + length - 4) ^ (flips[4] as number);
  const keyedHigh = littleEndianWord(bytes, start) ^ (flips[5] as number);
  // Rotations by 49 and 24 to the left.
  let low = keyedLow ^ ((keyedHigh << 17) | (keyedLow >>> 15)) ^ ((keyedLow << 24) | (keyedHigh >>> 8));
  let high = keyedHigh ^ ((keyedLow << 17) | (keyedHigh >>> 15)) ^ ((keyedHigh << 24) | (keyedLow >>> 8));
  high = (highProduct(low, 0x1e98df25) + Math.imul(low, 0x9fb21c65) + Math.imul(high, 0x1e98df25)) | 0;
  low = Math.imul(low, 0x1e98df25);
  low ^= (high >>> 3) + length; // a shift by 35 leaves 29 bits, so that the length never carries
  high = (highProduct(low, 0x1e98df25) + Math.imul(low, 0x9fb21c65) + Math.imul(high, 0x1e98df25)) | 0;
  low = Math.imul(low, 0x1e98df25);
  into[0] = low ^ ((low >>> 28) | (high << 4));
  into[1] = high ^ (high >>> 28);
}

function hash9to16(
  bytes: Uint8Array,
  start: number,
  length: number,
  flips: Int32Array,
  into: Int32Array,
): void {
  const last = start + length - 8;
  const firstLow = littleEndianWord(bytes, start) ^ (flips[6] as number);
  const firstHigh = littleEndianWord(bytes, start + 4) ^ (flips[7] as number);
  const lastLow = littleEndianWord(bytes, last) ^ (flips[8] as number);
  const lastHigh = littleEndianWord(bytes, last + 4) ^ (flips[9] as number);
  // The length, the first eight bytes turned round, and the last eight.
  const turnedHigh = turned(firstLow);
  const sum = (turned(firstHigh) >>> 0) + (lastLow >>> 0) + length;
  into[0] = sum;
  into[1] = turnedHigh + lastHigh + Math.floor(sum / 2 ** 32);
  addFold(firstLow, firstHigh, lastLow, lastHigh, into);
  avalanche(into);
}

/** The bytes of a word the other way round. */
function turned(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/**
 * What the middle ways key 16 bytes with, four words each: the secret at a place, to which the seed is added, and eight
 * bytes on, from which it is taken. First the eight places of the first 128 bytes, then the seven of those after, then
 * that of the last 16.
 */
function padsOf(seedLow: number, seedHigh: number): Int32Array {
  const pads = new Int32Array(16 * 4);
  for (let i = 0; i < 16; i++) {
    const at = i < 8 ? i * 16 : i < 15 ? (i - 8) * 16 + 3 : 136 - 17;
    const low = (littleEndianWord(XXH3_SECRET, at) + seedLow) | 0;
    const next = littleEndianWord(XXH3_SECRET, at + 8);
    pads[i * 4] = low;
    pads[i * 4 + 1] = littleEndianWord(XXH3_SECRET, at + 4) + seedHigh + carryOf(low, seedLow);
    pads[i * 4 + 2] = next - seedLow;
    pads[i * 4 + 3] = littleEndianWord(XXH3_SECRET, at + 12) - seedHigh - carryOf(next, seedLow);
  }
  return pads;
}

function hashMiddle(
  bytes: Uint8Array,
  start: number,
  length: number,
  pads: Int32Array,
  into: Int32Array,
): void {
  into[0] = Math.imul(length, 0x85ebca87);
  into[1] = highProduct(length, 0x85ebca87) + Math.imul(length, 0x9e3779b1);
  const end = start + length;
  if (length <= 128) {
    for (let i = (length - 1) >>> 5; i >= 0; i--) {
      addSixteen(bytes, start + i * 16, pads, i * 2, into);
      addSixteen(bytes, end - 16 - i * 16, pads, i * 2 + 1, into);
    }
  } else {
    const rounds = length >>> 4;
    for (let i = 0; i < 8; i++) addSixteen(bytes, start + i * 16, pads, i, into);
    avalanche(into);
    for (let i = 8; i < rounds; i++) addSixteen(bytes, start + i * 16, pads, i, into);
    addSixteen(bytes, end - 16, pads, 15, into);
  }
  avalanche(into);
}

/** Adds the fold of 16 bytes, keyed by a pad. */
function addSixteen(bytes: Uint8Array, at: number, pads: Int32Array, pad: number, into: Int32Array): void {
  addFold(
    littleEndianWord(bytes, at) ^ (pads[pad * 4] as number),
    littleEndianWord(bytes, at + 4) ^ (pads[pad * 4 + 1] as number),
    littleEndianWord(bytes, at + 8) ^ (pads[pad * 4 + 2] as number),
    littleEndianWord(bytes, at + 12) ^ (pads[pad * 4 + 3] as number),
    into,
  );
}
