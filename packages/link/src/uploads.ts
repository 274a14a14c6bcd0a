// The connections that carry large values, for all servers: so many a server at the most.

import type { Millis } from "@memwire/engine";
import type { ServerContext } from "./context.ts";
import { failureOf, TAKEN_OUT, TOO_MANY_UPLOADS, type Failure } from "./failure.ts";
import type { Expected } from "./fragment.ts";
import { Upload, type Uploader } from "./upload.ts";
import { UploadLine } from "./upload-line.ts";
import type { ServerLink } from "./server-link.ts";
import type { Slot } from "./slot.ts";

export class Uploads {
  readonly #context: ServerContext;
  readonly #linesMax: number;
  readonly #lines: Map<ServerLink, UploadLine[]> = new Map();
  /** Servers that say when they are taken out. */
  readonly #watched: Set<ServerLink> = new Set();

  /** @param linesMax Connections to one server. */
  constructor(context: ServerContext, linesMax: number) {
    this.#context = context;
    this.#linesMax = linesMax;
  }

  /** One whose request is to be written to its `head`; its client starts it when its turn has come. */
  begin(server: ServerLink, uploader: Uploader, slot: Slot, expected: Expected): Upload {
    return new Upload({ take: (upload) => this.#take(server, upload) }, uploader, slot, expected);
  }

  get deadline(): Millis {
    let earliest = Infinity;
    for (const lines of this.#lines.values()) {
      for (const { deadline } of lines) if (deadline < earliest) earliest = deadline;
    }
    return earliest;
  }

  elapsed(): void {
    const { now } = this.#context;
    for (const [server, lines] of this.#lines) {
      for (const line of lines) if (line.deadline <= now) line.elapsed();
      const kept = lines.filter((line) => !line.isFree || line.isConnected);
      if (kept.length === 0) this.#lines.delete(server);
      else if (kept.length < lines.length) this.#lines.set(server, kept);
    }
  }

  /** Closes all connections. */
  release(): void {
    for (const lines of this.#lines.values()) for (const line of lines) line.release(failureOf("closed"));
    this.#lines.clear();
  }

  #take(server: ServerLink, upload: Upload): UploadLine | Failure | null {
    const lines = this.#lines.get(server) ?? [];
    const refusal = server.refusal();
    if (refusal !== null) return refusal;
    if (server.isAbsent) {
      server.output.append(upload.head);
      server.push(upload, upload.expected);
      return null;
    }
    const free = lines.find((line) => line.isFree);
    if (free !== undefined) return free;
    if (lines.length >= this.#linesMax) {
      server.counters.overflows++;
      const stalled = lines.find((line) => line.isStalled);
      if (stalled === undefined) return TOO_MANY_UPLOADS;
      stalled.release(TOO_MANY_UPLOADS);
      return stalled;
    }
    const line = new UploadLine(this.#context, server);
    lines.push(line);
    this.#lines.set(server, lines);
    this.#watch(server);
    return line;
  }

  #watch(server: ServerLink): void {
    if (this.#watched.has(server)) return;
    this.#watched.add(server);
    server.watch(() => {
      for (const line of this.#lines.get(server) ?? []) {
        if (server.isTakenOut) line.release(TAKEN_OUT);
        // Who knows whether it still works, or it is not to be used any more.
        else if (line.isFree && (server.inTrouble || !server.isWanted)) line.release(failureOf("closed"));
      }
    });
  }
}
