// What a cache is called with, checked before anything is changed. TypeScript would refuse most of it; plain JavaScript
// does not, and the store, which does not look, would keep the bytes of an old item for a value.

import { isBytes, shown } from "./byte-checks.ts";
import type { Millis } from "./store.ts";

/** @throws TypeError unless they are functions */
export function checkFunctions({ now, onGone }: { readonly now?: unknown; readonly onGone?: unknown }): void {
  if (typeof now !== "function") {
    throw new TypeError(`now must be a function that answers the time, such as Date.now, got ${shown(now)}`);
  }
  if (onGone !== undefined && typeof onGone !== "function") {
    throw new TypeError(`onGone must be a function, got ${shown(onGone)}`);
  }
}

/** @throws TypeError unless the clock has answered a number */
export function checkTime(now: Millis): Millis {
  if (typeof now === "number" && !Number.isNaN(now)) return now;
  throw new TypeError(`now() must answer milliseconds as a number, got ${shown(now)}`);
}

/** @throws TypeError for a key that is no text */
export function checkText(key: string): void {
  if (typeof key !== "string") throw new TypeError(`a key must be text, got ${shown(key)}`);
}

/** @throws TypeError for a value that is neither text nor bytes, or whose bytes are gone to another thread */
export function checkBytes(value: Uint8Array): Uint8Array {
  if (!isBytes(value)) throw new TypeError(`a value must be text or a Uint8Array, got ${shown(value)}`);
  if (value.length === 0 && isDetached(value)) {
    throw new TypeError("a value must be text or a Uint8Array, got one whose buffer is detached");
  }
  return value;
}

function isDetached({ buffer }: Uint8Array): boolean {
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

/** @throws TypeError for options that are none, RangeError for one that there is not, or flags out of range */
export function flagsOf(options: { readonly flags?: number }): number {
  if (typeof options !== "object") {
    throw new TypeError(`options must be an object such as { ttlMs: 1000 }, got ${shown(options)}`);
  }
  // Not by refuseUnknown: its list of names would take several times as long, for every value that is stored.
  for (const name in options) {
    if (name === "ttlMs" || name === "flags") continue;
    throw new RangeError(`a value has no ${name}: there are flags, ttlMs`);
  }
  const { flags = 0 } = options;
  if (flags >>> 0 === flags) return flags;
  throw new RangeError(`flags must be a whole number from 0 to 4294967295, got ${flags}`);
}

/** @throws TypeError or RangeError for what is no number */
export function expiresAtOf(ttlMs: number | undefined, now: Millis): Millis {
  if (ttlMs === undefined) return Infinity;
  if (typeof ttlMs !== "number") throw new TypeError(`ttlMs must be a number, got ${shown(ttlMs)}`);
  if (Number.isNaN(ttlMs)) throw new RangeError("ttlMs must be a number, got NaN");
  return now + ttlMs;
}

/** @throws TypeError for what is no bigint, RangeError for one of more than 64 bits */
export function halvesOf(value: bigint): readonly [high: number, low: number] {
  if (typeof value !== "bigint") {
    throw new TypeError(`a 64-bit number must be a bigint such as 1n, got ${shown(value)}`);
  }
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw new RangeError(`a 64-bit number must be from 0 to 18446744073709551615, got ${value}`);
  }
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}
