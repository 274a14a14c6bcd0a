// The names of the key hashes, as twemproxy's `hash:` has them, and what they stand for.

import { crc16, crc32, crc32a } from "./crc.ts";
import { fnv1_32, fnv1_64, fnv1a_32, fnv1a_64 } from "./fnv.ts";
import { hsieh } from "./hsieh.ts";
import { jenkins } from "./jenkins.ts";
import type { KeyHash } from "./key-hash.ts";
import { md5 } from "./md5.ts";
import { murmur } from "./murmur.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** A key hash by name. `md5` is what clients with libmemcached's or npm memcached's ring use. */
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
  | "jenkins";

/** Every key hash, exactly as twemproxy and libmemcached compute it. */
export const hashes: Readonly<Record<HashName, KeyHash>> = {
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
};
