import { latin1Bytes, latin1Text, type BinaryRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";
import { COMMON, repliesIn, requestText } from "./binary-text.ts";

const key = latin1Bytes("k");
/** One that no line can have. */
const blank = latin1Bytes(" ");

/** What a client was told, its keys and values as text. */
function told(client: Hand): unknown[] {
  return repliesIn(client.read()).map(({ opaque, key, value, ...rest }) => {
    expect(opaque).toBe(7);
    return { ...rest, key: latin1Text(key), value: latin1Text(value) };
  });
}

const ok = { status: "ok", cas: 0n, key: "", value: "" };
const value = latin1Bytes("abc");
const count = { key, delta: 5n, initial: 1n, exptime: 0xffff_ffff, ...COMMON };
const none = { ...ok, status: "not-found", value: "Not found" };

const translated: [request: BinaryRequest, meta: string, answer: string, replies: object[]][] = [
  [
    { opcode: "get", key, ...COMMON },
    "gets k",
    "VALUE k 5 3 9\r\nabc\r\nEND",
    [{ ...ok, flags: 5, cas: 9n, value: "abc" }],
  ],
  [{ opcode: "get", key, ...COMMON }, "gets k", "END", [none]],
  [{ opcode: "getq", key, ...COMMON }, "gets k", "END", []],
  [
    { opcode: "getk", key, ...COMMON },
    "gets k",
    "VALUE k 0 0 9\r\n\r\nEND",
    [{ ...ok, flags: 0, cas: 9n, key: "k" }],
  ],
  [{ opcode: "getk", key, ...COMMON }, "gets k", "END", [{ ...none, key: "k", value: "" }]],
  [{ opcode: "getkq", key, ...COMMON }, "gets k", "END", []],
  [{ opcode: "gat", key, exptime: 60, ...COMMON }, "gats 60 k", "END", [none]],
  [
    { opcode: "touch", key, exptime: 60, ...COMMON },
    "gats 60 k",
    "VALUE k 5 3 9\r\nabc\r\nEND",
    [{ ...ok, flags: 5, cas: 9n }],
  ],
  [{ opcode: "touch", key, exptime: 2 ** 32 - 1, ...COMMON }, "gats 2147483647 k", "END", [none]],
  [
    { opcode: "touch", key: blank, exptime: 60, ...COMMON },
    "mg IA== f c T60 b",
    "HD f5 c9",
    [{ ...ok, flags: 5, cas: 9n }],
  ],
  [{ opcode: "touch", key: blank, exptime: 60, ...COMMON }, "mg IA== f c T60 b", "EN", [none]],
  [{ opcode: "delete", key, ...COMMON }, "md k", "HD", [ok]],
  [{ opcode: "deleteq", key, ...COMMON }, "md k", "HD", []],
  [{ opcode: "deleteq", key, ...COMMON }, "md k", "NF", [none]],
  [
    { opcode: "delete", key, ...COMMON, cas: 12n },
    "md k C12",
    "EX",
    [{ ...ok, status: "exists", value: "Data exists for key." }],
  ],
  [
    { opcode: "incr", ...count },
    "ma k v c D5",
    "VA 2 c9\r\n15",
    [{ ...ok, cas: 9n, number: 15n, value: "\0\0\0\0\0\0\0\x0f" }],
  ],
  [
    { opcode: "decr", ...count },
    "ma k v c D5 MD",
    "VA 2 c9\r\n9 ",
    [{ ...ok, cas: 9n, number: 9n, value: "\0\0\0\0\0\0\0\x09" }],
  ],
  [{ opcode: "incr", ...count, exptime: 60 }, "ma k v c D5 N60 J1", "NF", [none]],
  [{ opcode: "incrq", ...count }, "ma k v c D5", "VA 1 c9\r\n1", []],
  [
    { opcode: "incr", ...count },
    "ma k v c D5",
    "CLIENT_ERROR cannot increment or decrement non-numeric value",
    [{ ...ok, status: "non-numeric", value: "Non-numeric server-side value for incr or decr" }],
  ],
];

for (const [i, [request, meta, answer, replies]] of translated.entries()) {
  test(`${request.opcode} goes on as ${meta}, answered ${answer.trimEnd()} (${i})`, () => {
    const table = new Table();
    const client = table.client();
    table.say(client, requestText(request, { opcode: "noop", ...COMMON }));
    expect(table.server(0).read()).toBe(`${meta}\r\n`);
    table.say(table.server(0), `${answer}\r\n`);
    const named = replies.map((reply) => ({ opcode: request.opcode, ...reply }));
    expect(told(client)).toEqual([...named, { opcode: "noop", ...ok }]);
  });
}

const stores: [request: Partial<BinaryRequest>, meta: string, answer: string, status: string | null][] = [
  [{ opcode: "set" }, "ms k 3 F5 T60 c", "HD c9", "ok"],
  [{ opcode: "setq" }, "ms k 3 F5 T60 c", "HD c9", null],
  [{ opcode: "set", cas: 2n ** 64n - 1n }, "ms k 3 F5 T60 C18446744073709551615 c", "EX", "exists"],
  [{ opcode: "add" }, "ms k 3 ME F5 T60 c", "NS", "exists"],
  [{ opcode: "add", cas: 1n }, "ms k 3 F5 T60 C1 c", "NF", "not-found"],
  [{ opcode: "replaceq" }, "ms k 3 MR F5 T60 c", "NS", "not-found"],
  [{ opcode: "append" }, "ms k 3 MA c", "NS", "not-stored"],
  [{ opcode: "prependq" }, "ms k 3 MP c", "HD c9", null],
  [{ opcode: "set" }, "ms k 3 F5 T60 c", "SERVER_ERROR out of memory storing object", "out-of-memory"],
  [{ opcode: "setq" }, "ms k 3 F5 T60 c", "SERVER_ERROR object too large for cache", "too-large"],
];

for (const [request, meta, answer, status] of stores) {
  test(`${request.opcode} goes on as ${meta}, and ${answer} is told as ${status}`, () => {
    const table = new Table();
    const client = table.client();
    const extras = /end/.test(request.opcode ?? "") ? {} : { flags: 5, exptime: 60 };
    const whole = { key, ...extras, value, ...COMMON, ...request } as BinaryRequest;
    table.say(client, requestText(whole));
    expect(table.server(0).read()).toBe(`${meta}\r\nabc\r\n`);
    table.say(table.server(0), `${answer}\r\n`);
    const cas = status === "ok" ? 9n : 0n;
    const replies = status === null ? [] : [expect.objectContaining({ opcode: whole.opcode, status, cas })];
    expect(told(client)).toEqual(replies);
  });
}

test("a key that no line can have goes in base64, to the server of the key itself", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, requestText({ opcode: "getk", key: latin1Bytes("a b1"), ...COMMON }));
  expect(table.server(1).read()).toBe("mg YSBiMQ== v f c b\r\n");
  table.say(table.server(1), "VA 1 f0 c3 b\r\nx\r\n");
  expect(told(client)).toEqual([{ opcode: "getk", ...ok, flags: 0, cas: 3n, key: "a b1", value: "x" }]);
});

