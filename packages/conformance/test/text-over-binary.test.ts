// A server that wants SASL, and so is asked in binary, answers through `TextOverBinary` what it would answer in text.
//
//     requests --+--> ServerEngine -----------------------------------------> replies --+
//                +--> TextOverBinary --binary, cut anywhere--> ServerEngine             +--> equal, byte for byte
//                     TextOverBinary <--binary, cut anywhere-- with SASL ---> replies --+
//
// Left out of what is drawn at random is what binary cannot say, which has a table of its own, and flag k of items that
// were stored in base64, of which only a text server knows.

import { BufferPool, latin1Bytes, latin1Text } from "@memwire/codec";
import { TextOverBinary } from "@memwire/link";
import type { ServerOptions } from "@memwire/server";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallServer } from "../src/small-server.ts";
import { Bench, type Party } from "../../server/test/party.ts";
import { NEVER_GIVEN } from "./meta-requests.ts";
import { isInBase64, isSayable } from "./sayable-in-binary.ts";
import { asked } from "./text-commands.ts";

const USER = { name: "ann", password: "open sesame" };
const credentials = { kind: "sasl", user: USER.name, password: USER.password } as const;
const RUNS = 200;
const { numRuns = RUNS } = fc.readConfigureGlobal() ?? {};

const server = (options: ServerOptions = {}): Party => new Bench(smallServer(options)).connect();
const saslServer = (): Party => server({ authentication: { kind: "sasl", users: [USER] } });

/** Where pieces end: the drawn lengths, again and again. */
function* cut(text: string, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < text.length; i++) {
    const end = at + (lengths[i % lengths.length] ?? text.length);
    yield latin1Bytes(text.slice(at, end));
    at = end;
  }
}

/** A connection that is asked in text, and the server behind it. */
class Asked {
  readonly over: TextOverBinary;
  readonly #party: Party;
  /** Of what the server said, how much was heard. */
  #heard = 0;
  /** The text that came of it. */
  text = "";
  heldBytesMax = 0;
  isBroken = false;

  constructor(party: Party, streamedFromBytes?: number, pool?: BufferPool) {
    this.#party = party;
    this.over = new TextOverBinary(credentials, { streamedFromBytes, pool });
  }

  ask(text: string, lengths: readonly number[] = [Infinity], bytesMax = 1_048_576): void {
    const { requests } = this.over;
    this.#send(bytesMax);
    for (const piece of cut(text, lengths)) {
      requests.ask(piece);
      this.#send(bytesMax);
      piece.fill(0xee);
    }
  }

  hear(lengths: readonly number[] = [Infinity]): string {
    const { replies } = this.over;
    const before = this.text.length;
    for (const piece of cut(this.#party.text.slice(this.#heard), lengths)) {
      replies.receive(piece);
      for (let found = replies.next(); found !== "need-data"; found = replies.next()) {
        this.isBroken = found === "fatal";
        if (this.isBroken) return this.text.slice(before);
        this.text += latin1Text(replies.bytes, replies.start, replies.end);
      }
      piece.fill(0xee);
      this.heldBytesMax = Math.max(this.heldBytesMax, replies.heldBytes);
    }
    this.#heard = this.#party.text.length;
    return this.text.slice(before);
  }

  #send(bytesMax: number): void {
    const { requests } = this.over;
    while (requests.hasMore) {
      const bytes = requests.take(bytesMax);
      expect(bytes.length).toBeGreaterThan(0);
      expect(bytes.length).toBeLessThanOrEqual(bytesMax);
      this.#party.send(bytes);
      requests.reclaim();
    }
  }
}

/** Tells how large the buffers are that are taken from it. */
class Watched extends BufferPool {
  largestBytes = 0;

  override take(length: number): Uint8Array {
    this.largestBytes = Math.max(this.largestBytes, length);
    return super.take(length);
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 });

/** In place of a `%` the cas unique that was told for the key. */
const withCas = (wire: string, cas: string): string =>
  wire.replace(/^(cas \S+ 7 0 \d+ |m.*? C)%/, (_, line: string) => line + cas);

