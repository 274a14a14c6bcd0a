// What a request wants done, and what came of it, in words that classic, meta and binary share.
//
//     request in one format  -->  operations  -->  requests in another
//     replies to it          <--  outcomes    <--  what is answered to those
//
// Each format has a file that reads its requests as operations, and writes operations as requests and outcomes as
// replies: classic.ts, meta.ts with meta-operation.ts, binary.ts; outcome.ts reads replies of all. What is told
// quietly, or not at all, is left to the last step: an operation is answered.

import type { StorageCommand } from "../text/request.ts";

/** Whether the cas unique of the item is wanted: where the other format does not tell it, "always" is refused. */
type Telling = "never" | "if-possible" | "always";

/** `exptime` is in seconds as the text protocol has it, negative for already. No cas: it does not matter. */
export type Operation =
  | {
      readonly does: "retrieve";
      readonly key: Uint8Array;
      /** What the item is to have from now on, if anything. */
      readonly exptime?: number;
      readonly tellsCas: Telling;
    }
  | {
      readonly does: "store";
      readonly mode: StorageCommand;
      readonly key: Uint8Array;
      readonly flags: number;
      readonly exptime: number;
      readonly value: Uint8Array;
      /** With "add" and "replace" it makes a "set" of them: here it is one. */
      readonly cas?: bigint;
      readonly tellsCas: Telling;
    }
  | { readonly does: "delete"; readonly key: Uint8Array; readonly cas?: bigint }
  | {
      readonly does: "count";
      readonly by: "incr" | "decr";
      readonly key: Uint8Array;
      readonly delta: bigint;
      /** What to begin with where there is nothing. */
      readonly create?: { readonly initial: bigint; readonly exptime: number };
      readonly cas?: bigint;
      readonly tellsCas: Telling;
    }
  | {
      readonly does: "touch";
      readonly key: Uint8Array;
      readonly exptime: number;
      /** Whether flags and cas are wanted where the other format tells them. */
      readonly tellsItem: boolean;
    }
  | { readonly does: "flush"; readonly delay: number }
  | { readonly does: "statistics"; readonly argument: string }
  | { readonly does: "version" | "nothing" | "quit" };

/** An error as the text protocol says it. */
export interface Failure {
  readonly kind: "error" | "client-error" | "server-error";
  readonly text: string;
}

/** `cas` and `flags` are there where they were told. */
export type Outcome =
  | { readonly came: "hit"; readonly flags: number; readonly value: Uint8Array; readonly cas?: bigint }
  | { readonly came: "done"; readonly flags?: number; readonly cas?: bigint }
  | { readonly came: "number"; readonly number: bigint; readonly cas?: bigint }
  | { readonly came: "miss" | "not-stored" | "exists" }
  | { readonly came: "version"; readonly text: string }
  | { readonly came: "statistics"; readonly lines: readonly (readonly [name: string, value: string])[] }
  | { readonly came: "failure"; readonly failure: Failure };

/** Why something cannot be said in another format. */
export type UntranslatableReason =
  /** It has no such command. */
  | "command"
  /** It cannot carry that key: a blank or a line end in it, or too long, or empty. */
  | "key"
  /** A meta flag for which nothing else has a word. */
  | "flag"
  /** A cas unique that it does not take there, or takes for none, or does not tell. */
  | "cas"
  /** A number to begin with. */
  | "initial"
  /** An exptime or delay that it cannot say, or about whose meaning memcached's versions differ. */
  | "exptime"
  /** Statistics that it has not. */
  | "argument"
  /** The request is none in its own format. */
  | "malformed"
  /** The replies do not answer that request. */
  | "reply";

export interface Untranslatable {
  readonly untranslatable: UntranslatableReason;
  /** What it was, for people. */
  readonly what: string;
}

/** Messages that together mean what one did, or why there are none. */
export type Translated<Message> = readonly Message[] | Untranslatable;

export function untranslatable(reason: UntranslatableReason, what: string): Untranslatable {
  return { untranslatable: reason, what };
}

export function isUntranslatable(translated: object): translated is Untranslatable {
  return "untranslatable" in translated;
}
