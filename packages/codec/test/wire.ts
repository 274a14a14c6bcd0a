// Wires as text, cut into pieces and decoded as an engine would: every lent chunk is overwritten as soon as it is
// the caller's again, so that nothing that still reads it goes unnoticed.

import {
  latin1Bytes,
  latin1Text,
  refusalReply,
  TextReplyDecoder,
  TextRequestDecoder,
  SendBuffer,
  toBigint,
  writeReply,
  writeRequest,
  type Limits,
  type Refusal,
  type ReplyFault,
  type TextReply,
  type TextRequest,
} from "@memwire/codec";

/** One answer of a request decoder, owned. */
export type Seen =
  | { readonly found: "request"; readonly request: TextRequest; readonly wire: string; readonly line: string }
  | {
      readonly found: "invalid";
      readonly refusal: Refusal;
      readonly noreply: boolean;
      readonly at: number;
    }
  | { readonly found: "fatal"; readonly refusal: Refusal; readonly at: number };

/** One answer of a reply decoder, owned. */
export type SeenReply =
  | { readonly found: "reply"; readonly reply: TextReply; readonly wire: string }
  | { readonly found: "fatal"; readonly fault: ReplyFault; readonly faultAt: number };

export interface Feeding {
  readonly limits?: Partial<Limits>;
  /** Values of so many bytes or more come in parts, which are joined here. */
  readonly partsFromBytes?: number;
  /** Calls `keep()` after every so many messages, as an engine does that pauses. */
  readonly keepEvery?: number;
  /** Told of the memory held after every answer of the decoder. */
  readonly held?: (bytes: number) => void;
}

const POISON = 0xee;

export function decodeRequests(pieces: readonly Uint8Array[], feeding: Feeding = {}): Seen[] {
  const { limits, partsFromBytes = Infinity } = feeding;
  const decoder = new TextRequestDecoder(limits, { partsFromBytes });
  const seen: Seen[] = [];
  let parts: Uint8Array[] = [];
  let head: Extract<Seen, { found: "request" }> | undefined;
  feed(decoder, pieces, feeding, (found) => {
    const { bytes, start, end, refusal, refusedAt: at, noreply } = decoder;
    const wire = latin1Text(bytes, start, end);
    const line = latin1Text(bytes, start, decoder.argumentsEnd);
    if (found === "fatal") seen.push({ found, refusal, at });
    else if (found === "invalid") seen.push({ found, refusal, noreply, at });
    else if (found === "request") seen.push({ found, request: decoder.snapshot(), wire, line });
    else if (found === "head") {
      parts = [];
      head = { found: "request", request: decoder.snapshot(), wire, line };
    } else if (found === "part") parts.push(bytes.slice(decoder.partStart, decoder.partEnd));
    else if (head !== undefined) {
      const value = concat(parts);
      const request = { ...head.request, value } as TextRequest;
      seen.push({ ...head, request, wire: head.wire + latin1Text(value) + wire });
    }
  });
  return seen;
}

/** @param partsFromBytes From where on values come in pieces, which are put together again here. */
export function decodeReplies(
  pieces: readonly Uint8Array[],
  feeding: Feeding = {},
  partsFromBytes?: number,
): SeenReply[] {
  const decoder = new TextReplyDecoder(
    feeding.limits,
    partsFromBytes === undefined ? {} : { partsFromBytes },
  );
  const seen: SeenReply[] = [];
  let inPieces: ReplyInPieces | undefined;
  feed(decoder, pieces, feeding, (found) => {
    const { bytes, start, end, fault, faultAt } = decoder;
    if (found === "fatal") seen.push({ found, fault, faultAt });
    else if (found === "reply") {
      seen.push({ found, reply: decoder.snapshot(), wire: latin1Text(bytes, start, end) });
    } else if (found === "head") inPieces = new ReplyInPieces(decoder);
    else if (inPieces === undefined) throw new Error(`"${found}" before "head"`);
    else if (found === "part") inPieces.add(decoder);
    else {
      seen.push(inPieces.whole(decoder));
      inPieces = undefined;
    }
  });
  return seen;
}

