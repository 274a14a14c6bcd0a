// stats conns, where several workers are one server: the connections of the others are theirs to tell.
//
//     stats conns --> begin() --"survey"--> all others --"surveyed"--> answered(): the reply, when all have
//
// One question is under way at a time, and whoever asks meanwhile is answered by the next one. A worker that says
// nothing for `ANSWERS_WITHIN_MS`, or dies, is left out.

import type { Millis } from "@memwire/engine";
import type { Connection } from "../connection.ts";
import type { WorkerRelay } from "../workers/worker-relay.ts";
import type { ConnectionFacts } from "./stats-connections.ts";

const ANSWERS_WITHIN_MS: Millis = 1_000;

/** Writes the whole reply. */
export type WriteSurvey = (elsewhere: readonly ConnectionFacts[], now: Millis) => void;

/** A reply that waits for other workers. */
export class SurveyReply {
  readonly connection: Connection;
  readonly #write: WriteSurvey;
  #found: readonly ConnectionFacts[] | undefined;
  /** Whether the others are asked for it, or will be. */
  asked = false;

  constructor(connection: Connection, write: WriteSurvey) {
    this.connection = connection;
    this.#write = write;
  }

  /** All have answered. */
  found(elsewhere: readonly ConnectionFacts[]): void {
    this.#found = elsewhere;
  }

  /** Writes the reply, if it has come to that. @returns whether it has */
  goOn(now: Millis): boolean {
    if (this.#found === undefined) return false;
    this.#write(this.#found, now);
    return true;
  }
}

export class ConnectionSurvey {
  readonly #relay: WorkerRelay;
  /** Whose answers are still to come. */
  readonly #awaited: Set<number> = new Set();
  #found: ConnectionFacts[] = [];
  #deadline: Millis = Infinity;
  /** Answered by this question, by the next one, and those that have their answer. */
  #asking: SurveyReply[] = [];
  #waiting: SurveyReply[] = [];
  #ready: SurveyReply[] = [];

  constructor(relay: WorkerRelay) {
    this.#relay = relay;
  }

  /** When `late` is to be called. */
  get deadline(): Millis {
    return this.#deadline;
  }

  /** Whether there is anybody to be asked. */
  get hasOthers(): boolean {
    return this.#relay.others.length > 0;
  }

  /** A reply waits for the others. */
  ask(reply: SurveyReply, now: Millis): void {
    if (reply.asked) return;
    reply.asked = true;
    this.#waiting.push(reply);
    if (this.#awaited.size === 0) this.#begin(now);
  }

  answered(worker: number, connections: readonly ConnectionFacts[], now: Millis): void {
    if (!this.#awaited.delete(worker)) return;
    for (const one of connections) this.#found.push(one);
    if (this.#awaited.size === 0) this.#end(now);
  }

  /** A worker is dead. */
  forget(worker: number, now: Millis): void {
    this.answered(worker, [], now);
  }

  /** The time of those that have not answered is over. */
  late(now: Millis): void {
    this.#awaited.clear();
    this.#end(now);
  }

  /** Connections whose replies can be written. */
  takeReady(): readonly Connection[] {
    if (this.#ready.length === 0) return [];
    const ready = this.#ready.map(({ connection }) => connection);
    this.#ready = [];
    return ready;
  }

  #begin(now: Millis): void {
    this.#asking = this.#waiting;
    this.#waiting = [];
    this.#found = [];
    this.#deadline = now + ANSWERS_WITHIN_MS;
    for (const worker of this.#relay.others) this.#awaited.add(worker);
    if (this.#awaited.size === 0) return this.#end(now);
    this.#relay.tell({ kind: "survey" });
  }

  #end(now: Millis): void {
    this.#deadline = Infinity;
    for (const reply of this.#asking) reply.found(this.#found);
    this.#ready.push(...this.#asking);
    this.#asking = [];
    if (this.#waiting.length > 0) this.#begin(now);
  }
}
