// Clients that have much unsent: whoever takes nothing of it for too long is given up.
//
//     client has 64 KiB unsent --enter--> waiting, in the order of when each took something last --took--^
//                                            |
//              twice a second, as long as there are any: the first of them, if their time is over
//
// Each may take its time, `sendTimeoutMs`. But where all of them together have half of `bufferedBytesMax`, beyond which
// the others are refused, it is `PRESSED_MS`, or `PRESSED_MUCH_MS` for who has more than `unsentBytesPause`.

import type { Millis } from "@memwire/engine";
import type { ClientCounters } from "./counters.ts";
import type { ClientLimits, LoadLimits } from "./limits.ts";
import type { Timed } from "./link-engine.ts";

const PRESSED_MS = 10_000;
const PRESSED_MUCH_MS = 1_000;
const LOOK_EVERY_MS = 500;

export interface SlowClient {
  /** All that it has not taken. */
  readonly unsentBytes: number;
  /** It is closed. Leaves. */
  giveUp(): void;
}

export class SlowClients implements Timed {
  deadline: Millis = Infinity;
  readonly #counters: ClientCounters;
  readonly #limits: ClientLimits & LoadLimits;
  /** Since when each has taken nothing, the longest first. */
  readonly #waiting: Map<SlowClient, Millis> = new Map();

  constructor(counters: ClientCounters, limits: ClientLimits & LoadLimits) {
    this.#counters = counters;
    this.#limits = limits;
  }

  enter(client: SlowClient, now: Millis): void {
    this.#waiting.set(client, now);
    if (this.deadline === Infinity) this.deadline = now + LOOK_EVERY_MS;
  }

  /** It took some. */
  took(client: SlowClient, now: Millis): void {
    this.#waiting.delete(client);
    this.#waiting.set(client, now);
  }

  leave(client: SlowClient): void {
    this.#waiting.delete(client);
  }

  elapsed(now: Millis): void {
    const { sendTimeoutMs, bufferedBytesMax, unsentBytesPause } = this.#limits;
    for (const [client, since] of this.#waiting) {
      const ms = now - since;
      if (ms < Math.min(sendTimeoutMs, PRESSED_MUCH_MS)) break;
      const isPressed = this.#counters.bufferedBytesNow * 2 >= bufferedBytesMax;
      const pressedMs = client.unsentBytes > unsentBytesPause ? PRESSED_MUCH_MS : PRESSED_MS;
      if (ms >= sendTimeoutMs || (isPressed && ms >= pressedMs)) client.giveUp();
    }
    this.deadline = this.#waiting.size === 0 ? Infinity : now + LOOK_EVERY_MS;
  }
}
