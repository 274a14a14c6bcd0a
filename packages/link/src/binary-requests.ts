// Text requests to one server as binary ones.
//
//     credentials                                  sasl-auth PLAIN: NUL user NUL password
//     ask("get a b\r\nset c 0 0 5\r\nhel")  -->    getkq a, getk b, set c of 5 bytes: hel
//     ask("lo\r\n")                         -->    lo
//
// What is asked is lent until `isAsking` is false, and no more of it at a time becomes binary than the network takes at
// once: neither a large value nor a long line of keys is there twice. A binary request ends with its value, and a text
// one with the line end behind it, which never comes if its client breaks off: so the last byte waits for that. For
// each request an `Ask` waits for the answer. Requests are well formed, and are to be answered, as those who link to a
// server write them.

import {
  latin1Bytes,
  refusalReply,
  SendBuffer,
  TextRequestDecoder,
  toBinary,
  utf8Bytes,
  writeBinaryRequest,
  type BinaryRequest,
  type BufferPool,
  type Limits,
  type TextRequest,
} from "@memwire/codec";
import type { AskQueue } from "./ask-queue.ts";
import { LoginAsk, NoopAsk, TranslatedAsk, ValuesAsk, type Ask } from "./binary-ask.ts";
import type { Credentials } from "./greeting.ts";
import { unsayable } from "./unsayable.ts";

/** Whoever writes requests has bounds for them: these are no further ones. */
const ANY_REQUEST: Partial<Limits> = {
  valueBytesMax: 0x7fff_ffff,
  lineBytesMax: Number.MAX_SAFE_INTEGER,
  retrievalLineBytesMax: Number.MAX_SAFE_INTEGER,
  keysMax: 0x7fff_ffff,
  metaWordsMax: 100,
  opaqueBytesMax: Number.MAX_SAFE_INTEGER,
};

const PLAIN = latin1Bytes("PLAIN");
const ANY_KEY = latin1Bytes("k");
const NOTHING = new Uint8Array(0);
const COMMON = { vbucket: 0, cas: 0n };

export class BinaryRequests {
  readonly #asks: AskQueue;
  readonly #decoder: TextRequestDecoder = new TextRequestDecoder(ANY_REQUEST, { partsFromBytes: 0 });
  readonly #output: SendBuffer;
  /** Of the request that was written last. */
  #opaque = 0;
  #isAsking = false;
  /** Of the retrieval at hand: the next key, how many there are, and the exptime that they are to have, if any. */
  #keyNext = 0;
  #keyCount = 0;
  #exptime: number | undefined = undefined;
  /** Of the piece of a value at hand: what is not written yet. */
  #pieceStart = 0;
  #pieceEnd = 0;
  /** The value is that of a request which cannot be said. */
  #drops = false;
  /** The last byte that was written ends a request, or may: it is not to be taken. */
  #keepsLast = false;
  /** That byte, where the output's memory was let go of meanwhile; else -1. */
  #lastByte = -1;

