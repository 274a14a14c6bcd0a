// Requests sent on with changes, example by example: what stays is as it came, blanks included, and what means nothing
// does not stay.

import {
  BinaryRequestDecoder,
  latin1Bytes,
  latin1Text,
  RequestForwarder,
  SendBuffer,
  TextRequestDecoder,
  type Forwarding,
} from "@memwire/codec";
import { describe, expect, test } from "vitest";
import { bin } from "./binary-wire.ts";
import { shown, wire } from "./wire.ts";

type Change = Omit<Forwarding, "addPrefix" | "removePrefix"> & {
  readonly add?: string;
  readonly remove?: string;
  readonly opaque?: number;
};

/** What is written of the first request, or why nothing is. */
function forward(
  change: Change,
  decoder: TextRequestDecoder | BinaryRequestDecoder,
  bytes: Uint8Array,
): string {
  const { add, remove, opaque, ...rest } = change;
  const forwarder = new RequestForwarder({
    ...rest,
    ...(add !== undefined && { addPrefix: latin1Bytes(add) }),
    ...(remove !== undefined && { removePrefix: latin1Bytes(remove) }),
  });
  const out = new SendBuffer();
  decoder.receive(bytes);
  expect(decoder.next()).toBe("request");
  const written = forwarder.write(out, decoder, opaque);
  const text = latin1Text(out.take());
  if (written === "written") return text;
  expect(text).toBe("");
  return `(${written})`;
}

const k250 = "k".repeat(250);
const answered = true;

