// The names of the key hashes, as twemproxy's `hash:` has them and in its style, and what they stand for.

import { crc16, crc32, crc32a, crc32Mcrouter } from "./crc.ts";
import { fnv1_32, fnv1_64, fnv1a_32, fnv1a_64 } from "./fnv.ts";
import { hsieh } from "./hsieh.ts";
import { jenkins } from "./jenkins.ts";
import type { KeyHash } from "./key-hash.ts";
import { md5 } from "./md5.ts";
import { murmur } from "./murmur.ts";
import { murmur3 } from "./murmur3.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { javaString } from "./text-hashes.ts";
import type { WordHash } from "./word-hash.ts";
import { xxh3Lower } from "./xxh3.ts";

/**
 * A key hash by name. `md5` is what clients with libmemcached's or npm memcached's ring use. twemproxy does not have
 * the last four: `murmur3` is libmemcached's, `xxh3` memcached's own proxy's (the lower 32 bits, without a seed),
 * `crc32_mcrouter` the lower 31 bits of the CRC-32, and `java_string` spymemcached's NATIVE_HASH.
 */
export type HashName =
  | "one_at_a_time"
  | "md5"
  | "crc16"
  | "crc32"
  | "crc32a"
  | "fnv1_64"
  | "fnv1a_64"
  | "fnv1_32"
  | "fnv1a_32"
  | "hsieh"
  | "murmur"
  | "jenkins"
  | "murmur3"
  | "xxh3"
  | "crc32_mcrouter"
  | "java_string";

/** Every key hash, exactly as they compute it who have it, as a signed word. */
export const wordHashes: Readonly<Record<HashName, WordHash>> = {
  one_at_a_time: oneAtATime,
  md5,
  crc16,
  crc32,
  crc32a,
  fnv1_64,
  fnv1a_64,
  fnv1_32,
  fnv1a_32,
  hsieh,
  murmur,
  jenkins,
  murmur3,
  xxh3: xxh3Lower,
  crc32_mcrouter: crc32Mcrouter,
  java_string: javaString,
};

/** Every key hash, exactly as they compute it who have it. */
export const hashes: Readonly<Record<HashName, KeyHash>> = {
  one_at_a_time: unsigned(wordHashes.one_at_a_time),
  md5: unsigned(wordHashes.md5),
  crc16: unsigned(wordHashes.crc16),
  crc32: unsigned(wordHashes.crc32),
  crc32a: unsigned(wordHashes.crc32a),
  fnv1_64: unsigned(wordHashes.fnv1_64),
  fnv1a_64: unsigned(wordHashes.fnv1a_64),
  fnv1_32: unsigned(wordHashes.fnv1_32),
  fnv1a_32: unsigned(wordHashes.fnv1a_32),
  hsieh: unsigned(wordHashes.hsieh),
  murmur: unsigned(wordHashes.murmur),
  jenkins: unsigned(wordHashes.jenkins),
  murmur3: unsigned(wordHashes.murmur3),
  xxh3: unsigned(wordHashes.xxh3),
  crc32_mcrouter: unsigned(wordHashes.crc32_mcrouter),
  java_string: unsigned(wordHashes.java_string),
};

function unsigned(hash: WordHash): KeyHash {
  return (bytes, start, end) => hash(bytes, start, end) >>> 0;
}