test("what can be said in binary is answered as in text, however the bytes are cut", () => {
  const requests = fc.array(
    asked.filter(({ wire }) => isSayable(withCas(wire, "1")) === "yes" && !isInBase64(wire)),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(requests, lengths, lengths, fc.integer({ min: 1, max: 300 }), (drawn, up, down, bytesMax) => {
      const text = server();
      const uniques = new Map<string, string>();
      let wire = "";
      for (const request of drawn) {
        const line = withCas(request.wire, uniques.get(request.key) ?? NEVER_GIVEN);
        wire += line;
        for (const [, key = "", cas = ""] of text.ask(line).matchAll(/^VALUE (\S+) \d+ \d+ (\d+)\r$/gm)) {
          uniques.set(key, cas);
        }
      }
      const over = new Asked(saslServer());
      over.ask(wire, up, bytesMax);
      over.hear(down);
      expect(over.text).toBe(`STORED\r\n${text.text}`);
    }),
    { numRuns },
  );
}, 60_000);

test("values of any size go both ways in pieces, and little of them is held", () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 10_000, max: 300_000 }));
  const chunk = fc.array(fc.integer({ min: 1_000, max: 70_000 }), { minLength: 1, maxLength: 5 });
  const read = fc.constantFrom(
    "get a b none c",
    "gets c a",
    "gat 100 a b",
    "mg a v",
    "mg b v s k O7 c f",
    "mg c s f",
  );
  fc.assert(
    fc.property(
      fc.tuple(size, size, size),
      fc.array(read, { minLength: 1, maxLength: 4 }),
      chunk,
      chunk,
      (sizes, reads, up, down) => {
        const sets = sizes.map((bytes, i) => `set ${"abc"[i]} 7 0 ${bytes}\r\n${"v".repeat(bytes)}\r\n`);
        const wire = sets.join("") + reads.map((line) => `${line}\r\n`).join("");
        const over = new Asked(saslServer(), 1_000);
        over.ask(wire, up, 50_000);
        over.hear(down);
        expect(over.text).toBe(`STORED\r\n${server().ask(wire)}`);
        // Of a chunk and its text what is unfinished is copied; a value comes in pieces.
        expect(over.heldBytesMax).toBeLessThan(2 * Math.max(...down) + 32_768);
      },
    ),
    { numRuns: numRuns / 10 },
  );
}, 60_000);

const [KEY, BASE64] = ["a b", "YSBi"];

test("a key that goes in base64 is itself to the server", () => {
  const over = new Asked(saslServer());
  over.ask(`ms ${BASE64} 5 b\r\nhello\r\nmg ${BASE64} v k b\r\nmd ${BASE64} b k\r\n`);
  expect(over.hear()).toBe(`STORED\r\nHD\r\nVA 5 k${BASE64} b\r\nhello\r\nHD k${BASE64} b\r\n`);
  expect(KEY).toBe(atob(BASE64));
});

describe("what binary cannot say is answered in its place, and the connection goes on", () => {
  test.each([
    ["me a", "me"],
    ["mg a t v", "flag t of mg"],
    ["ms a 3 ME C5\r\nxyz", "ms with add if the cas is 5"],
    ["md a I", "flag I of md"],
    ["cas a 0 0 1 0\r\nx", "cas with a cas of 0"],
    ["set a 0 2147483648 1\r\nx", "set with exptime 2147483648"],
    ["gat 4000000000 a b", "gat with exptime 4000000000"],
    ["verbosity 1", "verbosity"],
    ["stats items", "stats"],
    ["quit", "quit"],
    ["lru_crawler crawl all", "lru_crawler"],
  ])("%s", (request, words) => {
    const over = new Asked(saslServer());
    over.ask(`set a 1 0 1\r\nx\r\n${request}\r\nget a\r\n`);
    expect(over.hear()).toBe(
      `STORED\r\nSTORED\r\nCLIENT_ERROR cannot be asked of a server with SASL: ${words}\r\nVALUE a 1 1\r\nx\r\nEND\r\n`,
    );
  });

  test("a large value as well, of which nothing is sent", () => {
    const over = new Asked(saslServer());
    over.ask(`ms a 100000 I C5\r\n${"v".repeat(100_000)}\r\nget a\r\n`, [1_000]);
    expect(over.hear()).toMatch(/^STORED\r\nCLIENT_ERROR cannot be asked [^\r\n]+: flag I of ms\r\nEND\r\n$/);
  });

  test("what is not well formed, with memcached's own words", () => {
    const wire = "incr a x\r\nset a 0 0 x\r\nget\r\nnonsense\r\ntouch a x\r\n";
    const over = new Asked(saslServer());
    over.ask(wire);
    expect(over.hear()).toBe(`STORED\r\n${server().ask(wire)}`);
  });
});