const textRows: readonly [change: Change, line: string, forwarded: string][] = [
  [{}, "set a  7 0 2 noreply\nxy\r\n", "set a  7 0 2 noreply\nxy\r\n"],
  [{}, "mg a v q\r\n", "mg a v q\r\n"],
  [{}, "set a 7 0 2  noreply  \r\nxy\r\n", "set a 7 0 2  noreply  \r\nxy\r\n"],
  [{}, "set a 7 0 2 b\r\nxy\r\n", "set a 7 0 2\r\nxy\r\n"],
  [{}, "set a  7 0 2 b c\nxy\r\n", "set a  7 0 2\r\nxy\r\n"],
  [{}, "set a 7 0 2 \r\r\nxy\r\n", "set a 7 0 2\r\nxy\r\n"],
  [{}, "set a 7 0 2 noreply b\r\nxy\r\n", "set a 7 0 2\r\nxy\r\n"],
  [{}, "set a 7 0 2 b noreply\r\nxy\r\n", "set a 7 0 2 noreply\r\nxy\r\n"],
  [{}, "set a 7 0 2 noreply noreply\r\nxy\r\n", "set a 7 0 2 noreply\r\nxy\r\n"],
  [{}, "verbosity 1 a noreply\r\n", "verbosity 1 noreply\r\n"],
  [{}, "incr a 5 b c\r\n", "incr a 5\r\n"],
  [{}, "delete a 0 noreply\r\n", "delete a noreply\r\n"],
  [{}, "lru tune 10 noreply\r\n", "lru tune 10 noreply\r\n"],
  [{}, "me a c d\r\n", "me a\r\n"],
  [{ add: "p:", exptime: 30 }, "set a 7 0 2 b c\r\nxy\r\n", "set p:a 7 30 2\r\nxy\r\n"],
  [
    {},
    "ms a 2 c f h k l q s t u v I MS T0 F0 C1 O1\r\nxy\r\n",
    "ms a 2 c f h k l q s t u v I MS T0 F0 C1 O1\r\nxy\r\n",
  ],
  [{}, "ms a 2 c f h k l q s t u v I MS T0 F0 C1 O1 P\r\nxy\r\n", "(too-many-flags)"],
  [{}, "set a\0b 7 0 2\r\nxy\r\n", "(nul)"],
  [{ answered }, "set a 7 0 2 noreply\0\r\nxy\r\n", "(nul)"],
  [{}, "mg a\0b v\r\n", "(nul)"],
  [{}, "set a 7 0 2\r\n\0y\r\n", "set a 7 0 2\r\n\0y\r\n"],
  [{ answered }, "set a  7 0 2 noreply\nxy\r\n", "set a  7 0 2\r\nxy\r\n"],
  [{ answered }, "cas a 7 0 2 5 noreply\r\nxy\r\n", "cas a 7 0 2 5\r\nxy\r\n"],
  [{ answered }, "delete a 0 noreply\r\n", "delete a\r\n"],
  [{ answered }, "delete noreply\r\n", "delete noreply\r\n"],
  [{ answered }, "incr a 5 noreply\r\n", "incr a 5\r\n"],
  [{ answered }, "flush_all noreply\r\n", "flush_all\r\n"],
  [{ answered }, "flush_all 60 noreply\r\n", "flush_all 60\r\n"],
  [{ answered }, "cache_memlimit 64 noreply\r\n", "cache_memlimit 64\r\n"],
  [{ answered }, "lru  noreply  noreply noreply\r\n", "lru\r\n"],
  [{ answered }, "get a  noreply\r\n", "get a  noreply\r\n"],
  [{ answered }, "stats  items\r\n", "stats  items\r\n"],
  [{ answered }, "version\r\n", "version\r\n"],
  [{ answered }, "mg a q\r\n", "mg a\r\n"],
  [{ answered }, "mg a  q  v\r\n", "mg a  v\r\n"],
  [{ answered }, "mg a v  q\n", "mg a v\r\n"],
  [{ answered }, "ms a 2 T60 q Oq k\r\nq \r\n", "ms a 2 T60 Oq k\r\nq \r\n"],
  [{ answered }, "mn\r\n", "mn\r\n"],
  [{ answered }, "me YQ== b\r\n", "me YQ== b\r\n"],
  [{ add: "p:" }, "get a  b a\r\n", "get p:a  p:b p:a\r\n"],
  [{ add: "p:" }, "gats 60 a b\r\n", "gats 60 p:a p:b\r\n"],
  [{ add: "p:" }, "set a 7 0 2 noreply\r\nxy\r\n", "set p:a 7 0 2 noreply\r\nxy\r\n"],
  [{ add: "p:" }, "delete a\r\n", "delete p:a\r\n"],
  [{ add: "p:" }, "touch a 0\r\n", "touch p:a 0\r\n"],
  [{ add: "p:" }, "decr a 1\r\n", "decr p:a 1\r\n"],
  [{ add: "p:" }, "stats items\r\n", "stats items\r\n"],
  [{ add: "p:" }, "flush_all 5\r\n", "flush_all 5\r\n"],
  [{ add: "p:" }, "lru_crawler metadump all\r\n", "lru_crawler metadump all\r\n"],
  [{ add: "p:" }, "mg a v k\r\n", "mg p:a v k\r\n"],
  [{ add: "p:" }, "ms a 2\r\nxy\r\n", "ms p:a 2\r\nxy\r\n"],
  [{ add: "p:" }, "mg YSBi v b\r\n", "mg cDphIGI= v b\r\n"],
  [{ add: "p:" }, "me a\r\n", "me p:a\r\n"],
  [{ add: "p:" }, "mn\r\n", "mn\r\n"],
  [{ add: "p:" }, `get ${k250.slice(2)}\r\n`, `get p:${k250.slice(2)}\r\n`],
  [{ add: "p:" }, `get a ${k250.slice(1)}\r\n`, "(key-too-long)"],
  [{ add: "p:" }, `mg ${"ICAg".repeat(62)} b\r\n`, "(key-too-long)"],
  [{ add: "p " }, "get a\r\n", "(prefix-unsayable)"],
  [{ add: "p " }, "mg YSBi v b\r\n", "mg cCBhIGI= v b\r\n"],
  [{ add: "p " }, "version\r\n", "version\r\n"],
  [{ remove: "p:" }, "get p:a p:p:b\r\n", "get a p:b\r\n"],
  [{ remove: "p:" }, "get p:a b\r\n", "(prefix-missing)"],
  [{ remove: "p:" }, "get p\r\n", "(prefix-missing)"],
  [{ remove: "p:" }, "get p:a p:\r\n", "(key-empty)"],
  [{ remove: "p:" }, "mg cDphIGI= b v\r\n", "mg YSBi b v\r\n"],
  [{ remove: "p:" }, "mg YSBi b v\r\n", "(prefix-missing)"],
  [{ remove: "p:", add: "qq:" }, "set p:a 0 0 1\r\nx\r\n", "set qq:a 0 0 1\r\nx\r\n"],
  [{ remove: "p:", add: "p:" }, `get p:${k250.slice(2)}\r\n`, `get p:${k250.slice(2)}\r\n`],
  [{ remove: "p:", add: "qq:" }, "mg cDphIGI= b v\r\n", "mg cXE6YSBi b v\r\n"],
  [
    { add: "p".repeat(249) },
    `gat 0 ${"a ".repeat(7)}a\r\n`,
    `gat 0 ${`${"p".repeat(249)}a `.repeat(7)}${"p".repeat(249)}a\r\n`,
  ],
  [{ add: "p".repeat(249) }, `gat 0 ${"a ".repeat(8)}a\r\n`, "(line-too-long)"],
  [
    { add: "p".repeat(249) },
    `get ${"a ".repeat(8)}a\r\n`,
    `get ${`${"p".repeat(249)}a `.repeat(8)}${"p".repeat(249)}a\r\n`,
  ],
  [{ exptime: 30 }, "set a  7 -1 2 noreply\r\nxy\r\n", "set a  7 30 2 noreply\r\nxy\r\n"],
  [{ exptime: -1 }, "cas a 7  0 2 5\r\nxy\r\n", "cas a 7  -1 2 5\r\nxy\r\n"],
  [{ exptime: 0 }, "touch a 600 noreply\r\n", "touch a 0 noreply\r\n"],
  [{ exptime: 30 }, "touch a 600\n", "touch a 30\n"],
  [{ exptime: 3_000_000_000 }, "gat  60  a b\r\n", "gat  3000000000  a b\r\n"],
  [{ exptime: 30 }, "get a\r\n", "get a\r\n"],
  [{ exptime: 30 }, "flush_all 5\r\n", "flush_all 5\r\n"],
  [{ exptime: 30 }, "incr a 5\r\n", "incr a 5\r\n"],
  [{ exptime: 30 }, "ms a 2 T600 F7\r\nxy\r\n", "ms a 2 T30 F7\r\nxy\r\n"],
  [{ exptime: 30 }, "ms a 2 F7 \r\nxy\r\n", "ms a 2 F7 T30\r\nxy\r\n"],
  [{ exptime: 30 }, "ms a 2\r\nxy\r\n", "ms a 2 T30\r\nxy\r\n"],
  [{ exptime: 30 }, "mg a v\r\n", "mg a v\r\n"],
  [{ exptime: -30 }, "mg a v T0 N600 R10\r\n", "mg a v T-30 N-30 R10\r\n"],
  [{ exptime: 30 }, "md a I T600\r\n", "md a I T30\r\n"],
  [{ exptime: 30 }, "ma a N0 J5\r\n", "ma a N30 J5\r\n"],
  [{ opaque: 42 }, "mg a v\r\n", "mg a v O42\r\n"],
  [{ opaque: 0 }, "mg a Oclient v\r\n", "mg a O0 v\r\n"],
  [{ opaque: 0xffff_ffff }, "ms a 2\r\nxy\r\n", "ms a 2 O4294967295\r\nxy\r\n"],
  [{ opaque: 42 }, "mn\r\n", "mn\r\n"],
  [{ opaque: 42 }, "me a\r\n", "me a\r\n"],
  [{ opaque: 42 }, "get a\r\n", "get a\r\n"],
  [{ opaque: 42 }, `mg a ${"b c f h k l s t u v q I L M P x".slice(2)} T1 N1 R1\r\n`, "(too-many-flags)"],
  [
    { opaque: 42, answered },
    `mg a ${"b c f h k l s t u v q I L M P x".slice(2)} T1 N1 R1\r\n`,
    `mg a ${"b c f h k l s t u v I L M P x".slice(2)} T1 N1 R1 O42\r\n`,
  ],
  [
    { answered, add: "p:", exptime: 30, opaque: 1 },
    "ms a 2  q F7 T600 Ox k\r\nxy\r\n",
    "ms p:a 2 F7 T30 O1 k\r\nxy\r\n",
  ],
  [{ answered, add: "p:", exptime: 30 }, "set a 7 600 2 noreply\r\nxy\r\n", "set p:a 7 30 2\r\nxy\r\n"],
];

