// What every engine of links does: connections to parties, the clock to deadlines, the outbox to `poll`.

import type {
  CloseCause,
  Command,
  ConnectionId,
  Distrust,
  Engine,
  ListenerId,
  Millis,
} from "@memwire/engine";
import type { ClientLink } from "./client-link.ts";
import type { Context, Party } from "./context.ts";

/** What has something to do when its time has come. */
export interface Timed {
  readonly deadline: Millis;
  elapsed(now: Millis): void;
}

export abstract class LinkEngine implements Engine {
  readonly #context: Context;
  readonly #links: readonly Timed[];
  readonly #yielded: ClientLink[];

  /**
   * @param links All links to servers, and what else has deadlines.
   * @param yielded Those of its clients that go on in the next turn.
   */
  constructor(context: Context, links: readonly Timed[], yielded: ClientLink[] = []) {
    this.#context = context;
    this.#links = links;
    this.#yielded = yielded;
  }

  abstract accepted(now: Millis, via: ListenerId): ConnectionId;

  connected(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.connected();
  }

  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    this.#party(id, now)?.received(chunk);
  }

  ended(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.ended();
  }

  drained(id: ConnectionId, now: Millis): void {
    this.#party(id, now)?.drained();
  }

  closed(id: ConnectionId, cause: CloseCause, now: Millis, distrust?: Distrust): void {
    const party = this.#party(id, now);
    this.#context.parties.delete(id);
    party?.closed(cause, distrust);
  }

  elapsed(now: Millis): void {
    this.#context.now = now;
    this.#context.outbox.release();
    if (this.#yielded.length > 0) for (const client of this.#yielded.splice(0)) client.goOn();
    for (const link of this.#links) if (link.deadline <= now) link.elapsed(now);
  }

  get deadline(): Millis {
    if (this.#context.outbox.holds || this.#yielded.length > 0) return -Infinity;
    let earliest = Infinity;
    for (const link of this.#links) earliest = Math.min(earliest, link.deadline);
    return earliest;
  }

  poll(): Command | undefined {
    return this.#context.outbox.poll();
  }

  #party(id: ConnectionId, now: Millis): Party | undefined {
    this.#context.now = now;
    return this.#context.parties.get(id);
  }
}
