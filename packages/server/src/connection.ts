// One client: what it has asked and not yet been answered, and what it has not yet taken.

import { type BufferPool, RequestDecoder, SendBuffer } from "@memwire/codec";
import type { ConnectionId, Outbox, Port } from "@memwire/engine";
import type { ServerSettings } from "./options.ts";
import type { Retrieval } from "./retrieval.ts";
import type { SaslProgress } from "./sasl.ts";
import { TextAuthentication } from "./text-authentication.ts";

export class Connection {
  readonly decoder: RequestDecoder;
  readonly output: SendBuffer;
  readonly port: Port;
  /** A retrieval whose further values wait until the client has taken the first ones. */
  rest: Retrieval | undefined = undefined;
  /** Paused: it has to take its replies before more is read. */
  blocked = false;
  /** The client has half-closed: it is answered, then closed. */
  ended = false;
  /** Whether it may ask for anything in the binary protocol. */
  authenticated: boolean;
  sasl: SaslProgress = "none";
  /** What stands before the text protocol until the client has said who it is. */
  door: TextAuthentication | undefined;

  constructor(id: ConnectionId, settings: ServerSettings, outbox: Outbox, pool: BufferPool) {
    const { limits, protocol, authentication } = settings;
    this.decoder = new RequestDecoder(limits, protocol === "auto" ? { pool } : { protocol, pool });
    this.output = new SendBuffer(pool);
    this.port = outbox.open(id, this.output, true);
    this.authenticated = authentication?.kind !== "sasl";
    this.door = authentication?.kind === "ascii" ? new TextAuthentication(authentication.check) : undefined;
  }
}