describe("a text request", () => {
  test.each(textRows.map((row) => [`${JSON.stringify(row[0])} ${shown(row[1])}`, ...row] as const))(
    "%s",
    (_, change, line, forwarded) => {
      expect(forward(change, new TextRequestDecoder(), wire(line))).toBe(forwarded);
    },
  );
});

const GET = "80 00 0001 00 00 0003 00000001 deadbeef 0000000000000009";
const SETQ = "80 11 0001 08 00 0000 0000000b deadbeef 0000000000000009";
const EXTRAS = "\0\0\0\x07\0\0\x02\x58";
const INCR = "80 05 0001 14 00 0000 00000015 00000000 0000000000000000";
const DELTA = "\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0";
const text = (bytes: Uint8Array): string => latin1Text(bytes);

const binaryRows: readonly [what: string, change: Change, request: Uint8Array, forwarded: string][] = [
  ["as it came", {}, bin(SETQ, `${EXTRAS}axy`), text(bin(SETQ, `${EXTRAS}axy`))],
  [
    "setq to set",
    { answered },
    bin(SETQ, `${EXTRAS}axy`),
    text(bin(SETQ.replace("80 11", "80 01"), `${EXTRAS}axy`)),
  ],
  ["get stays get", { answered }, bin(GET, "a"), text(bin(GET, "a"))],
  [
    "getkq to getk",
    { answered },
    bin(GET.replace("80 00", "80 0d"), "a"),
    text(bin(GET.replace("80 00", "80 0c"), "a")),
  ],
  [
    "quitq to quit",
    { answered },
    bin("80 17 0000 00 00 0000 00000000 00000000 0000000000000000"),
    text(bin("80 07 0000 00 00 0000 00000000 00000000 0000000000000000")),
  ],
  [
    "another opaque",
    { opaque: 0x0102_0304 },
    bin(GET, "a"),
    text(bin(GET.replace("deadbeef", "01020304"), "a")),
  ],
  ["an opaque of 0", { opaque: 0 }, bin(GET, "a"), text(bin(GET.replace("deadbeef", "00000000"), "a"))],
  [
    "a prefix",
    { add: "p " },
    bin(GET, "a"),
    text(bin(GET.replace("0001 00", "0003 00").replace("00000001 dead", "00000003 dead"), "p a")),
  ],
  [
    "a prefix for a value",
    { add: "p" },
    bin(SETQ, `${EXTRAS}axy`),
    text(bin(SETQ.replace("0001 08", "0002 08").replace("0000000b", "0000000c"), `${EXTRAS}paxy`)),
  ],
  [
    "no prefix for statistics",
    { add: "p" },
    bin("80 10 0005 00 00 0000 00000005 00000000 0000000000000000", "items"),
    text(bin("80 10 0005 00 00 0000 00000005 00000000 0000000000000000", "items")),
  ],
  [
    "no prefix for a mechanism",
    { add: "p" },
    bin("80 21 0005 00 00 0000 00000005 00000000 0000000000000000", "PLAIN"),
    text(bin("80 21 0005 00 00 0000 00000005 00000000 0000000000000000", "PLAIN")),
  ],
  [
    "a prefix less",
    { remove: "p" },
    bin(GET.replace("0001 00", "0002 00").replace("00000001 dead", "00000002 dead"), "pa"),
    text(bin(GET, "a")),
  ],
  ["a prefix that is not there", { remove: "p" }, bin(GET, "a"), "(prefix-missing)"],
  ["nothing but a prefix", { remove: "a" }, bin(GET, "a"), "(key-empty)"],
  ["a prefix too long", { add: k250 }, bin(GET, "a"), "(key-too-long)"],
  ["another exptime", { exptime: 30 }, bin(SETQ, `${EXTRAS}axy`), text(bin(SETQ, "\0\0\0\x07\0\0\0\x1eaxy"))],
  [
    "already expired",
    { exptime: -1 },
    bin(SETQ, `${EXTRAS}axy`),
    text(bin(SETQ, "\0\0\0\x07\0\x27\x8d\x01axy")),
  ],
  ["an exptime that binary has not", { exptime: 2 ** 31 }, bin(SETQ, `${EXTRAS}axy`), "(exptime)"],
  ["none for get", { exptime: 2 ** 31 }, bin(GET, "a"), text(bin(GET, "a"))],
  [
    "another exptime to touch",
    { exptime: 30 },
    bin("80 1c 0001 04 00 0000 00000005 00000000 0000000000000000", "\0\0\0\0a"),
    text(bin("80 1c 0001 04 00 0000 00000005 00000000 0000000000000000", "\0\0\0\x1ea")),
  ],
  [
    "another exptime to create",
    { exptime: 30 },
    bin(INCR, `${DELTA}\0\0\0\0a`),
    text(bin(INCR, `${DELTA}\0\0\0\x1ea`)),
  ],
  [
    "none to create",
    { exptime: 30 },
    bin(INCR, `${DELTA}\xff\xff\xff\xffa`),
    text(bin(INCR, `${DELTA}\xff\xff\xff\xffa`)),
  ],
  [
    "none to flush",
    { exptime: 30 },
    bin("80 08 0000 04 00 0000 00000004 00000000 0000000000000000", "\0\0\0\x05"),
    text(bin("80 08 0000 04 00 0000 00000004 00000000 0000000000000000", "\0\0\0\x05")),
  ],
];

