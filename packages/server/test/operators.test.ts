// Commands that change how the server is, and what it tells of that.

import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { describe, expect, test } from "vitest";
import { req, told } from "./binary-party.ts";
import { Bench, START } from "./party.ts";

const MEBIBYTE = 1_048_576;

const benchOf = (options: ServerOptions = {}): Bench =>
  new Bench(
    new ServerEngine({
      store: new SlabStore({ bytesMax: 16 * MEBIBYTE, bytesMost: 32 * MEBIBYTE }),
      startedAt: START,
      ...options,
    }),
  );

const statsOf = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from(text.matchAll(/^STAT (\S+) (.*)\r$/gm), ([, name, value]) => [name, value]));

describe("cache_memlimit", () => {
  test("changes how much memory items may have", () => {
    const bench = benchOf();
    const client = bench.connect();
    for (const [mebibytes, reply] of [
      ["7", "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m"],
      ["8", "OK"],
      ["32", "OK"],
      ["33", "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust"],
      ["8388608000", "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes"],
      ["-1", "ERROR"],
      ["32 more", "OK"],
      ["4 more", "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m"],
      ["8 one more", "ERROR"],
      ["8 more noreply", ""],
    ]) {
      expect(client.ask(`cache_memlimit ${mebibytes}\r\n`)).toBe(reply === "" ? "" : `${reply}\r\n`);
    }
    expect(statsOf(client.ask("stats\r\n"))["limit_maxbytes"]).toBe(`${32 * MEBIBYTE}`);
    expect(statsOf(client.ask("stats settings\r\n"))["maxbytes"]).toBe(`${32 * MEBIBYTE}`);
  });

  test("gives memory up when it is lowered, while the server goes on", () => {
    const bench = benchOf();
    const client = bench.connect();
    const value = "v".repeat(10_000);
    for (let i = 0; i < 1_200; i++) client.send(`set k${i} 0 0 10000 noreply\r\n${value}\r\n`);
    expect(statsOf(client.ask("stats\r\n"))["curr_items"]).toBe("1200");
    expect(client.ask("cache_memlimit 8 noreply\r\nget none\r\n")).toBe("END\r\n");
    for (let i = 0; i < 5_000; i++) bench.elapse(20);
    const { bytes, curr_items: items } = statsOf(client.ask("stats\r\n"));
    expect(Number(bytes)).toBeLessThan(8 * MEBIBYTE);
    expect(Number(items)).toBeGreaterThan(500);
  });
});

describe("lru and lru_crawler", () => {
  test("what they set is in the settings", () => {
    const client = benchOf().connect();
    client.send("lru tune 10 25 0.5 3\r\nlru temp_ttl 30\r\nlru mode flat\r\n");
    client.send("lru_crawler sleep 200\r\nlru_crawler tocrawl 7\r\nlru_crawler disable\r\n");
    client.send("slabs automove 0\r\nslabs automove ratio 0.5\r\nslabs automove window 12\r\n");
    client.send("slabs automove freeratio 0.25\r\nverbosity 9\r\n");
    expect(client.text).toBe("OK\r\n".repeat(11));
    expect(statsOf(client.ask("stats settings\r\n"))).toMatchObject({
      hot_lru_pct: "10",
      warm_lru_pct: "25",
      hot_max_factor: "0.50",
      warm_max_factor: "3.00",
      temp_lru: "yes",
      temporary_ttl: "30",
      lru_segmented: "no",
      lru_maintainer_thread: "yes",
      lru_crawler: "no",
      lru_crawler_sleep: "200",
      lru_crawler_tocrawl: "7",
      slab_automove: "0",
      slab_automove_ratio: "0.50",
      slab_automove_window: "12",
      slab_automove_freeratio: "0.250",
      verbosity: "2",
    });
  });

  test("a crawler that is switched off neither crawls nor dumps", () => {
    const client = benchOf().connect();
    expect(client.ask("lru_crawler disable\r\nlru_crawler disable\r\n")).toBe("OK\r\nOK\r\n");
    for (const command of ["crawl all", "metadump all", "mgdump all"]) {
      expect(client.ask(`lru_crawler ${command}\r\n`)).toBe("CLIENT_ERROR lru crawler disabled\r\n");
    }
    expect(client.ask("stats\r\n")).not.toContain("lru_crawler_");
    expect(client.ask("lru_crawler enable\r\nlru_crawler crawl 1,2\r\n")).toBe("OK\r\nOK\r\n");
    expect(client.ask("lru_crawler enable\r\n")).toBe("ERROR failed to start lru crawler thread\r\n");
  });

  test("a whole number is in decimal digits", () => {
    const client = benchOf().connect();
    expect(client.ask("lru temp_ttl 1e3\r\nlru temp_ttl +1\r\n")).toBe("ERROR\r\nERROR\r\n");
    expect(client.ask("slabs reassign 1e0 2\r\nslabs reassign 1 18446744073709551616\r\n")).toBe(
      "CLIENT_ERROR bad command line format\r\nCLIENT_ERROR bad command line format\r\n",
    );
  });

  test("crawl finds what has expired, though nobody asks for it", () => {
    const bench = benchOf();
    const client = bench.connect();
    bench.elapse(1_000);
    for (let i = 0; i < 50; i++) client.send(`set k${i} 0 5 1 noreply\r\nx\r\n`);
    bench.elapse(10);
    bench.elapse(10_000);
    client.send("lru_crawler crawl 1\r\n");
    bench.elapse(100);
    bench.elapse(100);
    expect(statsOf(client.ask("stats\r\n"))).toMatchObject({ curr_items: "0", lru_crawler_running: "0" });
  });
});

