// What is sent on says the same with just that changed, for every request and every cut.

import {
  BinaryRequestDecoder,
  latin1Text,
  OPCODES,
  RequestForwarder,
  SendBuffer,
  TextRequestDecoder,
  type BinaryRequest,
  type Forwarding,
  type TextRequest,
} from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cuts, mutated, nearly, nonsense, request } from "./arbitraries.ts";
import { binaryRequest } from "./binary-arbitraries.ts";
import { decodeBinaryRequests, encodeBinaryRequests } from "./binary-wire.ts";
import { concat, cut, decodeRequests, encodeRequests } from "./wire.ts";

const often = { numRuns: fc.readConfigureGlobal()?.numRuns ?? 1_000 };

const prefix = fc.oneof(
  fc.constantFrom("", "a", "k", "p:").map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0))),
  fc.uint8Array({ maxLength: 5 }),
  fc.integer({ min: 1, max: 250 }).map((length) => new Uint8Array(length).fill(112)),
);
const forwarding: fc.Arbitrary<Forwarding> = fc.record(
  {
    removePrefix: prefix,
    addPrefix: prefix,
    exptime: fc.constantFrom(0, 60, -1, 2_592_001, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER),
    answered: fc.boolean(),
  },
  { requiredKeys: [] },
);
const opaque = fc.option(fc.constantFrom(0, 1, 0xffff_ffff), { nil: undefined });
const partsFromBytes = fc.constantFrom(0, 1, 20, Infinity);

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly partStart: number;
  readonly partEnd: number;
  receive(chunk: Uint8Array): void;
  keep(): void;
  next(): string;
}

/** Sends all requests on. What of them was written, and what the forwarder answered for each. */
function sendOn<Each extends Decoder>(
  decoder: Each,
  pieces: readonly Uint8Array[],
  write: (out: SendBuffer, decoder: Each) => string,
): { wire: Uint8Array; answers: string[] } {
  const out = new SendBuffer();
  const answers: string[] = [];
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data" && found !== "fatal"; found = decoder.next()) {
      const isSent = answers.at(-1) === "written";
      if (found === "request" || found === "head") {
        const before = out.length;
        const answer = write(out, decoder);
        answers.push(answer);
        if (answer !== "written") expect(out.length).toBe(before);
      } else if (found === "part" && isSent) out.copy(decoder.bytes, decoder.partStart, decoder.partEnd);
      else if (found === "tail" && isSent) out.copy(decoder.bytes, decoder.start, decoder.end);
    }
    lent.fill(0xee);
  }
  return { wire: out.take(), answers };
}

/** What a key becomes; null if it cannot. */
function changedKey(key: Uint8Array, { removePrefix, addPrefix }: Forwarding): Uint8Array | null {
  const removed = removePrefix ?? new Uint8Array(0);
  const added = addPrefix ?? new Uint8Array(0);
  if (!removed.every((byte, i) => key[i] === byte)) return null;
  const changed = Uint8Array.from([...added, ...key.slice(removed.length)]);
  return changed.length === 0 || changed.length > 250 ? null : changed;
}

const isWord = (bytes: Uint8Array): boolean => !/[ \r\n\0]/.test(latin1Text(bytes));

