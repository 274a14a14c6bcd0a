// The decoders of all connections. Only who is in the middle of a message needs one of its own.
//
//     received --> lend() --> connection.decoder --> need-data, between two messages --> giveBack()
//                                               \--> quit, closed ----------------------> end()
//
// So ten thousand connections that wait cost no decoder, and those that take turns use one that the processor has at
// hand. Hot path.

import { type BufferPool, RequestDecoder } from "@memwire/codec";
import type { Connection } from "./connection.ts";
import type { ServerSettings } from "./options.ts";

/** Kept for the next ones; further ones are dropped. */
const SPARE_MAX = 64;

export class Decoders {
  /** What connections have that are in no message. It receives nothing. */
  readonly idle: RequestDecoder;
  readonly #settings: ServerSettings;
  readonly #pool: BufferPool;
  readonly #spare: RequestDecoder[] = [];

  constructor(settings: ServerSettings, pool: BufferPool) {
    this.#settings = settings;
    this.#pool = pool;
    this.idle = this.#make();
  }

  lend(connection: Connection): void {
    const decoder = this.#spare.pop() ?? this.#make();
    decoder.begin(connection.protocol);
    decoder.binary.valueBytesMax = connection.valueBytesMax;
    connection.decoder = decoder;
  }

  /** The connection has a decoder that is lent, and no message has begun. */
  giveBack(connection: Connection): void {
    const { decoder } = connection;
    connection.protocol = decoder.protocol;
    connection.decoder = this.idle;
    if (this.#spare.length < SPARE_MAX) this.#spare.push(decoder);
    else decoder.drop();
  }

  /** The connection is over. Others go on with its decoder unless it is in a message, or at the end of what it reads. */
  end(connection: Connection): void {
    const { decoder } = connection;
    if (decoder === this.idle) return;
    if (!decoder.isInMessage && decoder.next() === "need-data") this.giveBack(connection);
    else decoder.drop();
  }

  #make(): RequestDecoder {
    return new RequestDecoder(this.#settings.decoding, { pool: this.#pool });
  }
}
