// MurmurHash3 (x86, 32 bit), which memcached uses too. Hot path.
//
// Anybody can make any number of keys with one hash, whatever the seed: bit 18 of a mixed word comes to bit 31 of the
// hash, which times 5 is bit 31 again, and there the next word can undo it. Two words twice, and four keys are one.

const C1 = 0xcc9e_2d51 | 0;
const C2 = 0x1b87_3593;

/** A signed 32-bit hash of `key[start]` to `key[end - 1]`. */
export function murmurHash3(key: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed | 0;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    const word =
      (key[at] as number) |
      ((key[at + 1] as number) << 8) |
      ((key[at + 2] as number) << 16) |
      ((key[at + 3] as number) << 24);
    hash ^= mixed(word);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at++, shift += 8) rest |= (key[at] as number) << shift;
  hash ^= mixed(rest) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}

function mixed(word: number): number {
  const product = Math.imul(word, C1);
  return Math.imul((product << 15) | (product >>> 17), C2);
}
