// MurmurHash64A, on which mcrouter's ch3 and rendezvous stand. Hot path: allocates nothing.
// Source: https://github.com/aappleby/smhasher (MurmurHash2.cpp, MurmurHash64A)

import { highProduct } from "./wide-hash.ts";
import { littleEndianWord } from "./word.ts";

const M_LOW = 0x5bd1e995;
const M_HIGH = 0xc6a4a793;
const SHIFT = 47 - 32;

/** The hash under a seed of 32 bits: lower and upper half into `into[0]` and `into[1]`, as of `WideHash`. */
export function murmur64a(
  bytes: Uint8Array,
  start: number,
  end: number,
  seed: number,
  into: Int32Array,
): void {
  const length = end - start;
  let low = seed ^ Math.imul(length, M_LOW);
  let high = (highProduct(length, M_LOW) + Math.imul(length, M_HIGH)) | 0;
  let at = start;
  for (; end - at >= 8; at += 8) {
    const wordLow = littleEndianWord(bytes, at);
    const wordHigh = littleEndianWord(bytes, at + 4);
    let mixedLow = Math.imul(wordLow, M_LOW);
    let mixedHigh =
      (highProduct(wordLow, M_LOW) + Math.imul(wordLow, M_HIGH) + Math.imul(wordHigh, M_LOW)) | 0;
    mixedLow ^= mixedHigh >>> SHIFT;
    mixedHigh =
      (highProduct(mixedLow, M_LOW) + Math.imul(mixedLow, M_HIGH) + Math.imul(mixedHigh, M_LOW)) | 0;
    low ^= Math.imul(mixedLow, M_LOW);
    high ^= mixedHigh;
    high = (highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
    low = Math.imul(low, M_LOW);
  }
  if (at < end) {
    for (let i = at; i < end; i++) {
      const byte = bytes[i] as number;
      if (i < at + 4) low ^= byte << ((i - at) * 8);
      else high ^= byte << ((i - at - 4) * 8);
    }
    high = (highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
    low = Math.imul(low, M_LOW);
  }
  low ^= high >>> SHIFT;
  high = (highProduct(low, M_LOW) + Math.imul(low, M_HIGH) + Math.imul(high, M_LOW)) | 0;
  low = Math.imul(low, M_LOW);
  into[0] = low ^ (high >>> SHIFT);
  into[1] = high;
}
