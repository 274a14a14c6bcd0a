// Every key goes to the server that libmemcached and npm memcached send it to, as they were recorded.

import { createClient } from "@memwire/client";
import { expect, test } from "vitest";
import { HandClock, HandNetwork } from "../../engine/test/hand-network.ts";
import { read, type ServerList, type Vector } from "../../router/test/vectors.ts";

const { keys } = read<{ keys: string[] }>("keys");
const { lists } = read<{ lists: ServerList[] }>("lists");

/** What a client without options is like. */
const isDefault = ({ behaviour, algorithm }: Vector): boolean =>
  algorithm === "md5" || behaviour === "LIBKETAMA_COMPATIBLE (ketama weighted, hash md5)";

for (const file of ["libmemcached", "npm-memcached"]) {
  const vectors = read<{ vectors: Vector[] }>(file).vectors.filter(isDefault);
  test(`places keys as ${file} does, on ${vectors.length} maps`, () => {
    expect(vectors).toHaveLength(lists.length);
    for (const { list, map } of vectors) {
      // Those two know no names.
      const servers = lists.find(({ id }) => id === list)?.servers ?? [];
      const nameless = servers.map(({ name: _name, ...server }) => server);
      const client = createClient({ network: new HandNetwork(), clock: new HandClock(), servers: nameless });
      const owners = keys.slice(0, map.length).map((key) => client.ownerOf(key).toString(36));
      expect(owners.join(""), list).toBe(map);
    }
  });
}

test("of a key with a hash tag only what stands in it counts", () => {
  const servers = [1, 2, 3, 4, 5].map((port) => ({ host: "127.0.0.1", port }));
  const of = (hashTag?: string) =>
    createClient({
      network: new HandNetwork(),
      clock: new HandClock(),
      servers,
      ...(hashTag === undefined ? {} : { hashTag }),
    });
  const texts = Array.from({ length: 50 }, (_, i) => `{user:7}:${i}`);
  const [tagged, plain] = [of("{}"), of()];
  expect(new Set(texts.map((key) => tagged.ownerOf(key)))).toEqual(new Set([plain.ownerOf("user:7")]));
  expect(new Set(texts.map((key) => plain.ownerOf(key))).size).toBe(5);
});

test("over several connections to a server a key always takes the same one", () => {
  const network = new HandNetwork();
  const clock = new HandClock();
  const client = createClient({
    network,
    clock,
    servers: [{ host: "one", port: 1 }],
    connections: 4,
  });
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 100; i++) void client.get(`key:${i}`);
  }
  clock.turn();
  expect(network.connects.length).toBe(4);
  for (const { handler } of network.connects) handler.connected();
  clock.turn();
  const asked = network.connects.map(({ transport }) => new Set(transport.told.join("").match(/key:\d+/g)));
  expect(asked.reduce((sum, each) => sum + each.size, 0)).toBe(100);
  expect(new Set(asked.flatMap((each) => [...each])).size).toBe(100);
});
