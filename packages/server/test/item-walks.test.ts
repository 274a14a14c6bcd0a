// Replies that go through all items: lru_crawler metadump and mgdump, stats cachedump and sizes.

import { latin1Bytes } from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { Bench, START } from "./party.ts";

const ITEMS = 50_000;
/** Of one turn; a line more may be behind it. */
const PIECE_BYTES_MAX = 32_768 + 1_024;

function filled(items = ITEMS, options: ServerOptions = {}): Bench {
  const store = new SlabStore({ bytesMax: 33_554_432 });
  const value = new Uint8Array(20);
  for (let i = 0; i < items; i++) {
    const key = latin1Bytes(`key:${i}`);
    store.set(key, 0, key.length, value, 0, value.length, 0, Infinity, START);
  }
  store.maintain(START);
  return new Bench(new ServerEngine({ ...options, store }));
}

const keysOf = (text: string): readonly string[] =>
  Array.from(text.matchAll(/^key=(\S+) /gm), ([, key = ""]) => decodeURIComponent(key));

test("a metadump has a line for each item, with what memcached knows of it", () => {
  const bench = filled(0);
  const client = bench.connect();
  client.send("set a%\xe9 5 100 3\r\nabc\r\n");
  bench.now += 3_000;
  client.send("set b 0 0 1\r\nx\r\nget b\r\n");
  const lines = client.ask("lru_crawler metadump all\r\n").split("\n");
  expect(lines.toSorted()).toEqual([
    "",
    "END\r",
    "OK\r",
    "key=a%25%E9 exp=1800000100 la=1800000000 cas=1 fetch=no cls=1 size=69 flags=5",
    "key=b exp=-1 la=1800000003 cas=2 fetch=yes cls=1 size=61 flags=0",
  ]);
});

test("a dump of many items has each once, however often the client is served between", () => {
  const bench = filled();
  const client = bench.connect();
  const text = client.ask("lru_crawler metadump hash\r\nversion\r\n");
  expect(new Set(keysOf(text)).size).toBe(ITEMS);
  expect(keysOf(text)).toHaveLength(ITEMS);
  expect(text).toMatch(/\nEND\r\nVERSION [^\r]+\r\n$/);
  expect(client.state).toBe("open");
  expect(bench.turns).toBeGreaterThan(20);
});

describe("a client that never takes its dump", () => {
  test("holds no more than a piece of it, and nobody up", () => {
    const bench = filled();
    const slow = bench.connect(false).send("lru_crawler metadump all\r\n");
    expect(slow.state).toBe("paused");
    expect(slow.untaken?.length).toBeLessThan(PIECE_BYTES_MAX);
    const other = bench.connect();
    for (let i = 0; i < 100; i++) {
      expect(other.ask(`get key:${i}\r\n`)).toContain("VALUE");
      bench.elapse(1_000);
    }
    expect(slow.untaken?.length).toBeLessThan(PIECE_BYTES_MAX);
    // All turns but the first find that there is nothing to be done for it.
    expect(bench.turns).toBeLessThan(10);
    expect(bench.engine.deadline).toBeGreaterThan(-Infinity);
  });

  test("gets the rest of it when it goes on, though items come and go meanwhile", () => {
    const bench = filled();
    const slow = bench.connect(false).send("lru_crawler metadump all\r\nversion\r\n");
    const other = bench.connect();
    let largest = 0;
    for (let i = 0; i < 1_000; i++) other.send(`set late:${i} 0 0 1\r\nx\r\ndelete key:${i}\r\n`);
    for (let takes = 0; slow.take(); takes++) {
      largest = Math.max(largest, slow.untaken?.length ?? 0);
      expect(other.ask("get key:40000\r\n")).toContain("VALUE");
    }
    const keys = new Set(keysOf(slow.text));
    for (let i = 1_000; i < ITEMS; i++) if (!keys.has(`key:${i}`)) expect.fail(`key:${i} is missing`);
    expect(largest).toBeLessThan(PIECE_BYTES_MAX);
    expect(slow.text).toMatch(/\nEND\r\nVERSION/);
    expect(slow.state).toBe("open");
  });

  test("may go away in the middle of it", () => {
    const bench = filled();
    const slow = bench.connect(false).send("lru_crawler mgdump all\r\n");
    slow.take();
    slow.reset();
    expect(bench.engine.deadline).toBeGreaterThan(-Infinity);
    expect(bench.connect().ask("stats\r\n")).toContain("STAT curr_connections 1\r\n");
  });

  test("is closed at the end of a drain", () => {
    const bench = filled(ITEMS, { limits: { drainMs: 1_000 } });
    const slow = bench.connect(false).send("lru_crawler metadump all\r\n");
    bench.engine.drain(bench.now);
    bench.turn();
    expect(slow.state).toBe("paused");
    bench.elapse(1_000);
    expect(slow.state).toBe("closed");
  });
});

