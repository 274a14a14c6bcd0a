// The recorded binary dialogues with memcached: both sides are understood and written again to the same bytes, however
// they are cut, and what the codec refuses the recorded server refused, in the same words.

import { readFileSync } from "node:fs";
import { latin1Bytes, latin1Text, RequestDecoder } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeBinaryReplies,
  decodeBinaryRequests,
  encodeBinaryReplies,
  encodeBinaryRequests,
} from "../../codec/test/binary-wire.ts";
import { byteByByte, concat, cut } from "../../codec/test/wire.ts";
import { closesAt, decisionsOf, difference } from "./binary-answers.ts";

/** Part of what is sent or expected; a string has one character per byte. */
type Part =
  | string
  | { readonly rep: string; readonly n: number }
  | { readonly cas8: string; readonly add?: number };

interface Scenario {
  readonly name: string;
  readonly steps: readonly {
    readonly send: string | readonly Part[];
    readonly expect: string | readonly Part[];
    readonly closed?: boolean;
  }[];
}

const file = new URL("../vectors/wire/binary.json", import.meta.url);
const { scenarios } = JSON.parse(readFileSync(file, "utf8")) as { scenarios: readonly Scenario[] };

const CUTS = 100;

/** Any cas unique will do, if it is another for each name. */
function casOf(name: string, add = 0): string {
  const number = 0x8000_0001_0000_0000n + BigInt(Number.parseInt(name.replace(/\D/g, ""), 10) + add);
  return latin1Text(Uint8Array.from({ length: 8 }, (_, i) => Number((number >> BigInt(56 - 8 * i)) & 0xffn)));
}

function bytesOf(side: string | readonly Part[]): Uint8Array {
  const parts = typeof side === "string" ? [side] : side;
  const text = parts.map((part) => {
    if (typeof part === "string") return part;
    if ("rep" in part) return part.rep.repeat(part.n);
    if ("cas8" in part) return casOf(part.cas8, part.add);
    throw new TypeError(`the binary dialogues have no ${JSON.stringify(part)}`);
  });
  return latin1Bytes(text.join(""));
}

/** Whole, byte by byte, and cut at random a hundred times. */
function* waysOf(bytes: Uint8Array): Iterable<Uint8Array[]> {
  yield [bytes];
  yield byteByByte(bytes);
  const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const places = fc.array(fraction, { minLength: 1, maxLength: 8 });
  for (const at of fc.sample(places, { numRuns: CUTS, seed: bytes.length })) yield cut(bytes, at);
}

/** The stream is text: a connection whose first byte is not 0x80 is no binary one. */
const ofText = "binary/response-magic";

/**
 * Memcached skips as many bytes behind an opcode it does not know as its body has, though it has read extras and key
 * of it already, and so loses its way. Here the next request is found.
 */
const losesItsWay: ReadonlySet<string> = new Set(["binary/verbosity", "binary/unknown-op-with-body"]);

for (const { name, steps } of scenarios) {
  const sent = concat(steps.map(({ send }) => bytesOf(send)));
  const answered = concat(steps.map(({ expect }) => bytesOf(expect)));

  if (name === ofText) {
    test(`${name}: is a line of text`, () => {
      const decoder = new RequestDecoder();
      decoder.receive(sent);
      expect(decoder.protocol).toBe("text");
      expect(decoder.next()).toBe("invalid");
    });
    continue;
  }

  test(`${name}: what was sent is read, and written again to the same bytes`, () => {
    const { each } = decisionsOf(sent);
    for (const pieces of waysOf(sent)) {
      const seen = decodeBinaryRequests(pieces);
      expect(seen.map(({ found }) => found)).toEqual(each.map(({ found }) => found));
      const wires = seen.flatMap((one) => (one.found === "request" ? [one] : []));
      expect(latin1Text(encodeBinaryRequests(wires.map(({ request }) => request)))).toBe(
        wires.map(({ wire }) => wire).join(""),
      );
      // Whoever takes all has all.
      if (wires.length === seen.length) expect(wires.map(({ wire }) => wire).join("")).toBe(latin1Text(sent));
    }
    expect(each.length).toBeGreaterThan(0);
  });

  test(`${name}: what was answered is read, and written again to the same bytes`, () => {
    for (const pieces of waysOf(answered)) {
      const replies = decodeBinaryReplies(pieces).map((seen) => {
        if (seen.found === "fatal") throw new Error(seen.fault);
        return seen.reply;
      });
      expect(latin1Text(encodeBinaryReplies(replies))).toBe(latin1Text(answered));
    }
  });

  test(`${name}: what is taken was served, what is refused was refused in the same words`, () => {
    const decisions = decisionsOf(sent);
    expect(difference(decisions, answered)).toBe(undefined);
    expect(decisions.each.some(({ parted }) => parted)).toBe(losesItsWay.has(name));
    expect(closesAt(decisions)).toBe(steps.some(({ closed }) => closed === true));
  });
}
