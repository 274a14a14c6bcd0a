// watch: who watches is told what the others do, and holds nobody up.

import { latin1Bytes, SendBuffer, writeBinaryRequest } from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { Bench, type Party } from "./party.ts";

const small = (options: ServerOptions = {}): Bench =>
  new Bench(new ServerEngine({ store: new SlabStore({ bytesMax: 1_048_576 }), ...options }));

/** What it was told since the last time, times and numbers left out. */
const told = (watcher: Party): readonly string[] => {
  const lines = watcher.text.split("\n").slice(0, -1);
  watcher.text = "";
  return lines.map((line) => line.replace(/^ts=\d+\.\d+ gid=\d+ /, "").replace(/ cfd=\d+/, ""));
};

const watching = (bench: Bench, kinds: string, reading = true): Party => {
  const watcher = bench.connect(reading).send(`watch ${kinds}\r\n`);
  watcher.text = "";
  return watcher;
};

test("a set tells of the look-up before it, and of itself", () => {
  const bench = small();
  const watcher = watching(bench, "fetchers mutations");
  const client = bench.connect();
  bench.now += 5.25;
  client.send("set a%b 0 100 3\r\nabc\r\nget a%b none\r\n");
  expect(watcher.text).toBe(
    `ts=1800000000.5250 gid=2 type=item_get key=a%25b status=not_found clsid=0 cfd=${client.id} size=0\n` +
      "ts=1800000000.5250 gid=3 type=item_store key=a%25b status=stored cmd=set ttl=100 clsid=1 " +
      `cfd=${client.id} size=3\n` +
      `ts=1800000000.5250 gid=4 type=item_get key=a%25b status=found clsid=1 cfd=${client.id} size=3\n` +
      `ts=1800000000.5250 gid=5 type=item_get key=none status=not_found clsid=0 cfd=${client.id} size=0\n`,
  );
});