test("a walk that finds nothing to tell gives others their turn all the same", () => {
  const bench = filled();
  const client = bench.connect();
  client.send("flush_all\r\n");
  const before = bench.turns;
  expect(client.ask("lru_crawler metadump all\r\n")).toBe("OK\r\nEND\r\n");
  expect(client.ask("lru_crawler metadump 40\r\n")).toBe("OK\r\nEND\r\n");
  expect(bench.turns - before).toBeGreaterThan(1);
});

test("only the classes that are asked for are gone through", () => {
  const bench = filled(10);
  const client = bench.connect().send(`set large 0 0 300\r\n${"v".repeat(300)}\r\n`);
  expect(keysOf(client.ask("lru_crawler metadump 7\r\n"))).toEqual(["large"]);
  expect(keysOf(client.ask("lru_crawler metadump 1,7\r\n"))).toHaveLength(11);
  expect(keysOf(client.ask("lru_crawler metadump 2\r\n"))).toEqual([]);
});

test("an mgdump has what asks for each key, in base64 where it cannot stand in a line", () => {
  const bench = filled(1);
  const { store } = bench.engine;
  const key = latin1Bytes("two words");
  store.set(key, 0, key.length, key, 0, 1, 0, Infinity, START);
  const text = bench.connect().ask("lru_crawler mgdump all\r\n");
  expect(text.split("\r\n").toSorted()).toEqual(["", "EN", "mg dHdvIHdvcmRz b", "mg key:0"]);
});

test.each([
  ["lru_crawler metadump all", "ERROR metadump not allowed\r\n"],
  ["lru_crawler mgdump all", "ERROR key dump not allowed\r\n"],
  ["stats cachedump 1 1", "CLIENT_ERROR stats cachedump not allowed\r\n"],
])("%s is refused where dumps are not allowed", (command, reply) => {
  expect(filled(3, { dumpEnabled: false }).connect().ask(`${command}\r\n`)).toBe(reply);
});

test("a dump behind other commands is refused", () => {
  const client = filled(3).connect();
  for (const dump of ["metadump", "mgdump"]) {
    expect(client.ask(`version\r\nlru_crawler ${dump} all\r\nget a\r\n`)).toBe(
      `VERSION 1.6.45\r\nERROR cannot pipeline other commands before ${dump}\r\nEND\r\n`,
    );
  }
});

test("nobody who wants no reply gets a dump", () => {
  expect(filled(3).connect().ask("lru_crawler metadump all noreply\r\nget a\r\n")).toBe("END\r\n");
});

test("cachedump has so many items of a class, and when they expire", () => {
  const client = filled(0).connect();
  client.send("set a 0 0 1\r\nx\r\nset b 0 100 2\r\nxx\r\nset c 0 0 1\r\nx\r\n");
  const all = client.ask("stats cachedump 1 0\r\n").split("\r\n");
  expect(all.toSorted()).toEqual([
    "",
    "END",
    "ITEM a [1 b; 0 s]",
    "ITEM b [2 b; 1800000100 s]",
    "ITEM c [1 b; 0 s]",
  ]);
  expect(client.ask("stats cachedump 1 2\r\n").match(/ITEM/g)).toHaveLength(2);
  expect(client.ask("stats cachedump 9 2\r\n")).toBe("END\r\n");
});

test("sizes are counted in steps of 32 bytes once that is switched on", () => {
  const client = filled(0).connect();
  client.send("set fff 0 0 3\r\nabc\r\nset ggg 1 100 40\r\n");
  client.send(`${"x".repeat(40)}\r\nset zz:1 1 100 40\r\n${"x".repeat(40)}\r\n`);
  expect(client.ask("stats sizes\r\n")).toBe("STAT sizes_status disabled\r\nEND\r\n");
  expect(client.ask("stats sizes_enable\r\n")).toBe("STAT sizes_status enabled\r\n");
  expect(client.ask("stats sizes\r\n")).toBe("STAT 96 1\r\nSTAT 128 2\r\nEND\r\n");
  expect(client.ask("stats settings\r\n")).toContain("STAT track_sizes yes\r\n");
});
