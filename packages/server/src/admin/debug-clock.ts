// The time that items expire by, where `debugtime` may move it.
//
//     the host's time ---+ moved by ---> the time of the items, which never goes back

import type { Millis } from "@memwire/engine";

export class DebugClock {
  #movedBy: Millis = 0;
  #last: Millis = -Infinity;
  #hostTime: Millis = -Infinity;
  #paused = false;

  /** The time of the items at this time of the host. */
  at(now: Millis): Millis {
    this.#hostTime = now;
    if (!this.#paused) this.#last = Math.max(this.#last, now + this.#movedBy);
    return this.#last;
  }

  /** The host's time at which the items' will be this. */
  hostTime(time: Millis): Millis {
    return this.#paused ? Infinity : time - this.#movedBy;
  }

  /**
   * By milliseconds; backwards, it stands still until the host's time has caught up. Paused, it moves by these alone.
   *
   * @returns the time of the items from now on
   */
  change(move: Millis | "pause" | "resume"): Millis {
    if (typeof move === "string") {
      this.#paused = move === "pause";
    } else {
      this.#movedBy += move;
      if (this.#paused) this.#last += Math.max(0, move);
    }
    return this.at(this.#hostTime);
  }
}
