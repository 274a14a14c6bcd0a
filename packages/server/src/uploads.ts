// Memory for values that come slowly: a bound for all connections together.
//
//     pool full --> who needs more memory for its value is paused --> there is room again: they go on, in turn
//                                   |
//                                   +--> every `TURN_MS` one of them goes on all the same, so that some get done
//
// Those that have memory for all of their value go on whatever happens. It can be passed by twice `SMALL_BYTES` and a
// chunk a connection, and by one value.

import type { BufferPool } from "@memwire/codec";
import type { Millis, Outbox } from "@memwire/engine";
import type { Connection } from "./connection.ts";
import { SMALL_BYTES } from "./reply-room.ts";

const LOOK_EVERY_MS = 20;
const TURN_MS = 1_000;
/** In the middle of a large value nothing may come for so long while others wait for room. */
const STUCK_MS = 10_000;

export class Uploads {
  readonly pool: BufferPool;
  /** When there may be something to do for those that wait. */
  deadline: Millis = Infinity;
  readonly #outbox: Outbox;
  readonly #waiting: Set<Connection> = new Set();
  /** The one that goes on though there is no room, and since when. */
  #favoured: Connection | undefined;
  #favouredAt: Millis = 0;

  constructor(pool: BufferPool, outbox: Outbox) {
    this.pool = pool;
    this.#outbox = outbox;
  }

  /** A message has begun and is not whole. @returns whether it is to be paused until there is room */
  holdUp(connection: Connection, now: Millis): boolean {
    if (!this.pool.isFull || connection === this.#favoured) return false;
    const { decoder } = connection;
    if (!decoder.lacksRoom || decoder.heldBytes <= SMALL_BYTES) return false;
    this.#waiting.add(connection);
    this.deadline = Math.min(this.deadline, now + LOOK_EVERY_MS);
    return true;
  }

  /** It is gone. */
  forget(connection: Connection): void {
    this.#waiting.delete(connection);
    if (connection === this.#favoured) this.#favoured = undefined;
  }

  /** @returns those that hold much of which nothing comes, while others wait */
  elapsed(connections: Iterable<Connection>, now: Millis): Connection[] {
    const stuck = this.pool.isFull ? [...connections].filter((connection) => isStuck(connection, now)) : [];
    if (this.#favoured !== undefined && now - this.#favouredAt >= TURN_MS) this.#favoured = undefined;
    for (const connection of this.#waiting) {
      if (this.pool.isFull && this.#favoured !== undefined) break;
      if (this.pool.isFull) {
        this.#favoured = connection;
        this.#favouredAt = now;
      }
      this.#goOn(connection, now);
    }
    this.deadline = this.#waiting.size > 0 ? now + LOOK_EVERY_MS : Infinity;
    return stuck;
  }

  #goOn(connection: Connection, now: Millis): void {
    this.#waiting.delete(connection);
    connection.paused = false;
    connection.activeAt = now;
    this.#outbox.order({ kind: "resume", id: connection.port.id });
  }
}

const isStuck = ({ paused, decoder, activeAt }: Connection, now: Millis): boolean =>
  !paused && decoder.isInMessage && decoder.heldBytes > SMALL_BYTES && now - activeAt >= STUCK_MS;
