// What the codec makes of a stream of binary requests, beside what a memcached answered to it.
//
// A request that is taken is answered in its turn, with its opcode and its opaque; a quiet one may be. One that is
// refused is answered with the refusal's bytes. Behind what closes the connection nothing comes.

import {
  BINARY_REFUSALS,
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  binaryRefusalReply,
  latin1Text,
  type BinaryRefusal,
} from "@memwire/codec";

/** One message of the stream. */
interface Decision {
  readonly found: "request" | "invalid" | "fatal";
  /** The opcode's name, or the refusal. */
  readonly what: string;
  readonly code: number;
  readonly opaque: number;
  readonly quiet: boolean;
  readonly reply: Uint8Array;
  /** Whether the stream has all that memcached waits for before it answers: we do not. */
  readonly whole: boolean;
  /** Memcached loses its way here, or takes what we refuse: what it answers behind this is of no account. */
  readonly parted: boolean;
}

const HEADER_BYTES = 24;
const INT_MAX = 0x7fff_ffff;

export interface Decisions {
  readonly each: readonly Decision[];
  /** Whether the stream ends with the last of them: memcached may keep replies back while it waits for the rest. */
  readonly complete: boolean;
}

/** In one piece: how it is cut changes nothing, as other tests have it. */
export function decisionsOf(stream: Uint8Array): Decisions {
  const decoder = new BinaryRequestDecoder();
  decoder.receive(stream);
  const decisions: Decision[] = [];
  for (let found = decoder.next(); found === "request" || found === "invalid" || found === "fatal";) {
    decisions.push(decisionOf(decoder, found, stream));
    if (found === "fatal") break;
    found = decoder.next();
  }
  const last = decisions.at(-1)?.found;
  return {
    each: decisions,
    complete: last === "fatal" || (last === "request" && decoder.end === stream.length),
  };
}

function decisionOf(decoder: BinaryRequestDecoder, found: Decision["found"], stream: Uint8Array): Decision {
  const { code, opaque, quiet, opcode, refusal, start } = decoder;
  if (found === "request") {
    const reply = new Uint8Array(0);
    return { found, what: opcode, code, opaque, quiet, reply, whole: true, parted: false };
  }
  const view = new DataView(stream.buffer, stream.byteOffset + start);
  const isHeader = refusal !== "bad-magic";
  const partBytes = isHeader ? view.getUint16(2) + view.getUint8(4) : 0;
  const bodyBytes = isHeader ? view.getUint32(8) : 0;
  const wanted = HEADER_BYTES + (found === "fatal" ? partBytes : bodyBytes);
  return {
    found,
    what: refusal,
    code,
    opaque,
    quiet: false,
    reply: binaryRefusalReply(refusal, code, opaque),
    whole: stream.length - start >= wanted,
    parted: partsHere(refusal, opcode, partBytes, bodyBytes),
  };
}

/** Where memcached does otherwise, on purpose or not: docs/protocol.md, "Binary: where memcached does otherwise". */
function partsHere(refusal: BinaryRefusal, opcode: string, partBytes: number, bodyBytes: number): boolean {
  // It skips as many bytes as the body has behind extras and key, which it has read already.
  if (refusal === "unknown-command") return partBytes > 0 || bodyBytes > INT_MAX;
  // It keeps the length in an int, and skips nothing where that is negative.
  if (refusal === "too-large") return bodyBytes > INT_MAX;
  // It takes these, and reads their value as the next request.
  return refusal === "bad-body" && /^(?:stat|touch|gat)/.test(opcode);
}

/** Whether memcached closes the connection by itself. */
export function closesAt({ each }: Decisions): boolean {
  return each.some(
    ({ found, what, whole, parted }) =>
      !parted && ((found === "fatal" && whole) || (found === "request" && /^quitq?$/.test(what))),
  );
}

/** @returns what is different in the answer, if anything */
export function difference({ each, complete }: Decisions, answer: Uint8Array): string | undefined {
  const replies = new BinaryReplyDecoder({ valueBytesMax: 0xffff_ffff });
  replies.receive(answer);
  let found = replies.next();
  const isTo = ({ code, opaque }: Decision): boolean =>
    found === "reply" && replies.code === code && replies.opaque === opaque;
  // Before it closes without a word, memcached may forget what it had to say to the requests just before.
  const forgets = !complete || each.some(({ what, parted }) => parted || what === "bad-magic");
  const told = (decision: Decision): string =>
    found === "reply"
      ? `${replies.status} to ${replies.code}, opaque ${replies.opaque}, where ${decision.what} of ${decision.code}, opaque ${decision.opaque}, was due`
      : `"${found}" where ${decision.what} of ${decision.code}, opaque ${decision.opaque}, was due`;
  for (const decision of each) {
    if (found === "need-data" && forgets) return undefined;
    if (decision.parted) return undefined;
    if (decision.found === "request") {
      if (!isTo(decision)) {
        if (!decision.quiet) return told(decision);
      } else {
        if (!isServed(decision, replies)) return told(decision);
        while (decision.what === "stat" && replies.keyEnd > replies.keyStart) {
          found = replies.next();
          if (!isTo(decision)) return told(decision);
        }
        found = replies.next();
      }
      if (/^quitq?$/.test(decision.what)) break;
      continue;
    }
    if (!decision.whole || decision.reply.length === 0) break;
    const { bytes, start, end } = replies;
    if (found !== "reply" || latin1Text(bytes, start, end) !== latin1Text(decision.reply))
      return told(decision);
    found = replies.next();
    if (decision.found === "fatal") break;
  }
  if (found === "need-data" && !replies.hasRest) return undefined;
  return `"${found}", status ${replies.status} to ${replies.code}, opaque ${replies.opaque}, where nothing was due`;
}

/** A server without SASL knows none of its opcodes; anything else that the codec takes is no mistake in form. */
function isServed({ what }: Decision, { status }: BinaryReplyDecoder): boolean {
  if (what.startsWith("sasl-")) return status === "unknown-command";
  return status !== "unknown-command" && status !== "invalid";
}

/** What refusals there are in it, for a test to show that it met them. */
export const refusalsIn = ({ each }: Decisions): BinaryRefusal[] =>
  each.flatMap(({ what }) => (what in BINARY_REFUSALS ? [what as BinaryRefusal] : []));