test("slabs reassign moves a page, and says so while it is on its way", () => {
  const bench = benchOf();
  const client = bench.connect();
  const value = "v".repeat(10_000);
  for (let i = 0; i < 500; i++) client.send(`set k${i} 0 0 10000 noreply\r\n${value}\r\n`);
  const { "1:total_pages": before = "0" } = statsOf(client.ask("stats slabs\r\n"));
  expect(before).toBe("0");
  expect(client.ask("slabs reassign -1 1\r\nslabs reassign -1 1\r\n")).toBe(
    "OK\r\nBUSY currently processing reassign request\r\n",
  );
  expect(statsOf(client.ask("stats\r\n"))).toMatchObject({ slab_reassign_running: "1", slabs_moved: "0" });
  for (let i = 0; i < 100; i++) bench.elapse(20);
  expect(statsOf(client.ask("stats\r\n"))).toMatchObject({ slab_reassign_running: "0", slabs_moved: "1" });
  expect(statsOf(client.ask("stats slabs\r\n"))["1:total_pages"]).toBe("1");
});

test("pages of a store that cannot move them stay where they are", () => {
  const store = new SlabStore({ bytesMax: MEBIBYTE, automove: false });
  expect(benchOf({ store }).connect().ask("slabs reassign 1 2\r\n")).toBe(
    "CLIENT_ERROR slab reassignment disabled\r\n",
  );
});

describe("shutdown", () => {
  test("tells the host how, and hangs up", () => {
    const asked: string[] = [];
    const bench = benchOf({ shutdownEnabled: true, onShutdown: (mode) => asked.push(mode) });
    for (const command of ["shutdown", "shutdown graceful"]) {
      const client = bench.connect().send(`${command}\r\n`);
      expect([client.text, client.state]).toEqual(["", "closed"]);
    }
    expect(asked).toEqual(["at-once", "graceful"]);
  });

  test("in any other way is wrong, and where it is not enabled refused", () => {
    const asked: string[] = [];
    const onShutdown = (mode: string): number => asked.push(mode);
    expect(benchOf({ shutdownEnabled: true, onShutdown }).connect().ask("shutdown now\r\n")).toBe(
      "CLIENT_ERROR invalid shutdown mode\r\n",
    );
    expect(benchOf({ onShutdown }).connect().ask("shutdown graceful\r\n")).toBe(
      "SERVER_ERROR: shutdown not enabled\r\n",
    );
    expect(asked).toEqual([]);
  });
});

test("refresh_certs asks the host, and says what went wrong there", () => {
  let wrong: string | undefined = "no such file: key.pem";
  const client = benchOf({ refreshCertificates: () => wrong }).connect();
  expect(client.ask("refresh_certs\r\n")).toBe("Error no such file: key.pem\r\n");
  wrong = undefined;
  expect(client.ask("refresh_certs\r\n")).toBe("OK\r\n");
  expect(benchOf().connect().ask("refresh_certs\r\n")).toBe("Error TLS not enabled\r\n");
});

