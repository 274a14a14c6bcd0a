import { ServerEngine } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { expect, test } from "vitest";
import { Bench, START } from "./party.ts";

const asRecord = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from(text.matchAll(/^STAT (\S+) (.*)\r$/gm), ([, name, value]) => [name, value]));

test("stats counts what was done, in memcached's names", () => {
  const bench = new Bench(new ServerEngine({ startedAt: START - 60_000, facts: { pid: 42 } }));
  const party = bench.connect();
  const asked =
    "set a 0 0 1\r\n5\r\nset b 0 -1 1\r\n5\r\nget a b c\r\nincr a 1\r\nincr c 1\r\ndecr a 1\r\ndecr c 1\r\n" +
    "touch a 0\r\ntouch c 0\r\ngat 0 a c\r\ncas a 0 0 1 99\r\nx\r\ncas c 0 0 1 99\r\nx\r\ndelete a\r\ndelete a\r\n" +
    "set d 0 0 1\r\nx\r\nflush_all\r\nget d\r\nset e 0 0 1\r\nx\r\n";
  party.send(asked);
  const written = party.text.length;
  const stats = asRecord(party.ask("stats\r\n"));
  expect(stats).toMatchObject({
    pid: "42",
    uptime: "60",
    time: `${START / 1_000}`,
    version: "1.6.45",
    max_connections: "1024",
    curr_connections: "1",
    total_connections: "1",
    rejected_connections: "0",
    cmd_get: "4",
    cmd_set: "6",
    cmd_flush: "1",
    cmd_touch: "4",
    get_hits: "1",
    get_misses: "3",
    get_expired: "1",
    delete_hits: "1",
    delete_misses: "1",
    incr_hits: "1",
    incr_misses: "1",
    decr_hits: "1",
    decr_misses: "1",
    cas_hits: "0",
    cas_misses: "1",
    cas_badval: "1",
    touch_hits: "2",
    touch_misses: "2",
    bytes_read: `${asked.length + "stats\r\n".length}`,
    bytes_written: `${written}`,
    limit_maxbytes: "67108864",
    curr_items: "1",
    total_items: "4",
    bytes: "61",
  });
});

test("stats reset sets to 0 what counts events, and leaves what there is", () => {
  const party = new Bench(new ServerEngine()).connect();
  party.send("set a 0 0 1\r\n5\r\nget a\r\nget b\r\n");
  expect(party.ask("stats reset\r\n")).toBe("RESET\r\n");
  expect(asRecord(party.ask("stats\r\n"))).toMatchObject({
    cmd_get: "0",
    get_hits: "0",
    total_items: "0",
    total_connections: "0",
    curr_items: "1",
    curr_connections: "1",
  });
});

test("stats settings tells how the server was made, and what its host knows", () => {
  const store = new SlabStore({ bytesMax: 1_000_000, itemBytesMax: 5_000, evictions: false });
  const engine = new ServerEngine({ store, limits: { connectionsMax: 7 }, facts: { tcpport: 11_311 } });
  const party = new Bench(engine).connect();
  party.send("verbosity 2\r\n");
  expect(asRecord(party.ask("stats settings\r\n"))).toMatchObject({
    maxbytes: "1000000",
    maxconns: "7",
    tcpport: "11311",
    verbosity: "2",
    evictions: "off",
    item_size_max: "5000",
    flush_enabled: "yes",
  });
});

test("stats items and stats slabs have the classes that are in use, and nothing when there are none", () => {
  const party = new Bench(new ServerEngine()).connect();
  expect(party.ask("stats items\r\n")).toBe("END\r\n");
  expect(party.ask("stats slabs\r\n")).toBe("STAT active_slabs 0\r\nSTAT total_malloced 0\r\nEND\r\n");
  party.send("set a 0 0 1\r\n5\r\n");
  party.send(`set b 0 0 66560\r\n${"v".repeat(66_560)}\r\n`);
  expect(asRecord(party.ask("stats items\r\n"))).toMatchObject({
    "items:1:number": "1",
    "items:1:number_hot": "1",
    "items:1:mem_requested": "61",
    "items:31:number": "1",
    "items:31:mem_requested": "66620",
  });
  expect(asRecord(party.ask("stats slabs\r\n"))).toMatchObject({
    "1:chunk_size": "96",
    "1:chunks_per_page": "10922",
    "1:used_chunks": "1",
    "1:free_chunks": "10921",
    "31:chunk_size": "82792",
    "31:total_pages": "1",
    active_slabs: "2",
    total_malloced: "2097152",
  });
});

test("an unknown group is an error", () => {
  const party = new Bench(new ServerEngine()).connect();
  expect(party.ask("stats nonsense\r\n")).toBe("ERROR\r\n");
});

test("stats items tells of temporary items once there may be any", () => {
  const party = new Bench(new ServerEngine()).connect();
  party.send("set a 0 0 1\r\n5\r\n");
  expect(party.ask("stats items\r\n")).not.toContain("number_temp");
  expect(party.ask("lru temp_ttl 5\r\n")).toBe("OK\r\n");
  expect(party.ask("stats items\r\n")).toMatch(/:number_cold 0\r\nSTAT items:1:number_temp 0\r\n/);
});
