// Memory for values that come slowly: a bound for all connections together.
//
//     pool full --> who needs more memory for its value is held up --> there is room again: they go on
//                                     |
//                                     +--> one of them at a time goes on all the same, until its value is there
//
// Those that have memory for all of their value go on whatever happens. The bound can be passed by twice `SMALL_BYTES`
// and a chunk a connection, and by one value.

import type { BufferPool } from "@memwire/codec";
import type { Millis, Outbox } from "@memwire/engine";
import type { Connection } from "./connection.ts";
import { SMALL_BYTES } from "./reply-room.ts";

const LOOK_EVERY_MS = 20;
/** While others wait for room: how long nothing may come of a large value, and how much is to come of the favoured one. */
const STUCK_MS = 10_000;
const PROGRESS_BYTES = 65_536;

export class Uploads {
  readonly pool: BufferPool;
  /** When there may be something to do for those that wait. */
  deadline: Millis = Infinity;
  readonly #outbox: Outbox;
  readonly #waiting: Set<Connection> = new Set();
  /** The one that goes on though there is no room; when it was looked at, and how much of its value had come. */
  #favoured: Connection | undefined;
  #favouredAt: Millis = 0;
  #favouredBytes = 0;

  constructor(pool: BufferPool, outbox: Outbox) {
    this.pool = pool;
    this.#outbox = outbox;
  }

  /** A message has begun and is not whole. @returns whether it is to be paused until there is room */
  holdUp(connection: Connection, now: Millis): boolean {
    if (!this.pool.isFull || connection === this.#favoured) return false;
    const { decoder } = connection;
    if (!decoder.lacksRoom || decoder.heldBytes <= SMALL_BYTES) return false;
    connection.heldUp = true;
    this.#waiting.add(connection);
    this.deadline = Math.min(this.deadline, now + LOOK_EVERY_MS);
    return true;
  }

  /** It is gone. */
  forget(connection: Connection): void {
    this.#waiting.delete(connection);
    if (connection === this.#favoured) this.#favoured = undefined;
  }

  /** @returns those that hold much of which little comes or nothing, while others wait */
  elapsed(connections: Iterable<Connection>, now: Millis): Connection[] {
    const stuck = this.pool.isFull ? [...connections].filter((connection) => isStuck(connection, now)) : [];
    if (
      this.#favoured !== undefined &&
      !this.#isDone(this.#favoured) &&
      this.#isTooSlow(this.#favoured, now)
    ) {
      stuck.push(this.#favoured);
    }
    for (const connection of this.#waiting) {
      if (this.pool.isFull) {
        if (this.#favoured !== undefined) break;
        this.#favour(connection, now);
      }
      this.#goOn(connection, now);
    }
    this.deadline = this.#waiting.size > 0 ? now + LOOK_EVERY_MS : Infinity;
    return stuck;
  }

  #favour(connection: Connection, now: Millis): void {
    this.#favoured = connection;
    this.#favouredAt = now;
    this.#favouredBytes = connection.decoder.unreadBytes;
  }

  /** Its value has come; it may have begun another. */
  #isDone({ decoder }: Connection): boolean {
    const isDone = !decoder.isInMessage || decoder.unreadBytes < this.#favouredBytes;
    if (isDone) this.#favoured = undefined;
    return isDone;
  }

  #isTooSlow({ decoder: { unreadBytes } }: Connection, now: Millis): boolean {
    if (now - this.#favouredAt < STUCK_MS) return false;
    const isTooSlow = unreadBytes - this.#favouredBytes < PROGRESS_BYTES;
    this.#favouredAt = now;
    this.#favouredBytes = unreadBytes;
    return isTooSlow;
  }

  #goOn(connection: Connection, now: Millis): void {
    const { port, blocked, yielded } = connection;
    this.#waiting.delete(connection);
    connection.heldUp = false;
    if (blocked || yielded || port.state !== "open") return; // it is paused for something else now
    connection.paused = false;
    connection.activeAt = now;
    this.#outbox.order({ kind: "resume", id: port.id });
  }
}

const isStuck = ({ heldUp, decoder, activeAt }: Connection, now: Millis): boolean =>
  !heldUp && decoder.isInMessage && decoder.heldBytes > SMALL_BYTES && now - activeAt >= STUCK_MS;
