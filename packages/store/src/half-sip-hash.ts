// HalfSipHash-1-3, which was made for tables whose keys come from strangers: who does not know its secret cannot make
// texts of one hash. Hot path: a round is written out twice.

/** A signed 32-bit hash of `key[start]` to `key[end - 1]` under a secret of two 32-bit words. */
export function halfSipHash(
  key: Uint8Array,
  start: number,
  end: number,
  secret0: number,
  secret1: number,
): number {
  let v0 = secret0 | 0;
  let v1 = secret1 | 0;
  let v2 = secret0 ^ 0x6c79_6765;
  let v3 = secret1 ^ 0x7465_6462;
  let word = 0;
  for (let at = start, isLast = false; !isLast; at += 4) {
    isLast = at + 4 > end;
    word = isLast ? lastWord(key, start, at, end) : wordAt(key, at);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  v2 ^= 0xff;
  for (let round = 0; round < 3; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return v1 ^ v3;
}

function wordAt(key: Uint8Array, at: number): number {
  return (
    (key[at] as number) |
    ((key[at + 1] as number) << 8) |
    ((key[at + 2] as number) << 16) |
    ((key[at + 3] as number) << 24)
  );
}

/** What is left over, with the length above it. */
function lastWord(key: Uint8Array, start: number, at: number, end: number): number {
  let word = (end - start) << 24;
  for (let i = at, shift = 0; i < end; i++, shift += 8) word |= (key[i] as number) << shift;
  return word;
}
