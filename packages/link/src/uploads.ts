// The large values on their way to servers, for all servers.

import type { Millis } from "@memwire/engine";
import type { ServerContext } from "./context.ts";
import type { Expected } from "./fragment.ts";
import type { ServerLink } from "./server-link.ts";
import type { Slot } from "./slot.ts";
import { Upload, type Uploader } from "./upload.ts";
import { UploadLines } from "./upload-lines.ts";

export class Uploads {
  readonly #context: ServerContext;
  readonly #linesMax: number;
  readonly #lines: Map<ServerLink, UploadLines> = new Map();
  /** Those that have connections, or somebody who waits for one. */
  readonly #used: Set<UploadLines> = new Set();

  /** @param linesMax Connections to one server. */
  constructor(context: ServerContext, linesMax: number) {
    this.#context = context;
    this.#linesMax = linesMax;
  }

  /** One whose request is to be written to its `head`; its client starts it when its turn has come. */
  begin(server: ServerLink, uploader: Uploader, slot: Slot, expected: Expected): Upload {
    return new Upload(this.#linesOf(server), uploader, slot, expected);
  }

  get deadline(): Millis {
    let earliest = Infinity;
    for (const { deadline } of this.#used) if (deadline < earliest) earliest = deadline;
    return earliest;
  }

  elapsed(): void {
    const { now } = this.#context;
    for (const lines of this.#used) if (lines.deadline <= now) lines.elapsed();
  }

  /** Closes all connections. */
  release(): void {
    for (const lines of this.#used) lines.release();
    this.#used.clear();
  }

  #linesOf(server: ServerLink): UploadLines {
    let lines = this.#lines.get(server);
    if (lines === undefined) {
      lines = new UploadLines(this.#context, server, this.#linesMax, this.#used);
      this.#lines.set(server, lines);
    }
    return lines;
  }
}
