// Every key lands where twemproxy, libmemcached and npm memcached put it.

import { expect, test } from "vitest";
import { hashes, type HashName, type Server } from "../src/mod.ts";
import { bytesOf, bytesOfHex, mapOf, read, type ServerList, type Vector } from "./vectors.ts";

const { keys: texts } = read<{ keys: string[] }>("keys");
const keys = texts.map(bytesOf);
const { lists } = read<{ lists: ServerList[] }>("lists");
const serversOf = (id: string, among: readonly ServerList[] = lists): readonly Server[] =>
  (among.find((list) => list.id === id) as ServerList).servers;

for (const file of ["twemproxy", "libmemcached", "npm-memcached"]) {
  const { vectors } = read<{ vectors: Vector[] }>(file);
  for (const [list, group] of Map.groupBy(vectors, (vector) => vector.list)) {
    test(`agrees with ${file} on ${group.length} maps of ${list}`, () => {
      for (const vector of group) {
        const own = Array.isArray(vector.keys) ? vector.keys.map(bytesOf) : keys;
        // libmemcached and npm memcached know no names.
        const servers = serversOf(list).map((server) =>
          file === "twemproxy" ? server : { ...server, name: undefined },
        );
        expect(mapOf(vector, servers as Server[], own), `${vector.hash} ${vector.distribution}`).toBe(
          vector.map,
        );
      }
    });
  }
}

test("agrees with twemproxy on keys of any bytes, odd weights, odd names, unix sockets and hash tags", () => {
  const recorded = read<{ lists: ServerList[]; keys: Record<string, string[]>; vectors: Vector[] }>(
    "twemproxy-bytes",
  );
  for (const vector of recorded.vectors) {
    const own = (recorded.keys[vector.keys as string] as string[]).map(bytesOfHex);
    const said = mapOf(vector, serversOf(vector.list, recorded.lists), own);
    expect(said, `${vector.list} ${vector.hash} ${vector.distribution} ${vector.hash_tag}`).toBe(vector.map);
  }
});

test("hashes are those of libmemcached", () => {
  const { columns, values } = read<{ columns: string[]; values: (string | number)[][] }>("hash-values");
  // libmemcached calls "crc" what twemproxy calls crc32; murmur3 is none of twemproxy's.
  const names = columns.map((column) => (column.startsWith("crc ") ? "crc32" : column) as HashName | "key");
  for (const [text, ...wanted] of values) {
    const key = bytesOf(text as string);
    for (const [i, value] of wanted.entries()) {
      const name = names[i + 1] as HashName;
      if (name in hashes) expect(hashes[name](key, 0, key.length), `${name} of ${text}`).toBe(value);
    }
  }
  expect(names.filter((name) => name in hashes)).toHaveLength(9);
});

test.each<[HashName, string, number]>([
  ["fnv1a_64", "", 2216829733],
  ["fnv1a_64", "foo", 4275688823],
  ["fnv1a_64", "hello", 2158673163],
  ["md5", "", 3649838548],
  ["md5", "foo", 3675831724],
  ["md5", "hello", 708854109],
  ["one_at_a_time", "foo", 596015325],
  ["one_at_a_time", "hello", 3372029979],
  ["crc32", "foo", 3187],
  ["crc32", "hello", 13840],
  ["crc32a", "foo", 2356372769],
  ["crc32a", "hello", 907060870],
  ["fnv1_64", "foo", 1805727027],
  ["fnv1_64", "hello", 3183334599],
  ["fnv1_32", "foo", 1083137555],
  ["fnv1_32", "hello", 3069866343],
  ["fnv1a_32", "foo", 2851307223],
  ["fnv1a_32", "hello", 1335831723],
])("%s of %j is %i", (name, text, value) => {
  const key = bytesOf(text);
  expect(hashes[name](key, 0, key.length)).toBe(value);
});
