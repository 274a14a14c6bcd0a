// The request at hand, as offsets and numbers: what the decoder is after `next()` answered.
//
// Fields that a command has no use for mean nothing. Offsets are into `bytes`, ends are exclusive.

import { decodeBase64 } from "../base64.ts";
import type { Halves } from "../decimal.ts";
import { MetaFlags } from "../meta/meta-flags.ts";
import type { Refusal } from "./refusal.ts";
import type { CommandName } from "./request.ts";

/** Which part of the protocol a line is of; "none" if its command is unknown. */
export type CommandFamily = "classic" | "admin" | "meta" | "none";

/**
 * What a meta command does: `ms` stores as set (S), add (E), append (A), prepend (P) or replace (R), `ma` increments
 * (I) or decrements (D).
 */
export type MetaMode = "S" | "E" | "A" | "P" | "R" | "I" | "D";

export class RequestFields {
  /** Bytes that all offsets refer to. Read only; they may be the lent chunk. */
  bytes: Uint8Array = new Uint8Array(0);
  /** The message: `start` to `end`, line and data block with their ends, as received. Of a value in parts: the part. */
  start = 0;
  end = 0;
  /** Behind the command line and its end; where the data block starts if there is one. */
  lineEnd = 0;
  /** Behind the last word that means something, `noreply` not counted: what a proxy sends on as the line. */
  argumentsEnd = 0;
  family: CommandFamily = "none";
  /** Also set on "invalid" and "fatal" unless `family` is "none". */
  command: CommandName = "version";
  /** The first key, as it stands on the line. */
  keyStart = 0;
  keyEnd = 0;
  /** All keys of a retrieval command: start and end of key i at `2 * i` and `2 * i + 1`. */
  keyOffsets: Uint32Array = new Uint32Array(0);
  keyCount = 0;
  /** Client flags: of a meta command those of flag F, else 0. */
  flags = 0;
  /**
   * Seconds as sent: what they mean is in docs/protocol.md. Exact to 2^53. Delay of `flush_all`, level of
   * `verbosity`; of a meta command the token of flag T, else 0.
   */
  exptime = 0;
  /** The value, empty if it comes in parts; or the argument of `stats`, `shutdown` and the admin commands. */
  valueStart = 0;
  valueEnd = 0;
  /** Bytes of the whole value of a storage command. */
  valueBytes = 0;
  /** A piece of a value in parts. */
  partStart = 0;
  partEnd = 0;
  /** Whether the client wants no reply. Also set on "invalid" where the line got that far. Never by a meta command. */
  noreply = false;
  /** Unsigned 64-bit halves: the cas unique of `cas`, or of flag C. */
  readonly cas: Halves = { high: 0, low: 0 };
  /** The delta of `incr` and `decr`; of a meta command that of flag D, else 1. */
  readonly delta: Halves = { high: 0, low: 0 };

  /** The flags of a meta command, each with its token. Of `me` only `b`, as it heeds no other. */
  readonly meta: MetaFlags;
  /**
   * Flag q: whether the client wants no reply that says what it expects. Errors are told all the same. Only of meta.
   */
  quiet = false;
  /** Of `ms` and `ma`. */
  mode: MetaMode = "S";
  /** Seconds of flags N and R, else 0. */
  vivifyExptime = 0;
  recacheExptime = 0;
  /** Halves of flag E, the cas unique that the item is to have; those of flag J, else 0. */
  readonly newCas: Halves = { high: 0, low: 0 };
  readonly initial: Halves = { high: 0, low: 0 };

  /** Why the last `next()` answered "invalid" or "fatal". On "too-large" the fields of the line are set. */
  refusal: Refusal = "unknown-command";
  /**
   * Where it is wrong, counted from the first byte of the message: the word that is refused, or the place where one is
   * missing, or the data block's end; 0 for an unknown command; the first byte too many of a line that is too long.
   */
  refusedAt = 0;

  /** @param metaFlagsMax Flags that a meta command may have. */
  constructor(metaFlagsMax: number) {
    this.meta = new MetaFlags(metaFlagsMax);
  }

  /** Whether the first key stands on the line in base64. */
  get keyIsBase64(): boolean {
    return this.family === "meta" && this.meta.has("b");
  }

  /**
   * Copies the first key itself, also where the line has it in base64.
   *
   * @param into Has room for `keyBytesMax`.
   * @returns how many bytes the key has
   */
  copyKey(into: Uint8Array): number {
    const { bytes, keyStart, keyEnd } = this;
    if (this.keyIsBase64) return decodeBase64(bytes, keyStart, keyEnd, into);
    for (let i = keyStart; i < keyEnd; i++) into[i - keyStart] = bytes[i] as number;
    return keyEnd - keyStart;
  }
}
