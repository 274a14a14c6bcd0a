// Whose turn it is to shake hands: so many at a time, and who comes then waits, accepted and unread.
//
//     accepted --+-- a place is free ----------------------> begin(socket) --> ended(): the next one's turn
//                +-- none, and not too many wait --> waits --^
//                +-- too many wait --> turned away

import type { Socket } from "node:net";

export class HandshakeTurns {
  readonly #underWayMax: number;
  readonly #waitingMax: number;
  readonly #begin: (socket: Socket) => void;
  readonly #turnedAway: () => void;
  /** In the order in which they came. */
  readonly #waiting: Set<Socket> = new Set();
  #underWay = 0;

  /**
   * @param begin Told whose turn it is; of each there is one `ended` later.
   * @param turnedAway Called for each that was closed without a turn.
   */
  constructor(
    { underWayMax, waitingMax }: { readonly underWayMax: number; readonly waitingMax: number },
    begin: (socket: Socket) => void,
    turnedAway: () => void,
  ) {
    this.#underWayMax = underWayMax;
    this.#waitingMax = waitingMax;
    this.#begin = begin;
    this.#turnedAway = turnedAway;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param socket Paused, or nobody would be there to hear what it says. */
  come(socket: Socket): void {
    if (this.#underWay < this.#underWayMax) return this.#start(socket);
    socket.on("error", () => {});
    if (this.#waiting.size >= this.#waitingMax) {
      socket.destroy();
      this.#turnedAway();
      return;
    }
    this.#waiting.add(socket);
    // Node hears nothing of a socket that is not read; Bun does.
    socket.once("close", () => {
      if (this.#waiting.delete(socket)) this.#turnedAway();
    });
  }

  /** A handshake is over, whichever way. */
  ended(): void {
    this.#underWay--;
    for (const socket of this.#waiting) {
      if (this.#underWay >= this.#underWayMax) return;
      this.#waiting.delete(socket);
      this.#start(socket);
    }
  }

  /** Closes those that wait. */
  dismiss(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #start(socket: Socket): void {
    this.#underWay++;
    this.#begin(socket);
  }
}
