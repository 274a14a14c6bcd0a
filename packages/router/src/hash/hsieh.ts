// Paul Hsieh's SuperFastHash as libmemcached and twemproxy have it: it starts from 0, not from the length, and
// the last of three left-over bytes is signed. Hot path.
// Source: http://www.azillionmonkeys.com/qed/hash.html

import type { WordHash } from "./word-hash.ts";

export const hsieh: WordHash = (bytes, start, end) => {
  let hash = 0;
  let at = start;
  for (; end - at >= 4; at += 4) {
    hash = (hash + half(bytes, at)) | 0;
    hash = (hash << 16) ^ (half(bytes, at + 2) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  switch (end - at) {
    case 3:
      hash = (hash + half(bytes, at)) | 0;
      hash ^= hash << 16;
      hash ^= (((bytes[at + 2] as number) << 24) >> 24) << 18;
      hash = (hash + (hash >>> 11)) | 0;
      break;
    case 2:
      hash = (hash + half(bytes, at)) | 0;
      hash ^= hash << 11;
      hash = (hash + (hash >>> 17)) | 0;
      break;
    case 1:
      hash = (hash + (bytes[at] as number)) | 0;
      hash ^= hash << 10;
      hash = (hash + (hash >>> 1)) | 0;
      break;
    default:
      break;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash;
};

function half(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}
