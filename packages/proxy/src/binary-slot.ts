// The place of one binary request, which turns the reply to it into a binary one.
//
//     get    VALUE k 7 5 42  -->  ok, flags 7, cas 42, value     END  -->  not found
//     touch  the same               -->  ok, flags 7, cas 42
//     set    HD c43       -->  ok, cas 43                        NS, EX, NF  -->  as memcached says it
//     incr   VA 2 c44     -->  ok, cas 44, the number
//
// Of a quiet request what is expected is not told: that it went well, or, of a retrieval, that nothing is there. Hot
// path: the head is the dispatcher's, and nothing is allocated a reply.

import {
  BINARY_STATUSES,
  latin1Bytes,
  latin1Text,
  readDecimal,
  readDecimal64,
  statusOf,
  type BinaryRequestDecoder,
  type BinaryStatus,
  type Halves,
  type Opcode,
  type TextReplyDecoder,
} from "@memwire/codec";
import { Slot, type SlotOwner, type StreamFound } from "@memwire/link";
import type { BinaryHead } from "./binary-head.ts";
import { ANY, hashOf } from "./meta-slot.ts";
import type { BinaryTask } from "./binary-request.ts";

/** `all`: every server is to say OK. `here`: the proxy itself says all there is to say. */
export type BinaryAnswer = BinaryTask | "all" | "here";

const NUMBER_BYTES = 8;
const FLAGS_MAX = 0xffff_ffff;

/** Of the reply at hand. */
const cas: Halves = { high: 0, low: 0 };
const number: Uint8Array = new Uint8Array(NUMBER_BYTES);

export class BinarySlot extends Slot {
  readonly #head: BinaryHead;
  readonly #task: BinaryAnswer;
  readonly #opcode: Opcode;
  readonly #code: number;
  readonly #opaque: number;
  readonly #hides: boolean;
  /** An item was told. */
  #isTold = false;
  /** Of a retrieval that is answered with its key. */
  readonly #key: Uint8Array | null;
  /** Of the key of a retrieval or a touch: what comes is to be of that one. */
  readonly #hash: number;

  constructor(owner: SlotOwner, head: BinaryHead, task: BinaryAnswer, decoder: BinaryRequestDecoder) {
    super(owner, "line", false);
    const { opcode, code, opaque, quiet, bytes, keyStart, keyEnd } = decoder;
    this.#head = head;
    this.#task = task;
    this.#opcode = opcode;
    this.#code = code;
    this.#opaque = opaque;
    this.#hides = quiet;
    this.#hash = task === "retrieve" || task === "touch" ? hashOf(bytes, keyStart, keyEnd) : ANY;
    this.#key = task === "retrieve" && tellsKey(opcode) ? bytes.slice(keyStart, keyEnd) : null;
  }

  override value(reply: TextReplyDecoder): boolean {
    // It is known already what is told.
    if (this.fault !== null) return true;
    switch (reply.kind) {
      case "value":
      case "va":
        return this.#task === "count" ? this.#tellNumber(reply) : this.#tellItem(reply);
      case "hd":
        return this.#tellDone(reply);
      case "en":
        return this.#task === "retrieve" || this.#task === "touch";
      case "nf":
        return this.#tellVain("not-found", this.#task !== "retrieve" && this.#task !== "touch");
      case "ex":
        return this.#tellVain("exists", this.#task !== "retrieve" && this.#task !== "touch");
      case "ns":
        return this.#tellVain(vainStatusOf(this.#opcode), this.#task === "store" || this.#task === "count");
      default:
        return false;
    }
  }

  override stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    if (this.#task === "touch") return found !== "head" || this.#tellItem(reply);
    this.direct = found === "tail" ? null : reply;
    if (found === "head") return this.#tellItem(reply);
    if (found === "part") this.reply(reply.bytes, reply.partStart, reply.partEnd);
    return true;
  }

  /** What each of several servers says is nothing that is told. */
  override line(): void {}