test("a key that is as long as that can be goes, too", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, requestText({ opcode: "get", key: latin1Bytes(" ".repeat(186)), ...COMMON }));
  expect(table.server(0).read()).toBe(`mg ${"ICAg".repeat(62)} v f c b\r\n`);
});

test("a key that is too long for that is refused", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, requestText({ opcode: "get", key: latin1Bytes(" ".repeat(187)), ...COMMON }));
  expect(told(client)).toEqual([{ opcode: "get", ...ok, status: "invalid", value: "Invalid arguments" }]);
  expect(table.hands.size).toBe(1);
});

test("a server that cannot be asked is told of even where the request is quiet", () => {
  const table = new Table();
  table.dead.add(0);
  const client = table.client();
  table.say(client, requestText({ opcode: "getq", key, ...COMMON }));
  expect(told(client)).toEqual([
    { opcode: "getq", ...ok, status: "out-of-memory", value: "Connection refused" },
  ]);
});

test("version, noop, stat and an opcode of SASL are answered here, and quit ends", () => {
  const table = new Table();
  const client = table.client();
  table.say(
    client,
    requestText(
      { opcode: "version", ...COMMON },
      { opcode: "noop", ...COMMON },
      { opcode: "stat", key: latin1Bytes("nothing"), ...COMMON },
      { opcode: "sasl-list", ...COMMON },
      { opcode: "flush", ...COMMON },
      { opcode: "stat", key: latin1Bytes(""), ...COMMON },
      { opcode: "quit", ...COMMON },
    ),
  );
  const [version, noop, nothing, sasl, flush, ...lines] = told(client);
  expect(version).toEqual({ opcode: "version", ...ok, value: "1.6.45" });
  expect(noop).toEqual({ opcode: "noop", ...ok });
  expect(nothing).toEqual({ opcode: "stat", ...none });
  expect(sasl).toMatchObject({ opcode: "sasl-list", status: "unknown-command" });
  expect(flush).toMatchObject({ opcode: "flush", status: "auth-error" });
  expect(lines[0]).toEqual({ opcode: "stat", ...ok, key: "version", value: "1.6.45" });
  expect(lines.at(-2)).toEqual({ opcode: "stat", ...ok });
  expect(lines.at(-1)).toEqual({ opcode: "quit", ...ok });
  expect(client.closed).toBe(true);
});

test("a number is told as one, however small the values are that are handed on as they come", () => {
  const table = new Table({ wholeBytesMax: 1 });
  const client = table.client();
  table.say(client, requestText({ opcode: "incr", ...count }, { opcode: "incrq", ...count }));
  table.say(table.server(0), "VA 20 c9\r\n18446744073709551615\r\nVA 2 c10\r\n15\r\n");
  expect(told(client)).toMatchObject([{ status: "ok", cas: 9n, value: "\xff".repeat(8) }]);
  expect([client.closed, table.server(0).closed]).toEqual([false, false]);
});

