// Dialogues of meta commands that the recorded ones (packages/conformance) do not have: what only 1.6.45 does, what
// needs time to go by, and where this server is not memcached.

import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { Bench } from "./party.ts";

type Dialogue = readonly (readonly [asked: string, answer: string])[];

function talk(dialogue: Dialogue, engine = new ServerEngine()): void {
  const party = new Bench(engine).connect();
  for (const [asked, answer] of dialogue) {
    expect([asked, party.ask(asked.replaceAll("\n", "\r\n"))]).toEqual([
      asked,
      answer.replaceAll("\n", "\r\n"),
    ]);
  }
}

const STORES: Dialogue = [
  ["set a 0 0 1\n9\n", "STORED\n"],
  ["append a 0 0 1\n9\n", "STORED\n"],
  ["ms a 1 MP\n9\n", "HD\n"],
  ["ms a 1 MR\n9\n", "HD\n"],
  ["incr a 999999\n", "1000008\n"],
];

const dialogues: Readonly<Record<string, Dialogue>> = {
  "flags are answered in the order of the request, then Z, X, W": [
    ["ms a 5 F7 T100\nhello\n", "HD\n"],
    ["mg a t s O1 f k v\n", "VA 5 t100 s5 O1 f7 ka\nhello\n"],
    ["md a I\n", "HD\n"],
    ["mg a k t\n", "HD ka t100 X W\n"],
    ["mg a k t\n", "HD ka t100 Z X\n"],
  ],
  "a time is told as it is when its turn comes": [
    ["set a 0 0 1\n1\n", "STORED\n"],
    ["mg a t T30\n", "HD t-1\n"],
    ["mg a T60 t\n", "HD t60\n"],
    ["mg a t\n", "HD t60\n"],
    ["mg new t N30\n", "HD t-1 W\n"],
    ["mg newer N30 t T60\n", "HD t30 W\n"],
    ["mg newer t\n", "HD t60 Z\n"],
    ["mg newest T60 N30 t\n", "HD t30 W\n"],
    ["mg newest t\n", "HD t30 Z\n"],
    ["ma n t N30 J5 v\n", "VA 1 t-1\n5\n"],
    ["ma n T60 t v\n", "VA 1 t60\n6\n"],
    ["ma n t T90\n", "HD t60\n"],
    ["mg n t\n", "HD t90\n"],
  ],
  "what has expired by the request itself has no time left": [
    ["set a 0 0 1\n1\n", "STORED\n"],
    ["mg a T-1 t\n", "HD t0\n"],
    ["mg a\n", "EN\n"],
    ["mg a N-1 t\n", "HD t0 W\n"],
    ["mg a\n", "EN\n"],
  ],
  "R lets one renew an item before it expires": [
    ["set a 0 100 1\n1\n", "STORED\n"],
    ["mg a R30\n", "HD\n"],
    ["mg a R0\n", "HD\n"],
    ["mg a R200\n", "HD W\n"],
    ["mg a R200\n", "HD Z\n"],
    ["set a 0 100 1\n1\n", "STORED\n"],
    ["mg a R60 T30\n", "HD\n"],
    ["mg a R60\n", "HD W\n"],
    ["set a 0 100 1\n1\n", "STORED\n"],
    ["mg a T30 R60\n", "HD W\n"],
    ["set a 0 0 1\n1\n", "STORED\n"],
    ["mg a R2000000\n", "HD\n"],
  ],
  "whoever stores an item anew ends its staleness, appends and counts that grow included": STORES.flatMap(
    ([stores, answer]): Dialogue => [
      ["ms a 1\n9\n", "HD\n"],
      ["md a I\n", "HD\n"],
      ["mg a\n", "HD X W\n"],
      [stores, answer],
      ["mg a\n", "HD\n"],
    ],
  ),
  "what touches an item or counts in its place leaves it as stale as it was": [
    ["ms a 1\n5\n", "HD\n"],
    ["md a I\n", "HD\n"],
    ["touch a 100\n", "TOUCHED\n"],
    ["ma a v\n", "VA 1\n6\n"],
    ["gat 100 a\n", "VALUE a 0 1\n6\nEND\n"],
    ["mg a v\n", "VA 1 X W\n6\n"],
    ["ma a v\n", "VA 1\n7\n"],
    ["mg a v\n", "VA 1 Z X\n7\n"],
    ["md a I T50\n", "HD\n"],
    ["mg a t\n", "HD t50 X W\n"],
  ],
  "a value that came too late is stored with I, stale and with the time of the item": [
    ["ms a 1 T100 E50\n1\n", "HD\n"],
    ["ms a 1 C49\n2\n", "EX\n"],
    ["ms a 1 C51 I\n2\n", "EX\n"],
    ["ms a 2 C49 I T900 E60\n22\n", "HD\n"],
    ["mg a v t c\n", "VA 2 t100 c60 X W\n22\n"],
    ["ms a 1 C59 I E70\n3\n", "HD\n"],
    ["mg a v t c\n", "VA 1 t100 c70 Z X\n3\n"],
    ["ms a 1 C70 I T900\n4\n", "HD\n"],
    ["mg a v t\n", "VA 1 t900\n4\n"],
    ["ms b 1 C70 I\n4\n", "NF\n"],
  ],
  "E is the cas unique of what is changed, in every command that changes something": [
    ["ms a 1 E18446744073709551615 c\n1\n", "HD c18446744073709551615\n"],
    ["mg a c E5\n", "HD c18446744073709551615\n"],
    ["ma a E7 c\n", "HD c7\n"],
    ["ms a 1 MA E8 c\n1\n", "HD c8\n"],
    ["ma a D1000 E9 c v\n", "VA 4 c9\n1021\n"],
    ["md a I E10\n", "HD\n"],
    ["md a x E11\n", "HD\n"],
    ["mg a c s\n", "HD c11 s0\n"],
    ["mg new N0 E12 c\n", "HD c12 W\n"],
    ["ma n N0 E13 c\n", "HD c13\n"],
    ["ms a 1 C11 E14 c\n1\n", "HD c14\n"],
    ["md a C11\n", "EX\n"],
    ["md a C14\n", "HD\n"],
  ],
  "C of 0 is that of no item, but where it compares with nothing": [
    ["ms a 1 C0\n1\n", "NF\n"],
    ["ms a 1 E0\n1\n", "HD\n"],
    ["ms a 1 C0\n2\n", "EX\n"],
    ["ms a 1 MR C0 I\n2\n", "EX\n"],
    ["ma a C0 E5\n", "HD\n"],
    ["ms a 1 MA C0\n2\n", "HD\n"],
    ["md a C0\n", "EX\n"],
  ],
  "append and prepend store, and keep the value, on their own terms": [
    ["ms a 2 MA\nhi\n", "NS\n"],
    ["ms a 2 MA C5\nhi\n", "NS\n"],
    ["ms a 2 MP N100 F3 E5 s c\nhi\n", "HD s2 c5\n"],
    ["ms a 1 MA N900 F9 T900 C4 c s\n!\n", "EX c0 s1\n"],
    ["ms a 1 MA N900 F9 T900 C5 s\n!\n", "HD s3\n"],
    ["ms a 1 MP s\n>\n", "HD s4\n"],
    ["mg a v f t\n", "VA 4 f3 t100\n>hi!\n"],
  ],
  "what is not stored has no cas unique, and the size that it came with": [
    ["ms a 3 MR c s k O1\nabc\n", "NS c0 s3 ka O1\n"],
    ["ms a 3 C5 c s k O1\nabc\n", "NF c0 s3 ka O1\n"],
    ["set a 0 0 1\n1\n", "STORED\n"],
    ["ms a 3 ME c s q\nabc\n", "NS c0 s3\n"],
    ["ms a 3 C5 c s q\nabc\n", "EX c0 s3\n"],
  ],
  "a client that has the value already is not sent it again": [
    ["ms a 1 E5\n1\n", "HD\n"],
    ["mg a v C4 c\n", "VA 1 c5\n1\n"],
    ["mg a v C5 c s\n", "HD c5 s1\n"],
  ],
  "x leaves an item without its value, flags and time, and with its cas unique": [
    ["ms a 5 F7 T100 E5\nhello\n", "HD\n"],
    ["md a x C4\n", "EX\n"],
    ["md a x\n", "HD\n"],
    ["mg a v f t c s\n", "VA 0 f0 t-1 c5 s0\n\n"],
    ["md a x T30 F9 I k O1\n", "HD ka O1\n"],
    ["mg a v f t s\n", "VA 0 f9 t30 s0 X W\n\n"],
    ["md b x\n", "NF\n"],
    ["md b x C5\n", "NF\n"],
    ["md b I\n", "NF\n"],
  ],
  "q hides what was expected, and nothing else": [
    ["mg a q k O1\n", ""],
    ["ms a 1 q\n1\n", ""],
    ["mg a q v\n", "VA 1\n1\n"],
    ["ma a q v\n", ""],
    ["ma n q N0\n", ""],
    ["md a I q\n", ""],
    ["md a x q\n", ""],
    ["ma a q\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\n"],
    ["md a q\n", ""],
    ["md a q\n", "NF\n"],
    ["ma a q\n", "NF\n"],
    ["md n C1 q\n", "EX\n"],
    ["ms n 1 q\nxx\n", "CLIENT_ERROR bad data chunk\nCLIENT_ERROR bad command line format\n"],
    ["ms n 1 q MX\nx\n", "CLIENT_ERROR invalid mode for ms M token\n"],
    ["mg n q w\n", "CLIENT_ERROR invalid flag\n"],
    ["mn\n", "MN\n"],
  ],
  "a value that is no number is told before another cas unique": [
    ["set a 0 0 0\n\n", "STORED\n"],
    ["ma a C9\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\n"],
    ["set a 0 0 1\nx\n", "STORED\n"],
    ["ma a C9\n", "EX\n"],
  ],
  "a number is told without the blanks that are stored behind it": [
    ["set a 0 0 3\n100\n", "STORED\n"],
    ["ma a MD v\n", "VA 2\n99\n"],
    ["mg a v\n", "VA 3\n99 \n"],
    ["ma b N0 J18446744073709551615 v\n", "VA 20\n18446744073709551615\n"],
    ["ma b M- D8446744073709551616 v\n", "VA 19\n9999999999999999999\n"],
    ["ma b v\n", "VA 20\n10000000000000000000\n"],
    ["ma b M+ D18446744073709551615 v\n", "VA 19\n9999999999999999999\n"],
  ],
  "who had to be told of a number that has grown can still touch it": [
    ["set a 0 0 1\n9\n", "STORED\n"],
    ["ma a T100 v\n", "VA 2\n10\n"],
    ["mg a t\n", "HD t100\n"],
  ],
  "a key is told as it came when its item was stored": [
    ["ms Zm9v 1 b k\n1\n", "HD kZm9v b\n"],
    ["mg foo k v\n", "VA 1 kZm9v b\n1\n"],
    ["me foo\n", "ME Zm9v exp=-1 la=0 cas=1 fetch=yes cls=1 size=63\n"],
    ["md foo k\n", "HD kfoo\n"],
    ["ms foo 1 k\n1\n", "HD kfoo\n"],
    ["mg Zm9v b k\n", "HD kfoo\n"],
    ["ma Zm9v b k\n", "HD kZm9v b\n"],
    ["ms Zm9v 1 b MA k\n1\n", "HD kZm9v b\n"],
    ["mg Zm9v b k\n", "HD kfoo\n"],
    ["md Zm9v b k\n", "HD kZm9v b\n"],
    ["mg Zm9v b k\n", "EN kZm9v b\n"],
  ],
  "a key that would break the line goes in base64, however its item was stored": [
    ["mg Zm8gbw== b k N0\n", "HD kZm8gbw== b W\n"],
    ["mg Zm8Kbw== b k N0\n", "HD kZm8Kbw== b W\n"],
    ["mg AA== b N0 k\n", "HD kAA== b W\n"],
    ["me Zm8Kbw== b\n", "ME Zm8Kbw== exp=-1 la=0 cas=2 fetch=yes cls=1 size=63\n"],
  ],
  "who makes an item by mg has used it, but with u": [
    ["mg a N0 h\n", "HD h0 W\n"],
    ["mg a h\n", "HD h1 Z\n"],
    ["mg b N0 h u\n", "HD h0 W\n"],
    ["mg b T30 u h\n", "HD h0 Z\n"],
    ["mg b h\n", "HD h0 Z\n"],
    ["mg b T60 h t\n", "HD h1 t60 Z\n"],
  ],
  "N means nothing to an ms that does not append or prepend": [
    ["ms a 1 N50 T900\n1\n", "HD\n"],
    ["mg a t\n", "HD t900\n"],
    ["ms a 1 N50 ME\n1\n", "NS\n"],
    ["ms b 1 N50 MR\n1\n", "NS\n"],
  ],
  "me looks and leaves no trace": [
    ["set a 0 100 5\nhello\n", "STORED\n"],
    ["me a\n", "ME a exp=100 la=0 cas=1 fetch=no cls=1 size=65\n"],
    ["mg a h u\n", "HD h0\n"],
    ["mg a h\n", "HD h0\n"],
    ["mg a h\n", "HD h1\n"],
    ["me a\n", "ME a exp=100 la=0 cas=1 fetch=yes cls=1 size=65\n"],
    ["me b\n", "EN\n"],
  ],
};

