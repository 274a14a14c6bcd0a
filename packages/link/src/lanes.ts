// The connections to one server, and which of them a request takes.
//
//     one client's requests, as long as one of them is unanswered  -->  the same connection: it reads what it wrote
//     a client of which nothing is unanswered                      -->  the connection that has the least to do
//
// Hot path: `choose`.

import type { Millis } from "@memwire/engine";
import type { Asker } from "./context.ts";
import type { Failure } from "./failure.ts";
import type { Waiter } from "./fragment.ts";
import type { ServerConnection } from "./server-connection.ts";

export class Lanes {
  readonly #connections: readonly ServerConnection[];

  /** @param connections At least one. */
  constructor(connections: readonly ServerConnection[]) {
    this.#connections = connections;
  }

  get length(): number {
    return this.#connections.length;
  }

  get first(): ServerConnection {
    return this.#connections[0] as ServerConnection;
  }

  get isAnyIdle(): boolean {
    return this.#connections.some(({ state }) => state === "idle");
  }

  get isAnyConnecting(): boolean {
    return this.#connections.some(({ state }) => state === "connecting");
  }

  /** How far the one is that is furthest. */
  get state(): ServerConnection["state"] {
    let furthest: ServerConnection["state"] = "idle";
    for (const { state } of this.#connections) {
      if (state === "ready") return state;
      if (state === "connecting") furthest = state;
    }
    return furthest;
  }

  /**
   * The connection for the request at hand.
   *
   * @param asker Whose it is; any connection will do if nobody's.
   * @param mayConnect Whether one may be made.
   */
  choose(asker: Asker | undefined, mayConnect: boolean): ServerConnection {
    const connections = this.#connections;
    let lane = asker === undefined ? -1 : asker.lane;
    if (lane < 0) {
      lane = this.#leastBusy(mayConnect);
      if (asker !== undefined) asker.lane = lane;
    }
    // A server of another pool may have had more.
    return connections[lane < connections.length ? lane : lane % connections.length] as ServerConnection;
  }

  giveUp(waiter: Waiter): boolean {
    return this.#connections.some((connection) => connection.giveUp(waiter));
  }

  /** When `elapsed` has something to do at the latest. */
  get deadline(): Millis {
    const connections = this.#connections;
    let earliest = Infinity;
    for (let i = 0; i < connections.length; i++) {
      const { deadline } = connections[i] as ServerConnection;
      if (deadline < earliest) earliest = deadline;
    }
    return earliest;
  }

  elapsed(now: Millis): void {
    for (const each of this.#connections) if (each.deadline <= now) each.elapsed();
  }

  /** Makes those that are missing. */
  connect(): void {
    for (const each of this.#connections) if (each.state === "idle") each.connect();
  }

  /** Makes one more. Where there are all already, something has been waiting on each: then the first is given up. */
  probe(failure: Failure): void {
    const idle = this.#connections.find(({ state }) => state === "idle");
    if (idle === undefined) this.first.release(failure);
    const probing = idle ?? this.first;
    // A client that was told of the failure may have asked again at once, and so made the connection.
    if (probing.state === "idle") probing.connect();
  }

  /** Closes those that nothing waits for. */
  closeUnused(failure: Failure): void {
    for (const each of this.#connections)
      if (each.state === "ready" && each.load === 0) each.release(failure);
  }

  /** Closes all; what waits for them fails. */
  release(failure: Failure): void {
    for (const each of this.#connections) each.release(failure);
  }

  /** Of those that have equally little to do, one that is there. */
  #leastBusy(mayConnect: boolean): number {
    const connections = this.#connections;
    let least = 0;
    let leastLoad = Infinity;
    for (let i = 0; i < connections.length; i++) {
      const { load, state } = connections[i] as ServerConnection;
      if (state === "idle" && !mayConnect) continue;
      const weighed = load * 2 + (state === "ready" ? 0 : 1);
      if (weighed >= leastLoad) continue;
      least = i;
      leastLoad = weighed;
    }
    return least;
  }
}
