// Of a chunk only the beginning is copied, behind the tail of the one before; and nobody who reads on sees that.

import { latin1Text, TextReplyDecoder } from "@memwire/codec";
import { expect, test } from "vitest";
import { wire } from "./wire.ts";

const replies = "VALUE a 0 10\r\n0123456789\r\nEND\r\n";

/** What the decoder finds until it needs more, as it came. */
function drain(decoder: TextReplyDecoder): string {
  let text = "";
  while (decoder.next() === "reply") text += latin1Text(decoder.bytes, decoder.start, decoder.end);
  return text;
}

test("of a large chunk no more is copied than the reply needs that began in the last one", () => {
  const stream = wire(replies.repeat(500));
  for (let at = 1; at < replies.length; at++) {
    const decoder = new TextReplyDecoder();
    decoder.receive(stream.subarray(0, at));
    let text = drain(decoder);
    decoder.receive(stream.subarray(at));
    while (decoder.next() === "reply") {
      text += latin1Text(decoder.bytes, decoder.start, decoder.end);
      expect(decoder.heldBytes).toBeLessThan(1_000);
    }
    expect(text).toBe(latin1Text(stream));
  }
});

test("a value that needs more than the beginning of a chunk gets it, and the rest is left where it is", () => {
  const value = "v".repeat(10_000);
  const decoder = new TextReplyDecoder();
  decoder.receive(wire("VALUE a 0 10000"));
  expect(decoder.next()).toBe("need-data");
  const chunk = wire(`\r\n${value}\r\n${replies.repeat(10_000)}`);
  decoder.receive(chunk);
  expect(decoder.next()).toBe("reply");
  expect(latin1Text(decoder.bytes, decoder.valueStart, decoder.valueEnd)).toBe(value);
  expect(decoder.heldBytes).toBeLessThan(50_000);
  expect(decoder.next()).toBe("reply");
  expect(decoder.bytes).toBe(chunk);
  drain(decoder);
  expect(decoder.hasRest).toBe(false);
});

test("the rest of a chunk is a rest, also where the reply ends with what was copied", () => {
  // 256 bytes are copied at least: the rest of this line, 247 of the value, and its end.
  const line = "VALUE a 0 247\r\n";
  const decoder = new TextReplyDecoder();
  decoder.receive(wire(line.slice(0, 8)));
  expect(decoder.next()).toBe("need-data");
  decoder.receive(wire(`${line.slice(8)}${"v".repeat(247)}\r\n${replies}`));
  expect(decoder.hasRest).toBe(true);
  let found = 0;
  for (; decoder.next() === "reply"; found++)
    expect(decoder.hasRest, `behind reply ${found}`).toBe(found < 2);
  expect(found).toBe(3);
});

test("a chunk that is kept or followed before it is read is read whole", () => {
  const stream = replies.repeat(60);
  const cuts = [5, 700, 1_000];
  for (const meanwhile of ["nothing", "keep", "one", "one and keep"]) {
    const decoder = new TextReplyDecoder();
    let text = "";
    let from = 0;
    for (const to of [...cuts, stream.length]) {
      const chunk = wire(stream.slice(from, to));
      decoder.receive(chunk);
      from = to;
      if (to === cuts[0]) {
        text += drain(decoder);
        continue;
      }
      if (meanwhile.includes("one") && decoder.next() === "reply") {
        text += latin1Text(decoder.bytes, decoder.start, decoder.end);
      }
      if (!meanwhile.includes("keep")) continue;
      decoder.keep();
      chunk.fill(0xee);
    }
    expect(text + drain(decoder), meanwhile).toBe(stream);
  }
});
