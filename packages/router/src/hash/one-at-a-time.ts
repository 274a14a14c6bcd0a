// Bob Jenkins' "one at a time", libmemcached's default. Hot path. Bytes are signed, see WordHash.
// Source: https://burtleburtle.net/bob/hash/doobs.html

import type { WordHash } from "./word-hash.ts";

export const oneAtATime: WordHash = (bytes, start, end) => {
  let hash = 0;
  for (let i = start; i < end; i++) {
    hash = (hash + (((bytes[i] as number) << 24) >> 24)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  hash = (hash + (hash << 15)) | 0;
  return hash;
};