  /** @param pool Where memory for large requests comes from. */
  constructor(asks: AskQueue, { user, password }: Credentials, pool?: BufferPool) {
    this.#asks = asks;
    this.#output = new SendBuffer(pool);
    const value = utf8Bytes(`\0${user}\0${password}`);
    const opaque = this.#expect(new LoginAsk(this.#nextOpaque()));
    writeBinaryRequest(this.#output, { opcode: "sasl-auth", key: PLAIN, value, ...COMMON, opaque });
  }

  /** Whether what was asked last is lent still. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Whether there is something to take. */
  get hasMore(): boolean {
    return this.#isAsking || this.#output.length > (this.#keepsLast ? 1 : 0);
  }

  /** Lends text, at least one byte. Only if there is nothing to take. */
  ask(text: Uint8Array): void {
    if (this.#lastByte >= 0) this.#output.byte(this.#lastByte);
    this.#lastByte = -1;
    this.#isAsking = true;
    this.#decoder.receive(text);
  }

  /** Lends binary until `reclaim`, at least one byte and at most `bytesMax`. Only if there is something to take. */
  take(bytesMax: number): Uint8Array {
    const output = this.#output;
    // One byte more than is taken shows that there is more: what is lent still may come to nothing.
    while (this.#isAsking && output.length <= bytesMax) this.#goOn(bytesMax + 1 - output.length);
    // In a value each byte lets the one before it go: what came is the first half of a line end.
    if (output.length === 1) this.#keepsLast = false;
    // Who sends is told when it was taken: so the rest of that line end, or of a value that is thrown away, is
    // something, too.
    if (output.length === 0) this.#noop(NOTHING);
    return output.take(this.#keepsLast ? Math.min(bytesMax, output.length - 1) : bytesMax);
  }

  /** The network is done with what was taken. */
  reclaim(): void {
    const output = this.#output;
    // Until its client sends more of a value, nothing large is held for one byte.
    if (!this.hasMore && output.length === 1) this.#lastByte = output.take()[0] as number;
    output.reclaim();
  }

  /** @param bytesMax Of a value. */
  #goOn(bytesMax: number): void {
    if (this.#keyNext < this.#keyCount) return this.#writeKey();
    if (this.#pieceStart < this.#pieceEnd) return this.#writePiece(bytesMax);
    const decoder = this.#decoder;
    switch (decoder.next()) {
      case "request":
        return this.#request();
      case "head":
        this.#keepsLast = this.#isSaid(decoder.snapshot(), decoder.valueBytes);
        this.#drops = !this.#keepsLast;
        return;
      case "part":
        if (this.#drops) return;
        this.#pieceStart = decoder.partStart;
        this.#pieceEnd = decoder.partEnd;
        return;
      case "tail":
        this.#keepsLast = false;
        return;
      case "invalid":
        this.#keepsLast = false;
        // Where only the end of a value is wrong the server has all of the request.
        if (decoder.refusal !== "bad-data-chunk") this.#noop(refusalReply(decoder.refusal));
        return;
      default:
        this.#isAsking = false;
    }
  }

  #request(): void {
    const decoder = this.#decoder;
    const { command, exptime } = decoder;
    switch (command) {
      case "get":
      case "gets":
        return this.#retrieve(command === "gets", undefined);
      case "gat":
      case "gats": {
        const translated = toBinary({ command, exptime, keys: [ANY_KEY] });
        if ("untranslatable" in translated) return this.#noop(unsayable(command, translated));
        const [first] = translated;
        return this.#retrieve(
          command === "gats",
          first !== undefined && "exptime" in first ? first.exptime : 0,
        );
      }
      case "stats":
      case "quit":
        // They are not answered once.
        return this.#noop(unsayable(command, { untranslatable: "command", what: command }));
      default:
        this.#isSaid(decoder.snapshot(), 0);
    }
  }

  #retrieve(tellsCas: boolean, exptime: number | undefined): void {
    this.#keyNext = 0;
    this.#keyCount = this.#decoder.keyCount;
    this.#exptime = exptime;
    this.#expect(new ValuesAsk(this.#nextOpaque(), tellsCas));
  }

  #writeKey(): void {
    const { bytes, keyOffsets } = this.#decoder;
    const at = this.#keyNext * 2;
    const key = bytes.subarray(keyOffsets[at], keyOffsets[at + 1]);
    const exptime = this.#exptime;
    const common = { key, ...COMMON, opaque: this.#opaque };
    this.#keyNext++;
    const isLast = this.#keyNext === this.#keyCount;
    const request: BinaryRequest =
      exptime === undefined
        ? { opcode: isLast ? "getk" : "getkq", ...common }
        : { opcode: isLast ? "gatk" : "gatkq", exptime, ...common };
    writeBinaryRequest(this.#output, request);
  }

  #writePiece(bytesMax: number): void {
    const start = this.#pieceStart;
    const end = Math.min(this.#pieceEnd, start + bytesMax);
    this.#output.copy(this.#decoder.bytes, start, end);
    this.#pieceStart = end;
  }

  /**
   * Writes a request that has one reply, but for its value.
   *
   * @returns false if binary cannot say it, which is then answered in its place
   */
  #isSaid(request: TextRequest, valueBytes: number): boolean {
    const translated = toBinary(request);
    if ("untranslatable" in translated) {
      this.#noop(unsayable(request.command, translated));
      return false;
    }
    const opaque = this.#expect(new TranslatedAsk(this.#nextOpaque(), request));
    for (const each of translated) writeBinaryRequest(this.#output, { ...each, opaque }, valueBytes);
    return true;
  }

  /** @param line What its request is answered. */
  #noop(line: Uint8Array): void {
    const opaque = this.#expect(new NoopAsk(this.#nextOpaque(), line));
    writeBinaryRequest(this.#output, { opcode: "noop", ...COMMON, opaque });
  }

  #expect(ask: Ask): number {
    this.#asks.push(ask);
    return ask.opaque;
  }

  /** It may come to be one that was there before: there are not so many under way. */
  #nextOpaque(): number {
    this.#opaque = (this.#opaque + 1) >>> 0;
    return this.#opaque;
  }
}
