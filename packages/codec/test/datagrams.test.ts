// Datagrams, example by example; the bytes are written out here.

import {
  DATAGRAM_HEADER_BYTES,
  datagramLimitsOf,
  DatagramJoiner,
  datagramRequest,
  DatagramSplitter,
  DEFAULT_DATAGRAM_LIMITS,
  latin1Text,
  requestIdOf,
  SendBuffer,
  writeDatagramHeader,
} from "@memwire/codec";
import { describe, expect, test } from "vitest";
import { datagram, receive, split, type Joined } from "./datagrams.ts";
import { wire } from "./wire.ts";

const whole = (requestId: number, text: string): Joined => ({
  found: "whole",
  requestId,
  reply: wire(text),
});
const part: Joined = { found: "part" };
const dropped = (fault: (Joined & { found: "dropped" })["fault"]): Joined => ({ found: "dropped", fault });

describe("a request", () => {
  const get = wire("get a\r\n");
  const datagrams: readonly [what: string, bytes: Uint8Array, found: ReturnType<typeof datagramRequest>][] = [
    ["of one datagram", datagram(7, 0, 1, get), "request"],
    ["of one byte", datagram(7, 0, 1, [128]), "request"],
    ["with a sequence, which memcached does not look at", datagram(7, 5, 1, get), "request"],
    ["with reserved bytes, which memcached does not look at", datagram(7, 0, 1, get, 9), "request"],
    ["of two datagrams", datagram(7, 0, 2, get), "multi-datagram"],
    ["of 257 datagrams", datagram(7, 0, 257, get), "multi-datagram"],
    ["of no datagram", datagram(7, 0, 0, get), "multi-datagram"],
    ["without data", datagram(7, 0, 1, []), "empty"],
    ["cut within its header", datagram(7, 0, 1, []).subarray(0, 7), "short"],
    ["of nothing at all", new Uint8Array(0), "short"],
  ];
  test.each(datagrams)("%s", (_, bytes, found) => {
    expect(datagramRequest(bytes)).toBe(found);
  });

  test("is what was written behind a header", () => {
    const out = new SendBuffer();
    writeDatagramHeader(out, 0xabcd);
    out.latin1("get a\r\n");
    const written = out.take();
    expect(written).toEqual(datagram(0xabcd, 0, 1, get));
    expect(datagramRequest(written)).toBe("request");
    expect(requestIdOf(written)).toBe(0xabcd);
    expect(latin1Text(written, DATAGRAM_HEADER_BYTES)).toBe("get a\r\n");
  });

  test("has no number above 16 bits", () => {
    const out = new SendBuffer();
    expect(() => writeDatagramHeader(out, 65_536)).toThrow(
      "a request id must be a whole number from 0 to 65535, got 65536",
    );
    expect(() => writeDatagramHeader(out, 0, -1)).toThrow("a sequence must be");
    expect(() => writeDatagramHeader(out, 0, 0, 0.5)).toThrow("a total must be");
    expect(out.length).toBe(0);
  });
});

describe("the splitter", () => {
  const sizes: readonly [replyBytes: number, datagramBytes: readonly number[]][] = [
    [0, []],
    [1, [9]],
    [1_392, [1_400]],
    [1_393, [1_400, 9]],
    [2_784, [1_400, 1_400]],
    [3_000, [1_400, 1_400, 224]],
  ];
  test.each(sizes)("makes datagrams of 1400 bytes of %i", (replyBytes, datagramBytes) => {
    const datagrams = split(3, new Uint8Array(replyBytes).fill(120));
    expect(datagrams.map(({ length }) => length)).toEqual(datagramBytes);
    for (const [i, bytes] of datagrams.entries()) {
      expect(bytes.subarray(0, 8)).toEqual(datagram(3, i, datagrams.length, []));
    }
  });

  test("sends a part of a buffer, and begins anew whenever it is asked to", () => {
    const splitter = new DatagramSplitter(10);
    const out = new SendBuffer();
    splitter.split(1, wire("forgotten"));
    splitter.next(out);
    out.take();
    splitter.split(2, wire("..abc.."), 2, 5);
    expect(splitter.total).toBe(2);
    expect(splitter.next(out)).toBe("datagram");
    expect(splitter.next(out)).toBe("datagram");
    expect(splitter.next(out)).toBe("done");
    expect(splitter.next(out)).toBe("done");
    expect(out.take()).toEqual(
      Uint8Array.from([...datagram(2, 0, 2, wire("ab")), ...datagram(2, 1, 2, wire("c"))]),
    );
  });

  test("refuses a reply of more than 65535 datagrams, and goes on with the one before", () => {
    const splitter = new DatagramSplitter(9);
    const out = new SendBuffer();
    splitter.split(1, wire("a"));
    expect(() => splitter.split(1, new Uint8Array(65_536))).toThrow(
      "a reply must fit 65535 datagrams, 65535 bytes, got 65536",
    );
    expect(() => splitter.split(-1, wire("b"))).toThrow("a request id must be");
    splitter.next(out);
    expect(out.take()).toEqual(datagram(1, 0, 1, wire("a")));
    splitter.split(1, new Uint8Array(65_535));
    expect(splitter.total).toBe(65_535);
  });

  test("refuses a size that no datagram has", () => {
    for (const bytes of [8, 65_508, 100.5, Number.NaN]) {
      expect(() => new DatagramSplitter(bytes)).toThrow(
        `datagramBytesMax must be a whole number from 9 to 65507, got ${bytes}`,
      );
    }
  });
});

