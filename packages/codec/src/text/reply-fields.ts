// The reply at hand, as the decoder shows it: kind, numbers, and offsets into the bytes that were received.

import type { Halves } from "../decimal.ts";
import { MetaFlags } from "../meta/meta-flags.ts";
import type { ReplyKind } from "./reply.ts";

/** What is wrong with a reply. */
export type ReplyFault = "not-a-reply" | "line-too-long" | "value-too-large" | "bad-value";

export class ReplyFields {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The reply: `start` to `end`, line and data block with their ends, as received; or the piece of it at hand. */
  start = 0;
  end = 0;
  kind: ReplyKind = "end";
  /** Of `value`, `config` and `me`. */
  keyStart = 0;
  keyEnd = 0;
  flags = 0;
  /** The value, or the text of a reply that has one. */
  valueStart = 0;
  valueEnd = 0;
  /** Bytes of the value of a `value`, `config` or `va`, whole or in pieces. */
  valueBytes = 0;
  /** The piece of the value that "part" found, at least one byte. */
  partStart = 0;
  partEnd = 0;
  /** Whether the `VALUE` line has a cas unique. */
  hasCas = false;
  /** Unsigned 64-bit halves: the cas unique of a `value`; the value of a `number`. */
  readonly cas: Halves = { high: 0, low: 0 };
  readonly number: Halves = { high: 0, low: 0 };
  /**
   * Flags of a meta reply, in their order. A word that is no letter, a letter that came before and what is more than
   * fits is left out here; it stays in the line, and `snapshot()` has it.
   */
  readonly meta: MetaFlags = new MetaFlags();
  /** What was wrong when `next()` answered "fatal", and at which byte of the reply, its first being 0. */
  fault: ReplyFault = "not-a-reply";
  faultAt = 0;
}
