// XXH3 of more than 240 bytes: eight sums of 64 bits, which take 64 bytes at a time. Hot path, seldom taken.
// Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, "XXH3 Algorithm Description (for long inputs)"

import { carryOf, highProduct } from "./wide-hash.ts";
import { littleEndianWord } from "./word.ts";
import { addFold, avalanche } from "./xxh3-mix.ts";

const STRIPE_BYTES = 64;
const BLOCK_BYTES = 1_024;
const SECRET_STEP = 8;
const PRIME_32_1 = 0x9e3779b1;

/** Halves of the eight sums as they start: lower, upper, lower, ... */
const start64 = Int32Array.of(
  0xc2b2ae3d,
  0,
  0x85ebca87,
  0x9e3779b1,
  0x27d4eb4f,
  0xc2b2ae3d,
  0x9e3779f9,
  0x165667b1,
  0xc2b2ae63,
  0x85ebca77,
  0x85ebca77,
  0,
  0x165667c5,
  0x27d4eb2f,
  PRIME_32_1,
  0,
);
// Scratch of the call that is under way, as in md5.ts.
const sums = new Int32Array(16);

/** Into `into` the hash of `length` bytes from `start` on, under a secret that the seed is in already. */
export function xxh3Long(
  bytes: Uint8Array,
  start: number,
  length: number,
  secret: Uint8Array,
  into: Int32Array,
): void {
  sums.set(start64);
  const scrambleAt = secret.length - STRIPE_BYTES;
  // The last stripe is not counted here: it ends where the bytes end, whatever came before.
  const stripes = Math.floor((length - 1) / STRIPE_BYTES);
  for (let i = 0; i < stripes; i++) {
    const inBlock = i % (BLOCK_BYTES / STRIPE_BYTES);
    addStripe(bytes, start + i * STRIPE_BYTES, secret, inBlock * SECRET_STEP);
    if (inBlock === BLOCK_BYTES / STRIPE_BYTES - 1) scramble(secret, scrambleAt);
  }
  addStripe(bytes, start + length - STRIPE_BYTES, secret, scrambleAt - 7);

  into[0] = Math.imul(length, 0x85ebca87);
  into[1] = highProduct(length, 0x85ebca87) + Math.imul(length, 0x9e3779b1);
  for (let i = 0; i < 16; i += 4) {
    addFold(keyed(secret, i), keyed(secret, i + 1), keyed(secret, i + 2), keyed(secret, i + 3), into);
  }
  avalanche(into);
}

function keyed(secret: Uint8Array, half: number): number {
  return (sums[half] as number) ^ littleEndianWord(secret, 11 + half * 4);
}

function addStripe(bytes: Uint8Array, at: number, secret: Uint8Array, secretAt: number): void {
  for (let lane = 0; lane < 16; lane += 2) {
    const low = littleEndianWord(bytes, at + lane * 4);
    const high = littleEndianWord(bytes, at + lane * 4 + 4);
    addTo(lane ^ 2, low, high);
    const keyedLow = low ^ littleEndianWord(secret, secretAt + lane * 4);
    const keyedHigh = high ^ littleEndianWord(secret, secretAt + lane * 4 + 4);
    addTo(lane, Math.imul(keyedLow, keyedHigh), highProduct(keyedLow, keyedHigh));
  }
}

function addTo(lane: number, low: number, high: number): void {
  const sum = ((sums[lane] as number) + low) | 0;
  sums[lane] = sum;
  sums[lane + 1] = (sums[lane + 1] as number) + high + carryOf(sum, low);
}

function scramble(secret: Uint8Array, secretAt: number): void {
  for (let lane = 0; lane < 16; lane += 2) {
    const high = sums[lane + 1] as number;
    const low = (sums[lane] as number) ^ (high >>> 15) ^ littleEndianWord(secret, secretAt + lane * 4);
    const keyedHigh = high ^ littleEndianWord(secret, secretAt + lane * 4 + 4);
    sums[lane] = Math.imul(low, PRIME_32_1);
    sums[lane + 1] = highProduct(low, PRIME_32_1) + Math.imul(keyedHigh, PRIME_32_1);
  }
}
