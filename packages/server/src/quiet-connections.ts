// Which connections have been quiet for too long.
//
//     slot    1    2    3   ...   18        a slot of time each; its connections are looked at when it is over
//             ^ now                ^ what was active just now, at the latest
//
// A connection notes only when it was last active, which costs a message next to nothing. It is looked at, at the
// latest, when the shortest of all times is over, and filed again for when it may be late: so ten thousand connections
// are ten thousand looks in that time, and never all at once. Who is late is found a slot late at most.

import type { Millis } from "@memwire/engine";
import type { Connection } from "./connection.ts";
import type { ServerLimits } from "./options.ts";

/** What a connection that is late should have done. */
export type Lateness = "idle" | "receive" | "send";

type Times = Pick<ServerLimits, "idleTimeoutMs" | "receiveTimeoutMs" | "sendTimeoutMs">;

const SLOTS = 16;
/** The slot that is looked at, and one for what is filed at its end. */
const SLOTS_ALL: number = SLOTS + 2;

export class QuietConnections {
  readonly #times: Times;
  /** The shortest of the times: when a connection is looked at again at the latest. */
  readonly #leastMs: Millis;
  readonly #slotMs: Millis;
  readonly #slots: Connection[][] = Array.from({ length: SLOTS_ALL }, () => []);
  #count = 0;
  /** When slot 0 was over. */
  #start: Millis = 0;
  /** The last slot that was looked at. */
  #done = 0;

  constructor(times: Times) {
    this.#times = times;
    this.#leastMs = Math.min(times.idleTimeoutMs, times.receiveTimeoutMs, times.sendTimeoutMs);
    this.#slotMs = this.#leastMs / SLOTS;
  }

  /** When `late` is to be asked next; `Infinity` if nobody can be late. */
  get nextAt(): Millis {
    return this.#count === 0 ? Infinity : this.#start + (this.#done + 1) * this.#slotMs;
  }

  /** From now on it is watched. */
  watch(connection: Connection, now: Millis): void {
    if (this.#leastMs === Infinity) return;
    if (this.#count === 0) {
      this.#start = now;
      this.#done = 0;
    }
    this.#file(connection, now + this.#leastMs);
  }

  forget(connection: Connection): void {
    const { slot, slotAt } = connection;
    if (slot === undefined) return;
    connection.slot = undefined;
    this.#count--;
    const last = slot.pop() as Connection;
    if (last === connection) return;
    slot[slotAt] = last;
    last.slotAt = slotAt;
  }

  /** Those that are late, which are watched no more. */
  late(now: Millis): Connection[] {
    const found: Connection[] = [];
    const reached = Math.floor((now - this.#start) / this.#slotMs);
    // However long nobody asked: each slot once.
    let slots = SLOTS_ALL;
    while (this.#count > 0 && this.#done < reached && slots-- > 0) {
      this.#done++;
      const slot = this.#slots[this.#done % SLOTS_ALL] as Connection[];
      for (let left = slot.length; left > 0; left--) {
        const connection = slot[slot.length - 1] as Connection;
        this.forget(connection);
        const lateAt = connection.activeAt + this.#patienceFor(connection);
        if (lateAt <= now) found.push(connection);
        else this.#file(connection, lateAt);
      }
    }
    this.#done = Math.max(this.#done, reached);
    return found;
  }

  /** The slot is looked at once it is over: then `at` has come, or the shortest of the times is over. */
  #file(connection: Connection, at: Millis): void {
    const wanted = Math.ceil((at - this.#start) / this.#slotMs);
    const slot = this.#slots[
      Math.min(Math.max(wanted, this.#done + 1), this.#done + SLOTS + 1) % SLOTS_ALL
    ] as Connection[];
    connection.slot = slot;
    connection.slotAt = slot.length;
    slot.push(connection);
    this.#count++;
  }

  #patienceFor(connection: Connection): Millis {
    // It is the server that does not read it until there is room for its value: uploads.ts.
    if (connection.heldUp) return Infinity;
    // A watcher says nothing, as it should.
    if (connection.rest === "watching" && !connection.port.sending) return Infinity;
    return this.#times[`${latenessOf(connection)}TimeoutMs`];
  }
}

/** What a connection is to do next. */
export function latenessOf({ port, blocked, decoder, door }: Connection): Lateness {
  if (port.sending || blocked) return "send";
  return (door ?? decoder).isInMessage ? "receive" : "idle";
}