describe("a binary request", () => {
  test.each(binaryRows)("%s", (_, change, request, forwarded) => {
    expect(forward(change, new BinaryRequestDecoder(), request)).toBe(forwarded);
  });
});

test("a line may grow to 2048 bytes before its line feed, and get and gets beyond that", () => {
  const keys = `${"k".repeat(240)} `.repeat(8);
  const change = { add: "p".repeat(10) };
  const longest = forward(change, new TextRequestDecoder(), wire(`gat 0 ${keys}${"k".repeat(23)}\r\n`));
  expect(longest.indexOf("\n")).toBe(2_048);
  const longer = `${keys}${"k".repeat(24)}\r\n`;
  expect(forward(change, new TextRequestDecoder(), wire(`gat 0 ${longer}`))).toBe("(line-too-long)");
  for (const command of ["get", "gets"]) {
    const line = forward(change, new TextRequestDecoder(), wire(`${command} ${keys}${longer}`));
    expect(line.indexOf("\n")).toBe(command.length + 16 * 251 + 36);
  }
});

test("a value in parts is sent on as it comes", () => {
  const forwarder = new RequestForwarder({ addPrefix: latin1Bytes("p:"), answered });
  const requests: readonly [
    decoder: TextRequestDecoder | BinaryRequestDecoder,
    request: Uint8Array,
    forwarded: string,
  ][] = [
    [
      new TextRequestDecoder({}, { partsFromBytes: 1 }),
      wire("set a 0 0 5 noreply\r\nhello\r\n"),
      "set p:a 0 0 5\r\nhello\r\n",
    ],
    [
      new BinaryRequestDecoder({}, { partsFromBytes: 1 }),
      bin(SETQ, `${EXTRAS}axy`),
      text(
        bin(
          SETQ.replace("80 11", "80 01").replace("0001 08", "0003 08").replace("0000000b", "0000000d"),
          `${EXTRAS}p:axy`,
        ),
      ),
    ],
  ];
  for (const [decoder, request, forwarded] of requests) {
    const out = new SendBuffer();
    for (let at = 0; at < request.length; at++) {
      decoder.receive(request.slice(at, at + 1));
      for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
        if (found === "head") expect(forwarder.write(out, decoder)).toBe("written");
        else if (found === "part") out.copy(decoder.bytes, decoder.partStart, decoder.partEnd);
        else if (found === "tail") out.copy(decoder.bytes, decoder.start, decoder.end);
        else throw new Error(found);
      }
    }
    expect(latin1Text(out.take())).toBe(forwarded);
  }
});

