// Memory for replies that clients have not taken, apart from values that the store holds: a bound for all of them.
//
//     0 ----------------- half of it: tight ----------------------------------- all of it: full
//       each as it likes                    one send each, the stuck ones go      no copy of a large value is made
//
// It can be passed by a few times `SMALL_BYTES` a connection, which are never refused, by one value that is larger than
// half of it, and by one reply that tells what there are many of, connections or prefixes of keys.

import type { BufferPool } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Connection } from "./connection.ts";

/** Every connection may have so much, however little room there is. */
export const SMALL_BYTES = 16_384;

/** Whoever has finished no send for so long is stuck, and longer the more it has: 256 KiB in a second will do. */
const STUCK_MS = 1_000;
const BYTES_PER_MS = 262;
const LOOK_EVERY_MS = 500;

export class ReplyRoom {
  readonly pool: BufferPool;
  /** When stuck connections are to be looked for. */
  deadline: Millis = Infinity;

  constructor(pool: BufferPool) {
    this.pool = pool;
  }

  get #isTight(): boolean {
    return this.pool.usedBytes * 2 >= this.pool.usedBytesMax;
  }

  /** Whether there is room for so many bytes more. */
  has(bytes: number): boolean {
    const { usedBytes, usedBytesMax } = this.pool;
    return bytes <= SMALL_BYTES || !this.#isTight || usedBytes + bytes <= usedBytesMax;
  }

  /** Written and unsent bytes above which a connection is asked nothing more; -1 if it is asked nothing now. */
  unsentBytesMax({ port }: Connection, usual: number, now: Millis): number {
    if (!this.#isTight) return usual;
    if (this.deadline === Infinity) this.deadline = now + LOOK_EVERY_MS;
    return port.sending ? -1 : Math.min(SMALL_BYTES, usual);
  }

  /** Those that have much and take nothing of it, if there is little room. */
  stuck(connections: Iterable<Connection>, now: Millis): Connection[] {
    this.deadline = this.#isTight ? now + LOOK_EVERY_MS : Infinity;
    return this.#isTight ? [...connections].filter((connection) => isStuck(connection, now)) : [];
  }
}

function isStuck({ port, output: { heldBytes }, activeAt }: Connection, now: Millis): boolean {
  const patienceMs = STUCK_MS + heldBytes / BYTES_PER_MS;
  return port.sending && heldBytes > SMALL_BYTES && now - activeAt >= patienceMs;
}
