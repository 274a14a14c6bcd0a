// What the binary encoders refuse to write.

import { checkBytes, shown } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";

/** @throws RangeError for a number that is not whole, or not from `min` to `max` */
export function checkWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} must be a whole number from ${min} to ${max}, got ${shown(value)}`);
}

/** @throws RangeError for a number that is not unsigned 32-bit */
export function checkUint32(name: string, value: number): void {
  checkWhole(name, value, 0, 0xffff_ffff);
}

/** @throws RangeError for a key that is too long, or shorter than `min` bytes; any byte may be in it */
export function checkBinaryKey(key: Uint8Array, min: number): void {
  checkBytes("a key", key);
  const max = DEFAULT_LIMITS.keyBytesMax;
  if (key.length >= min && key.length <= max) return;
  throw new RangeError(`a key must have ${min} to ${max} bytes, got ${key.length}`);
}
