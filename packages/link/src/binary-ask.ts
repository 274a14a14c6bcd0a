// What was asked in binary, and how the answer to it is said in text.
//
//     get a b c     getkq a, getkq b, getk c    VALUE of each that is there; END with the answer for the last
//     set, mg, ...  one request                 its reply, translated
//     what binary
//     cannot say    noop                        the error that says so: in its place, as all that was asked is answered
//
// Only a retrieval has several replies, and only an item may be so large that it comes in parts: then it is written as
// it comes. Whatever a server says is a value to look at, and nothing throws.

import {
  latin1Bytes,
  textReplies,
  writeReply,
  writeValueLine,
  type BinaryReplyDecoder,
  type SendBuffer,
  type TextReply,
  type TextRequest,
} from "@memwire/codec";

/** What of a reply came. */
export type BinaryFound = "reply" | "head" | "part" | "tail";

/** `broken`: that is no answer to what was asked. */
export type Heard = "more" | "answered" | "broken";

export interface Ask {
  /** What its replies have, all of them. */
  readonly opaque: number;
  /** Writes what it means in text. The reply is lent for the call. */
  hear(reply: BinaryReplyDecoder, found: BinaryFound, out: SendBuffer): Heard;
}

const STORED = latin1Bytes("STORED\r\n");
const NOT_KNOWN = latin1Bytes("CLIENT_ERROR authentication failure\r\n");
const FLUSH_REFUSED = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");
const LINE_END = latin1Bytes("\r\n");
const END = latin1Bytes("END\r\n");
const NO_KEY = new Uint8Array(1);

/** Who we are: answered as the first `set` of a connection is by memcached -Y. */
export class LoginAsk implements Ask {
  readonly opaque: number;

  constructor(opaque: number) {
    this.opaque = opaque;
  }

  hear({ status }: BinaryReplyDecoder, found: BinaryFound, out: SendBuffer): Heard {
    if (found !== "reply") return "broken";
    // PLAIN has one message: a server that wants to go on (`auth-continue`) has not taken it. One without SASL knows
    // no such command.
    write(out, status === "ok" ? STORED : NOT_KNOWN);
    return "answered";
  }
}

/** A request that does nothing, in the place of one that is answered by a line of ours. */
export class NoopAsk implements Ask {
  readonly opaque: number;
  readonly #line: Uint8Array;

  /** @param line What is told; nothing at all if it is empty. */
  constructor(opaque: number, line: Uint8Array) {
    this.opaque = opaque;
    this.#line = line;
  }

  hear({ opcode, status }: BinaryReplyDecoder, found: BinaryFound, out: SendBuffer): Heard {
    if (found !== "reply" || opcode !== "noop" || status !== "ok") return "broken";
    write(out, this.#line);
    return "answered";
  }
}

/** A request that has one reply. */
export class TranslatedAsk implements Ask {
  readonly opaque: number;
  readonly #request: TextRequest;
  /** Whether the value that comes in parts is told. */
  #tells = false;

  /** @param request Its value does not matter. */
  constructor(opaque: number, request: TextRequest) {
    this.opaque = opaque;
    this.#request = request;
  }

  hear(reply: BinaryReplyDecoder, found: BinaryFound, out: SendBuffer): Heard {
    const { status, bytes, partStart, partEnd, valueBytes } = reply;
    if (found === "part") {
      if (this.#tells) out.copy(bytes, partStart, partEnd);
      return "more";
    }
    if (found === "tail") {
      if (this.#tells) write(out, LINE_END);
      return "answered";
    }
    if (this.#request.command === "flush_all" && status === "auth-error") {
      write(out, FLUSH_REFUSED);
      return "answered";
    }
    const replies = textReplies(this.#request, [reply.snapshot()]);
    if ("untranslatable" in replies) return "broken";
    if (found === "head") return this.#head(replies[0], valueBytes, out);
    for (const each of replies) writeReply(out, each);
    return "answered";
  }

  /** Of an `mg`. Nothing else is answered by as much. */
  #head(reply: TextReply | undefined, valueBytes: number, out: SendBuffer): Heard {
    if (reply?.kind !== "va" && reply?.kind !== "hd") return "broken";
    // To the translation the value is what is there of it by now: nothing.
    const metaFlags = reply.metaFlags.map((flag) => (flag.startsWith("s") ? `s${valueBytes}` : flag));
    this.#tells = reply.kind === "va";
    if (this.#tells) out.latin1(`${["VA", valueBytes, ...metaFlags].join(" ")}\r\n`);
    else writeReply(out, { kind: "hd", metaFlags });
    return "more";
  }
}

/** A retrieval of any number of keys: quiet requests, and one that is not for the last key. */
export class ValuesAsk implements Ask {
  readonly opaque: number;
  readonly #tellsCas: boolean;
  /** The first error of a key: it is told instead of all that comes behind it. */
  #fault: readonly TextReply[] | null = null;
  /** The value that comes in parts is that of the last key. */
  #isLast = false;

  constructor(opaque: number, tellsCas: boolean) {
    this.opaque = opaque;
    this.#tellsCas = tellsCas;
  }

  hear(reply: BinaryReplyDecoder, found: BinaryFound, out: SendBuffer): Heard {
    const { bytes, opcode, status, hasFlags } = reply;
    if (found === "part") {
      if (this.#fault === null) out.copy(bytes, reply.partStart, reply.partEnd);
      return "more";
    }
    if (found === "tail") return this.#valueEnded(out);
    this.#isLast = opcode === "getk" || opcode === "gatk";
    if (!this.#isLast && opcode !== "getkq" && opcode !== "gatkq") return "broken";
    if (status === "ok" && hasFlags) {
      this.#line(reply, out);
      if (found === "head") return "more";
      if (this.#fault === null) out.copy(bytes, reply.valueStart, reply.valueEnd);
      return this.#valueEnded(out);
    }
    if (found === "head" || status === "ok") return "broken";
    if (status !== "not-found" && this.#fault === null) {
      const fault = textReplies({ command: "get", keys: [NO_KEY] }, [reply.snapshot()]);
      if ("untranslatable" in fault) return "broken";
      this.#fault = fault;
    }
    return this.#isLast ? this.#ended(out) : "more";
  }

  #line({ bytes, keyStart, keyEnd, flags, valueBytes, cas }: BinaryReplyDecoder, out: SendBuffer): void {
    if (this.#fault !== null) return;
    writeValueLine(out, bytes, keyStart, keyEnd, flags, valueBytes);
    if (this.#tellsCas) {
      out.byte(32);
      out.decimal64(cas.high, cas.low);
    }
    write(out, LINE_END);
  }

  #valueEnded(out: SendBuffer): Heard {
    if (this.#fault === null) write(out, LINE_END);
    return this.#isLast ? this.#ended(out) : "more";
  }

  #ended(out: SendBuffer): Heard {
    if (this.#fault === null) write(out, END);
    else for (const each of this.#fault) writeReply(out, each);
    return "answered";
  }
}

function write(out: SendBuffer, line: Uint8Array): void {
  out.copy(line, 0, line.length);
}