test("flush goes to every server when it is enabled, and the first bad answer counts", () => {
  const table = new Table({}, { flushEnabled: true });
  const client = table.client();
  table.say(
    client,
    requestText(
      { opcode: "flush", ...COMMON },
      { opcode: "flushq", exptime: 9, ...COMMON },
      { opcode: "flush", ...COMMON },
    ),
  );
  for (const port of [0, 1, 2]) {
    expect(table.server(port).read()).toBe("flush_all 0\r\nflush_all 9\r\nflush_all 0\r\n");
    table.say(table.server(port), `OK\r\nOK\r\n${port === 1 ? "ERROR" : "OK"}\r\n`);
  }
  expect(told(client)).toEqual([
    { opcode: "flush", ...ok },
    { opcode: "flush", ...ok, status: "unknown-command", value: "Unknown command" },
  ]);
});

test("a set that is too large takes the old value with it, as memcached does", () => {
  const table = new Table();
  const client = table.client();
  const large = new Uint8Array(1_048_577);
  const request = { key, flags: 0, exptime: 0, value: large, ...COMMON };
  table.say(client, requestText({ opcode: "setq", ...request, cas: 5n }, { opcode: "add", ...request }));
  expect(table.server(0).read()).toBe("md k\r\n");
  table.say(table.server(0), "HD\r\n");
  const tooLarge = { ...ok, status: "too-large", value: "Too large." };
  expect(told(client)).toEqual([
    { opcode: "setq", ...tooLarge },
    { opcode: "add", ...tooLarge },
  ]);
});

test("an item that was told is not told to have failed when its end does not come", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, requestText({ opcode: "get", key, ...COMMON }, { opcode: "noop", ...COMMON }));
  table.say(table.server(0), "VALUE k 5 3 9\r\nabc\r\n");
  table.close(table.server(0), "reset");
  expect(told(client)).toEqual([
    { ...ok, opcode: "get", flags: 5, cas: 9n, value: "abc" },
    { opcode: "noop", ...ok },
  ]);
});

test("what is not the binary protocol any more ends the connection", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, `${requestText({ opcode: "noop", ...COMMON })}get k\r\n`);
  expect(told(client)).toEqual([{ opcode: "noop", ...ok }]);
  expect(client.closed).toBe(true);
});

const broken: [request: BinaryRequest, answer: string][] = [
  [{ opcode: "get", key, ...COMMON }, "HD f5 c9"],
  [{ opcode: "get", key, ...COMMON }, "VALUE j 0 1 9\r\nx"],
  [{ opcode: "get", key, ...COMMON }, "VALUE k 0 1\r\nx"],
  [{ opcode: "get", key: blank, ...COMMON }, "VA 1 f5\r\nx"],
  [{ opcode: "get", key: blank, ...COMMON }, "VA 1 fx c9\r\nx"],
  [{ opcode: "get", key: blank, ...COMMON }, "NF"],
  [{ opcode: "touch", key, exptime: 0, ...COMMON }, "HD f5 c9"],
  [{ opcode: "touch", key, exptime: 0, ...COMMON }, "VALUE j 0 1 9\r\nx"],
  [{ opcode: "touch", key: blank, exptime: 0, ...COMMON }, "HD"],
  [{ opcode: "touch", key: blank, exptime: 0, ...COMMON }, "VA 1 f5 c9\r\nx"],
  [{ opcode: "delete", key, ...COMMON }, "VA 1 c4\r\n1"],
  [{ opcode: "set", key, flags: 0, exptime: 0, value, ...COMMON }, "HD"],
  [{ opcode: "incr", ...count }, "VA 1 c4\r\nx"],
];

for (const [request, answer] of broken) {
  test(`${request.opcode} is not answered by ${answer.trimEnd()}: the connection is out of step`, () => {
    const table = new Table();
    const client = table.client();
    table.say(client, requestText(request));
    table.say(table.server(0), `${answer}\r\n`);
    expect(told(client)).toMatchObject([{ status: "out-of-memory", value: "backend failure" }]);
    expect(table.server(0).closed).toBe(true);
  });
}

test("a pool takes what it says it takes, whatever the first byte says", () => {
  const text = new Table({}, { protocols: ["text"] });
  const one = text.client();
  text.say(one, `${requestText({ opcode: "noop", ...COMMON })}\r\nversion\r\n`);
  expect(one.read()).toContain("ERROR\r\nVERSION 1.6.45\r\n");
  const binary = new Table({}, { protocols: ["binary"] });
  const other = binary.client();
  binary.say(other, "version\r\n");
  expect(other.read()).toBe("");
  expect(other.closed).toBe(true);
  expect(() => new Table({}, { protocols: ["Binary" as "binary"] })).toThrow(
    'protocols of pool alpha must be of "text" and "binary", got ["Binary"]',
  );
  expect(() => new Table({}, { protocols: [] })).toThrow("pool alpha needs at least one protocol");
});
