// Every classic and every admin command of the text protocol as [wire, meaning], read and written from the same table.

import { Buffer } from "node:buffer";
import {
  TextRequestDecoder,
  type AdminCommandName,
  type AdminRequest,
  type ClassicRequest,
} from "@memwire/codec";
import { COMMANDS } from "../src/text/command-name.ts";
import { expect, test } from "vitest";
import { testCanonical, testTolerated, type CanonicalRow, type ToleratedRow } from "./request-rows.ts";
import { wire } from "./wire.ts";

const a = wire("a");
const b = wire("b");
const noreply = true;

/** As every client writes them: read, and written just so. */
const canonical: readonly CanonicalRow[] = [
  ["get a\r\n", { command: "get", keys: [a] }],
  ["get a b a\r\n", { command: "get", keys: [a, b, a] }],
  ["get noreply\r\n", { command: "get", keys: [wire("noreply")] }],
  ["gets a\r\n", { command: "gets", keys: [a] }],
  ["gets a b\r\n", { command: "gets", keys: [a, b] }],
  ["gat 100 a\r\n", { command: "gat", exptime: 100, keys: [a] }],
  ["gat -1 a b\r\n", { command: "gat", exptime: -1, keys: [a, b] }],
  ["gats 0 a\r\n", { command: "gats", exptime: 0, keys: [a] }],
  ["set a 0 0 1\r\nx\r\n", set(wire("x"))],
  ["set a 0 0 0\r\n\r\n", set(wire(""))],
  ["set a 0 0 4\r\n\r\n\r\n\r\n", set(wire("\r\n\r\n"))],
  ["set a 0 0 7\r\nget a\r\n\r\n", set(wire("get a\r\n"))],
  ["set a 0 0 3\r\n\x00\xff\x80\r\n", set(wire("\x00\xff\x80"))],
  [`set a 0 0 5000\r\n${"v".repeat(5000)}\r\n`, set(wire("v".repeat(5000)))],
  ["set a 4294967295 2592001 1\r\nx\r\n", { ...set(wire("x")), flags: 4_294_967_295, exptime: 2_592_001 }],
  ["set a 0 -1 1\r\nx\r\n", { ...set(wire("x")), exptime: -1 }],
  ["set a 0 9007199254740991 1\r\nx\r\n", { ...set(wire("x")), exptime: Number.MAX_SAFE_INTEGER }],
  ["set a 0 0 1 noreply\r\nx\r\n", { ...set(wire("x")), noreply }],
  [`set ${"k".repeat(250)} 0 0 1\r\nx\r\n`, { ...set(wire("x")), key: wire("k".repeat(250)) }],
  [
    "set c\u00c3\u00a9\x7f\x01\tb 0 0 1\r\nx\r\n",
    { ...set(wire("x")), key: wire("c\u00c3\u00a9\x7f\x01\tb") },
  ],
  ["add a 1 2 1\r\nx\r\n", { ...set(wire("x")), command: "add", flags: 1, exptime: 2 }],
  ["replace a 1 2 1\r\nx\r\n", { ...set(wire("x")), command: "replace", flags: 1, exptime: 2 }],
  ["append a 1 2 1\r\nx\r\n", { ...set(wire("x")), command: "append", flags: 1, exptime: 2 }],
  ["prepend a 1 2 1\r\nx\r\n", { ...set(wire("x")), command: "prepend", flags: 1, exptime: 2 }],
  ["add a 1 2 1 noreply\r\nx\r\n", { ...set(wire("x")), command: "add", flags: 1, exptime: 2, noreply }],
  ["cas a 0 0 1 0\r\nx\r\n", cas(0n)],
  ["cas a 0 0 1 18446744073709551615\r\nx\r\n", cas(18_446_744_073_709_551_615n)],
  ["cas a 0 0 1 5 noreply\r\nx\r\n", { ...cas(5n), noreply }],
  ["delete a\r\n", { command: "delete", key: a, noreply: false }],
  ["delete a noreply\r\n", { command: "delete", key: a, noreply }],
  ["delete noreply\r\n", { command: "delete", key: wire("noreply"), noreply: false }],
  ["incr a 0\r\n", { command: "incr", key: a, delta: 0n, noreply: false }],
  ["incr a 18446744073709551615\r\n", { command: "incr", key: a, delta: 2n ** 64n - 1n, noreply: false }],
  ["incr a 5 noreply\r\n", { command: "incr", key: a, delta: 5n, noreply }],
  ["decr a 3\r\n", { command: "decr", key: a, delta: 3n, noreply: false }],
  ["decr a 3 noreply\r\n", { command: "decr", key: a, delta: 3n, noreply }],
  ["touch a 100\r\n", { command: "touch", key: a, exptime: 100, noreply: false }],
  ["touch a -1 noreply\r\n", { command: "touch", key: a, exptime: -1, noreply }],
  ["touch noreply 0\r\n", { command: "touch", key: wire("noreply"), exptime: 0, noreply: false }],
  ["flush_all\r\n", { command: "flush_all", exptime: 0, noreply: false }],
  ["flush_all noreply\r\n", { command: "flush_all", exptime: 0, noreply }],
  ["flush_all 10\r\n", { command: "flush_all", exptime: 10, noreply: false }],
  ["flush_all -10 noreply\r\n", { command: "flush_all", exptime: -10, noreply }],
  ["verbosity 0\r\n", { command: "verbosity", level: 0, noreply: false }],
  ["verbosity 1 noreply\r\n", { command: "verbosity", level: 1, noreply }],
  ["stats\r\n", { command: "stats", argument: "" }],
  ["stats items\r\n", { command: "stats", argument: "items" }],
  ["stats cachedump 1 2\r\n", { command: "stats", argument: "cachedump 1 2" }],
  ["stats noreply\r\n", { command: "stats", argument: "noreply" }],
  ["version\r\n", { command: "version" }],
  ["shutdown\r\n", { command: "shutdown", argument: "" }],
  ["shutdown graceful\r\n", { command: "shutdown", argument: "graceful" }],
  ["quit\r\n", { command: "quit" }],
  ["lru_crawler metadump all\r\n", admin("lru_crawler", "metadump all")],
  ["lru_crawler enable noreply\r\n", { ...admin("lru_crawler", "enable"), noreply }],
  ["lru mode flat\r\n", admin("lru", "mode flat")],
  ["lru noreply\r\n", { ...admin("lru", ""), noreply }],
  ["slabs automove 1 noreply\r\n", { ...admin("slabs", "automove 1"), noreply }],
  ["slabs reassign 1 2\r\n", admin("slabs", "reassign 1 2")],
  ["cache_memlimit 64\r\n", admin("cache_memlimit", "64")],
  ["cache_memlimit noreply noreply\r\n", { ...admin("cache_memlimit", "noreply"), noreply }],
  ["watch\r\n", admin("watch", "")],
  ["watch fetchers noreply\r\n", admin("watch", "fetchers noreply")],
  ["refresh_certs\r\n", admin("refresh_certs", "")],
  ["extstore item_age 1 noreply\r\n", { ...admin("extstore", "item_age 1"), noreply }],
  ["config get cluster\r\n", admin("config", "get cluster")],
  ["config noreply\r\n", admin("config", "noreply")],
  ["debugtime p\r\n", admin("debugtime", "p")],
];

