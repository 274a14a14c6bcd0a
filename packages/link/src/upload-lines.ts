// The connections to one server that carry large values, so many at the most, and the values that wait for one of them.
//
//     take --one is free, or one more may be made--> goes over it
//          --neither--> waits, behind those that came before --one is free, or its client stalls--> goes over it
//                                                            --queuedMs--> is told that there are too many
//
// A client whose value waits is read no further, so that it waits with nothing but its head.

import type { Millis } from "@memwire/engine";
import type { ServerContext } from "./context.ts";
import { failureOf, TAKEN_OUT, TOO_MANY_UPLOADS } from "./failure.ts";
import type { ServerLink } from "./server-link.ts";
import type { Lines, TakenLine, Upload } from "./upload.ts";
import { UploadLine } from "./upload-line.ts";

export class UploadLines implements Lines {
  readonly #context: ServerContext;
  readonly #server: ServerLink;
  readonly #linesMax: number;
  readonly #used: Set<UploadLines>;
  #lines: UploadLine[] = [];
  /** How long each may wait, in the order of their coming. */
  readonly #waiting: Map<Upload, Millis> = new Map();
  /** Something has happened that those who wait may have waited for. */
  #mayGoOn = false;
  readonly #freed = (): void => void (this.#mayGoOn = true);

  /** @param used Where it puts itself when it has something to do. */
  constructor(context: ServerContext, server: ServerLink, linesMax: number, used: Set<UploadLines>) {
    this.#context = context;
    this.#server = server;
    this.#linesMax = linesMax;
    this.#used = used;
    server.watch(() => this.#serverChanged());
  }

  get deadline(): Millis {
    let earliest = Infinity;
    for (const { deadline } of this.#lines) if (deadline < earliest) earliest = deadline;
    const [first] = this.#waiting.values();
    if (first === undefined) return earliest;
    if (this.#mayGoOn) return -Infinity;
    for (const { stalledAt } of this.#lines) if (stalledAt < earliest) earliest = stalledAt;
    return Math.min(earliest, first);
  }

  elapsed(): void {
    const { now } = this.#context;
    for (const line of this.#lines) if (line.deadline <= now) line.elapsed();
    this.#dropUnused();
    this.#serveWaiting();
    for (const [upload, deadline] of this.#waiting) {
      if (deadline > now) break;
      this.#waiting.delete(upload);
      this.#server.counters.overflows++;
      upload.startOn(TOO_MANY_UPLOADS);
    }
    this.#dropUnused();
    if (this.#lines.length === 0 && this.#waiting.size === 0) this.#used.delete(this);
  }

  /** Closes all connections. */
  release(): void {
    for (const line of this.#lines) line.release(failureOf("closed"));
    this.#lines = [];
  }

  // Lines

  take(upload: Upload): TakenLine {
    this.#used.add(this);
    const found = this.#find(upload, this.#waiting.size === 0);
    if (found === "wait") this.#waiting.set(upload, this.#context.now + this.#server.timeouts.queuedMs);
    return found;
  }

  leave(upload: Upload): void {
    this.#waiting.delete(upload);
  }

  /** @param isFirst Whether nobody waits who came before. */
  #find(upload: Upload, isFirst: boolean): TakenLine {
    const server = this.#server;
    const refusal = server.refusal();
    if (refusal !== null) return refusal;
    if (server.isAbsent) {
      server.output.append(upload.head);
      server.push(upload, upload.expected);
      return null;
    }
    return (isFirst ? this.#findLine() : undefined) ?? "wait";
  }

  #findLine(): UploadLine | undefined {
    const free = this.#lines.find((line) => line.isFree);
    if (free !== undefined) return free;
    if (this.#lines.length < this.#linesMax) {
      const line = new UploadLine(this.#context, this.#server, this.#freed);
      this.#lines.push(line);
      return line;
    }
    const stalled = this.#lines.find(({ stalledAt }) => stalledAt <= this.#context.now);
    if (stalled === undefined) return undefined;
    this.#server.counters.overflows++;
    stalled.release(TOO_MANY_UPLOADS);
    return stalled;
  }

  // In a turn of its own: where a connection becomes free it is not known yet whether it will be closed.
  #serveWaiting(): void {
    this.#mayGoOn = false;
    for (const upload of this.#waiting.keys()) {
      const found = this.#find(upload, true);
      if (found === "wait") return;
      this.#waiting.delete(upload);
      upload.startOn(found);
    }
  }

  #dropUnused(): void {
    if (this.#lines.some((line) => line.isUnused)) this.#lines = this.#lines.filter((line) => !line.isUnused);
  }

  #serverChanged(): void {
    const server = this.#server;
    this.#mayGoOn = true;
    for (const line of this.#lines) {
      if (server.isTakenOut) line.release(TAKEN_OUT);
      // Who knows whether it still works, or it is not to be used any more.
      else if (line.isFree && (server.inTrouble || !server.isWanted)) line.release(failureOf("closed"));
    }
  }
}
