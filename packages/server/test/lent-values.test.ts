// Values that are sent from where they lie: nobody can tell, but that they are not copied.

import { latin1Bytes } from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore, type StoreOptions } from "@memwire/store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { req } from "./binary-party.ts";
import { Bench, type Party, START } from "./party.ts";

// Values of one piece up to some 3 KB, of several above.
const STORE = { bytesMax: 4_194_304, pageBytes: 16_384, chunkBytesMax: 4_096, itemBytesMax: 20_000 };
const LETTERS = Array.from("abcdefgh");

const stores = [
  ["a store", (options: StoreOptions) => new SlabStore(options)],
  ["a store that workers share", (options: StoreOptions) => SlabStore.shared(options)],
] as const;

describe.each(stores)("from %s", (_, make) => {
  const benchWith = (lentBytesLeast: number, options: Partial<ServerOptions> = {}): Bench =>
    new Bench(new ServerEngine({ store: make(STORE), lentBytesLeast, ...options }));
  /** How many values are held for clients; a store that is shared holds the one that it shows as well. */
  const held = ({ engine, now }: Bench): number => {
    engine.store.maintain(now);
    return engine.store.counters.held;
  };

  const key = fc.constantFrom("a", "b", "c");
  const value = fc
    .tuple(fc.constantFrom(...LETTERS), fc.constantFrom(1, 900, 3_000, 4_200, 9_000, 19_000))
    .map(([letter, length]) => letter.repeat(length));
  const wire = fc.oneof(
    fc.tuple(key, value).map(([key, value]) => `set ${key} 5 0 ${value.length}\r\n${value}\r\n`),
    fc.tuple(key, value).map(([key, value]) => `append ${key} 0 0 ${value.length}\r\n${value}\r\n`),
    fc.constantFrom(
      "delete a\r\n",
      "get a\r\nget b\r\n",
      "get a b c\r\n",
      "gets c b\r\n",
      "gat 0 a c\r\n",
      "flush_all\r\n",
    ),
    fc.constantFrom("mg a v\r\n", "mg b k v O1\r\n", "mg c s\r\n", "mn\r\n", "version\r\n"),
  );
  const act = fc.record({
    client: fc.nat(2),
    does: fc.oneof({ weight: 2, arbitrary: wire }, { weight: 3, arbitrary: fc.constant("take" as const) }),
  });

  test("a client gets what it would get of copies, however slowly it and others take it", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60, size: "max" }), fc.constantFrom(1, 5_000), (acts, least) => {
        const benches = [benchWith(least), benchWith(Infinity)];
        const clients = benches.map((bench) => [0, 1, 2].map(() => bench.connect(false)));
        for (const { client, does } of acts) {
          for (const parties of clients) {
            const party = parties[client] as Party;
            if (does === "take") party.take();
            else party.send(does);
          }
        }
        for (const party of clients.flat()) party.read();
        const [lent, copied] = clients.map((parties) => parties.map(({ text }) => text));
        expect(lent).toEqual(copied);
        for (const bench of benches)
          expect([held(bench), bench.engine.store.counters.heldBytes]).toEqual([0, 0]);
      }),
    );
  });

  test("one who takes it slowly gets it whole, whatever others do meanwhile", () => {
    for (const length of [3_000, 19_000]) {
      for (const end of [
        `set k 0 0 ${length}\r\n${"n".repeat(length)}\r\n`,
        "delete k\r\n",
        "flush_all\r\n",
      ]) {
        const bench = benchWith(1_000);
        const other = bench.connect();
        const old = "o".repeat(length);
        other.send(`set k 0 0 ${length}\r\n${old}\r\n`);
        const slow = bench.connect(false).send("get k\r\n");
        slow.take();
        expect(held(bench)).toBe(1);
        other.send(end);
        for (let i = 0; i < 20; i++) other.send(`set new${i} 0 0 ${length}\r\n${"n".repeat(length)}\r\n`);
        slow.read();
        expect(slow.text === `VALUE k 0 ${length}\r\n${old}\r\nEND\r\n`, `${length}, ${end}`).toBe(true);
        expect(held(bench)).toBe(0);
      }
    }
  });

  test("one who goes away in the middle of it holds it no more", () => {
    const bench = benchWith(1_000);
    bench.connect().send(`set k 0 0 19000\r\n${"v".repeat(19_000)}\r\n`);
    for (let taken = 0; taken < 12; taken++) {
      const party = bench.connect(false).send("get k\r\nget k\r\n");
      for (let i = 0; i < taken; i++) party.take();
      party.reset();
      expect(held(bench), `after ${taken} sends`).toBe(0);
    }
  });

  test("it is sent without a copy, in the binary protocol too", () => {
    const asked: readonly (readonly [string, string])[] = [
      ["get k\r\n", "VALUE k 0 3000\r\n<>\r\nEND\r\n"],
      ["mg k v\r\n", "VA 3000\r\n<>\r\n"],
      [req("get", "k"), ""],
    ];
    for (const [request, reply] of asked) {
      const bench = benchWith(1_000);
      const value = "v".repeat(3_000);
      bench.connect().send(`set k 0 0 3000\r\n${value}\r\n`);
      const party = bench.connect(false).send(request);
      party.take();
      const { untaken } = party;
      expect(untaken?.length).toBe(3_000);
      party.read();
      if (reply === "") expect(party.text.slice(-3_000)).toBe(value);
      else expect(party.text).toBe(reply.replace("<>", value));
      // Its memory was the store's: there the value is written to when it is held no more.
      const before = untaken?.slice();
      bench.connect().send(`set k 0 0 3000\r\n${"w".repeat(3_000)}\r\n`);
      expect(untaken).not.toEqual(before);
    }
  });

  test("too much is not held: what is asked for above it is copied", () => {
    const bench = benchWith(1_000, { limits: { connectionsMax: 2_000 } });
    bench.connect().send(`set k 0 0 3000\r\n${"v".repeat(3_000)}\r\n`);
    const parties = Array.from({ length: 400 }, () => bench.connect(false).send("get k\r\n"));
    expect(bench.engine.store.counters).toMatchObject({ held: 256, holdsRefused: 144 });
    for (const party of parties) {
      party.read();
      expect(party.text === `VALUE k 0 3000\r\n${"v".repeat(3_000)}\r\nEND\r\n`).toBe(true);
    }
    expect(held(bench)).toBe(0);
  });

  test("one client is not lent more than it may have unsent", () => {
    const bench = benchWith(1_000, { limits: { unsentBytesMax: 10_000 } });
    bench.connect().send(`set k 0 0 3000\r\n${"v".repeat(3_000)}\r\n`);
    const party = bench.connect(false).send(`get ${"k ".repeat(100)}\r\n`);
    // One value of which the line is under way, and four that wait.
    expect(held(bench)).toBe(4);
    party.read();
    expect(party.text === `${`VALUE k 0 3000\r\n${"v".repeat(3_000)}\r\n`.repeat(100)}END\r\n`).toBe(true);
  });

  test("a datagram is made of copies", () => {
    const bench = benchWith(1);
    bench.connect().send(`set k 0 0 3000\r\n${"v".repeat(3_000)}\r\n`);
    const from = { host: "192.0.2.1", port: 2_000, family: "IPv4" } as never;
    bench.engine.arrived(0, from, latin1Bytes("\0\x01\0\0\0\x01\0\0get k\r\n"), START);
    expect(held(bench)).toBe(0);
    bench.turn();
    const text = bench.datagrams.map(({ bytes }) => String.fromCharCode(...bytes.subarray(8))).join("");
    expect(text).toBe(`VALUE k 0 3000\r\n${"v".repeat(3_000)}\r\nEND\r\n`);
  });
});

test("lentBytesLeast that makes no sense is refused", () => {
  for (const lentBytesLeast of [0, -1, Number.NaN]) {
    expect(() => new ServerEngine({ lentBytesLeast })).toThrow(
      `lentBytesLeast must be at least 1, Infinity for never, got ${lentBytesLeast}`,
    );
  }
});