test("what nothing can be changed to is the caller's mistake", () => {
  expect(() => new RequestForwarder({ addPrefix: new Uint8Array(251) })).toThrow(
    "addPrefix must have at most 250 bytes, got 251",
  );
  expect(() => new RequestForwarder({ removePrefix: new Uint8Array(251) })).toThrow("removePrefix must have");
  expect(() => new RequestForwarder({ exptime: 0.5 })).toThrow("exptime must be a whole number, got 0.5");
  const decoder = new TextRequestDecoder();
  decoder.receive(wire("get a\r\n"));
  decoder.next();
  const out = new SendBuffer();
  for (const opaque of [-2, 0.5, 2 ** 32, Number.NaN]) {
    expect(() => new RequestForwarder().write(out, decoder, opaque)).toThrow(
      `opaque must be a whole number from 0 to 4294967295, got ${opaque}`,
    );
  }
  expect(out.length).toBe(0);
});

test("nothing of a line that grew too long is in the next one", () => {
  const forwarder = new RequestForwarder({ addPrefix: latin1Bytes("p".repeat(100)) });
  const decoder = new TextRequestDecoder();
  decoder.receive(wire(`gat 0${" a".repeat(21)}\r\ngat 0${" a".repeat(19)}\r\n`));
  const out = new SendBuffer();
  expect([decoder.next(), forwarder.write(out, decoder)]).toEqual(["request", "line-too-long"]);
  expect([decoder.next(), forwarder.write(out, decoder)]).toEqual(["request", "written"]);
  expect(latin1Text(out.take())).toBe(`gat 0${` ${"p".repeat(100)}a`.repeat(19)}\r\n`);
});

test("a prefix is the forwarder's own", () => {
  const [removePrefix, addPrefix] = [latin1Bytes("r:"), latin1Bytes("p:")];
  const forwarder = new RequestForwarder({ removePrefix, addPrefix });
  removePrefix.fill(0);
  addPrefix.fill(0);
  const decoder = new TextRequestDecoder();
  decoder.receive(wire("get r:a\r\n"));
  decoder.next();
  const out = new SendBuffer();
  forwarder.write(out, decoder);
  expect(latin1Text(out.take())).toBe("get p:a\r\n");
});
