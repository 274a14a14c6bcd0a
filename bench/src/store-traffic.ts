// What a server has before it when it asks its store: keys and values received, replies to be sent.
//
//     keys     key:0000000017key:0000520448...     BATCH of them, behind one another
//     values   65,536 bytes; the value of a key begins where its number says
//     out      the values that were asked for, copied there
//
// The same as text, for a cache that an application asks: made anew every time, as an application makes it.

import { Buffer } from "node:buffer";
import { openAdapter } from "@memwire/adapter";
import { BufferPool, SendBuffer } from "@memwire/codec";

/** The runtime's own way, if it has one, as in the server. */
export const { copyBytes } = await openAdapter();

export const KEY_BYTES = 14;
export const VALUE_BYTES = 100;
export const OTHER_VALUE_BYTES = 200;
/** Calls between two looks at the clock. Their values fit in what a `SendBuffer` keeps. */
const BATCH = 256;

const VALUES_BYTES = 65_536;
const STARTS = VALUES_BYTES - OTHER_VALUE_BYTES;
const ZERO = 48;
const ONE = 49;

/** A memory. Calls are about key `i` of the batch that was received last. */
export interface StoreSubject {
  /** Copies the value out. @returns whether there was one */
  get(i: number, now: number): boolean;
  /** Gets of these are to come, if that is any help. */
  expect?(start: number, end: number): void;
  /** Copies the value in. */
  set(i: number, valueBytes: number, expiresAt: number, now: number): boolean;
  delete(i: number, now: number): boolean;
  /** Adds 1 to the number that the value is. */
  incr(i: number, now: number): boolean;
  /** Forgets everything. */
  flush(now: number): void;
  /** When `maintain` wants to be called next. */
  readonly maintenanceAt: number;
  maintain(now: number): void;
}

/** One batch after the other, in the same buffers. */
export class Traffic {
  readonly keys: Buffer = Buffer.alloc(BATCH * KEY_BYTES);
  readonly values: Buffer = Buffer.alloc(VALUES_BYTES);
  readonly out: SendBuffer = new SendBuffer(
    new BufferPool(copyBytes === undefined ? {} : { copy: copyBytes }),
  );
  readonly valueStarts: Uint32Array = new Uint32Array(BATCH);
  readonly keyTexts: string[] = [];
  readonly valueTexts: string[] = [];
  /** What a cache of texts answered last. */
  answer: string | undefined;
  readonly #asText: boolean;

  constructor(asText: boolean) {
    this.#asText = asText;
    // Digits, so that any of them are a number too.
    for (let i = 0, chance = 1; i < VALUES_BYTES; i++) {
      chance = Math.imul(chance, 1_103_515_245) + 12_345;
      this.values[i] = ONE + (((chance >>> 16) & 0xff) % 9);
    }
  }

  /** The keys of `order[from]` and those behind it, and what is to be stored with them. @returns how many */
  receive(prefix: string, order: Uint32Array, from: number, end: number, valueBytes: number): number {
    const { keys, keyTexts, valueTexts, values, valueStarts } = this;
    const count = Math.min(BATCH, end - from);
    this.out.take();
    this.out.reclaim();
    for (let i = 0; i < count; i++) {
      const number = order[from + i] as number;
      const start = i * KEY_BYTES;
      const digitsStart = start + prefix.length;
      for (let at = start; at < digitsStart; at++) keys[at] = prefix.charCodeAt(at - start);
      for (let at = start + KEY_BYTES - 1, rest = number; at >= digitsStart; at--) {
        keys[at] = ZERO + (rest % 10);
        rest = Math.floor(rest / 10);
      }
      valueStarts[i] = (number * 31) % STARTS;
    }
    if (!this.#asText) return count;
    const allKeys = keys.toString("latin1", 0, count * KEY_BYTES);
    for (let i = 0; i < count; i++) {
      const valueStart = valueStarts[i] as number;
      keyTexts[i] = allKeys.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES);
      valueTexts[i] = values.toString("latin1", valueStart, valueStart + valueBytes);
    }
    return count;
  }

  /** What was answered to one get, as text. */
  answered(): string {
    return this.answer ?? Buffer.from(this.out.take()).toString("latin1");
  }

  /** What has to be answered to the get of key `i`. */
  valueOf(i: number, valueBytes: number): string {
    const start = this.valueStarts[i] as number;
    return this.values.toString("latin1", start, start + valueBytes);
  }
}

/** The numbers from 0, in an order that is always the same and no pattern. */
export function shuffled(length: number, seed: number): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  let chance = seed;
  for (let i = length - 1; i > 0; i--) {
    chance ^= chance << 13;
    chance ^= chance >>> 17;
    chance ^= chance << 5;
    const other = (chance >>> 0) % (i + 1);
    const swapped = order[i] as number;
    order[i] = order[other] as number;
    order[other] = swapped;
  }
  return order;
}