describe("meta commands", () => {
  for (const [name, dialogue] of Object.entries(dialogues)) test(name, () => talk(dialogue));
});

test("an item tells how long ago it was used, and how long it has still to live", () => {
  const bench = new Bench(new ServerEngine());
  const party = bench.connect();
  party.send("set a 0 100 1\r\n1\r\n");
  bench.elapse(5_300);
  expect(party.ask("mg a l t u\r\n")).toBe("HD l5 t95\r\n");
  expect(party.ask("mg a l\r\nmg a l\r\nmg a l\r\n")).toBe("HD l5\r\nHD l5\r\nHD l0\r\n");
  bench.elapse(94_699);
  expect(party.ask("mg a t\r\n")).toBe("HD t1\r\n");
  bench.elapse(1);
  expect(party.ask("mg a t\r\n")).toBe("EN\r\n");
});

test("of clients that ask for a stale item at once one is to renew it", () => {
  const bench = new Bench(new ServerEngine());
  const parties = Array.from({ length: 5 }, () => bench.connect());
  parties[0]?.send("ms a 1\r\n1\r\nmd a I\r\n");
  expect(parties.map((party) => party.ask("mg a q\r\n"))).toEqual([
    "HD X W\r\n",
    ...Array.from({ length: 4 }, () => "HD Z X\r\n"),
  ]);
});

