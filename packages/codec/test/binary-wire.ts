// Binary wires written so that they can be read, cut into pieces and decoded as an engine would: every lent chunk is
// overwritten as soon as it is the caller's again. A value that comes in pieces is joined and looked at as a whole.

import {
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  writeBinaryReply,
  writeBinaryRequest,
  type BinaryFault,
  type BinaryRefusal,
  type BinaryReply,
  type BinaryRequest,
  type Limits,
} from "@memwire/codec";
import { concat } from "./wire.ts";

/** A header in hexadecimal digits, with blanks where they help, and the body with one character a byte. */
export function bin(header: string, body = ""): Uint8Array {
  const digits = header.replaceAll(" ", "");
  const bytes = Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  );
  return Uint8Array.from([...bytes, ...latin1Bytes(body)]);
}

/** One answer of a request decoder, owned. */
export type SeenBinary =
  | {
      readonly found: "request";
      readonly request: BinaryRequest;
      readonly wire: string;
      readonly quiet: boolean;
    }
  | SeenRefusal;

export interface SeenRefusal {
  readonly found: "invalid" | "fatal";
  readonly refusal: BinaryRefusal;
  readonly at: number;
  readonly code: number;
  readonly opaque: number;
}

/** One answer of a reply decoder, owned. */
export type SeenBinaryReply =
  | { readonly found: "reply"; readonly reply: BinaryReply; readonly wire: string }
  | { readonly found: "fatal"; readonly fault: BinaryFault; readonly at: number };

export interface BinaryFeeding {
  readonly limits?: Partial<Limits>;
  /** Passed to the decoder, if it is there. */
  readonly partsFromBytes?: number;
  /** Calls `keep()` after every so many answers, as an engine does that pauses. */
  readonly keepEvery?: number;
  /** Told of the memory held after every answer of the decoder. */
  readonly held?: (bytes: number) => void;
  /** Told of every piece of a value. */
  readonly part?: (bytes: number) => void;
}

const POISON = 0xee;

const optionsOf = ({ partsFromBytes }: BinaryFeeding): { partsFromBytes?: number } =>
  partsFromBytes === undefined ? {} : { partsFromBytes };

export function decodeBinaryRequests(
  pieces: readonly Uint8Array[],
  feeding: BinaryFeeding = {},
): SeenBinary[] {
  const decoder = new BinaryRequestDecoder(feeding.limits, optionsOf(feeding));
  const seen: SeenBinary[] = [];
  feed(decoder, pieces, feeding, (found, joined) => {
    const { refusal, refusedAt: at, code, opaque } = decoder;
    if (found === "fatal" || found === "invalid") {
      // Before a header is there, nothing of it is said.
      return seen.push({
        found,
        refusal,
        at,
        ...(refusal === "bad-magic" ? { code: 0, opaque: 0 } : { code, opaque }),
      });
    }
    const whole = joined === undefined ? decoder : new BinaryRequestDecoder(feeding.limits);
    if (joined !== undefined) readWhole(whole, joined);
    const { bytes, start, end, quiet } = whole;
    return seen.push({
      found: "request",
      request: whole.snapshot(),
      wire: latin1Text(bytes, start, end),
      quiet,
    });
  });
  return seen;
}

export function decodeBinaryReplies(
  pieces: readonly Uint8Array[],
  feeding: BinaryFeeding = {},
): SeenBinaryReply[] {
  const decoder = new BinaryReplyDecoder(feeding.limits, optionsOf(feeding));
  const seen: SeenBinaryReply[] = [];
  feed(decoder, pieces, feeding, (found, joined) => {
    if (found === "fatal") return seen.push({ found, fault: decoder.fault, at: decoder.faultAt });
    const whole = joined === undefined ? decoder : new BinaryReplyDecoder(feeding.limits);
    if (joined !== undefined) readWhole(whole, joined);
    const { bytes, start, end } = whole;
    return seen.push({ found: "reply", reply: whole.snapshot(), wire: latin1Text(bytes, start, end) });
  });
  return seen;
}

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly extrasStart: number;
  readonly extrasEnd: number;
  readonly partStart: number;
  readonly partEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly valueBytes: number;
  readonly heldBytes: number;
  receive(chunk: Uint8Array): void;
  keep(): void;
  next(): string;
}