describe("the joiner", () => {
  const runs: readonly [what: string, ...(readonly [Uint8Array, Joined])[]][] = [
    ["takes a reply of one datagram", [datagram(1, 0, 1, wire("END\r\n")), whole(1, "END\r\n")]],
    [
      "joins datagrams that come in order",
      [datagram(1, 0, 2, wire("ab")), part],
      [datagram(1, 1, 2, wire("c")), whole(1, "abc")],
    ],
    [
      "joins datagrams that come in another order, of whatever sizes",
      [datagram(1, 2, 4, wire("e")), part],
      [datagram(1, 0, 4, wire("ab")), part],
      [datagram(1, 3, 4, wire("fghi")), part],
      [datagram(1, 1, 4, wire("cd")), whole(1, "abcdefghi")],
    ],
    [
      "keeps replies apart by their id",
      [datagram(1, 0, 2, wire("ab")), part],
      [datagram(258, 1, 2, wire("z")), part],
      [datagram(3, 0, 1, wire("x")), whole(3, "x")],
      [datagram(258, 0, 2, wire("y")), whole(258, "yz")],
      [datagram(1, 1, 2, wire("c")), whole(1, "abc")],
    ],
    [
      "drops one that is there already, whatever is in it",
      [datagram(1, 0, 2, wire("ab")), part],
      [datagram(1, 0, 2, wire("AB")), dropped("duplicate")],
      [datagram(1, 1, 2, wire("c")), whole(1, "abc")],
    ],
    [
      "drops one with another total",
      [datagram(1, 0, 2, wire("ab")), part],
      [datagram(1, 1, 3, wire("x")), dropped("total-changed")],
      [datagram(1, 0, 1, wire("x")), dropped("total-changed")],
      [datagram(1, 1, 2, wire("c")), whole(1, "abc")],
    ],
    [
      "begins again with an id whose reply was whole",
      [datagram(1, 0, 1, wire("a")), whole(1, "a")],
      [datagram(1, 0, 1, wire("b")), whole(1, "b")],
      [datagram(1, 1, 2, wire("d")), part],
      [datagram(1, 0, 2, wire("c")), whole(1, "cd")],
    ],
    ["drops one without a whole header", [datagram(1, 0, 1, []).subarray(1), dropped("short")]],
    ["drops one of nothing at all", [new Uint8Array(0), dropped("short")]],
    ["drops one without data", [datagram(1, 0, 2, []), dropped("empty")]],
    ["drops one with reserved bytes", [datagram(1, 0, 1, wire("a"), 1), dropped("reserved")]],
    ["drops one whose sequence is the total", [datagram(1, 1, 1, wire("a")), dropped("sequence")]],
    ["drops one of a total of 0", [datagram(1, 0, 0, wire("a")), dropped("sequence")]],
    ["drops one of too many", [datagram(1, 0, 5, wire("a")), dropped("too-many-datagrams")]],
    [
      "gives up a reply that is too large, and not the others",
      [datagram(2, 0, 2, wire("x")), part],
      [datagram(1, 0, 2, wire("123456")), part],
      [datagram(1, 1, 2, wire("789012345")), dropped("reply-too-large")],
      [datagram(1, 0, 1, wire("1234567890123456")), dropped("reply-too-large")],
      [datagram(1, 0, 1, wire("123456789012345")), dropped("reply-too-large")],
      [datagram(1, 0, 1, wire("12345678901234")), whole(1, "12345678901234")],
      [datagram(2, 1, 2, wire("y")), whole(2, "xy")],
    ],
  ];
  test.each(runs)("%s", (_, ...steps) => {
    const joiner = new DatagramJoiner({ datagramsMax: 4, replyBytesMax: 14 });
    for (const [bytes, joined] of steps) expect(receive(joiner, bytes)).toEqual(joined);
    const faults = steps.flatMap(([, joined]) => (joined.found === "dropped" ? [joined.fault] : []));
    for (const [fault, count] of Object.entries(joiner.drops)) {
      expect(count, fault).toBe(faults.filter((each) => each === fault).length);
    }
    expect(joiner.replies).toBe(0);
  });

  test("forgets a reply that the caller gives up", () => {
    const joiner = new DatagramJoiner();
    expect(joiner.giveUp(1)).toBe(false);
    receive(joiner, datagram(1, 0, 2, wire("old")));
    expect(joiner.replies).toBe(1);
    expect(joiner.giveUp(1)).toBe(true);
    expect([joiner.replies, joiner.heldBytes]).toEqual([0, 0]);
    expect(receive(joiner, datagram(1, 1, 2, wire("B")))).toEqual(part);
    expect(receive(joiner, datagram(1, 0, 2, wire("A")))).toEqual(whole(1, "AB"));
  });

  test("gives up the oldest reply for another one", () => {
    const joiner = new DatagramJoiner({ repliesMax: 2 });
    for (const id of [1, 2, 3]) receive(joiner, datagram(id, 0, 2, wire(`${id}`)));
    expect([joiner.replies, joiner.evictions]).toEqual([2, 1]);
    expect(receive(joiner, datagram(2, 1, 2, wire("!")))).toEqual(whole(2, "2!"));
    expect(receive(joiner, datagram(3, 1, 2, wire("!")))).toEqual(whole(3, "3!"));
    expect(receive(joiner, datagram(1, 1, 2, wire("!")))).toEqual(part);
  });

  test("gives up the oldest replies for their memory, but not the one that gets on", () => {
    const joiner = new DatagramJoiner({ replyBytesMax: 1_000, datagramsMax: 2, heldBytesMax: 1_016 });
    receive(joiner, datagram(1, 0, 2, wire("a".repeat(400))));
    receive(joiner, datagram(2, 0, 2, wire("b")));
    receive(joiner, datagram(3, 0, 2, wire("c".repeat(50))));
    expect([joiner.replies, joiner.evictions]).toEqual([3, 0]);
    receive(joiner, datagram(2, 1, 2, wire("b")));
    receive(joiner, datagram(4, 0, 2, wire("d".repeat(60))));
    expect([joiner.replies, joiner.evictions]).toEqual([2, 1]);
    expect(receive(joiner, datagram(3, 1, 2, wire("C")))).toMatchObject({ found: "whole", requestId: 3 });
    receive(joiner, datagram(5, 0, 2, wire("e".repeat(60))));
    receive(joiner, datagram(4, 0, 2, wire("again")));
    expect([joiner.replies, joiner.evictions, joiner.drops.duplicate]).toEqual([2, 1, 1]);
  });

  test("gives up others for the memory of the oldest that gets on", () => {
    const joiner = new DatagramJoiner({ replyBytesMax: 1_000, datagramsMax: 3, heldBytesMax: 1_024 });
    receive(joiner, datagram(1, 0, 3, wire("a".repeat(300))));
    receive(joiner, datagram(2, 0, 2, wire("b".repeat(100))));
    expect(joiner.evictions).toBe(0);
    receive(joiner, datagram(1, 1, 3, wire("a".repeat(400))));
    expect([joiner.replies, joiner.evictions]).toEqual([1, 1]);
    expect(receive(joiner, datagram(1, 2, 3, wire("!")))).toEqual(whole(1, `${"a".repeat(700)}!`));
  });

  test("holds a whole reply until the next datagram", () => {
    const joiner = new DatagramJoiner();
    for (const bytes of split(1, new Uint8Array(5_000))) receive(joiner, bytes);
    expect(joiner.heldBytes).toBeGreaterThanOrEqual(5_000);
    receive(joiner, new Uint8Array(0));
    expect(joiner.heldBytes).toBe(0);
  });

  test("does not copy a reply of one datagram, and makes a plain view of a Buffer's like", () => {
    class Slicing extends Uint8Array {}
    const joiner = new DatagramJoiner();
    const plain = datagram(1, 0, 1, wire("abc"));
    joiner.receive(plain);
    expect(joiner.bytes).toBe(plain);
    const lent = Slicing.from(plain);
    joiner.receive(lent);
    expect(joiner.bytes.constructor).toBe(Uint8Array);
    expect(joiner.bytes.buffer).toBe(lent.buffer);
  });
});

test("limits are whole numbers from 1, with room for one reply", () => {
  expect(datagramLimitsOf()).toEqual(DEFAULT_DATAGRAM_LIMITS);
  expect(datagramLimitsOf({ repliesMax: 3 })).toEqual({ ...DEFAULT_DATAGRAM_LIMITS, repliesMax: 3 });
  for (const value of [0, -1, 1.5, Number.NaN, Infinity]) {
    expect(() => new DatagramJoiner({ datagramsMax: value })).toThrow(
      `datagramsMax must be a whole number from 1, got ${value}`,
    );
  }
  const small = { replyBytesMax: 100, datagramsMax: 2, heldBytesMax: 115 };
  expect(() => datagramLimitsOf(small)).toThrow(
    "heldBytesMax must be at least 116, which one reply may need, got 115",
  );
  expect(datagramLimitsOf({ ...small, heldBytesMax: 116 }).heldBytesMax).toBe(116);
});
