// Large buffers that are used again.
//
// Memory that is made for one large value and dropped costs more than the value: the system gives and clears every
// page of it, and the garbage collector is driven to look at everything for it. Buffers of a connection come from here
// and go back here, so that those that take turns share a few.
//
// They have a few sizes: an eighth above a power of two, as values often have one, and a line and a key beside it.

import { type CopyBytes, copyByView } from "./copy-bytes.ts";

/** Below this an ordinary array is as cheap. */
const POOLED_BYTES_MIN = 4_096;
/** A size is so many bytes, shifted: from 4.5 KiB to 18 MiB. Larger ones are made and dropped. */
const SIZE_UNIT = 9;
const SHIFT_MIN = 9;
const SHIFT_MAX = 21;

const KEPT_BYTES_MAX = 8_388_608;

/** How a pool is made. */
export interface BufferPoolOptions {
  /** Bytes of the buffers that are kept, at most. Default 8 MiB. */
  readonly keptBytesMax?: number;
  /** Bytes of the buffers that are in use from which on the pool is full: what that leads to users say. Default: never. */
  readonly usedBytesMax?: number;
  /** How those who take buffers from here copy into them; by default as every runtime can. */
  readonly copy?: CopyBytes;
}

/** What takes its large buffers from a pool. */
export interface PoolOptions {
  /** By default every large buffer is made anew. */
  readonly pool?: BufferPool;
}

/** Keeps buffers that nobody uses, of a few sizes, up to a bound. */
export class BufferPool {
  /** Bytes of the buffers that are kept, at most. */
  readonly keptBytesMax: number;
  /** Bytes in use from which on it is full. */
  readonly usedBytesMax: number;
  readonly copy: CopyBytes;
  /** Bytes kept now. */
  keptBytes = 0;
  /** Bytes of the large buffers that were taken and neither given back nor dropped. */
  usedBytes = 0;
  /** Large buffers that were made since there was none to be used again; and those that found the pool full. */
  made = 0;
  dropped = 0;
  readonly #kept: Uint8Array[][] = Array.from({ length: SHIFT_MAX + 1 }, () => []);

  /** @throws RangeError for a bound that is not a whole number from 0 */
  constructor({
    keptBytesMax = KEPT_BYTES_MAX,
    usedBytesMax = Infinity,
    copy = copyByView,
  }: BufferPoolOptions = {}) {
    if (!Number.isSafeInteger(keptBytesMax) || keptBytesMax < 0) {
      throw new RangeError(`keptBytesMax must be a whole number from 0, got ${String(keptBytesMax)}`);
    }
    if (!(usedBytesMax >= 0)) throw new RangeError(`usedBytesMax must be at least 0, got ${usedBytesMax}`);
    this.keptBytesMax = keptBytesMax;
    this.usedBytesMax = usedBytesMax;
    this.copy = copy;
  }

  /** Whether as much is in use as there is room for. */
  get isFull(): boolean {
    return this.usedBytes >= this.usedBytesMax;
  }

  /**
   * A buffer of at least `length` bytes, and less than twice that if that is large, with anything in them. It is the
   * caller's, until that says by `give` or `drop` that it is done with it.
   */
  take(length: number): Uint8Array {
    if (length < POOLED_BYTES_MIN) return new Uint8Array(length);
    const bytes = this.#find(length);
    this.usedBytes += bytes.length;
    return bytes;
  }

  /** Takes back a buffer that `take` gave, which nobody may read or write from now on. */
  give(bytes: Uint8Array): void {
    const { length } = bytes;
    this.drop(bytes);
    const shift = 31 - Math.clz32(length / SIZE_UNIT);
    if (shift < SHIFT_MIN || shift > SHIFT_MAX || length !== SIZE_UNIT << shift) return;
    if (this.keptBytes + length > this.keptBytesMax) {
      this.dropped++;
      return;
    }
    this.keptBytes += length;
    (this.#kept[shift] as Uint8Array[]).push(bytes);
  }

  /** A buffer that `take` gave is left to the garbage collector: somebody may still read it. */
  drop(bytes: Uint8Array): void {
    if (bytes.length >= POOLED_BYTES_MIN) this.usedBytes -= bytes.length;
  }

  #find(length: number): Uint8Array {
    const shift = Math.max(32 - Math.clz32(Math.ceil(length / SIZE_UNIT) - 1), SHIFT_MIN);
    if (shift > SHIFT_MAX) return new Uint8Array(length);
    const kept = (this.#kept[shift] as Uint8Array[]).pop();
    if (kept !== undefined) {
      this.keptBytes -= kept.length;
      return kept;
    }
    this.made++;
    return new Uint8Array(SIZE_UNIT << shift);
  }
}