/** A reply whose value comes in pieces. */
class ReplyInPieces {
  readonly #reply: (value: Uint8Array) => TextReply;
  readonly #valueBytes: number;
  readonly #parts: Uint8Array[] = [];
  #wire: string;

  constructor(head: TextReplyDecoder) {
    const { kind, bytes, flags, start, end } = head;
    this.#wire = latin1Text(bytes, start, end);
    this.#valueBytes = head.valueBytes;
    const key = bytes.slice(head.keyStart, head.keyEnd);
    const cas = head.hasCas ? { cas: toBigint(head.cas.high, head.cas.low) } : {};
    const words = this.#wire.replace(/\r?\n$/, "").split(/ +/);
    if (kind === "value") this.#reply = (value) => ({ kind, key, flags, value, ...cas });
    else if (kind === "config") this.#reply = (value) => ({ kind, key, flags, value });
    else if (kind === "va")
      this.#reply = (value) => ({ kind, metaFlags: words.slice(2).filter(Boolean), value });
    else throw new Error(`"head" of ${kind}`);
  }

  add({ bytes, start, end, partStart, partEnd }: TextReplyDecoder): void {
    if (partStart !== start || partEnd !== end || end <= start) throw new Error(`part ${start} to ${end}`);
    this.#wire += latin1Text(bytes, start, end);
    this.#parts.push(bytes.slice(start, end));
  }

  whole({ bytes, start, end }: TextReplyDecoder): SeenReply {
    const value = concat(this.#parts);
    if (value.length !== this.#valueBytes) throw new Error(`${value.length} bytes of ${this.#valueBytes}`);
    return { found: "reply", reply: this.#reply(value), wire: this.#wire + latin1Text(bytes, start, end) };
  }
}

interface Decoder<Message extends string> {
  receive(chunk: Uint8Array): void;
  keep(): void;
  next(): Message | "need-data";
  readonly heldBytes: number;
}

/** Feeds on after "fatal", which is told once and must then be the only answer. */
function feed<Message extends string>(
  decoder: Decoder<Message>,
  pieces: readonly Uint8Array[],
  { keepEvery = Infinity, held }: Feeding,
  tell: (found: Message) => void,
): void {
  let messages = 0;
  let fatal = false;
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (;;) {
      const found = decoder.next();
      held?.(decoder.heldBytes);
      if (fatal && found !== "fatal") throw new Error(`"${found}" after "fatal"`);
      if (found === "need-data") break;
      if (!fatal) tell(found);
      fatal = found === "fatal";
      if (fatal) break;
      if (++messages % keepEvery === 0) {
        decoder.keep();
        lent.fill(POISON);
      }
    }
    lent.fill(POISON);
  }
}

/** What the other side of a request decoder is told: the command, or the error line, or nothing. */
export function spoken(seen: readonly Seen[]): string[] {
  return seen.map((one) => {
    if (one.found === "request") return one.request.command;
    const text = latin1Text(refusalReply(one.refusal));
    if (one.found === "fatal") return `${text}closed`;
    return one.noreply ? "silence" : text.replace(/\r\n$/, "");
  });
}

export function encodeRequests(requests: readonly TextRequest[]): Uint8Array {
  const out = new SendBuffer();
  for (const request of requests) writeRequest(out, request);
  return out.take();
}

export function encodeReplies(replies: readonly TextReply[]): Uint8Array {
  const out = new SendBuffer();
  for (const reply of replies) writeReply(out, reply);
  return out.take();
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The pieces between these places, each a fraction of the whole. */
export function cut(whole: Uint8Array, fractions: readonly number[]): Uint8Array[] {
  const at = fractions.map((fraction) => Math.floor(fraction * whole.length)).toSorted((a, b) => a - b);
  return [...at, whole.length].map((end, i) => whole.subarray(i === 0 ? 0 : at[i - 1], end));
}

export const byteByByte = (whole: Uint8Array): Uint8Array[] =>
  Array.from(whole, (_, i) => whole.subarray(i, i + 1));

export const wire = (text: string): Uint8Array => latin1Bytes(text);

/** A wire as a test's name. */
export const shown = (text: string): string =>
  JSON.stringify(text.replace(/(.)\1{19,}/g, (run, byte: string) => `${byte}{${run.length}}`));