/** Other ways that memcached 1.6.45 takes them: only read. What a proxy sends on is in the third place. */
const tolerated: readonly ToleratedRow[] = [
  ["get a\n", { command: "get", keys: [a] }, "get a"],
  ["get  a   b  \r\n", { command: "get", keys: [a, b] }, "get  a   b"],
  ["get a\rb\r\n", { command: "get", keys: [wire("a\rb")] }, "get a\rb"],
  ["get a\r\r\n", { command: "get", keys: [wire("a\r")] }, "get a\r"],
  ["get a\x00b\r\n", { command: "get", keys: [wire("a\x00b")] }, "get a\x00b"],
  ["get \r\r\n", { command: "get", keys: [wire("\r")] }, "get \r"],
  ["gat  7  a \r\n", { command: "gat", exptime: 7, keys: [a] }, "gat  7  a"],
  ["set a 0 0 1\nx\r\n", set(wire("x")), "set a 0 0 1"],
  ["set  a  0  0  1  \r\nx\r\n", set(wire("x")), "set  a  0  0  1"],
  ["set a 0 0 01\r\nx\r\n", set(wire("x")), "set a 0 0 01"],
  ["set a 000 -0 1\r\nx\r\n", set(wire("x")), "set a 000 -0 1"],
  [
    `set a 0 ${"0".repeat(30)}5 1\r\nx\r\n`,
    { ...set(wire("x")), exptime: 5 },
    `set a 0 ${"0".repeat(30)}5 1`,
  ],
  ["set a 0 0 1 norepl\r\nx\r\n", set(wire("x")), "set a 0 0 1"],
  ["set a 0 0 1 NOREPLY\r\nx\r\n", set(wire("x")), "set a 0 0 1"],
  ["set a 0 0 1 a b c\r\nx\r\n", set(wire("x")), "set a 0 0 1"],
  ["set a 0 0 1 b c noreply\r\nx\r\n", { ...set(wire("x")), noreply }, "set a 0 0 1"],
  [`set a 0 0 1${" b".repeat(20)} noreply\r\nx\r\n`, { ...set(wire("x")), noreply }, "set a 0 0 1"],
  ["cas a 0 0 1 007 b noreply\r\nx\r\n", { ...cas(7n), noreply }, "cas a 0 0 1 007"],
  ["delete a 0\r\n", { command: "delete", key: a, noreply: false }, "delete a"],
  ["delete a 0 noreply\r\n", { command: "delete", key: a, noreply }, "delete a"],
  ["incr a 1 2 3\r\n", { command: "incr", key: a, delta: 1n, noreply: false }, "incr a 1"],
  ["touch a 1 2 3\r\n", { command: "touch", key: a, exptime: 1, noreply: false }, "touch a 1"],
  ["flush_all 0 noreply\r\n", { command: "flush_all", exptime: 0, noreply }, "flush_all 0"],
  ["flush_all 0 1\r\n", { command: "flush_all", exptime: 0, noreply: false }, "flush_all 0"],
  ["verbosity 1 2 3\r\n", { command: "verbosity", level: 1, noreply: false }, "verbosity 1"],
  ["stats  detail  on \r\n", { command: "stats", argument: "detail  on" }, "stats  detail  on"],
  ["version x\r\n", { command: "version" }, "version"],
  ["quit x\r\n", { command: "quit" }, "quit"],
  ["slabs  reassign  1 2  \r\n", admin("slabs", "reassign  1 2"), "slabs  reassign  1 2"],
  ["lru  mode  flat  noreply \n", { ...admin("lru", "mode  flat"), noreply }, "lru  mode  flat"],
  [
    `lru_crawler crawl${" 1".repeat(30)} noreply\r\n`,
    { ...admin("lru_crawler", `crawl${" 1".repeat(30)}`), noreply },
    `lru_crawler crawl${" 1".repeat(30)}`,
  ],
];