test("what ms could not store takes the old value with it, in every mode", () => {
  const engine = new ServerEngine({ store: new SlabStore({ itemBytesMax: 1_000 }) });
  const party = new Bench(engine).connect();
  for (const mode of ["", " ME", " MR", " MA", " MA N0", " C5"]) {
    for (const bytes of [990, 2_000]) {
      party.send("set foo 0 0 1\r\nv\r\n");
      const value = "x".repeat(bytes);
      expect(party.ask(`ms Zm9v ${bytes} b q${mode}\r\n${value}\r\n`)).toBe(
        "SERVER_ERROR object too large for cache\r\n",
      );
      expect(party.ask("mg foo\r\n")).toBe("EN\r\n");
    }
  }
  expect(party.ask("stats\r\n")).toContain("STAT store_too_large 12\r\n");
});

test("without evictions a full server says so in meta words", () => {
  const store = new SlabStore({ bytesMax: 4_096, chunkBytesMax: 4_096, evictions: false });
  const party = new Bench(new ServerEngine({ store })).connect();
  const block = "v".repeat(3_500);
  expect(party.ask(`ms a 3500\r\n${block}\r\n`)).toBe("HD\r\n");
  expect(party.ask(`ms b 3500 q\r\n${block}\r\n`)).toBe("SERVER_ERROR out of memory storing object\r\n");
  expect(party.ask("ms a 30 MA\r\n012345678901234567890123456789\r\n")).toBe("NS\r\n");
  expect(party.ask("mg a s\r\n")).toBe("HD s3500\r\n");
});

