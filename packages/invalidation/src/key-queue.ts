// Which keys are still to be deleted, and on which server: bounded over all servers, each key in it once.
//
//     written --find--> in the queue already --rewrite--> nothing more to do, or once more after the delete in flight
//                 \---> not in it --hasRoom--> add
//
// A delete that is in flight may come before or after what a reader caches meanwhile, so a key that is written
// again then is deleted again afterwards, and never two deletes of one key are in flight. Hot path: one look-up a
// write.

import type { Millis } from "@memwire/engine";
import { NEVER, QueuedKey } from "./queued-key.ts";
import { ServerQueue } from "./server-queue.ts";

/** Bounds of the whole queue; a key that would exceed one is refused. Keys in flight count. */
export interface QueueLimits {
  /** Keys that are not done. */
  readonly queueKeysMax: number;
  /** Their bytes. What a key takes in memory besides is in the README. */
  readonly queueBytesMax: number;
}

export class KeyQueue {
  readonly servers: readonly ServerQueue[];
  readonly limits: QueueLimits;
  readonly #keys: Map<string, QueuedKey> = new Map();
  #bytes = 0;
  #beganAt: Millis | undefined;

  constructor(servers: number, limits: QueueLimits) {
    this.servers = Array.from({ length: servers }, () => new ServerQueue());
    this.limits = limits;
  }

  /** Keys that are not done. */
  get size(): number {
    return this.#keys.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The key of that text, if it is not done. */
  find(text: string): QueuedKey | undefined {
    return this.#keys.get(text);
  }

  /**
   * A key that is in the queue was written again.
   *
   * @returns whether that makes one more delete; if not, the one that it waits for is enough
   */
  rewrite(key: QueuedKey, now: Millis): boolean {
    if (!key.inFlight || key.againAt !== NEVER) return false;
    key.againAt = this.#timeOf(now);
    return true;
  }

  /** Whether there is room for a key of so many bytes that is not in the queue. */
  hasRoom(bytes: number): boolean {
    const { queueKeysMax, queueBytesMax } = this.limits;
    return this.#keys.size < queueKeysMax && this.#bytes + bytes <= queueBytesMax;
  }

  /** Puts in a key that is not in the queue and for which there is room. */
  add(server: number, text: string, now: Millis): void {
    const key = new QueuedKey(text, this.#timeOf(now));
    this.#keys.set(text, key);
    this.#bytes += text.length;
    this.#serverQueue(server).push(key);
  }

  /** The first key in flight to a server was deleted there. If it was written again it waits again. */
  done(server: number): void {
    const queue = this.#serverQueue(server);
    const key = queue.shift();
    if (key.againAt === NEVER) {
      this.#keys.delete(key.text);
      this.#bytes -= key.text.length;
      return;
    }
    key.writtenAt = key.againAt;
    key.place = key.againAt;
    key.againAt = NEVER;
    queue.push(key);
  }

  /**
   * The first key in flight to a server was not deleted: it waits again.
   *
   * @param after It goes behind the keys that are written before then; if not given, where its age puts it.
   * @returns whether it was written again meanwhile, for which its next delete will do
   */
  putBack(server: number, after?: Millis): boolean {
    const queue = this.#serverQueue(server);
    const key = queue.shift();
    const wasWritten = key.againAt !== NEVER;
    key.againAt = NEVER;
    key.place = after === undefined ? key.writtenAt : this.#timeOf(after);
    queue.push(key);
    return wasWritten;
  }

  /** How long ago the oldest write of a server came that is not done; 0 if there is none. */
  oldestAgeMs(server: number, now: Millis): Millis {
    const { oldestAt } = this.#serverQueue(server);
    return oldestAt === Infinity ? 0 : this.#timeOf(now) - oldestAt;
  }

  #serverQueue(server: number): ServerQueue {
    return this.servers[server] as ServerQueue;
  }

  #timeOf(now: Millis): number {
    this.#beganAt ??= now;
    return Math.floor(now - this.#beganAt);
  }
}
