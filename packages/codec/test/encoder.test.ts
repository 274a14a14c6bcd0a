// What the protocol cannot say is refused before anything is written.

import {
  checkKey,
  SendBuffer,
  writeBinaryRequest,
  writeReply,
  writeRequest,
  type BinaryRequest,
  type TextReply,
  type TextRequest,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { wire } from "./wire.ts";

const key = wire("a");
const value = wire("x");
const KEY = "a key must have";
const LETTERS = "bcfhklqstuvxCDEFIJLMNOPRT";

function mg(key: string, ...metaFlags: string[]): TextRequest {
  return { command: "mg", key: wire(key), metaFlags };
}

const requests: readonly [request: TextRequest, message: string][] = [
  [{ command: "get", keys: [] }, "get needs at least one key"],
  [{ command: "get", keys: [key, wire("")] }, `${KEY} 1 to 250 bytes, got 0`],
  [{ command: "gat", exptime: 0, keys: [wire("k".repeat(251))] }, `${KEY} 1 to 250 bytes, got 251`],
  [
    { command: "delete", key: wire("a b"), noreply: false },
    `${KEY} no blank, CR, LF or NUL, got byte 32 at 1`,
  ],
  [
    { command: "delete", key: wire("ab\n"), noreply: false },
    `${KEY} no blank, CR, LF or NUL, got byte 10 at 2`,
  ],
  [
    { command: "delete", key: wire("\r"), noreply: false },
    `${KEY} no blank, CR, LF or NUL, got byte 13 at 0`,
  ],
  [{ command: "delete", key: wire("\0"), noreply: false }, `${KEY} no blank, CR, LF or NUL, got byte 0 at 0`],
  [set({ flags: -1 }), "flags must be a whole number from 0 to 4294967295, got -1"],
  [set({ flags: 2 ** 32 }), "flags must be a whole number from 0 to 4294967295, got 4294967296"],
  [set({ flags: Number.NaN }), "flags must be a whole number from 0 to 4294967295, got NaN"],
  [set({ exptime: 1.5 }), "exptime must be a whole number, got 1.5"],
  [set({ exptime: "60" as never }), 'exptime must be a whole number, got "60"'],
  [set({ flags: "1" as never }), 'flags must be a whole number from 0 to 4294967295, got "1"'],
  [set({ exptime: Infinity }), "exptime must be a whole number, got Infinity"],
  [
    { command: "touch", key, exptime: 2 ** 53, noreply: false },
    "exptime must be a whole number, got 9007199254740992",
  ],
  [
    { command: "cas", key, flags: 0, exptime: 0, value, cas: -1n, noreply: false },
    "a 64-bit number must be from 0 to 18446744073709551615, got -1",
  ],
  [
    { command: "incr", key, delta: 2n ** 64n, noreply: false },
    "a 64-bit number must be from 0 to 18446744073709551615, got 18446744073709551616",
  ],
  [
    { command: "verbosity", level: -1, noreply: false },
    "level must be a whole number from 0 to 4294967295, got -1",
  ],
  [{ command: "watch", argument: "fetchers", noreply: true }, "watch has no noreply"],
  [{ command: "config", argument: "", noreply: true }, "config has no noreply"],
  [
    { command: "lru", argument: "x noreply", noreply: false },
    'the last word of an argument of lru must not be noreply, got "x noreply"',
  ],
  [
    { command: "slabs", argument: "noreply", noreply: false },
    'the last word of an argument of slabs must not be noreply, got "noreply"',
  ],
  [mg("a b"), `${KEY} no blank, CR, LF or NUL, got byte 32 at 1`],
  [mg("", "b"), `${KEY} 1 to 250 bytes in base64, got 0 for 0`],
  [mg("k".repeat(187), "v", "bx"), `${KEY} 1 to 250 bytes in base64, got 252 for 187`],
  [mg("a", "v", "k", "v"), 'a flag may be there once, got "v k v"'],
  [mg("a", "Tx", "T1"), `flag T must have a number up to 9223372036854775807, or as low, got "Tx"`],
  [mg("a", ""), `a flag must begin with one of ${LETTERS}, got ""`],
  [mg("a", "y"), `a flag must begin with one of ${LETTERS}, got "y"`],
  [mg("a", "5"), `a flag must begin with one of ${LETTERS}, got "5"`],
  ...["Oa b", "O\r", "O\n", "O\0", "O\u0100"].map((flag): [TextRequest, string] => [
    mg("a", flag),
    `a flag must be one word of one-byte characters, got "${flag}"`,
  ]),
  [mg("a", `O${"o".repeat(32)}`), `an opaque has at most 31 bytes, got "O${"o".repeat(32)}"`],
  [mg("a", "T"), 'flag T must have a number up to 9223372036854775807, or as low, got "T"'],
  [
    mg("a", "N9223372036854775808"),
    'flag N must have a number up to 9223372036854775807, or as low, got "N9223372036854775808"',
  ],
  [mg("a", "C-1"), 'flag C must have a number up to 18446744073709551615, got "C-1"'],
  [
    mg("a", "J18446744073709551616"),
    'flag J must have a number up to 18446744073709551615, got "J18446744073709551616"',
  ],
  [mg("a", "F4294967296"), 'flag F must have a number up to 4294967295, got "F4294967296"'],
  [mg("a", ..."kstcfvhluqxIPLOMb".split(""), "T1", "N1"), "mg takes at most 18 flags, got 19"],
  [
    { command: "ms", key, metaFlags: [..."kstcfvhluqxIPLOb".split(""), "T1", "N1"], value },
    "ms takes at most 17 flags, got 18",
  ],
  [{ command: "ms", key, metaFlags: ["Ms"], value }, 'the mode of ms must be one of EAPRS, got "Ms"'],
  [{ command: "ms", key, metaFlags: ["M"], value }, 'the mode of ms must be one of EAPRS, got "M"'],
  [{ command: "ma", key, metaFlags: ["MS"] }, 'the mode of ma must be one of I+D-, got "MS"'],
  [{ command: "me", key, metaFlags: ["v"] }, 'me takes no flag but b, got "v"'],
  [{ command: "me", key, metaFlags: ["bx"] }, 'me takes no flag but b, got "bx"'],
  [{ command: "me", key, metaFlags: ["b", "b"] }, 'me takes no flag but b, got "b b"'],
  ...["a\r\nflush_all", "a\nb", "a\0", "\u0100", " a", "a "].map((argument): [TextRequest, string] => [
    { command: "stats", argument },
    `an argument must be one line of one-byte characters, no blank at its ends, got "${argument}"`,
  ]),
];

const replies: readonly [reply: TextReply, message: string][] = [
  [{ kind: "value", key: wire("a b"), flags: 0, value }, `${KEY} no blank, CR, LF or NUL, got byte 32 at 1`],
  [{ kind: "value", key, flags: 0.5, value }, "flags must be a whole number from 0 to 4294967295, got 0.5"],
  [
    { kind: "value", key, flags: 0, value, cas: 2n ** 64n },
    "a 64-bit number must be from 0 to 18446744073709551615, got 18446744073709551616",
  ],
  [{ kind: "number", number: -5n }, "a 64-bit number must be from 0 to 18446744073709551615, got -5"],
  ...["a\r\nSTORED", "\n", "\u20ac"].map((text): [TextReply, string] => [
    { kind: "server-error", text },
    `a reply's text must be one line of one-byte characters, got "${text}"`,
  ]),
  ...["metadump" as const, "busy" as const].map((kind): [TextReply, string] => [
    { kind, text: "a\n" },
    'a reply\'s text must be one line of one-byte characters, got "a\n"',
  ]),
  [{ kind: "me", key: wire("a b"), text: "" }, `${KEY} no blank, CR, LF or NUL, got byte 32 at 1`],
  [{ kind: "me", key, text: "\r" }, 'a reply\'s text must be one line of one-byte characters, got "\r"'],
  [{ kind: "config", key: wire(""), flags: 0, value }, `${KEY} 1 to 250 bytes, got 0`],
  [{ kind: "config", key, flags: -1, value }, "flags must be a whole number from 0 to 4294967295, got -1"],
  ...["", "a b", "a\r", "\n", "\u0100"].flatMap((flag): [TextReply, string][] => {
    const message = `a meta flag must be one word of one-byte characters, got "${flag}"`;
    return [
      [{ kind: "hd", metaFlags: ["t1", flag] }, message],
      [{ kind: "va", metaFlags: [flag], value }, message],
    ];
  }),
];

function set(change: { flags?: number; exptime?: number }): TextRequest {
  return { command: "set", key, flags: 0, exptime: 0, value, noreply: false, ...change };
}

for (const [request, message] of requests) {
  test(`writes no ${request.command}: ${JSON.stringify(message)}`, () => {
    const out = new SendBuffer();
    expect(() => writeRequest(out, request)).toThrow(new RangeError(message));
    expect(out.length).toBe(0);
  });
}

for (const [reply, message] of replies) {
  test(`writes no ${reply.kind}: ${JSON.stringify(message)}`, () => {
    const out = new SendBuffer();
    expect(() => writeReply(out, reply)).toThrow(new RangeError(message));
    expect(out.length).toBe(0);
  });
}

test("a key may have any byte but those four", () => {
  for (let byte = 0; byte < 256; byte++) {
    const check = (): void => checkKey(Uint8Array.of(byte));
    if ([0, 10, 13, 32].includes(byte)) expect(check).toThrow(RangeError);
    else expect(check).not.toThrow();
  }
});

test("a long argument of one word is checked in no time: the check once took a year for forty characters", () => {
  const argument = `${"a".repeat(100_000)}\n`;
  expect(() => writeRequest(new SendBuffer(), { command: "stats", argument })).toThrow(RangeError);
});

// What types forbid, and plain JavaScript does all the same.
const unsayable: readonly [what: string, write: (out: SendBuffer) => void, message: string][] = [
  [
    "a command in capitals",
    (out) => writeRequest(out, { command: "GET", keys: [key] } as unknown as TextRequest),
    "no command GET",
  ],
  [
    "a key that is a text",
    (out) => writeRequest(out, { command: "get", keys: ["a"] } as unknown as TextRequest),
    "a key must be bytes, a Uint8Array, got string",
  ],
  [
    "a key in base64 that is a text",
    (out) => writeRequest(out, { command: "mg", key: "a", metaFlags: ["b"] } as unknown as TextRequest),
    "a key must be bytes, a Uint8Array, got string",
  ],
  [
    "a value that is a text",
    (out) => writeRequest(out, { ...set({}), value: "x" } as unknown as TextRequest),
    "a value must be bytes, a Uint8Array, got string",
  ],
  [
    "a reply's value that is a text",
    (out) => writeReply(out, { kind: "value", key, flags: 0, value: "x" } as unknown as TextReply),
    "a value must be bytes, a Uint8Array, got string",
  ],
  [
    "a binary value that is a text",
    (out) =>
      writeBinaryRequest(out, {
        opcode: "append",
        key,
        value: "x",
        opaque: 0,
        cas: 0n,
        vbucket: 0,
      } as unknown as BinaryRequest),
    "a value must be bytes, a Uint8Array, got string",
  ],
];

test.each(unsayable)("%s is refused, with nothing written", (_what, write, message) => {
  const out = new SendBuffer();
  expect(() => write(out)).toThrow(new TypeError(message));
  expect(out.length).toBe(0);
});

test("flags that are missing are refused, not written as NULs", () => {
  const { flags: _flags, ...without } = set({}) as { flags: number };
  expect(() => writeRequest(new SendBuffer(), without as TextRequest)).toThrow(
    new RangeError("flags must be a whole number from 0 to 4294967295, got undefined"),
  );
});