test.each([
  [
    "delete a",
    ["type=item_get key=a status=found clsid=1 size=1", "type=deleted key=a cmd=delete clsid=1 size=1"],
  ],
  ["delete none", ["type=item_get key=none status=not_found clsid=0 size=0"]],
  ["md a", ["type=item_get key=a status=found clsid=1 size=1", "type=deleted key=a cmd=md clsid=1 size=1"]],
  ["md a I", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["md a C999", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["md a x", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["me a", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["mg a v", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["ma a", ["type=item_get key=a status=found clsid=1 size=1"]],
  [
    "ms a 2 C999\r\nxy",
    [
      "type=item_get key=a status=found clsid=1 size=1",
      "type=item_store key=a status=exists cmd=cas ttl=0 clsid=1 size=2",
    ],
  ],
  ["incr a 1", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["touch a 5", ["type=item_get key=a status=found clsid=1 size=1"]],
  ["gat 5 a", ["type=item_get key=a status=found clsid=1 size=1"]],
  [
    "append a 0 0 2\r\nxy",
    [
      "type=item_get key=a status=found clsid=1 size=1",
      "type=item_store key=a status=stored cmd=append ttl=0 clsid=1 size=3",
    ],
  ],
  [
    "add a 0 0 2\r\nxy",
    [
      "type=item_get key=a status=found clsid=1 size=1",
      "type=item_store key=a status=not_stored cmd=add ttl=0 clsid=1 size=2",
    ],
  ],
  [
    `set a 0 0 2000\r\n${"x".repeat(2_000)}`,
    [
      "type=item_store key=a status=too_large cmd=set ttl=0 clsid=0 size=0",
      "type=item_get key=a status=found clsid=1 size=1",
    ],
  ],
])("%j tells what it finds and what it does", (command, lines) => {
  const bench = small({ limits: { valueBytesMax: 1_000 } });
  const client = bench.connect().send("set a 0 0 1\r\n7\r\n");
  const watcher = watching(bench, "fetchers mutations deletions");
  client.send(`${command}\r\n`);
  expect(told(watcher)).toEqual(lines);
});

test("the binary protocol tells the same, but for deletions, which memcached does not tell there", () => {
  const bench = small();
  const watcher = watching(bench, "fetchers mutations deletions");
  const client = bench.connect();
  const head = { key: latin1Bytes("a"), cas: 0n, opaque: 0, vbucket: 0 };
  const output = new SendBuffer();
  writeBinaryRequest(output, { ...head, opcode: "set", value: latin1Bytes("xy"), flags: 0, exptime: 0 });
  writeBinaryRequest(output, { ...head, opcode: "get" });
  writeBinaryRequest(output, { ...head, opcode: "delete" });
  client.send(output.take());
  expect(told(watcher)).toEqual([
    "type=item_get key=a status=not_found clsid=0 size=0",
    "type=item_store key=a status=stored cmd=set ttl=0 clsid=1 size=2",
    "type=item_get key=a status=found clsid=1 size=2",
    "type=item_get key=a status=found clsid=1 size=2",
  ]);
  expect(bench.connect().ask("stats slabs\r\n")).toMatch(
    /1:get_hits 1\r\nSTAT 1:cmd_set 1\r\nSTAT 1:delete_hits 1/,
  );
});

test("what expired, or was flushed, is told from what was never there", () => {
  const bench = small();
  const client = bench.connect().send("set a 0 1 1\r\nx\r\nset b 0 0 1\r\nx\r\n");
  const watcher = watching(bench, "");
  bench.now += 1_000;
  client.send("get a\r\nflush_all\r\nget b\r\nget a b\r\n");
  expect(told(watcher).map((line) => /status=\w+/.exec(line)?.[0])).toEqual([
    "status=expired",
    "status=flushed",
    "status=not_found",
    "status=not_found",
  ]);
});

test("what goes to make room is told, and whoever listened to the store before still hears of it", () => {
  const store = new SlabStore({ bytesMax: 65_536, pageBytes: 4_096 });
  let heard = 0;
  store.listener = { gone: () => heard++ };
  const bench = small({ store });
  const watcher = watching(bench, "evictions");
  const client = bench.connect();
  client.send(`set first 0 500 300\r\n${"v".repeat(300)}\r\nget first\r\n`);
  for (let i = 0; i < 500; i++) client.send(`set k${i} 0 0 300\r\n${"v".repeat(300)}\r\n`);
  const lines = told(watcher);
  expect(lines).toHaveLength(store.counters.evictions);
  expect(heard).toBe(lines.length);
  expect(lines).toContain("type=eviction key=first fetch=yes ttl=500 la=0 clsid=7 size=300");
  watcher.reset();
  client.send(`set more 0 0 300\r\n${"v".repeat(300)}\r\n`);
  expect(heard).toBeGreaterThan(lines.length);
});

test("connections come and go by name, for a reason, over a port or a socket", () => {
  const bench = small({ shutdownEnabled: true, limits: { idleTimeoutMs: 60_000 } });
  bench.engine.listening(0, { kind: "unix", path: "/run/memwire.sock" });
  const watcher = watching(bench, "connevents");
  bench.connect().end();
  bench.connect().reset();
  bench.connect().send("nonsense HTTP/1.1\r\n");
  bench.connect().send("shutdown\r\n");
  bench.connect();
  for (let i = 0; i < 40; i++) bench.elapse(2_000);
  const closed = (reason: string): string =>
    `type=conn_close rip=unix rport=0 transport=local reason=${reason}`;
  expect(told(watcher).filter((line) => line.includes("close"))).toEqual(
    ["normal", "error", "error", "shutdown", "idle_timeout"].map(closed),
  );
  bench.engine.listening(0, { kind: "tcp", host: "127.0.0.1", port: 11_211 });
  bench.engine.accepted(bench.now, 0, { kind: "tcp", host: "10.0.0.7", port: 5_000 });
  bench.turn();
  expect(told(watcher)).toEqual(["type=conn_new rip=10.0.0.7 rport=5000 transport=tcp"]);
});

describe("a watcher that never reads", () => {
  const watcherBytesMax = 10_000;

  test("holds nobody up, and no more than it may", () => {
    const bench = small({ limits: { watcherBytesMax } });
    const watcher = watching(bench, "fetchers", false);
    const client = bench.connect();
    for (let i = 0; i < 2_000; i++) expect(client.ask(`get k${i}\r\n`)).toBe("END\r\n");
    expect(watcher.untaken?.length).toBeLessThan(watcherBytesMax);
    const { logWatcherSent, logWatcherSkipped, logWorkerWritten } = bench.engine.counters;
    expect(logWorkerWritten).toBe(2_000);
    expect(logWatcherSent + logWatcherSkipped).toBe(2_000);
    expect(logWatcherSkipped).toBeGreaterThan(1_000);
  });

  test("is told how many lines it missed as soon as it goes on", () => {
    const bench = small({ limits: { watcherBytesMax } });
    const watcher = watching(bench, "fetchers", false);
    const client = bench.connect();
    for (let i = 0; i < 2_000; i++) client.send(`get k${i}\r\n`);
    const { logWatcherSkipped } = bench.engine.counters;
    watcher.read();
    client.send("get last\r\n");
    expect(watcher.text).toMatch(
      new RegExp(
        `\\n\\[skipped=${logWatcherSkipped}\\]\\nts=\\S+ gid=2002 type=item_get key=last [^\\n]+\\n$`,
      ),
    );
    const lines = watcher.text.split("\n").filter((line) => line.startsWith("ts="));
    expect(lines).toHaveLength(2_001 - logWatcherSkipped);
  });
});

describe("a watcher", () => {
  test("is not heard any more, and goes when it ends", () => {
    const bench = small();
    const watcher = watching(bench, "mutations");
    watcher.send("set a 0 0 1\r\nx\r\n");
    expect(bench.connect().ask("get a\r\n")).toBe("END\r\n");
    expect(bench.connect().ask("stats\r\n")).toContain("STAT log_watchers 1\r\n");
    watcher.end();
    expect(watcher.state).toBe("closed");
    expect(bench.connect().ask("stats\r\n")).toContain("STAT log_watchers 0\r\n");
  });

  test("that is one too many is told so, and may ask for something else", () => {
    const bench = small({ limits: { watchersMax: 2 } });
    watching(bench, "");
    watching(bench, "");
    const third = bench.connect();
    expect(third.ask("watch\r\n")).toBe("WATCHER_TOO_MANY log watcher limit reached\r\n");
    expect(third.ask("get a\r\n")).toBe("END\r\n");
  });

  test("may not be one where that is not allowed", () => {
    const bench = small({ watchEnabled: false });
    expect(bench.connect().ask("watch\r\n")).toBe("CLIENT_ERROR watch commands not allowed\r\n");
  });

  test("may ask for every kind that memcached knows", () => {
    const bench = small();
    const kinds =
      "fetchers mutations evictions connevents deletions proxyreqs proxyevents proxyuser rawcmds sysevents";
    expect(bench.connect().ask(`watch ${kinds}\r\n`)).toBe("OK\r\n");
    expect(bench.connect().ask("watch fetchers nonsense\r\n")).toBe("ERROR\r\n");
  });

  test("must not have asked for anything whose reply is still to be sent", () => {
    const bench = small();
    expect(bench.connect().ask("get a\r\nwatch\r\nget b\r\n")).toBe(
      "END\r\nERROR cannot pipeline other commands before watch\r\nEND\r\n",
    );
  });

  test("is let go when the server drains", () => {
    const bench = small();
    const watcher = watching(bench, "");
    bench.engine.drain(bench.now);
    bench.turn();
    expect(watcher.state).toBe("closed");
  });

  test("sees a page sent to another class", () => {
    const bench = small({ store: new SlabStore({ bytesMax: 65_536, pageBytes: 4_096 }) });
    const client = bench.connect();
    for (let i = 0; i < 40; i++) client.send(`set k${i} 0 0 300\r\n${"v".repeat(300)}\r\n`);
    const watcher = watching(bench, "sysevents");
    expect(client.ask("slabs reassign 7 1\r\n")).toBe("OK\r\n");
    expect(told(watcher)).toEqual(["type=slab_move src=7 dst=1"]);
  });
});

test("without watchers and prefixes no command looks at anything twice", () => {
  const bench = small();
  const { store } = bench.engine;
  let inspected = 0;
  const inspect = store.inspect.bind(store);
  store.inspect = (...key) => {
    inspected++;
    return inspect(...key);
  };
  const client = bench.connect();
  const watcher = watching(bench, "fetchers");
  client.send(latin1Bytes("set a 0 0 1\r\nx\r\ndelete a\r\n"));
  expect(inspected).toBe(2);
  watcher.reset();
  client.send(latin1Bytes("set a 0 0 1\r\nx\r\ndelete a\r\n"));
  expect(inspected).toBe(2);
});