test("an item that mg makes is a hit of its class, one that is touched is not", () => {
  const party = new Bench(new ServerEngine()).connect();
  const hits = (): readonly (string | undefined)[] =>
    ["slabs", "items"].map((group) =>
      Array.from(
        party.ask(`stats ${group}\r\n`).matchAll(/(?:get_hits|hits_to_\w+|touch_hits) (\d+)/g),
        ([, count]) => count,
      ).join(" "),
    );
  party.send("ms a 1\r\n1\r\nmg a\r\n");
  expect(hits()).toEqual(["1 0", "1 0 0 0"]);
  party.send("mg b N30\r\nmg c N30 u\r\nmg a u\r\n");
  expect(hits()).toEqual(["4 0", "4 0 0 0"]);
  party.send("mg d N30 T30\r\nmg a T30\r\nmg a u T30\r\ngat 30 a\r\ntouch a 30\r\n");
  expect(hits()).toEqual(["4 5", "4 0 0 0"]);
});

test("a value without its line end is counted in its class", () => {
  const party = new Bench(new ServerEngine()).connect();
  party.send(`set a 0 0 1\r\nxx\r\nms ${"a".repeat(248)} 1 b\r\nxx\r\nms b 1\r\n1\r\n`);
  const slabs = party.ask("stats slabs\r\n");
  expect(slabs).toContain("STAT 1:cmd_set 2\r\n");
  expect(party.ask("stats\r\n")).toContain("STAT cmd_set 3\r\n");
});

test("meta commands are counted by what they do", () => {
  const party = new Bench(new ServerEngine()).connect();
  party.send(
    "ms a 1\r\n1\r\nms a 1 C5\r\n1\r\nms b 1 C5\r\n1\r\nmg a\r\nmg b\r\nmg a T5\r\nmg b T5\r\nma a\r\nma a MD\r\n" +
      "ma b\r\nma b MD\r\nmd a I\r\nmd a C5\r\nmd a\r\nmd a\r\nme a\r\nmn\r\n",
  );
  const told = party.ask("stats\r\n");
  const counts = {
    cmd_get: 3,
    get_hits: 1,
    get_misses: 2,
    cmd_touch: 1,
    touch_hits: 1,
    cmd_set: 3,
    cas_badval: 1,
    cas_misses: 1,
    incr_hits: 1,
    incr_misses: 1,
    decr_hits: 1,
    decr_misses: 1,
    delete_hits: 1,
    delete_misses: 2,
    cmd_meta: 1,
  };
  for (const [name, count] of Object.entries(counts)) expect(told).toContain(`STAT ${name} ${count}\r\n`);
});
