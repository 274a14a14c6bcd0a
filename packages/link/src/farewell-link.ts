// A client that is not taken: it is told why, if at all, and closed.

import { SendBuffer } from "@memwire/codec";
import type { ConnectionId, Port } from "@memwire/engine";
import type { ClientContext, Party } from "./context.ts";

export class FarewellLink implements Party {
  readonly #context: ClientContext;
  readonly #port: Port;

  constructor(context: ClientContext, id: ConnectionId, words: Uint8Array) {
    const output = new SendBuffer();
    output.copy(words, 0, words.length);
    this.#context = context;
    this.#port = context.outbox.open(id, output, true);
    context.outbox.finish(this.#port);
  }

  connected(): void {}

  received(): void {}

  ended(): void {}

  drained(): void {
    this.#context.outbox.drained(this.#port);
  }

  closed(): void {
    this.#context.outbox.forget(this.#port);
  }
}
