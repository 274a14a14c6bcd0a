// What real memcacheds were sent and answered, byte for byte (vectors/wire), through the codec: understood however it
// is cut, refused as it was refused, and written again as it was.

import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { latin1Bytes, latin1Text, refusalReply, type TextReply } from "@memwire/codec";
import {
  byteByByte,
  concat,
  cut,
  decodeReplies,
  decodeRequests,
  encodeReplies,
  encodeRequests,
} from "../../codec/test/wire.ts";
import { type Part, partsOf, type Scenario, scenariosOf, type Step } from "../src/server/scenario.ts";

const CUTS = 100;

/** Stands for what the server chose at that time: any number and any text is as good. */
function bytesOf(side: string | readonly Part[]): Uint8Array {
  const text = partsOf(side).map((part) => {
    if (typeof part === "string") return part;
    if ("rep" in part) return part.rep.repeat(part.n);
    if ("cas" in part) return String(100 + (part.add ?? 0));
    return "num" in part ? String(part.num[0]) : "1.6.45";
  });
  return Uint8Array.from(text.join(""), (letter) => letter.charCodeAt(0));
}

const whole = (steps: readonly Step[], side: "send" | "expect"): Uint8Array =>
  concat(steps.map((step) => bytesOf(step[side])));

/** In one piece, byte by byte, and cut at random places, always the same ones. */
function waysToCut(bytes: Uint8Array): Uint8Array[][] {
  const at = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
  const random = fc.sample(at, { numRuns: CUTS, seed: 1 }).map((fractions) => cut(bytes, fractions));
  return [[bytes], byteByByte(bytes), ...random];
}

const UNSAID = "a word that means nothing is not written";
/** Requests that are written again in other words, which say the same, and why. */
const SAID_OTHERWISE: ReadonlyMap<string, string> = new Map([
  ["classic/lf-only-lines", "lines are written with CR LF"],
  ["classic/double-spaces", "one blank between words"],
  ["classic/trailing-space", "no blank behind the last word"],
  ["meta/mg-trailing-space", "no blank behind the last word"],
  ["meta/mn-extra", UNSAID],
  ["malformed/no-newline-get-9000-then-end", "no blank behind the last word"],
  ["classic/touch-extra", UNSAID],
  ["classic/noreply-misspelled", UNSAID],
  ["classic/noreply-uppercase", UNSAID],
  ["malformed/set-6-args", UNSAID],
  ["classic/flush-all-0-noreply", "a delay of 0 is none"],
  ["malformed/bytes-01", "no zeros in front of a number"],
]);

/** Keys that are taken as memcached takes them, and never written: not every server reads them the same. */
const NOT_SAID: ReadonlySet<string> = new Set(["malformed/nul-byte", "malformed/cr-inside"]);

/** Refused otherwise than recorded, and why. */
const REFUSED_OTHERWISE: ReadonlyMap<string, string> = new Map([
  [
    "classic/flags-bad-4294967296",
    "memcached drops the upper half of flags in silence; here they are refused",
  ],
  [
    "classic/cas-no-unique",
    "1.6.45 waits for the data of a cas without a unique, which is an oddity not to copy",
  ],
  ["classic/stats-noreply-unknown", "which statistics there are is the server's to say"],
]);

/** To a `get` with a key that is too long, 1.6.45 sends a second line end, which is no reply. */
const EMPTY_LINE = "CLIENT_ERROR bad command line format\r\n\r\n";

/** What the client is told of each refusal. */
function refusals(bytes: Uint8Array): string[] {
  return decodeRequests([bytes]).flatMap((one) =>
    one.found !== "invalid" || one.noreply ? [] : [latin1Text(refusalReply(one.refusal))],
  );
}

for (const file of ["classic", "malformed", "meta"] as const) {
  describe(`the recorded dialogues of ${file}.json`, () => {
    for (const scenario of scenariosOf(file)) {
      test(`requests: ${scenario.name}`, () => {
        const bytes = whole(scenario.steps, "send");
        const seen = decodeRequests([bytes]);
        for (const pieces of waysToCut(bytes)) expect(decodeRequests(pieces)).toEqual(seen);
        for (const one of seen) {
          if (one.found !== "request" || NOT_SAID.has(scenario.name)) continue;
          const again = encodeRequests([one.request]);
          if (!SAID_OTHERWISE.has(scenario.name)) expect(latin1Text(again)).toBe(one.wire);
          expect(decodeRequests([again])).toMatchObject([{ found: "request", request: one.request }]);
        }
      });

      test(`refusals: ${scenario.name}`, () => {
        const said = refusals(whole(scenario.steps, "send"));
        const recorded = repliesOf(scenario).map(([, steps]) =>
          errors(repliesIn(bytesWithoutOddity(whole(steps, "expect")))),
        );
        if (REFUSED_OTHERWISE.has(scenario.name)) expect(recorded).not.toContainEqual(said);
        else expect(recorded).toContainEqual(said);
      });

      for (const [version, steps] of repliesOf(scenario)) {
        test(`replies of ${version}: ${scenario.name}`, () => {
          const bytes = bytesWithoutOddity(whole(steps, "expect"));
          const seen = decodeReplies([bytes]);
          for (const pieces of waysToCut(bytes)) expect(decodeReplies(pieces)).toEqual(seen);
          expect(latin1Text(encodeReplies(repliesIn(bytes)))).toBe(latin1Text(bytes));
        });
      }
    }
  });
}

/** Errors that only who keeps the items can tell. */
const OF_THE_STORE = /non-numeric value|not enabled|out of memory/;

/** The errors among replies, as they stand on the wire. */
function errors(replies: readonly TextReply[]): string[] {
  return replies
    .filter(({ kind }) => kind === "error" || kind === "client-error" || kind === "server-error")
    .map((reply) => latin1Text(encodeReplies([reply])))
    .filter((text) => !OF_THE_STORE.test(text));
}

function bytesWithoutOddity(bytes: Uint8Array): Uint8Array {
  return latin1Bytes(latin1Text(bytes).replace(EMPTY_LINE, EMPTY_LINE.slice(0, -2)));
}

function repliesIn(bytes: Uint8Array): TextReply[] {
  return decodeReplies([bytes]).map((one) => {
    if (one.found === "fatal") throw new Error(`${one.fault}: ${latin1Text(bytes)}`);
    return one.reply;
  });
}

function repliesOf({ steps, steps_1_6_45 }: Scenario): [version: string, steps: readonly Step[]][] {
  const recorded: [string, readonly Step[]][] = [["1.6.18", steps]];
  return steps_1_6_45 === undefined ? recorded : [...recorded, ["1.6.45", steps_1_6_45]];
}
