// What stands in for a server that is down where its keys are to be misses: it has nothing and keeps nothing.
//
// It answers in the call that asks. Nothing is sent anywhere.

import { latin1Bytes, latin1Text, SendBuffer, TextReplyDecoder } from "@memwire/codec";
import type { ServerCounters } from "./counters.ts";
import { failureOf } from "./failure.ts";
import type { Expected, Waiter } from "./fragment.ts";

/** Where a request for a server is written. */
export interface Taker {
  /** Where a request is written, whole, and then followed by a `push`. */
  readonly output: SendBuffer;
  /** A whole request was written to `output`. */
  push(waiter: Waiter, expected: Expected): void;
  /** A `get` of one key. */
  get(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void;
}

const NOT_STORED = replyOf("NOT_STORED\r\n");
const NOT_FOUND = replyOf("NOT_FOUND\r\n");

const LETTER_C = 99;
const LINE_FEED = 10;

export class AbsentServer implements Taker {
  readonly output: SendBuffer = new SendBuffer();
  readonly #counters: ServerCounters;

  constructor(counters: ServerCounters) {
    this.#counters = counters;
  }

  push(waiter: Waiter, expected: Expected): void {
    const request = this.output.take();
    this.output.reclaim();
    this.#counters.missed++;
    waiter.asked();
    // What it has would be there again when it is back: that all is gone cannot be said.
    if (expected === "flushed") return waiter.fail(failureOf("closed"), null);
    const isCas = request[0] === LETTER_C; // of nothing that is not there
    if (expected === "meta") waiter.value(replyOf(`${metaLine(request)}\r\n`));
    else if (expected !== "values") waiter.line(expected === "stored" && !isCas ? NOT_STORED : NOT_FOUND);
    waiter.done();
  }

  get(waiter: Waiter): void {
    this.#counters.missed++;
    waiter.asked();
    waiter.done();
  }
}

/** What a meta request is told of a key that is not there: a miss with what is to be repeated. */
function metaLine(request: Uint8Array): string {
  const [command = "", key = "", ...rest] = latin1Text(request, 0, request.indexOf(LINE_FEED))
    .trimEnd()
    .split(" ");
  const flags = command === "ms" ? rest.slice(1) : rest;
  const compares = flags.some((flag) => flag.startsWith("C"));
  let line = command === "mg" || command === "me" ? "EN" : command === "ms" && !compares ? "NS" : "NF";
  if (command === "me") return line;
  for (const flag of flags) {
    if (flag.startsWith("O")) line += ` ${flag}`;
    else if (flag === "k") line += flags.includes("b") ? ` k${key} b` : ` k${key}`;
  }
  return line;
}

/** A reply as a waiter is lent it. */
function replyOf(line: string): TextReplyDecoder {
  const decoder = new TextReplyDecoder();
  decoder.receive(latin1Bytes(line));
  decoder.next();
  return decoder;
}
