// One client: what it has asked and not yet been answered, and what it has not yet taken.

import { type BufferPool, type Limits, RequestDecoder, SendBuffer } from "@memwire/codec";
import type { ConnectionId, Outbox, Port } from "@memwire/engine";
import type { Retrieval } from "./retrieval.ts";

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

  constructor(id: ConnectionId, limits: Limits, outbox: Outbox, pool: BufferPool) {
    this.decoder = new RequestDecoder(limits, { protocol: "text", pool });
    this.output = new SendBuffer(pool);
    this.port = outbox.open(id, this.output, true);
  }
}