describe("debugtime", () => {
  test("is unknown unless it is switched on", () => {
    expect(benchOf().connect().ask("debugtime 1\r\n")).toBe("ERROR\r\n");
  });

  test("lets items expire, and stops the time until it goes on", () => {
    const bench = benchOf({ debugTimeEnabled: true });
    const client = bench.connect();
    client.send("set a 0 10 1\r\nx\r\nset b 0 100 1\r\nx\r\ndebugtime 9\r\n");
    expect(client.ask("get a\r\n")).toContain("VALUE");
    client.send("debugtime 1\r\n");
    expect(client.ask("get a\r\n")).toBe("END\r\n");
    client.send("debugtime p\r\n");
    bench.elapse(1_000_000);
    expect(client.ask("get b\r\n")).toContain("VALUE");
    client.send("debugtime r\r\n");
    expect(client.ask("get b\r\n")).toBe("END\r\n");
    expect(client.ask("debugtime x\r\ndebugtime\r\n")).toBe("ERROR\r\nERROR\r\n");
  });

  test("holds for what comes behind it in the same packet", () => {
    const bench = benchOf({ debugTimeEnabled: true });
    const client = bench.connect();
    const asked = "set a 0 10 1\r\nx\r\ndebugtime 9\r\nget a\r\ndebugtime 1\r\nget a\r\n";
    expect(client.ask(asked)).toBe("STORED\r\nOK\r\nVALUE a 0 1\r\nx\r\nEND\r\nOK\r\nEND\r\n");
  });

  test("never goes back, whatever is asked", () => {
    const bench = benchOf({ debugTimeEnabled: true });
    const client = bench.connect();
    client.send("set a 0 10 1\r\nx\r\ndebugtime -100\r\n");
    bench.elapse(90_000);
    expect(client.ask("get a\r\n")).toContain("VALUE");
    bench.elapse(20_000);
    expect(client.ask("get a\r\n")).toBe("END\r\n");
  });

  test("finds in time what has expired by it", () => {
    const bench = benchOf({ debugTimeEnabled: true });
    const client = bench.connect();
    client.send("set a 0 10 1\r\nx\r\n");
    bench.elapse(100);
    client.send("debugtime 3600\r\n");
    bench.elapse(100);
    bench.elapse(300);
    bench.elapse(300);
    expect(statsOf(client.ask("stats\r\n"))["curr_items"]).toBe("0");
  });
});

describe("stats detail", () => {
  test("looks for the delimiter in the key alone, so that a line of 60,000 keys without one is done in its time", () => {
    const limits = { retrievalLineBytesMax: 16_777_216 };
    const client = benchOf({ detailEnabled: true, limits }).connect();
    const line = `get ${`${"k".repeat(100)} `.repeat(60_000)}\r\n`;
    expect(client.ask(`${line}get a:b\r\n`)).toBe("END\r\nEND\r\n");
    expect(client.ask("stats detail dump\r\n")).toBe("PREFIX a get 1 hit 0 set 0 del 0\r\nEND\r\n");
  });

  test("counts by prefix from the moment it is switched on, or from the start", () => {
    const client = benchOf().connect();
    client.send("set a:b 0 0 1\r\nx\r\nstats detail on\r\nget a:b a:c plain\r\ndelete a:b\r\ndelete a:b\r\n");
    expect(client.ask("stats detail dump\r\n")).toBe("PREFIX a get 2 hit 1 set 0 del 2\r\nEND\r\n");
    client.send("stats detail off\r\nget a:b\r\n");
    expect(client.ask("stats detail dump\r\n")).toBe("PREFIX a get 2 hit 1 set 0 del 2\r\nEND\r\n");
    client.send("stats reset\r\n");
    expect(client.ask("stats detail dump\r\n")).toBe("END\r\n");

    const other = benchOf({ detailEnabled: true, prefixDelimiter: "/" }).connect();
    other.send("get a/b a:c\r\n");
    expect(other.ask("stats detail dump\r\n")).toBe("PREFIX a get 1 hit 0 set 0 del 0\r\nEND\r\n");
    expect(statsOf(other.ask("stats settings\r\n"))).toMatchObject({
      detail_enabled: "yes",
      stat_key_prefix: "/",
    });
  });

  test("counts no more prefixes than it may", () => {
    const bench = benchOf({ detailEnabled: true, limits: { prefixesMax: 3 } });
    const client = bench.connect();
    for (let i = 0; i < 10; i++) client.send(`get p${i}:k\r\n`);
    expect(client.ask("stats detail dump\r\n").match(/PREFIX/g)).toHaveLength(3);
    expect(bench.engine.counters.prefixesDropped).toBe(7);
  });

  test("is switched and told in the binary protocol, too", () => {
    const bench = benchOf();
    const binary = bench.connect();
    const ask = (group: string): unknown =>
      told(binary.ask(req("stat", group))).map(({ status, key, value }) => [status, key, value]);
    expect(ask("detail on")).toEqual([["ok", "", ""]]);
    binary.send(req("set", "a:b", { value: "x" }) + req("get", "a:b") + req("delete", "a:b"));
    expect(ask("detail off")).toEqual([["ok", "", ""]]);
    binary.send(req("get", "a:b"));
    expect(ask("detail dump")).toEqual([
      ["ok", "detailed", "PREFIX a get 1 hit 1 set 1 del 1\r\nEND\r\n"],
      ["ok", "", ""],
    ]);
    expect(ask("detail")).toEqual([["not-found", "", "Not found"]]);
  });

  test("takes no delimiter but one byte", () => {
    expect(() => benchOf({ prefixDelimiter: "::" })).toThrow(
      'prefixDelimiter must be one byte that may be in a key, got "::"',
    );
  });
});

