// Why a binary request was refused, and what memcached answers: one table.
//
// A refusal is told whether or not the request was a quiet one. Replies keep the order of the requests.

import { SendBuffer } from "../send-buffer.ts";
import type { BinaryStatus } from "./binary-message.ts";
import { REPLY_MAGIC, writeBinaryHeader } from "./header.ts";
import { BINARY_STATUSES } from "./status.ts";

/** What is wrong with a request. */
export type BinaryRefusal =
  | "bad-magic"
  | "bad-length"
  | "key-too-long"
  | "unknown-command"
  | "bad-extras"
  | "bad-key"
  | "bad-body"
  | "too-large";

export interface BinaryRefusalRow {
  /** What is answered; `undefined` where memcached closes the connection without a word. */
  readonly status: BinaryStatus | undefined;
  /** Whether the connection is closed behind the answer: then `next()` answers "fatal". */
  readonly closes: boolean;
}

export const BINARY_REFUSALS: Readonly<Record<BinaryRefusal, BinaryRefusalRow>> = {
  /** The first byte is not 0x80. */
  "bad-magic": { status: undefined, closes: true },
  /** Key and extras are longer than the body that they are part of. */
  "bad-length": { status: "unknown-command", closes: true },
  "key-too-long": { status: "invalid", closes: true },
  /** No such opcode. Its body is skipped as it comes. */
  "unknown-command": { status: "unknown-command", closes: false },
  /** The extras do not have the length that the opcode wants. */
  "bad-extras": { status: "invalid", closes: true },
  /** A key is missing, or is there where none may be. */
  "bad-key": { status: "invalid", closes: true },
  /** A value is there where none may be. */
  "bad-body": { status: "invalid", closes: true },
  /** The value is skipped as it comes. */
  "too-large": { status: "too-large", closes: false },
};

/**
 * The whole reply, the caller's own; empty if there is none.
 *
 * @param code The opcode's number as it came, which the reply repeats as it does the opaque.
 */
export function binaryRefusalReply(refusal: BinaryRefusal, code: number, opaque: number): Uint8Array {
  const { status } = BINARY_REFUSALS[refusal];
  const out = new SendBuffer();
  if (status !== undefined) {
    const row = BINARY_STATUSES[status];
    writeBinaryHeader(out, REPLY_MAGIC, code, 0, 0, 0, row.code, row.text.length, opaque, 0, 0);
    out.latin1(row.text);
  }
  return out.take();
}