  override conclude(): void {
    const { fault } = this;
    // With its item a request is answered, whatever becomes of the END behind it.
    if (this.#isTold) return;
    if (fault !== null) return this.#tellFault(latin1Text(fault).trimEnd());
    if (this.#hides) return;
    if (this.#task === "all") this.status("ok");
    else if (this.#task === "retrieve" || this.#task === "touch") this.#tellMiss();
  }

  /** A reply that says no more than its status, and a text where that is none of those that go well. */
  status(status: BinaryStatus, text: string = BINARY_STATUSES[status].text): void {
    this.#tell(BINARY_STATUSES[status].code, 0, text.length);
    if (text.length > 0) this.#reply(latin1Bytes(text));
  }

  /** A reply that went well, and says something. */
  say(key: string, value: string): void {
    this.#tell(0, key.length, value.length);
    this.#reply(latin1Bytes(key + value));
  }

  #tellItem(reply: TextReplyDecoder): boolean {
    const flags = flagsOf(reply);
    if (this.#isTold || flags < 0 || !readCas(reply)) return false;
    if (reply.kind === "va" ? this.#task !== "retrieve" : this.#isOther(reply)) return false;
    this.#isTold = true;
    if (this.#task === "touch") return (this.#tellFlags(flags, 0), true);
    const { bytes, valueStart, valueEnd, valueBytes } = reply;
    this.#tellFlags(flags, valueBytes);
    this.reply(bytes, valueStart, valueEnd);
    return true;
  }

  #isOther({ bytes, keyStart, keyEnd }: TextReplyDecoder): boolean {
    return hashOf(bytes, keyStart, keyEnd) !== this.#hash;
  }

  #tellDone(reply: TextReplyDecoder): boolean {
    switch (this.#task) {
      case "touch": {
        const flags = flagsOf(reply);
        if (flags < 0 || !readCas(reply)) return false;
        this.#isTold = true;
        this.#tellFlags(flags, 0);
        return true;
      }
      case "store":
        if (!readCas(reply)) return false;
        if (!this.#hides) this.#tell(0, 0, 0, cas);
        return true;
      case "delete":
        if (!this.#hides) this.#tell(0, 0, 0);
        return true;
      default:
        return false;
    }
  }

  #tellNumber(reply: TextReplyDecoder): boolean {
    const { bytes, valueStart, valueEnd } = reply;
    // Behind a number that became shorter there are blanks.
    let end = valueEnd;
    while (end > valueStart && bytes[end - 1] === 32) end--;
    if (!readDecimal64(bytes, valueStart, end, cas)) return false;
    writeHalves(cas);
    if (!readCas(reply)) return false;
    if (this.#hides) return true;
    this.#tell(0, 0, NUMBER_BYTES, cas);
    this.#reply(number);
    return true;
  }

  #tellMiss(): void {
    const key = this.#key;
    if (key === null) return this.status("not-found");
    this.#tell(BINARY_STATUSES["not-found"].code, key.length, 0);
    this.#reply(key);
  }

  #tellVain(status: BinaryStatus, isAnswer: boolean): boolean {
    if (isAnswer) this.status(status);
    return isAnswer;
  }

  /** A line of the text protocol that is no answer but an error. */
  #tellFault(line: string): void {
    if (line === "") return;
    const [word = ""] = line.split(" ", 1);
    const text = line.slice(word.length + 1);
    const kind =
      word === "SERVER_ERROR" ? "server-error" : word === "CLIENT_ERROR" ? "client-error" : "error";
    this.status(...statusOf({ kind, text }));
  }

  /** The head of an item with the cas at hand, and its key if that is told. */
  #tellFlags(flags: number, valueBytes: number): void {
    const head = this.#head;
    const keyBytes = this.#key === null ? 0 : this.#key.length;
    head.begin(this.#code, this.#opaque, 0, keyBytes, valueBytes);
    head.flags(flags, keyBytes + valueBytes);
    head.cas(cas.high, cas.low);
    this.reply(head.bytes, 0, head.length);
    if (this.#key !== null) this.#reply(this.#key);
  }

  #tell(status: number, keyBytes: number, valueBytes: number, unique?: Halves): void {
    const head = this.#head;
    head.begin(this.#code, this.#opaque, status, keyBytes, valueBytes);
    if (unique !== undefined) head.cas(unique.high, unique.low);
    this.reply(head.bytes, 0, head.length);
  }

  #reply(bytes: Uint8Array): void {
    this.reply(bytes, 0, bytes.length);
  }
}

function tellsKey(opcode: Opcode): boolean {
  return opcode === "getk" || opcode === "getkq" || opcode === "gatk" || opcode === "gatkq";
}

/** Why memcached says that nothing was stored. */
function vainStatusOf(opcode: Opcode): BinaryStatus {
  switch (opcode) {
    case "add":
    case "addq":
      return "exists";
    case "replace":
    case "replaceq":
      return "not-found";
    default:
      return "not-stored";
  }
}

/** Client flags as a reply tells them; -1 if it does not. */
function flagsOf({ bytes, flags, kind, meta }: TextReplyDecoder): number {
  if (kind === "value") return flags;
  return meta.has("f") ? readDecimal(bytes, meta.tokenStart("f"), meta.tokenEnd("f"), FLAGS_MAX) : -1;
}

/** Reads the cas that a reply tells. @returns false if it does not */
function readCas(reply: TextReplyDecoder): boolean {
  const { bytes, meta } = reply;
  if (reply.kind === "value") {
    cas.high = reply.cas.high;
    cas.low = reply.cas.low;
    return reply.hasCas;
  }
  return meta.has("c") && readDecimal64(bytes, meta.tokenStart("c"), meta.tokenEnd("c"), cas);
}

function writeHalves({ high, low }: Halves): void {
  for (let i = 0; i < 4; i++) {
    number[i] = high >>> (24 - 8 * i);
    number[i + 4] = low >>> (24 - 8 * i);
  }
}