/** The same on values, as plainly as it can be said; null for what must be refused. */
function changedText(asked: TextRequest, given: Forwarding, opaque: number | undefined): TextRequest | null {
  const { exptime, answered, removePrefix, addPrefix } = given;
  const changed: Record<string, unknown> = { ...asked };
  const changesKeys = (removePrefix?.length ?? 0) + (addPrefix?.length ?? 0) > 0;
  const inBase64 = "metaFlags" in asked && asked.metaFlags.some((flag) => flag.startsWith("b"));
  if (changesKeys && ("key" in asked || "keys" in asked)) {
    const keys = ("keys" in asked ? asked.keys : [asked.key]).map((key) => changedKey(key, given));
    if (keys.includes(null) || (!inBase64 && !isWord(addPrefix ?? new Uint8Array(0)))) return null;
    if (inBase64 && Math.ceil((keys[0]?.length ?? 0) / 3) * 4 > 250) return null;
    if ("keys" in asked) changed["keys"] = keys;
    else changed["key"] = keys[0];
  }
  const expires = "exptime" in asked && asked.command !== "flush_all";
  if (expires && exptime !== undefined) changed["exptime"] = exptime;
  if (answered && "noreply" in asked && asked.noreply) {
    changed["noreply"] = false;
    if ("argument" in asked)
      changed["argument"] = asked.argument.replace(/(?:^| +)noreply(?: +noreply)*$/, "");
  }
  if ("metaFlags" in asked && asked.command !== "me") {
    const metaFlags = asked.metaFlags
      .filter((flag) => !(answered && flag.startsWith("q")))
      .map((flag) => {
        if (/^[TN]/.test(flag) && exptime !== undefined) return `${flag.charAt(0)}${exptime}`;
        return flag.startsWith("O") && opaque !== undefined ? `O${opaque}` : flag;
      });
    const has = (letter: string): boolean => metaFlags.some((flag) => flag.startsWith(letter));
    if (asked.command === "ms" && exptime !== undefined && !has("T")) metaFlags.push(`T${exptime}`);
    if (opaque !== undefined && !has("O")) metaFlags.push(`O${opaque}`);
    if (metaFlags.length > (asked.command === "ms" ? 16 : 18)) return null;
    changed["metaFlags"] = metaFlags;
  }
  const result = changed as unknown as TextRequest;
  if (result.command === "get" || result.command === "gets") return result;
  const line = latin1Text(encodeRequests([result])).indexOf("\n");
  return line > 2_048 ? null : result;
}

test("a text request is sent on with just that changed, whatever it is and however it is cut", () => {
  let written = 0;
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 4 }),
      forwarding,
      opaque,
      cuts,
      partsFromBytes,
      (asked, given, opaque, at, partsFromBytes) => {
        const forwarder = new RequestForwarder(given);
        const decoder = new TextRequestDecoder({}, { partsFromBytes });
        const { wire, answers } = sendOn(decoder, cut(encodeRequests(asked), at), (out, each) =>
          forwarder.write(out, each, opaque),
        );
        const expected = asked.map((each) => changedText(each, given, opaque));
        expect(answers.map((answer) => answer === "written")).toEqual(expected.map((each) => each !== null));
        const seen = decodeRequests([wire]).map((each) => each.found === "request" && each.request);
        expect(seen).toEqual(expected.filter((each) => each !== null));
        written += seen.length;
      },
    ),
    often,
  );
  expect(written).toBeGreaterThan(0);
});

function changedBinary(
  asked: BinaryRequest,
  given: Forwarding,
  opaque: number | undefined,
): BinaryRequest | null {
  const { exptime, answered, removePrefix, addPrefix } = given;
  const changed: Record<string, unknown> = { ...asked };
  const isItem = "key" in asked && asked.opcode !== "stat" && !asked.opcode.startsWith("sasl");
  if (isItem && (removePrefix?.length ?? 0) + (addPrefix?.length ?? 0) > 0) {
    const key = changedKey(asked.key, given);
    if (key === null) return null;
    changed["key"] = key;
  }
  const expires = "exptime" in asked && !asked.opcode.startsWith("flush");
  const creates = !("initial" in asked) || asked.exptime !== 0xffff_ffff;
  if (expires && creates && exptime !== undefined) {
    if (exptime >= 2 ** 31) return null;
    changed["exptime"] = exptime < 0 ? 2_592_001 : exptime;
  }
  if (answered) changed["opcode"] = asked.opcode.replace(/q$/, "");
  if (opaque !== undefined) changed["opaque"] = opaque;
  return changed as unknown as BinaryRequest;
}

test("a binary request is sent on with just that changed, whatever it is and however it is cut", () => {
  let written = 0;
  fc.assert(
    fc.property(
      fc.array(binaryRequest, { maxLength: 4 }),
      forwarding,
      opaque,
      cuts,
      partsFromBytes,
      (asked, given, opaque, at, partsFromBytes) => {
        const forwarder = new RequestForwarder(given);
        const decoder = new BinaryRequestDecoder({}, { partsFromBytes });
        const { wire, answers } = sendOn(decoder, cut(encodeBinaryRequests(asked), at), (out, each) =>
          forwarder.write(out, each, opaque),
        );
        const expected = asked.map((each) => changedBinary(each, given, opaque));
        expect(answers.map((answer) => answer === "written")).toEqual(expected.map((each) => each !== null));
        const seen = decodeBinaryRequests([wire]).map((each) => each.found === "request" && each.request);
        expect(seen).toEqual(expected.filter((each) => each !== null));
        written += seen.length;
      },
    ),
    often,
  );
  expect(written).toBeGreaterThan(0);
  for (const { name, quiet } of Object.values(OPCODES)) expect(quiet, name).toBe(name.endsWith("q"));
});

