// Replies that go back to a client whose request was changed on the way.

import {
  BinaryReplyDecoder,
  ReplyForwarder,
  SendBuffer,
  TextReplyDecoder,
  latin1Text,
  type BinaryReply,
  type ReplyForwarding,
  type TextReply,
} from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cuts, reply } from "./arbitraries.ts";
import { binaryReply } from "./binary-arbitraries.ts";
import { encodeBinaryReplies } from "./binary-wire.ts";
import { concat, cut, encodeReplies, shown, wire } from "./wire.ts";

const off: ReplyForwarding = { removePrefix: wire("app:") };

const text: readonly [from: string, to: string, forwarding: ReplyForwarding, opaque?: string][] = [
  ["VALUE app:a 7 2 42\r\nhi\r\n", "VALUE a 7 2 42\r\nhi\r\n", off],
  ["VALUE a 7 2\r\nhi\r\n", "VALUE x:a 7 2\r\nhi\r\n", { addPrefix: wire("x:") }],
  ["VALUE app:a 7 2\r\nhi\r\n", "VALUE b:a 7 2\r\nhi\r\n", { ...off, addPrefix: wire("b:") }],
  ["END\r\n", "END\r\n", off],
  ["STAT app:a 1\r\n", "STAT app:a 1\r\n", off],
  ["CONFIG cluster 0 1\r\nx\r\n", "CONFIG cluster 0 1\r\nx\r\n", off],
  ["ME app:a exp=-1 la=0\r\n", "ME a exp=-1 la=0\r\n", off],
  ["VA 2 kapp:a O42 t-1\r\nhi\r\n", "VA 2 ka Ome t-1\r\nhi\r\n", off, "me"],
  ["HD O42 kapp:a\r\n", "HD ka\r\n", off, ""],
  ["HD f0 O42\r\n", "HD f0\r\n", {}, ""],
  ["NF O42\r\n", "NF O42\r\n", off],
  ["EN\r\n", "EN\r\n", off, "me"],
  ["HD kYXBwOmE= b\r\n", "HD kYQ== b\r\n", off], // app:a, a
  ["HD b kYQ== c5\r\n", "HD b kYXBwOmE= c5\r\n", { addPrefix: wire("app:") }],
];

test.each(text)("%j goes back as %j", (from, to, forwarding, opaque) => {
  const out = new SendBuffer();
  const decoder = new TextReplyDecoder();
  decoder.receive(wire(from));
  expect(decoder.next()).toBe("reply");
  const back = new ReplyForwarder(forwarding);
  expect(back.write(out, decoder, opaque === undefined ? undefined : wire(opaque))).toBe("written");
  expect(shown(latin1Text(out.take()))).toBe(shown(to));
});

const refused: readonly [from: string, why: string, forwarding: ReplyForwarding][] = [
  ["VALUE a 7 2\r\nhi\r\n", "prefix-missing", off],
  ["VALUE app: 7 2\r\nhi\r\n", "key-empty", off],
  ["HD kb\r\n", "prefix-missing", off],
  ["HD k\r\n", "key-empty", { addPrefix: wire("x") }],
  ["HD k!! b\r\n", "key-unreadable", off],
  ["HD kfoo b\r\n", "key-unreadable", { addPrefix: wire("x") }],
  [`HD k${"YXBw".repeat(84)} b\r\n`, "key-unreadable", off],
  ["VALUE a 7 2\r\nhi\r\n", "prefix-unsayable", { addPrefix: wire("a b") }],
  ["VALUE a 7 2\r\nhi\r\n", "key-too-long", { addPrefix: wire("p".repeat(250)) }],
];

test.each(refused)("of %j nothing is written: %s", (from, why, forwarding) => {
  const out = new SendBuffer();
  const decoder = new TextReplyDecoder();
  decoder.receive(wire(from));
  decoder.next();
  expect(new ReplyForwarder(forwarding).write(out, decoder)).toBe(why);
  expect(out.length).toBe(0);
});

test("an opaque of the other protocol is the caller's mistake", () => {
  const decoder = new TextReplyDecoder();
  decoder.receive(wire("HD O1\r\n"));
  decoder.next();
  expect(() => new ReplyForwarder().write(new SendBuffer(), decoder, 1)).toThrow(TypeError);
  expect(() => new ReplyForwarder().write(new SendBuffer(), new BinaryReplyDecoder(), wire("1"))).toThrow(
    TypeError,
  );
  expect(() => new ReplyForwarder().write(new SendBuffer(), new BinaryReplyDecoder(), -1)).toThrow(
    RangeError,
  );
});

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly partStart: number;
  readonly partEnd: number;
  receive(chunk: Uint8Array): void;
  next(): string;
}

/** All that comes back, by what it was changed to; `undefined` if one was refused. */
function sendBack<Each extends Decoder>(
  decoder: Each,
  pieces: readonly Uint8Array[],
  write: (out: SendBuffer, decoder: Each) => string,
): Uint8Array | undefined {
  const out = new SendBuffer();
  for (const piece of pieces) {
    const lent = piece.slice();
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      if (found === "part") out.copy(decoder.bytes, decoder.partStart, decoder.partEnd);
      else if (found === "tail") out.copy(decoder.bytes, decoder.start, decoder.end);
      else if (write(out, decoder) !== "written") return undefined;
    }
    lent.fill(0xee);
  }
  return out.take();
}

const prefix = wire("p:");
const on = new ReplyForwarder({ addPrefix: prefix });
const backAgain = new ReplyForwarder({ removePrefix: prefix });
const partsFromBytes = fc.constantFrom(0, 1, 20, Infinity);

/** Such a key is written anew, without what base64 passes over: the table above has them. */
function isInBase64(each: TextReply): boolean {
  return "metaFlags" in each && each.metaFlags.some((flag) => flag.startsWith("b"));
}

test("a prefix that is put on and taken off again leaves every text reply as it was, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(reply), cuts, partsFromBytes, (replies, at, parts) => {
      const bytes = encodeReplies(replies.filter((each) => !isInBase64(each)));
      const decoder = (): TextReplyDecoder => new TextReplyDecoder({}, { partsFromBytes: parts });
      const changed = sendBack(decoder(), cut(bytes, at), (out, each) => on.write(out, each));
      fc.pre(changed !== undefined);
      const again = sendBack(decoder(), cut(changed, at), (out, each) => backAgain.write(out, each));
      expect(latin1Text(concat([again ?? wire("refused")]))).toBe(latin1Text(bytes));
    }),
  );
});

test("the same with binary replies, and with an opaque", () => {
  fc.assert(
    fc.property(fc.array(binaryReply), cuts, partsFromBytes, (replies: BinaryReply[], at, parts) => {
      const bytes = encodeBinaryReplies(replies);
      const decoder = (): BinaryReplyDecoder => new BinaryReplyDecoder({}, { partsFromBytes: parts });
      const opaques = replies.map(({ opaque }) => opaque);
      const changed = sendBack(decoder(), cut(bytes, at), (out, each) => on.write(out, each, 77));
      fc.pre(changed !== undefined);
      const again = sendBack(decoder(), cut(changed, at), (out, each) => {
        expect(each.opaque).toBe(77);
        return backAgain.write(out, each, opaques.shift());
      });
      expect(latin1Text(again ?? wire("refused"))).toBe(latin1Text(bytes));
    }),
  );
});
