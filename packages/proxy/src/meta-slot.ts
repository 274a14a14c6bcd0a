// The place of one meta request, which knows what may answer it.
//
//     mg key v k Oabc  -->  VA 5 kkey Oabc    told, if it is of this key and this opaque; if it is of another, the
//                                             connection is out of step and is given up
//     mg key v q       -->  EN                quiet: not told
//
// Hot path: of key and opaque a number is kept, not the bytes.

import type { TextReplyDecoder } from "@memwire/codec";
import { Slot, type SlotOwner, type StreamFound } from "@memwire/link";

/** The commands that are sent on. */
export type MetaCommand = "mg" | "ms" | "md" | "ma" | "me";

export class MetaSlot extends Slot {
  readonly #command: MetaCommand;
  /** Flag q: what is expected is not told. */
  readonly #hides: boolean;
  /** Of the tokens that the reply is to repeat; `ANY` where it may say what it likes. */
  readonly #key: number;
  readonly #opaque: number;

  constructor(owner: SlotOwner, command: MetaCommand, hides: boolean, key: number, opaque: number) {
    super(owner, "line", false);
    this.#command = command;
    this.#hides = hides;
    this.#key = key;
    this.#opaque = opaque;
  }

  override value(reply: TextReplyDecoder): boolean {
    if (!this.#isAnswer(reply)) return false;
    if (this.fault === null && !this.#isHidden(reply)) this.reply(reply.bytes, reply.start, reply.end);
    return true;
  }

  override stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    if (found === "head" && !this.#isAnswer(reply)) return false;
    // No number is so long: it is a value that was asked for.
    return super.stream(reply, found);
  }

  #isAnswer(reply: TextReplyDecoder): boolean {
    if (!answersMeta(reply, this.#command)) return false;
    const { kind, meta, bytes } = reply;
    if (kind === "me") return true; // memcached tells a key in base64 if it was stored so, and does not say that it is
    if ((meta.upper & OPAQUE) !== 0) {
      const hash = hashOf(bytes, meta.tokenStart("O"), meta.tokenEnd("O"));
      if (hash !== this.#opaque) return false;
    }
    // A server writes a key in base64 if whoever stored the item did.
    if ((meta.lower & KEY) === 0 || (meta.lower & IN_BASE64) !== 0 || this.#key === ANY) return true;
    return hashOf(bytes, meta.tokenStart("k"), meta.tokenEnd("k")) === this.#key;
  }

  #isHidden({ kind }: TextReplyDecoder): boolean {
    if (!this.#hides) return false;
    if (this.#command === "mg") return kind === "en";
    return kind === "hd" || kind === "va";
  }
}

const bit = (letter: string): number => 1 << (letter.charCodeAt(0) & 31);
const OPAQUE = bit("O");
const KEY = bit("k");
const IN_BASE64 = bit("b");

/** No hash is this. */
export const ANY = 0;

/** A number that stands for some bytes, never `ANY`. That of others is the same once in 2^31. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash | 1;
}

/** Whether a reply of that kind is an answer to that command. */
function answersMeta({ kind }: TextReplyDecoder, command: MetaCommand): boolean {
  switch (kind) {
    case "hd":
      return command !== "me";
    case "va":
      return command === "mg" || command === "ma";
    case "en":
      return command === "mg" || command === "me";
    case "nf":
      return command === "ms" || command === "md" || command === "ma";
    case "ns":
      return command === "ms" || command === "ma";
    case "ex":
      return command === "ms" || command === "md" || command === "ma";
    case "me":
      return command === "me";
    default:
      return false;
  }
}