/** What is taken, but not as an encoder writes it: blanks, words that mean nothing, line feeds alone. */
const anyBytes = fc.oneof(
  nonsense,
  fc.array(nearly, { maxLength: 6, size: "max" }).map(concat),
  mutated(fc.array(request, { maxLength: 6, size: "max" }).map(encodeRequests)),
);

/** How many words of the line mean something, by command; of others all do. */
const WORDS: Readonly<Partial<Record<string, number>>> = {
  set: 5,
  add: 5,
  replace: 5,
  append: 5,
  prepend: 5,
  cas: 6,
  incr: 3,
  decr: 3,
  touch: 3,
  delete: 2,
  verbosity: 2,
  version: 1,
  quit: 1,
  mn: 1,
};

/** The request as it came, without words that mean nothing; nothing of one that some memcached reads otherwise. */
function meant(request: TextRequest, sent: string): string {
  const { command } = request;
  const lineEnd = sent.indexOf("\n") + 1;
  const line = sent.slice(0, lineEnd);
  if (line.includes("\0") || (request.command === "ms" && request.metaFlags.length > 16)) return "";
  const words = line
    .replace(/\r?\n$/, "")
    .split(" ")
    .filter((word) => word !== "");
  const isQuiet = "noreply" in request && request.noreply;
  let count = WORDS[command] ?? words.length - (isQuiet ? 1 : 0);
  if (command === "flush_all") count = Math.min(words.length - (isQuiet ? 1 : 0), 2);
  if (command === "me") count = words[2] === "b" ? 3 : 2;
  if (words.slice(count).join(" ") === (isQuiet ? "noreply" : "")) return sent;
  const [kept] = new RegExp(`^[^ ]+(?: +[^ ]+){${count - 1}}`).exec(line.replace(/\r?\n$/, "")) ?? [""];
  return `${kept}${isQuiet ? " noreply" : ""}\r\n${sent.slice(lineEnd)}`;
}

test("without changes what is taken is sent on byte for byte, but for words that mean nothing", () => {
  fc.assert(
    fc.property(anyBytes, cuts, partsFromBytes, (bytes, at, partsFromBytes) => {
      const forwarder = new RequestForwarder();
      const decoder = new TextRequestDecoder({}, { partsFromBytes });
      const { wire } = sendOn(decoder, cut(bytes, at), (out, each) => forwarder.write(out, each));
      const whole = decodeRequests([bytes]);
      // A value in parts is sent on before it is known to end well, or at all.
      const taken = whole.reduce((sum, each) => sum + (each.found === "request" ? each.wire.length : NaN), 0);
      fc.pre(partsFromBytes === Infinity || taken === bytes.length);
      expect(latin1Text(wire)).toBe(
        whole.map((each) => (each.found === "request" ? meant(each.request, each.wire) : "")).join(""),
      );
    }),
    often,
  );
});

test("what is sent on is taken as it was, whatever the client's line looked like", () => {
  fc.assert(
    fc.property(anyBytes, forwarding, (bytes, given) => {
      const sayable = { ...given, removePrefix: new Uint8Array(0), addPrefix: Uint8Array.of(112, 58) };
      const forwarder = new RequestForwarder(sayable);
      const { wire, answers } = sendOn(new TextRequestDecoder(), [bytes], (out, each) =>
        forwarder.write(out, each),
      );
      const before = decodeRequests([bytes]).filter((each) => each.found === "request");
      const after = decodeRequests([wire]);
      const sent = before.filter((_, i) => answers[i] === "written");
      expect(after.map((each) => each.found === "request" && each.request.command)).toEqual(
        sent.map((each) => each.request.command),
      );
      for (const [i, each] of after.entries()) {
        if (each.found !== "request") throw new Error(each.found);
        const { request: was } = sent[i] as (typeof sent)[number];
        if ("key" in was && "key" in each.request) {
          expect(latin1Text(each.request.key)).toBe(`p:${latin1Text(was.key)}`);
        }
        if ("value" in was) expect(each.request).toHaveProperty("value", was.value);
        if (given.answered) expect(each.request).not.toHaveProperty("noreply", true);
      }
    }),
    often,
  );
});
