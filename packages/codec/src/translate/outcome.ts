// What came of an operation, from the replies to the request that it was translated to.

import type { BinaryReply } from "../binary/binary-message.ts";
import { latin1Text } from "../bytes.ts";
import type { TextReply } from "../text/reply.ts";
import { failureOf } from "./failure.ts";
import {
  type Failure,
  type Operation,
  type Outcome,
  type Untranslatable,
  untranslatable,
} from "./operation.ts";

/** Of an unsigned 64-bit number. */
const DIGITS_64 = 20;

/** From classic replies, up to the one that ends the answer, or from one meta reply. */
export function textOutcome(operation: Operation, replies: readonly TextReply[]): Outcome | Untranslatable {
  const last = replies.at(-1);
  if (last !== undefined && isFailure(last)) {
    return { came: "failure", failure: { kind: last.kind, text: last.text } };
  }
  const outcome =
    operation.does === "statistics" ? statistics(replies) : single(operation, replies, last?.kind ?? "none");
  return outcome ?? untranslatable("reply", `${last?.kind ?? "nothing"} for ${operation.does}`);
}

function isFailure(reply: TextReply): reply is TextReply & Failure {
  return reply.kind === "error" || reply.kind === "client-error" || reply.kind === "server-error";
}

function single(
  operation: Operation,
  replies: readonly TextReply[],
  last: TextReply["kind"] | "none",
): Outcome | undefined {
  const [first, second] = replies;
  if (first?.kind === "value") {
    const { flags, value, cas } = first;
    if (operation.does !== "retrieve" || last !== "end" || replies.length !== 2) return undefined;
    return { came: "hit", flags, value, ...(cas !== undefined && { cas }) };
  }
  if (second !== undefined) return undefined;
  switch (last) {
    case "none":
      return operation.does === "quit" ? { came: "done" } : undefined;
    case "end":
    case "en":
      return operation.does === "retrieve" || operation.does === "touch" ? { came: "miss" } : undefined;
    case "not-found":
    case "nf":
      return "key" in operation && operation.does !== "retrieve" ? { came: "miss" } : undefined;
    case "not-stored":
    case "ns":
      return operation.does === "store" || operation.does === "count" ? { came: "not-stored" } : undefined;
    case "exists":
    case "ex":
      return "cas" in operation ? { came: "exists" } : undefined;
    case "stored":
      return operation.does === "store" ? { came: "done" } : undefined;
    case "deleted":
      return operation.does === "delete" ? { came: "done" } : undefined;
    case "touched":
      return operation.does === "touch" ? { came: "done" } : undefined;
    case "ok":
      return operation.does === "flush" ? { came: "done" } : undefined;
    case "mn":
      return operation.does === "nothing" ? { came: "done" } : undefined;
    default:
      return first && told(operation, first);
  }
}

/** Replies that say something. */
function told(operation: Operation, reply: TextReply): Outcome | undefined {
  switch (reply.kind) {
    case "number":
      return operation.does === "count" ? { came: "number", number: reply.number } : undefined;
    case "version":
      return operation.does === "version" ? { came: "version", text: reply.text } : undefined;
    case "va": {
      const { value } = reply;
      const item = itemOf(reply.metaFlags);
      if (operation.does === "retrieve" && item.flags !== undefined) {
        return { came: "hit", value, ...item, flags: item.flags };
      }
      if (operation.does !== "count" || value.length > DIGITS_64) return undefined;
      const digits = latin1Text(value);
      if (!/^\d+$/.test(digits)) return undefined;
      return { came: "number", number: BigInt(digits), ...item };
    }
    case "hd": {
      const { does } = operation;
      if (does !== "store" && does !== "delete" && does !== "touch") return undefined;
      return { came: "done", ...itemOf(reply.metaFlags) };
    }
    default:
      return undefined;
  }
}

function itemOf(metaFlags: readonly string[]): { flags?: number; cas?: bigint } {
  const number = (letter: string): string | undefined =>
    metaFlags.find((flag) => flag.startsWith(letter) && /^.\d{1,20}$/.test(flag))?.slice(1);
  const flags = number("f");
  const cas = number("c");
  return {
    ...(flags !== undefined && { flags: Number(flags) }),
    ...(cas !== undefined && { cas: BigInt(cas) }),
  };
}

function statistics(replies: readonly TextReply[]): Outcome | undefined {
  const lines: (readonly [string, string])[] = [];
  for (const reply of replies.slice(0, -1)) {
    if (reply.kind !== "stat") return undefined;
    const blank = reply.text.indexOf(" ");
    if (blank < 0) lines.push([reply.text, ""]);
    else lines.push([reply.text.slice(0, blank), reply.text.slice(blank + 1)]);
  }
  const last = replies.at(-1)?.kind;
  return last === "end" || (last === "reset" && lines.length === 0)
    ? { came: "statistics", lines }
    : undefined;
}

/** From binary replies: one, but for statistics, which end with one that has no key. */
export function binaryOutcome(
  operation: Operation,
  replies: readonly BinaryReply[],
): Outcome | Untranslatable {
  const last = replies.at(-1);
  const wrong = untranslatable("reply", `${last?.status ?? "nothing"} for ${operation.does}`);
  if (last === undefined) return operation.does === "quit" ? { came: "done" } : wrong;
  // Only then is the value a text: that of a hit may have a megabyte.
  const failure = last.status === "ok" ? undefined : failureOf(last.status, line(last.value));
  if (failure !== undefined) return { came: "failure", failure };
  if (operation.does === "statistics") {
    // Unknown ones are an error in text.
    if (last.status === "not-found") return { came: "failure", failure: { kind: "error", text: "" } };
    if (last.status !== "ok" || last.key.length > 0) return wrong;
    const lines = replies.slice(0, -1).map(({ key, value }) => [line(key), line(value)] as const);
    return { came: "statistics", lines };
  }
  if (replies.length > 1) return wrong;
  const isStoredAnew = operation.does === "store" && operation.cas === undefined;
  switch (last.status) {
    case "ok":
      return well(operation, last) ?? wrong;
    case "not-found":
      if (!("key" in operation)) return wrong;
      return { came: isStoredAnew && operation.mode === "replace" ? "not-stored" : "miss" };
    case "exists":
      return { came: isStoredAnew && operation.mode === "add" ? "not-stored" : "exists" };
    case "not-stored":
      return { came: "not-stored" };
    default:
      return wrong;
  }
}

function well(operation: Operation, { flags, number, cas, value }: BinaryReply): Outcome | undefined {
  switch (operation.does) {
    case "retrieve":
      return flags === undefined ? undefined : { came: "hit", flags, value, cas };
    case "count":
      return number === undefined ? undefined : { came: "number", number, cas };
    case "version":
      return { came: "version", text: line(value) };
    case "touch":
      return { came: "done", cas, ...(flags !== undefined && { flags }) };
    case "store":
      return { came: "done", cas };
    default:
      return { came: "done" };
  }
}

/** A text that the text protocol can carry. */
const line = (bytes: Uint8Array): string => latin1Text(bytes).replaceAll(/[\r\n]/g, " ");