function admin(command: AdminCommandName, argument: string): AdminRequest {
  return { command, argument, noreply: false };
}

type Storage = Extract<ClassicRequest, { readonly value: Uint8Array }>;

function set(value: Uint8Array): Exclude<Storage, { readonly command: "cas" }> {
  return { command: "set", key: a, flags: 0, exptime: 0, value, noreply: false };
}

function cas(unique: bigint): Extract<Storage, { readonly command: "cas" }> {
  return { command: "cas", key: a, flags: 0, exptime: 0, value: wire("x"), cas: unique, noreply: false };
}

testCanonical(canonical);
testTolerated(tolerated);

test("every classic and every admin command is in the table", () => {
  const meta = new Set(["mg", "ms", "md", "ma", "me", "mn"]);
  const all = [...COMMANDS].filter((command) => !meta.has(command));
  expect(new Set(canonical.map(([, { command }]) => command))).toEqual(new Set(all));
});

test("a request that was taken out of one of Node's buffers owns its bytes: their `slice` is a view", () => {
  const decoder = new TextRequestDecoder();
  const chunk = Buffer.from("set a 0 0 1\r\nx\r\n", "latin1");
  decoder.receive(chunk);
  expect(decoder.next()).toBe("request");
  const request = decoder.snapshot();
  expect(decoder.next()).toBe("need-data");
  chunk.fill(0xee);
  expect(request).toEqual(set(wire("x")));
});