test("a value that is too large for the server is answered as in text, and the old one is gone", () => {
  const wire = `set a 0 0 1\r\nx\r\nset a 0 0 1200000\r\n${"v".repeat(1_200_000)}\r\nget a\r\n`;
  const over = new Asked(saslServer());
  over.ask(wire, [65_536]);
  expect(over.hear()).toBe(`STORED\r\n${server().ask(wire)}`);
});

test("a long line of keys is asked for piece by piece", () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}`);
  const over = new Asked(saslServer());
  over.ask(`set k7 0 0 1\r\nx\r\nget ${keys.join(" ")}\r\n`, [Infinity], 10_000);
  expect(over.hear()).toBe("STORED\r\nSTORED\r\nVALUE k7 0 1\r\nx\r\nEND\r\n");
});

test.each([
  ["a value", `set a 0 0 5000000\r\n${"v".repeat(5_000_000)}\r\n`],
  ["a line of keys", `get ${Array.from({ length: 60_000 }, (_, i) => `key${i}`).join(" ")}\r\n`],
])("%s that is lent whole is not there twice", (_, wire) => {
  const pool = new Watched();
  new Asked(saslServer(), undefined, pool).ask(wire, [Infinity], 65_536);
  expect(pool.largestBytes).toBeGreaterThan(16_384);
  expect(pool.largestBytes).toBeLessThan(4 * 65_536);
});

test("while a value waits for the end of its line, no memory is held for what was sent of it", () => {
  const pool = new BufferPool();
  const over = new Asked(saslServer(), undefined, pool);
  over.ask(`set a 0 0 60000\r\n${"v".repeat(60_000)}`);
  expect(pool.keptBytes).toBeGreaterThan(60_000);
  over.ask("\r\nget a\r\n");
  expect(over.hear()).toBe(`STORED\r\nSTORED\r\nVALUE a 0 60000\r\n${"v".repeat(60_000)}\r\nEND\r\n`);
});

describe.each([Infinity, 1])("in pieces of %d bytes", (piece) => {
  test.each([
    ["set a 1 0 5\r\nhello", "STORED", "hello"],
    ["set a 1 0 1\r\nx", "STORED", "x"],
    ["set a 1 0 0\r\n", "STORED", ""],
    ["ms a 5 F1\r\nhello", "HD", "hello"],
  ])("%j is not stored before the end of its line came", (wire, answer, value) => {
    const bench = new Bench(smallServer({ authentication: { kind: "sasl", users: [USER] } }));
    const [over, other] = [new Asked(bench.connect()), new Asked(bench.connect())];
    over.ask(wire, [piece]);
    other.ask("get a\r\n");
    expect([over.hear(), other.hear()]).toEqual(["STORED\r\n", "STORED\r\nEND\r\n"]);
    over.ask("\r\n", [piece]);
    other.ask("get a\r\n");
    expect([over.hear(), other.hear()]).toEqual([
      `${answer}\r\n`,
      `VALUE a 1 ${value.length}\r\n${value}\r\nEND\r\n`,
    ]);
  });
});

test("a password that is wrong, and a server without SASL, are told as text tells a wrong password", () => {
  const other = server({ authentication: { kind: "sasl", users: [{ name: "ann", password: "other" }] } });
  for (const party of [other, server()]) {
    const over = new Asked(party);
    over.ask("");
    expect(over.hear()).toBe("CLIENT_ERROR authentication failure\r\n");
  }
});
