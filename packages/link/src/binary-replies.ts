// Replies of a server that was asked in binary, read as the text replies that they mean.
//
//     chunk --BinaryReplyDecoder--> replies --Ask--> text, 64 KiB of it at a time --TextReplyDecoder--> replies
//
// Whoever reads them has a `TextReplyDecoder`, and no need to know. A value is written to the text as it comes, so that
// what is held is no more than a piece of it, whatever its size.

import {
  BinaryReplyDecoder,
  SendBuffer,
  TextReplyDecoder,
  type Limits,
  type ReplyFound,
} from "@memwire/codec";
import type { AskQueue } from "./ask-queue.ts";

/** When so much text is made it is read: it is longer by no more than one reply, or one piece of a value. */
const TEXT_BYTES = 65_536;

/** From here on a value is handed on in pieces. */
const WHOLE_BYTES_MAX = 16_384;

export class BinaryReplies extends TextReplyDecoder {
  readonly #asks: AskQueue;
  readonly #decoder: BinaryReplyDecoder;
  readonly #text: SendBuffer = new SendBuffer();
  #isBroken = false;

  /**
   * @param limits As of `TextReplyDecoder`.
   * @param partsFromBytes As of `TextReplyDecoder`; `undefined` if no value is to come in parts.
   */
  constructor(asks: AskQueue, limits: Partial<Limits> = {}, partsFromBytes?: number) {
    super(limits, partsFromBytes === undefined ? {} : { partsFromBytes });
    this.#asks = asks;
    // Of a value that is too large the text tells.
    const itsLimits = { ...limits, valueBytesMax: 0xffff_ffff };
    this.#decoder = new BinaryReplyDecoder(itsLimits, { partsFromBytes: WHOLE_BYTES_MAX });
  }

  override receive(chunk: Uint8Array): void {
    this.#decoder.receive(chunk);
  }

  override next(): ReplyFound {
    for (;;) {
      const found = super.next();
      if (found !== "need-data") return found;
      this.#text.reclaim();
      this.#translate();
      if (this.#text.length === 0) return this.#isBroken ? "fatal" : "need-data";
      super.receive(this.#text.take());
    }
  }

  override get hasRest(): boolean {
    return super.hasRest || this.#decoder.hasRest;
  }

  override get heldBytes(): number {
    return super.heldBytes + this.#decoder.heldBytes;
  }

  #translate(): void {
    const decoder = this.#decoder;
    const text = this.#text;
    while (!this.#isBroken && text.length < TEXT_BYTES) {
      const found = decoder.next();
      if (found === "need-data") return;
      const ask = this.#asks.head;
      // An answer to nothing, or to what was not sent yet, is as wrong as one that makes no sense.
      if (found === "fatal" || ask === undefined || ask.opaque !== decoder.opaque) {
        this.#isBroken = true;
        return;
      }
      const heard = ask.hear(decoder, found, text);
      if (heard === "broken") this.#isBroken = true;
      else if (heard === "answered") this.#asks.shift();
    }
  }
}
