// The decoders of all clients. Only who is in the middle of a message, or has more to be asked for, needs one of its own.
//
//     received --> lend() --> need-data, between two messages --> giveBack()
//                         \-> the client is gone --------------> retire()
//
// So ten thousand clients that wait cost no decoder, and those that take turns use one that the processor has at hand.
// Hot path.

import { RequestDecoder, type Limits, type Protocol, type ProtocolOptions } from "@memwire/codec";

/** Kept for the next ones; further ones are dropped. */
const SPARE_MAX = 64;

export class RequestDecoders {
  /** What clients have that are in no message. It receives nothing. */
  readonly idle: RequestDecoder;
  readonly #limits: Partial<Limits>;
  readonly #options: ProtocolOptions;
  readonly #spare: RequestDecoder[] = [];

  /** @throws RangeError as `RequestDecoder` */
  constructor(limits: Partial<Limits>, options: ProtocolOptions = {}) {
    this.#limits = limits;
    this.#options = options;
    this.idle = new RequestDecoder(limits, options);
  }

  /** One that goes on between two messages of a client that speaks `protocol`, as far as that is known. */
  lend(protocol: Protocol | undefined): RequestDecoder {
    const decoder = this.#spare.pop() ?? new RequestDecoder(this.#limits, this.#options);
    decoder.begin(protocol);
    return decoder;
  }

  /** The decoder answered "need-data", and no message has begun. */
  giveBack(decoder: RequestDecoder): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(decoder);
  }

  /** The client is gone. Others go on with its decoder unless that is in a message, or at the end of what it reads. */
  retire(decoder: RequestDecoder): void {
    if (decoder === this.idle || decoder.isInMessage) return;
    if (decoder.next() === "need-data") this.giveBack(decoder);
  }
}
