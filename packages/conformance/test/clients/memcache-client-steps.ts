// memcache-client does the steps of steps.ts: memcache-client-steps.ts ENDPOINT PREFIX

import { isDeepStrictEqual } from "node:util";
import { deflateSync, inflateSync } from "node:zlib";
import { MemcacheClient } from "memcache-client";
import { done, endpoint, letters, pause, prefix, say, unixTime } from "./say.ts";

type Value = Parameters<MemcacheClient["set"]>[1];

const client = new MemcacheClient({
  server: { server: endpoint, maxConnections: 2 },
  cmdTimeout: 20_000,
  connectTimeout: 20_000,
  compressor: {
    compressSync: (payload) => deflateSync(payload?.input as Buffer),
    decompressSync: ({ input }) => inflateSync(input as Buffer),
  },
});
const key = (name: string): string => `${prefix}${name}`;
const get = async (name: string): Promise<unknown> => (await client.get(key(name)))?.value;
const set = (name: string, value: Value, lifetime = 0, compress = false): Promise<string[]> =>
  client.set(key(name), value, { lifetime, compress });
const same = async (name: string, value: Value, compress = false): Promise<boolean> => {
  await set(name, value, 0, compress);
  return isDeepStrictEqual(await get(name), value);
};
const said = (is: boolean): string => (is ? "the same" : "other");

say("set", await done(set("greeting", "hello")));
say("get", await get("greeting"));
say("get, missing", await get("nothing"));
say("add", await done(client.add(key("added"), "1")));
say("add, there already", await done(client.add(key("added"), "2")));
say("replace", await done(client.replace(key("added"), "3")));
say("replace, missing", await done(client.replace(key("nothing"), "3")));
await set("joined", "b");
say("append", await done(client.append(key("joined"), "c")));
say("prepend", await done(client.prepend(key("joined"), "a")));
say("joined", await get("joined"));

await set("swapped", "1");
const { casUniq } = await client.gets(key("swapped"));
say("cas", await done(client.cas(key("swapped"), "2", { casUniq })));
say("cas, changed since", await done(client.cas(key("swapped"), "3", { casUniq })));

const names = Array.from({ length: 100 }, (_, i) => `many-${i}`);
await Promise.all(names.map((name) => set(name, `value of ${name}`)));
const many = await client.get<Record<string, { tokens: string[]; value: string }>>(
  [...names, "nothing"].map(key),
);
say("multi-get, 100 of 101", names.filter((name) => many[key(name)]?.value === `value of ${name}`).length);

say("500 KB", said(await same("large", Buffer.from(letters(500_000)))));
say("nearly 1 MiB", said(await same("largest", Buffer.from(letters(1_048_000)))));
say("above 1 MiB", await done(set("larger", letters(1_048_577))));
say("get, after that", await get("greeting"));

await set("number", 41);
say("incr", await client.incr(key("number"), 1));
say("decr", await client.decr(key("number"), 2));
say("decr, below zero", await client.decr(key("number"), 100));
await set("number", 4_294_967_295);
say("incr, beyond 32 bits", await client.incr(key("number"), 5));
say("incr, missing", (await done(client.incr(key("nothing"), 1))) ? "there" : undefined);

await set("touched", "1", 100);
say("touch", await done(client.touch(key("touched"), 1)));
say("touch, missing", await done(client.touch(key("nothing"), 1)));
await set("deleted", "1");
say("delete", await done(client.delete(key("deleted"))));
say("delete, missing", await done(client.delete(key("deleted"))));

const types = [
  "süß €",
  42,
  1.5,
  Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  { a: [1, null, true] },
];
const returned = await Promise.all([
  ...types.map((type, i) => same(`type-${i}`, type)),
  same("long", "compress ".repeat(10_000), true),
]);
say("types", said(returned.every(Boolean)));

const quiet = names.map((_, i) => `quiet-${i}`);
for (const name of quiet) await client.set(key(name), "1", { noreply: true });
say("quiet sets, then a multi-get", Object.keys(await client.get<object>(quiet.map(key))).length);

const [, version = ""] = await client.version();
say("version 1.6", version.startsWith("1.6."));
const { STAT } = await client.cmd<{ STAT: string[][] }>("stats");
say("statistics", Number(STAT.find(([name]) => name === "curr_connections")?.[1]) > 0);

await set("second", "1", 1);
await set("moment", "1", unixTime() + 1);
await set("while", "there", 100);
await set("day", "there", unixTime() + 86_400);
await pause();
say("expired", await get("second"));
say("expired, Unix time", await get("moment"));
say("touched, expired", await get("touched"));
say("not yet expired", await get("while"));
say("not yet expired, Unix time", await get("day"));
client.shutdown();
