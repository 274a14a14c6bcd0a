// Hashes that clients in Java and JavaScript make of a key as text. Hot path.

import type { WordHash } from "./word-hash.ts";
import { foldUtf16 } from "./utf16.ts";

const times31 = (hash: number, unit: number): number => (Math.imul(hash, 31) + unit) | 0;

/** Java's `String.hashCode()` as spymemcached's NATIVE_HASH takes it. */
export const javaString: WordHash = (bytes, start, end) => foldUtf16(bytes, start, end, 0, times31);

/** The same without its sign: memjs. */
export const memjs: WordHash = (bytes, start, end) => Math.abs(foldUtf16(bytes, start, end, 0, times31)) | 0;

// Not imul: the product is rounded to 53 bits as JavaScript's `*` does it, and what is lost are its lowest bits.
const roundedFnv1a = (hash: number, unit: number): number => ((hash ^ unit) * 16_777_619) | 0;

/** FNV-1a as npm memcache 1.10 has it. */
export const npmMemcache: WordHash = (bytes, start, end) =>
  foldUtf16(bytes, start, end, 0x811c9dc5 | 0, roundedFnv1a);