/** Where the message's parts are, counted from its start, and all that the header and the extras say. */
function saidBy(decoder: Decoder): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  // What is not there is as an earlier message had it; the value of a head is empty.
  const hasExtras = decoder.extrasEnd > decoder.extrasStart;
  for (const [name, value] of Object.entries(decoder)) {
    if (/^(?:bytes|start|end|valueEnd|part.*|refus.*|fault.*|delta|initial|number)$/.test(name)) continue;
    if (!hasExtras && /^(?:flags|exptime)$/.test(name)) continue;
    const isOffset = /(?:Start|End)$/.test(name);
    said[name] = isOffset ? (value as number) - decoder.start : structuredClone(value);
  }
  return said;
}

/** The same message in one piece. @throws Error if it is not one, or says anything else */
function readWhole(decoder: Decoder, { wire, said }: Joined): void {
  decoder.receive(wire);
  const found = decoder.next();
  if (decoder.end !== wire.length)
    throw new Error(`in one piece "${found}" up to ${decoder.end} of ${wire.length}`);
  const whole = saidBy(decoder);
  for (const [name, value] of Object.entries(said)) {
    if (JSON.stringify(value) !== JSON.stringify(whole[name])) {
      throw new Error(
        `the head's ${name} is ${JSON.stringify(value)}, in one piece ${JSON.stringify(whole[name])}`,
      );
    }
  }
}

interface Joined {
  readonly wire: Uint8Array;
  /** By the decoder at the head. */
  readonly said: Record<string, unknown>;
}

/** Feeds on after "fatal", which is told once and must then be the only answer. */
function feed(
  decoder: Decoder,
  pieces: readonly Uint8Array[],
  { keepEvery = Infinity, held, part }: BinaryFeeding,
  tell: (found: "message" | "invalid" | "fatal", joined?: Joined) => void,
): void {
  let answers = 0;
  let fatal = false;
  let parts: Uint8Array[] | undefined;
  let said: Record<string, unknown> = {};
  let valueLeft = 0;
  const take = (found: string): void => {
    const { bytes, start, end, partStart, partEnd } = decoder;
    if (parts === undefined) {
      if (found === "part" || found === "tail") throw new Error(`"${found}" without a head`);
      if (found !== "head") return tell(found === "invalid" || found === "fatal" ? found : "message");
      if (decoder.valueStart !== end || decoder.valueEnd !== end)
        throw new Error("a head with some of its value");
      parts = [bytes.slice(start, end)];
      said = saidBy(decoder);
      valueLeft = decoder.valueBytes;
    } else if (found === "part") {
      if (partEnd <= partStart) throw new Error("an empty part");
      part?.(partEnd - partStart);
      valueLeft -= partEnd - partStart;
      parts.push(bytes.slice(partStart, partEnd));
    } else {
      if (found !== "tail" || valueLeft !== 0 || start !== end) {
        throw new Error(`"${found}", from ${start} to ${end}, with ${valueLeft} bytes of the value to come`);
      }
      const joined = { wire: concat(parts), said };
      parts = undefined;
      tell("message", joined);
    }
  };
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (;;) {
      const found = decoder.next();
      held?.(decoder.heldBytes);
      if (fatal && found !== "fatal") throw new Error(`"${found}" after "fatal"`);
      if (found === "need-data") break;
      if (!fatal) take(found);
      fatal = found === "fatal";
      if (fatal) break;
      if (++answers % keepEvery === 0) {
        decoder.keep();
        lent.fill(POISON);
      }
    }
    lent.fill(POISON);
  }
}

export function encodeBinaryRequests(requests: readonly BinaryRequest[]): Uint8Array {
  const out = new SendBuffer();
  for (const request of requests) writeBinaryRequest(out, request);
  return out.take();
}

export function encodeBinaryReplies(replies: readonly BinaryReply[]): Uint8Array {
  const out = new SendBuffer();
  for (const reply of replies) writeBinaryReply(out, reply);
  return out.take();
}
