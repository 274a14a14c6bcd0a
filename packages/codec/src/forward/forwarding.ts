// What is to be changed of requests that are sent on, checked once for all of them.

import { shown } from "../bytes.ts";
import { binaryExptime } from "../translate/exptime.ts";
import { isWord } from "../translate/key.ts";
import { DEFAULT_LIMITS } from "../limits.ts";

export interface Forwarding {
  /** Taken off every key; a request with a key that does not begin with it is refused. */
  readonly removePrefix?: Uint8Array;
  /** Put before every key, after that. */
  readonly addPrefix?: Uint8Array;
  /**
   * Seconds, negative for already: what the request says an item is to expire with, it says otherwise. That is
   * `exptime` of classic and binary requests, the flags T and N of meta ones; an `ms` without T gets one. Requests that
   * say nothing of it, as `get`, stay without.
   */
  readonly exptime?: number;
  /** The server is to answer it in any case: without `noreply`, without flag q, with the opcode that is not quiet. */
  readonly answered?: boolean;
}

/** Why nothing was written. */
export type ForwardRefusal =
  /** A key does not begin with the prefix that is to be taken off. */
  | "prefix-missing"
  /** Nothing would be left of a key. */
  | "key-empty"
  /** A key would be above 250 bytes, in base64 where it stands in that. */
  | "key-too-long"
  /** A text key cannot have a blank, a line end or a NUL, which the prefix has. */
  | "prefix-unsayable"
  /** A line has a NUL: a server would end it there, and read what follows as another request. */
  | "nul"
  /** A line other than `get` and `gets` would be above 2,048 bytes, at which memcached closes the connection. */
  | "line-too-long"
  /** There is no room for another meta flag; or an `ms` has 17, for which 1.6.18 reads its value as commands. */
  | "too-many-flags"
  /** The exptime cannot be said in binary: from 2^31 on. */
  | "exptime";

/** Why a key cannot be changed. */
export type KeyRefusal = Extract<ForwardRefusal, "prefix-missing" | "key-empty" | "key-too-long">;

const EMPTY: Uint8Array = new Uint8Array(0);
const { keyBytesMax } = DEFAULT_LIMITS;

/** A `Forwarding` with nothing left out. */
export class Changes {
  readonly removed: Uint8Array;
  readonly added: Uint8Array;
  readonly changesKeys: boolean;
  /** Whether the prefix may stand in a text key. */
  readonly isWord: boolean;
  readonly changesExptime: boolean;
  readonly exptime: number;
  /** The same in binary; -1 if it cannot be said. */
  readonly binaryExptime: number;
  readonly answered: boolean;

  /** @throws RangeError for a prefix longer than a key, or an exptime that is not a whole number */
  constructor({ removePrefix, addPrefix, exptime, answered = false }: Forwarding) {
    this.removed = (removePrefix ?? EMPTY).slice();
    this.added = (addPrefix ?? EMPTY).slice();
    checkPrefix("removePrefix", this.removed);
    checkPrefix("addPrefix", this.added);
    this.changesKeys = this.removed.length > 0 || this.added.length > 0;
    this.isWord = isWord(this.added);
    if (exptime !== undefined && !Number.isSafeInteger(exptime)) {
      throw new RangeError(`exptime must be a whole number, got ${shown(exptime)}`);
    }
    this.changesExptime = exptime !== undefined;
    this.exptime = exptime ?? 0;
    this.binaryExptime = binaryExptime(this.exptime);
    this.answered = answered;
  }

  /** Why the key from `start` to `end` cannot be changed, or null if it can. */
  keyRefusal(bytes: Uint8Array, start: number, end: number): KeyRefusal | null {
    const { removed, added } = this;
    const { length } = removed;
    if (end - start < length) return "prefix-missing";
    for (let i = 0; i < length; i++) if (bytes[start + i] !== removed[i]) return "prefix-missing";
    const keyBytes = end - start - length + added.length;
    if (keyBytes === 0) return "key-empty";
    return keyBytes > keyBytesMax ? "key-too-long" : null;
  }
}

function checkPrefix(name: string, prefix: Uint8Array): void {
  if (prefix.length <= keyBytesMax) return;
  throw new RangeError(`${name} must have at most ${keyBytesMax} bytes, got ${prefix.length}`);
}
