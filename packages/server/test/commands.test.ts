// One line of dialogue per law that the recorded ones (packages/conformance) do not have.

import { latin1Text } from "@memwire/codec";
import { ServerEngine } from "@memwire/server";
import { BoundedCache, SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { Bench } from "./party.ts";

const dialogue = (engine: ServerEngine = new ServerEngine()): ((text: string) => string) => {
  const party = new Bench(engine).connect();
  return (text) => party.ask(text);
};

test("version tells what the options say, and that it is of memcached's 1.6.45", () => {
  expect(dialogue()("version\r\n")).toBe("VERSION 1.6.45\r\n");
  expect(dialogue(new ServerEngine({ version: "1.2.3" }))("version\r\n")).toBe("VERSION 1.2.3\r\n");
});

test.each([
  "lru_crawler",
  "lru mode",
  "slabs automove",
  "cache_memlimit x",
  "watch nonsense",
  "extstore nonsense 1",
  "config get cluster",
  "debugtime 1",
])("%j is as unknown as any word, and what it brings is not read as commands", (request) => {
  const ask = dialogue();
  ask("set k 0 0 1\r\nx\r\n");
  expect(ask(`${request}\r\nget k\r\n`)).toBe("ERROR\r\nVALUE k 0 1\r\nx\r\nEND\r\n");
});

test("a client that wants no reply is not told that a command is unknown", () => {
  expect(dialogue()("cache_memlimit x noreply\r\nmn\r\n")).toBe("MN\r\n");
});

test("a set that is too large takes the old value with it, an add does not", () => {
  const ask = dialogue(new ServerEngine({ store: new SlabStore({ itemBytesMax: 1_000 }) }));
  const tooLarge = `2000\r\n${"x".repeat(2000)}\r\n`;
  const nearly = `990\r\n${"x".repeat(990)}\r\n`;
  for (const value of [tooLarge, nearly]) {
    ask("set k 0 0 1\r\nv\r\n");
    expect(ask(`add k 0 0 ${value}`)).toBe("SERVER_ERROR object too large for cache\r\n");
    expect(ask("get k\r\n")).toContain("VALUE k 0 1");
    expect(ask(`set k 0 0 ${value}`)).toBe("SERVER_ERROR object too large for cache\r\n");
    expect(ask("get k\r\n")).toBe("END\r\n");
  }
  expect(ask("stats\r\n")).toContain("STAT store_too_large 4\r\n");
});

test("without evictions a full server says so, and keeps what it has", () => {
  const store = new SlabStore({ bytesMax: 4_096, chunkBytesMax: 4_096, evictions: false });
  const ask = dialogue(new ServerEngine({ store }));
  const block = "v".repeat(3_500);
  expect(ask(`set a 0 0 3500\r\n${block}\r\n`)).toBe("STORED\r\n");
  expect(ask(`set b 0 0 3500\r\n${block}\r\n`)).toBe("SERVER_ERROR out of memory storing object\r\n");
  expect(ask(`set b 0 0 3500 noreply\r\n${block}\r\n`)).toBe("");
  expect(ask(`append a 0 0 30\r\n${"+".repeat(30)}\r\n`)).toBe("NOT_STORED\r\n");
  expect(ask("get a\r\n")).toContain("VALUE a 0 3500");
});

test("a value in several chunks is one value", () => {
  const store = new SlabStore({ bytesMax: 131_072, pageBytes: 4_096, itemBytesMax: 32_768 });
  const ask = dialogue(new ServerEngine({ store }));
  const block = "0123456789".repeat(3_000);
  expect(ask(`set a 0 0 30000\r\n${block}\r\n`)).toBe("STORED\r\n");
  expect(ask("prepend a 0 0 1\r\n+\r\n")).toBe("STORED\r\n");
  expect(ask("get a\r\n")).toBe(`VALUE a 0 30001\r\n+${block}\r\nEND\r\n`);
});

test("flush_all can be turned off", () => {
  const ask = dialogue(new ServerEngine({ flushEnabled: false }));
  ask("set k 0 0 1\r\nv\r\n");
  expect(ask("flush_all\r\n")).toBe("CLIENT_ERROR flush_all not allowed\r\n");
  expect(ask("flush_all noreply\r\n")).toBe("");
  expect(ask("get k\r\n")).toContain("VALUE k");
  expect(ask("stats settings\r\n")).toContain("STAT flush_enabled no\r\n");
});

test("times go by on the clock that the engine is told", () => {
  const bench = new Bench(new ServerEngine());
  const party = bench.connect();
  party.send("set k 0 2 1\r\nv\r\nset d 0 0 1\r\nv\r\nflush_all 5\r\n");
  bench.elapse(1_999);
  expect(party.ask("get k\r\n")).toContain("VALUE k");
  bench.elapse(1);
  expect(party.ask("get k d\r\n")).toBe("VALUE d 0 1\r\nv\r\nEND\r\n");
  bench.elapse(3_000);
  expect(party.ask("set n 0 0 1\r\nv\r\nget d n\r\n")).toBe("STORED\r\nVALUE n 0 1\r\nv\r\nEND\r\n");
});

test("any byte but blank, CR, LF can be in a key, and any at all in a value", () => {
  const ask = dialogue();
  const bytes = latin1Text(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  const key = Array.from(bytes)
    .filter((byte) => !" \r\n".includes(byte))
    .slice(0, 250)
    .join("");
  expect(ask(`set ${key} 9 0 256\r\n${bytes}\r\n`)).toBe("STORED\r\n");
  expect(ask(`get ${key}\r\n`)).toBe(`VALUE ${key} 9 256\r\n${bytes}\r\nEND\r\n`);
});

describe("noreply", () => {
  test.each([
    "set k 0 0 1 noreply\r\nv\r\n",
    "add k 0 0 1 noreply\r\nv\r\n",
    "append none 0 0 1 noreply\r\nv\r\n",
    "cas k 0 0 1 99 noreply\r\nv\r\n",
    "incr none 1 noreply\r\n",
    "decr k abc noreply\r\n",
    "touch none 1 noreply\r\n",
    "touch none abc noreply\r\n",
    "delete none noreply\r\n",
    "delete none 5 noreply\r\n",
    "flush_all noreply\r\n",
    "verbosity 1 noreply\r\n",
    "set k x 0 1 noreply\r\nv\r\n",
    "set k 0 0 9999999 noreply\r\n",
  ])("%j is not answered", (line) => {
    expect(dialogue()(line)).toBe("");
  });

  test("is only a key for get", () => {
    expect(dialogue()("get noreply\r\n")).toBe("END\r\n");
  });
});

test("a delta, an exptime, a level that is no number is refused and changes nothing", () => {
  const ask = dialogue();
  ask("set n 0 0 1\r\n5\r\n");
  expect(ask("incr n x\r\n")).toBe("CLIENT_ERROR invalid numeric delta argument\r\n");
  expect(ask("touch n x\r\n")).toBe("CLIENT_ERROR invalid exptime argument\r\n");
  expect(ask("verbosity x\r\n")).toBe("CLIENT_ERROR bad command line format\r\n");
  expect(ask("get n\r\n")).toBe("VALUE n 0 1\r\n5\r\nEND\r\n");
});

test("a store that is none is refused with what would be right", () => {
  const store = new BoundedCache({ now: () => 1, bytesMax: 1_048_576 });
  expect(() => new ServerEngine({ store: store as never })).toThrow(
    new TypeError("store must be a SlabStore, or the store of a BoundedCache, got BoundedCache"),
  );
  expect(new ServerEngine({ store: store.store }).store).toBe(store.store);
});

test("options out of range are refused when the server is made", () => {
  expect(() => new ServerEngine({ limits: { connectionsMax: 0 } })).toThrow(
    "connectionsMax must be a whole number from 1, got 0",
  );
  expect(() => new ServerEngine({ limits: { keyBytesMax: 1.5 } })).toThrow("keyBytesMax");
  expect(() => new ServerEngine({ limits: { keyBytesMax: 251 } })).toThrow(
    new RangeError("keyBytesMax must be at most 250, as the store's keys are, got 251"),
  );
  const misspelt = { connectionMax: 10 } as object;
  expect(() => new ServerEngine({ limits: misspelt })).toThrow(
    /^limits has no connectionMax: there are bufferedBytesMax, connectionsMax, .*, watchersMax, workerLinesMax$/,
  );
  // Without authentication it would be open to everybody.
  const open = { authentification: { kind: "ascii", users: [] } } as object;
  expect(() => new ServerEngine(open)).toThrow(
    /^a server has no authentification: there are authentication, /,
  );
  const wrong = "zzz" as "text";
  const message = new RangeError('protocol must be "auto", "text" or "binary", got "zzz"');
  expect(() => new ServerEngine({ protocol: wrong })).toThrow(message);
  expect(() => new ServerEngine().speaking(0, wrong)).toThrow(message);
  expect(() => new ServerEngine({ version: "a\r\nb" })).toThrow(
    "a version must be printable ASCII on one line",
  );
});
