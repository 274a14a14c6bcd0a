// What operators ask, asked of the engine and of real memcached.
//
//     the same dialogue --+--> ServerEngine (on this runtime's sockets) --> replies, lines --+
//                         +--> memcached 1.6.18 --------------------------------------------> equal, but for what is
//                                                                                            named here
//
// Switching the crawler off is not asked for here: memcached's thread takes its time to end, and answers by that.
// Times, numbers of lines, connections and cas uniques are masked: each server has its own.

import { drive } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { realWorld } from "./server-harness.ts";

const world = await realWorld();
const MEBIBYTE = 1_048_576;

interface Server {
  readonly endpoint: { readonly kind: "tcp"; readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

async function startEngine(): Promise<Server> {
  const { network, clock } = world;
  const store = new SlabStore({ bytesMax: 64 * MEBIBYTE, bytesMost: 128 * MEBIBYTE });
  const facts = { pid: 1, libevent: "none", rusage_user: "0.000000", rusage_system: "0.000000" };
  const engine = new ServerEngine({ store, facts, startedAt: clock.now() });
  const driver = drive(engine, network, clock);
  const { endpoint } = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
  if (endpoint.kind !== "tcp") throw new Error("it listens on a port");
  engine.listening(0, endpoint);
  return { endpoint, stop: () => driver.close() };
}

/** Sends, and answers what came until the reply to the `version` behind it. */
async function ask(client: WireClient, wire: string): Promise<string> {
  client.send(`${wire}version\r\n`);
  const over = /VERSION [^\r\n]*\r\n$/;
  await world.until(() => over.test(client.peek()), `the reply to ${wire.slice(0, 60)}`);
  return client.take().replace(over, "");
}

/** Lets the watcher's lines come: memcached hands them over when it finds the time. */
async function lines(watcher: WireClient, last: string): Promise<readonly string[]> {
  await world.until(() => watcher.peek().includes(last), `a line with ${last}`);
  return watcher.take().split("\n").slice(0, -1).map(masked);
}

const masked = (line: string): string =>
  line
    .replace(/ts=\d+\.\d+ gid=\d+/, "ts gid")
    .replace(/cfd=-?\d+/, "cfd")
    .replace(/rport=\d+/, "rport");

/** Of all lists: which one an item is on when it is asked for is a matter of when memcached looks after them. */
const hitsIn = (items: string): readonly string[] =>
  ["1", "6"].map((slabClass) => {
    const hits = items.matchAll(new RegExp(`^STAT items:${slabClass}:hits_to_\\w+ (\\d+)\\r$`, "gm"));
    return `${slabClass}: ${Array.from(hits, ([, count]) => Number(count)).reduce((a, b) => a + b, 0)}`;
  });

const namesIn = (stats: string): readonly string[] =>
  Array.from(stats.matchAll(/^STAT (\S+) .*\r$/gm), ([, name = ""]) => name);

withPeer("memcached", () => {
  let servers: Server[] = [];
  let sides: WireClient[] = [];
  beforeAll(async () => {
    const theirs = await startMemcached({ args: ["-m", "64"] });
    if (theirs.endpoint.kind !== "tcp") throw new Error("it listens on a port");
    servers = [{ endpoint: theirs.endpoint, stop: () => theirs.stop() }, await startEngine()];
    sides = servers.map(({ endpoint }) => WireClient.connect(world.network, endpoint));
  });
  afterAll(async () => {
    for (const side of sides) side.close();
    await Promise.all(servers.map((server) => server.stop()));
  });
  const both = (wire: string): Promise<string[]> => Promise.all(sides.map((side) => ask(side, wire)));

  describe("the same words are answered the same:", () => {
    test.each([
      "lru_crawler",
      "lru_crawler nonsense",
      "lru_crawler enable",
      "lru_crawler sleep",
      "lru_crawler sleep 1000001",
      "lru_crawler sleep x",
      "lru_crawler sleep 100",
      "lru_crawler tocrawl x",
      "lru_crawler tocrawl 10",
      "lru_crawler tocrawl 0",
      "lru_crawler crawl",
      "lru_crawler crawl 0",
      "lru_crawler crawl 99",
      "lru_crawler crawl 1,x",
      "lru_crawler crawl -1",
      "lru_crawler crawl hash",
      "lru_crawler metadump",
      "lru_crawler metadump 99",
      "lru_crawler metadump x",
      "lru",
      "lru nonsense",
      "lru tune",
      "lru tune 10 20",
      "lru tune 10 20 0.1 2",
      "lru tune 90 20 0.1 2.0",
      "lru tune x 20 0.1 2",
      "lru tune 10 25 0 2",
      "lru mode",
      "lru mode nonsense",
      "lru mode flat",
      "lru mode segmented",
      "lru temp_ttl",
      "lru temp_ttl x",
      "lru temp_ttl 1e3",
      "lru temp_ttl 10",
      "lru temp_ttl -1",
      "lru tune 20 40 0.2 2.0",
      "slabs",
      "slabs nonsense",
      "slabs reassign",
      "slabs reassign 1",
      "slabs reassign 1 1",
      "slabs reassign 1 2",
      "slabs reassign 0 1",
      "slabs reassign 99 1",
      "slabs reassign 1 99",
      "slabs reassign -1 5",
      "slabs reassign x y",
      "slabs reassign 1e0 2",
      "slabs reassign 1 18446744073709551616",
      "slabs automove",
      "slabs automove 0",
      "slabs automove 1",
      "slabs automove 2",
      "slabs automove 3",
      "slabs automove x",
      "slabs automove ratio 0.5",
      "slabs automove ratio",
      "slabs automove ratio 0.8",
      "slabs automove 1 noreply",
      "cache_memlimit",
      "cache_memlimit x",
      "cache_memlimit 4",
      "cache_memlimit 8",
      "cache_memlimit 128",
      "cache_memlimit 999999999999",
      "cache_memlimit 64 noreply",
      "cache_memlimit 64 more",
      "cache_memlimit 4 more",
      "cache_memlimit 64 one more",
      "cache_memlimit 64",
      "refresh_certs",
      "extstore",
      "extstore nonsense",
      "extstore free_memchunks 1 1",
      "extstore item_age 10",
      "extstore item_age x",
      "config get cluster",
      "debugtime 1",
      "flush_all",
      "flush_all 0",
      "flush_all x",
      "flush_all 1 2",
      "flush_all -5",
      "flush_all noreply",
      "flush_all 0 noreply",
      "watch nonsense",
      "watch fetchers nonsense",
      "stats nonsense",
      "stats reset now",
      "stats detail",
      "stats detail nonsense",
      "stats detail on",
      "stats detail off",
      "stats cachedump",
      "stats cachedump 1",
      "stats cachedump x 1",
      "stats cachedump 64 1",
      "stats cachedump 63 1",
      "stats sizes",
      "stats sizes_enable",
      "stats sizes",
      "stats sizes_disable",
      "stats extstore",
    ])("%s", async (command) => {
      const [theirs, ours] = await both(`${command}\r\n`);
      expect(ours).toBe(theirs);
    });

    test("what may not be behind other commands is refused there", async () => {
      for (const command of ["watch", "lru_crawler metadump all"]) {
        const [theirs, ours] = await both(`verbosity 0\r\n${command}\r\n`);
        expect(ours).toBe(theirs);
        expect(ours).toContain("ERROR cannot pipeline other commands before");
      }
    });
  });

  describe("the same statistics are told in the same order:", () => {
    test("the general ones, and of pages two of later versions in place of one of earlier ones", async () => {
      const [theirs = "", ours = ""] = await both("stats\r\n");
      const later = new Set(["slab_reassign_busy_nomem", "slab_reassign_last_busy_status"]);
      expect(namesIn(ours).filter((name) => !later.has(name))).toEqual(
        namesIn(theirs).filter((name) => name !== "slab_reassign_evictions_nomem"),
      );
      expect(namesIn(ours)).toHaveLength(93);
    });

    test("the settings, and three of later versions", async () => {
      const [theirs = "", ours = ""] = await both("stats settings\r\n");
      const later = new Set(["proxy_enabled", "proxy_uring_enabled", "client_flags_size"]);
      expect(namesIn(ours).filter((name) => !later.has(name))).toEqual(namesIn(theirs));
      expect(namesIn(ours)).toHaveLength(79);
      const differ = (text: string): readonly string[] =>
        text
          .split("\r\n")
          .filter(
            (line) =>
              !/^STAT (?:tcpport|inter|num_threads|oldest|verbosity|temporary_ttl|ext_item_age|slab_automove_window)/.test(
                line,
              ),
          );
      expect(differ(ours).filter((line) => !later.has(line.split(" ")[1] ?? ""))).toEqual(differ(theirs));
    });

    test("those of classes, and what they count", async () => {
      const wire =
        "stats reset\r\nflush_all\r\nset a 0 0 1\r\n5\r\nset b 0 0 300\r\n" +
        `${"v".repeat(300)}\r\nget a\r\nget a b c\r\nincr a 1\r\ndecr a 1\r\ntouch a 0\r\ngat 0 a\r\n` +
        "add a 0 0 1\r\nx\r\ncas a 0 0 1 999999\r\nx\r\ndelete b\r\ndelete b\r\n" +
        `ms c 1\r\n5\r\nms c 1 C99\r\n5\r\nms d 300 MR\r\n${"v".repeat(300)}\r\nmg c\r\nmg c T0 v\r\nmg c u\r\n` +
        "ms c 1 MA C99\r\n5\r\nma c\r\nma c MD\r\nma e N0\r\nmd c C99\r\nmd c I\r\nmd c\r\nmd c\r\n" +
        "mg f N30\r\nmg g N30 T30\r\nmg h N30 u\r\nmg e u T30\r\n" +
        "set i 0 0 1\r\n5555\r\n" +
        `ms ${"a".repeat(8)} 300 b F1\r\n${"v".repeat(302)}\r\n`;
      await both(wire);
      for (const group of ["items", "slabs"]) {
        const [theirs = "", ours = ""] = await both(`stats ${group}\r\n`);
        const own = (name: string): boolean => /^(?:items:)?[16]:|^active_slabs|^total_malloced/.test(name);
        expect(namesIn(ours).filter(own)).toEqual(namesIn(theirs).filter(own));
        if (group === "items") {
          expect(hitsIn(ours)).toEqual(hitsIn(theirs));
          continue;
        }
        const counts = (text: string): readonly string[] =>
          text
            .split("\r\n")
            .filter((line) =>
              /STAT \d+:(?:get_hits|cmd_set|\w+_hits|cas_badval|chunk_size|chunks_per_page) /.test(line),
            )
            .map((line) => line.trim());
        expect(counts(ours)).toEqual(counts(theirs));
      }
    });

    test("those of connections", async () => {
      const [theirs = "", ours = ""] = await both("stats conns\r\n");
      const named = (text: string): string =>
        text
          .replace(/STAT \d+:/g, "STAT n:")
          .replace(/tcp:\S+/g, "tcp")
          .replace(/cmd \d+/g, "cmd");
      expect(named(ours)).toBe(named(theirs));
    });

    test("what was asked of keys that begin alike", async () => {
      const [theirs = "", ours = ""] = await both(
        "stats reset\r\nstats detail on\r\nset a:b 0 0 1\r\nx\r\nget a:b\r\nget a:c plain :x\r\nadd a:b 0 0 1\r\nx\r\n" +
          "delete a:b\r\ndelete a:b\r\nincr a:b 1\r\nset t:n 0 0 1\r\n1\r\nincr t:n 1\r\ntouch t:n 1\r\n" +
          "gat 100 t:n\r\nappend t:n 0 0 1\r\n1\r\nset x:y:z 0 0 1\r\nx\r\nget x:y:z\r\ncas c:s 0 0 1 1\r\nx\r\n" +
          `gets g:t\r\nset big:u 0 0 2000000\r\n${"x".repeat(2_000_000)}\r\nstats detail dump\r\nstats detail off\r\n`,
      );
      expect(ours.split("\r\n").toSorted()).toEqual(theirs.split("\r\n").toSorted());
      expect(ours).toContain("PREFIX t get 1 hit 1 set 2 del 0\r\n");
    });
  });

  test("whoever watches is told the same of the same commands", async () => {
    // Not flushed: memcached tells a flushed item from none until it comes across it by itself.
    await both(["a", "b", "n", "m", "e", "f", "v"].map((key) => `delete ${key}\r\n`).join(""));
    const watchers = servers.map(({ endpoint }) => WireClient.connect(world.network, endpoint));
    for (const watcher of watchers) watcher.send("watch fetchers mutations evictions connevents\r\n");
    await world.until(() => watchers.every((watcher) => watcher.peek() === "OK\r\n"), "OK");
    for (const watcher of watchers) watcher.take();
    await both(
      "set a 0 0 1\r\nx\r\nget a\r\nget none\r\nset b 5 100 3\r\nabc\r\nadd b 0 0 1\r\nx\r\n" +
        "replace zz 0 0 1\r\nx\r\nappend a 0 0 1\r\ny\r\nprepend a 0 0 1\r\ny\r\ncas a 0 0 1 999999\r\nx\r\n" +
        "cas q 0 0 1 1\r\nx\r\nincr a 1\r\nset n 0 0 1\r\n9\r\nincr n 1\r\ndecr n 5\r\nincr none 1\r\ntouch n 10\r\n" +
        "touch none 10\r\ngat 10 n\r\ngat 10 none\r\ngats 10 n\r\ngets n\r\ndelete n\r\ndelete n\r\n" +
        "set a%b\xe9\x01~-_.!*'()/:+k 0 0 0\r\n\r\nget a%b\xe9\x01~-_.!*'()/:+k\r\n" +
        "set e 0 -1 1\r\nx\r\nget e\r\nset f 0 0 1\r\nx\r\nflush_all\r\nget f\r\nget c d a\r\n" +
        "set a 0 0 1\r\nx\r\nmg a v\r\nmg none v\r\nms m 3 T90\r\nabc\r\nms m 2 ME\r\nab\r\nms m 2 MA\r\nab\r\n" +
        "md m\r\nmd m\r\nma n N0 J5\r\nma n\r\nma none\r\nmg v N30 v\r\nme a\r\nmg a s t\r\nmg a T90\r\n" +
        `ms big 2000000\r\n${"x".repeat(2_000_000)}\r\nget last\r\n`,
    );
    const [theirs = [], ours = []] = await Promise.all(watchers.map((watcher) => lines(watcher, "key=last")));
    const ttl = (line: string): string => line.replace(/ttl=42949\d+/, "ttl=(gone)");
    // What memcached says of class and connection of a value that is too large is what was in memory before.
    const own = (line: string): string => ttl(line).replace(/(too_large.* clsid)=\d+/, "$1");
    expect(ours.map(own)).toEqual(theirs.map(own));
    expect(ours.length).toBeGreaterThan(40);
    const others = servers.map(({ endpoint }) => WireClient.connect(world.network, endpoint));
    await Promise.all(others.map((other) => ask(other, "")));
    for (const other of others) other.send("quit\r\n");
    const [left, right] = await Promise.all(watchers.map((watcher) => lines(watcher, "type=conn_close")));
    expect(right).toEqual(left);
    for (const watcher of watchers) watcher.close();
  });

  test("whoever watches is told the same of the same meta commands", async () => {
    await both("flush_all\r\nstats reset\r\n");
    const watchers = servers.map(({ endpoint }) => WireClient.connect(world.network, endpoint));
    for (const watcher of watchers) watcher.send("watch fetchers mutations\r\n");
    await world.until(() => watchers.every((watcher) => watcher.peek() === "OK\r\n"), "OK");
    for (const watcher of watchers) watcher.take();
    await both(
      "ms wa 1\r\nx\r\nmg wa\r\nmg wa v u\r\nmg wnone v\r\nmg wmade N30 v\r\nmg wmade T60\r\nms wb 3 F5 T100\r\nabc\r\n" +
        "ms wb 1 ME\r\nx\r\nms wzz 1 MR\r\nx\r\nms wa 1 MA\r\ny\r\nms wb 1 MP T5\r\ny\r\nms wzz 1 MA\r\ny\r\n" +
        "ms wa 1 C9999999\r\nx\r\nms wq 1 C1\r\nx\r\nms wb 1 C1 I\r\nx\r\nms d2I= 2 b T50\r\nxy\r\nmg d2I= b v k\r\n" +
        "ms wn 1\r\n9\r\nma wn\r\nma wn MD D5\r\nma wnone\r\nma wnew N30 J5\r\nma wn C1\r\nma wa\r\nme wn\r\nme wnone\r\n" +
        "md wn C1\r\nmd wn I\r\nmd wn\r\nmd wn\r\nmd wnone C1\r\n" +
        "ms we 1 T-1\r\nx\r\nmg we\r\nms wf 1\r\nx\r\nflush_all\r\nmg wf\r\nmg wlast\r\n",
    );
    const [theirs = [], ours = []] = await Promise.all(
      watchers.map((watcher) => lines(watcher, "key=wlast")),
    );
    const ttl = (line: string): string => line.replace(/ttl=42949\d+/, "ttl=(gone)");
    expect(ours.map(ttl)).toEqual(theirs.map(ttl));
    expect(ours.length).toBeGreaterThan(50);
    for (const watcher of watchers) watcher.close();
  });

  test("a dump has the same lines, but for flags, and for an OK in front, which are of later versions", async () => {
    await both("flush_all\r\nset a%b 5 100 3\r\nabc\r\nset c 0 0 1\r\nx\r\nget c\r\n");
    for (const which of ["all", "hash", "1,2"]) {
      for (const side of sides) side.send(`lru_crawler metadump ${which}\r\n`);
      await world.until(() => sides.every((side) => side.peek().endsWith("END\r\n")), "both dumps");
      const [theirs, ours] = sides.map((side) =>
        side
          .take()
          .split("\n")
          .filter((line) => line !== "OK\r")
          .map((line) => line.replace(/cas=\d+/, "cas").replace(/(exp|la)=1\d{9}/g, "$1"))
          .map((line) => line.replace(/ flags=[05]$/, ""))
          .toSorted(),
      );
      expect(ours).toEqual(theirs);
      expect(ours).toHaveLength(4);
    }
  });
});
