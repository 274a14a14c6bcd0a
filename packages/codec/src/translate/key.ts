// Which keys a format can carry.

import { base64Length } from "../base64.ts";
import { latin1Text } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";

const { keyBytesMax } = DEFAULT_LIMITS;

/** Whether a key can stand on a line as it is: memcached ends it at a blank, at the line's end, and at a NUL. */
export function isWord(key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) {
    const byte = key[i];
    if (byte === 32 || byte === 10 || byte === 13 || byte === 0) return false;
  }
  return true;
}

export function isClassicKey(key: Uint8Array): boolean {
  return isBinaryKey(key) && isWord(key);
}

/** In base64 if it is not a word; then it counts as long as that is. */
export function isMetaKey(key: Uint8Array): boolean {
  return isBinaryKey(key) && (isWord(key) || base64Length(key.length) <= keyBytesMax);
}

export function isBinaryKey(key: Uint8Array): boolean {
  return key.length > 0 && key.length <= keyBytesMax;
}

/** For people. */
export function shownKey(key: Uint8Array): string {
  return `key ${JSON.stringify(latin1Text(key, 0, Math.min(key.length, 40)))} of ${key.length} bytes`;
}
