// Binary requests and replies as the text that a `Table` carries, a character a byte.

import {
  BinaryReplyDecoder,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  writeBinaryRequest,
  type BinaryReply,
  type BinaryRequest,
} from "@memwire/codec";

/** The header fields that most requests have. */
export const COMMON = { opaque: 7, cas: 0n, vbucket: 0 };

export function requestText(...requests: BinaryRequest[]): string {
  const out = new SendBuffer();
  for (const request of requests) writeBinaryRequest(out, request);
  return latin1Text(out.take());
}

export function repliesIn(text: string): BinaryReply[] {
  const decoder = new BinaryReplyDecoder();
  decoder.receive(latin1Bytes(text));
  const replies: BinaryReply[] = [];
  for (let found = decoder.next(); found === "reply"; found = decoder.next())
    replies.push(decoder.snapshot());
  return replies;
}