describe("stats conns", () => {
  test("tells who is there, and what is done for each", () => {
    const bench = benchOf();
    const { engine } = bench;
    engine.listening(0, { kind: "tcp", host: "127.0.0.1", port: 11_211 });
    const asking = bench.connect();
    const watching = bench.connect().send("watch\r\n");
    const slow = bench.connect(false);
    for (let i = 0; i < 3; i++) slow.send(`set k 0 0 900000\r\n${"v".repeat(900_000)}\r\nget k k\r\n`);
    const sending = bench.connect().send("set k 0 0 100\r\nabc");
    const idle = bench.connect();
    const peer = engine.accepted(bench.now, 0, { kind: "tcp", host: "::1", port: 5_000 });
    bench.now += 7_900;
    const stats = statsOf(asking.ask("stats conns\r\n"));
    const of = (id: number): unknown => ({
      state: stats[`${id}:state`],
      secs: stats[`${id}:secs_since_last_cmd`],
    });
    expect(of(asking.id)).toEqual({ state: "conn_parse_cmd", secs: "0" });
    expect(of(watching.id)).toEqual({ state: "conn_watch", secs: "7" });
    expect(of(slow.id)).toEqual({ state: "conn_mwrite", secs: "7" });
    expect(of(sending.id)).toEqual({ state: "conn_nread", secs: "7" });
    expect(of(idle.id)).toEqual({ state: "conn_read", secs: "7" });
    expect(stats["0:addr"]).toBe("tcp:127.0.0.1:11211");
    expect(stats["0:state"]).toBe("conn_listening");
    expect(stats[`${peer}:addr`]).toBe("tcp:[::1]:5000");
    expect(stats[`${peer}:listen_addr`]).toBe("tcp:127.0.0.1:11211");
  });
});

describe("stats", () => {
  test("what the host knows wins over what one engine knows", () => {
    let asked = 0;
    const facts = () => ({ threads: 4, pid: 7, rusage_user: `0.00000${++asked}` });
    const client = benchOf({ facts }).connect();
    expect(statsOf(client.ask("stats\r\n"))).toMatchObject({
      threads: "4",
      pid: "7",
      rusage_user: "0.000001",
    });
    expect(statsOf(client.ask("stats\r\n"))["rusage_user"]).toBe("0.000002");
  });

  test("without crawler and segments nine fields less are told, as by memcached", () => {
    const facts = { pid: 1, libevent: "none", rusage_user: "0.0", rusage_system: "0.0" };
    const fields = (store: SlabStore): number =>
      Object.keys(statsOf(benchOf({ store, facts }).connect().ask("stats\r\n"))).length;
    expect(fields(new SlabStore())).toBe(93);
    expect(fields(new SlabStore({ crawler: false, segmented: false }))).toBe(84);
  });

  test("every group that memcached knows ends with END", () => {
    const client = benchOf().connect();
    for (const group of [
      "",
      "settings",
      "items",
      "slabs",
      "sizes",
      "conns",
      "extstore",
      "proxy",
      "proxyfuncs",
      "proxybe",
    ]) {
      expect(client.ask(`stats ${group}\r\n`)).toMatch(/END\r\n$/);
    }
  });
});
