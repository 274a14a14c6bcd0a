// A server that is asked directly, without a network: what it answers is what every client must be answered.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { ConnectionId, Millis } from "@memwire/engine";
import type { ServerEngine, ServerOptions } from "@memwire/server";
import { smallServer } from "./small-server.ts";

export class Reference {
  readonly #engine: ServerEngine;
  #id: ConnectionId | undefined;

  constructor(options: ServerOptions) {
    this.#engine = smallServer(options);
  }

  /** The whole reply to one request, and whether the server then closes the connection. */
  ask(text: string, now: Millis): { reply: string; closes: boolean } {
    const engine = this.#engine;
    const id = this.#id ?? engine.accepted(now, 0);
    this.#id = id;
    engine.received(id, latin1Bytes(text), now);
    let reply = "";
    let closes = false;
    for (;;) {
      const command = engine.poll();
      if (command === undefined) {
        // What is too much for one turn goes on in the next.
        if (engine.deadline > -Infinity) break;
        engine.elapsed(now);
      } else if (command.kind === "send") {
        reply += latin1Text(command.bytes);
        engine.drained(id, now);
      } else if (command.kind === "close") {
        closes = true;
        engine.closed(id, "closed", now);
        this.#id = undefined;
      }
    }
    return { reply, closes };
  }
}
