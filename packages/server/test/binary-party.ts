// Binary requests and replies in short: `req("set", "k", { value: "v" })`, and what came back as a word or two each.

import {
  BinaryReplyDecoder,
  type BinaryRequest,
  latin1Bytes,
  latin1Text,
  type Opcode,
  OPCODES,
  SendBuffer,
  writeBinaryRequest,
} from "@memwire/codec";

export interface Fields {
  readonly value?: string;
  readonly flags?: number;
  readonly exptime?: number;
  readonly delta?: bigint;
  readonly initial?: bigint;
  readonly cas?: bigint;
  readonly opaque?: number;
}

/** The bytes of a request, one character each. */
export function req(opcode: Opcode, key = "", fields: Fields = {}): string {
  const { extras, key: needs, hasValue } = OPCODES[opcode];
  const { value = "", flags = 0, delta = 1n, initial = 0n, cas = 0n, opaque = 0 } = fields;
  const exptime = fields.exptime ?? (extras === "delay" ? undefined : 0);
  const request = {
    opcode,
    opaque,
    cas,
    vbucket: 0,
    ...(needs === "none" ? {} : { key: latin1Bytes(key) }),
    ...(hasValue ? { value: latin1Bytes(value) } : {}),
    ...(extras === "storage" ? { flags } : {}),
    ...(extras === "arithmetic" ? { delta, initial } : {}),
    ...(extras === "none" || exptime === undefined ? {} : { exptime }),
  };
  const out = new SendBuffer();
  writeBinaryRequest(out, request as BinaryRequest);
  return latin1Text(out.take());
}

export interface Told {
  readonly what: string;
  readonly status: string;
  readonly opaque: number;
  readonly cas: bigint;
  readonly flags: number | undefined;
  readonly number: bigint | undefined;
  readonly key: string;
  readonly value: string;
}

/** All replies in a text of one character a byte. @throws Error if there is anything else in it */
export function told(text: string): readonly Told[] {
  const decoder = new BinaryReplyDecoder();
  decoder.receive(latin1Bytes(text));
  const replies: Told[] = [];
  let found = decoder.next();
  for (; found === "reply"; found = decoder.next()) {
    const { opcode, status, opaque, cas, flags, number, key, value } = decoder.snapshot();
    replies.push({
      what: `${opcode}`,
      status,
      opaque,
      cas,
      flags,
      number,
      key: latin1Text(key),
      value: latin1Text(value),
    });
  }
  if (found === "fatal" || decoder.hasRest) throw new Error(`more than replies: ${JSON.stringify(text)}`);
  return replies;
}

/** Of each reply the opcode and the status. */
export const statuses = (text: string): readonly string[] =>
  told(text).map(({ what, status }) => `${what} ${status}`);
