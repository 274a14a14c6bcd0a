// npm's memcached does the steps of steps.ts: memcached-steps.ts ENDPOINT PREFIX

import Memcached from "memcached";
import { done, endpoint, letters, pause, prefix, say, unixTime } from "./say.ts";

const client = new Memcached(endpoint, { timeout: 20_000, idle: 20_000 });
const key = (name: string): string => `${prefix}${name}`;

/** What it calls back with. */
function answer<T>(ask: (callback: (error: unknown, data: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, data) => {
      if (error === undefined || error === null) resolve(data);
      else reject(new Error("it was not answered", { cause: error }));
    });
  });
}

const get = (name: string): Promise<unknown> => answer((back) => client.get(key(name), back));
const set = (name: string, value: unknown, lifetime = 0): Promise<boolean> =>
  answer((back) => client.set(key(name), value, lifetime, back));
const same = async (name: string, value: unknown): Promise<boolean> =>
  (await set(name, value)) && JSON.stringify(await get(name)) === JSON.stringify(value);
/** Its types do not tell that it says whether it did. */
const touch = (name: string): Promise<unknown> =>
  answer((back) => client.touch(key(name), 1, back as (error: unknown) => void));
const said = (is: boolean): string => (is ? "the same" : "other");

say("set", await set("greeting", "hello"));
say("get", await get("greeting"));
say("get, missing", await get("nothing"));
say("add", await done(answer((back) => client.add(key("added"), "1", 0, back))));
say("add, there already", await done(answer((back) => client.add(key("added"), "2", 0, back))));
say("replace", await done(answer((back) => client.replace(key("added"), "3", 0, back))));
say("replace, missing", await done(answer((back) => client.replace(key("nothing"), "3", 0, back))));
await set("joined", "b");
say("append", await done(answer((back) => client.append(key("joined"), "c", back))));
say("prepend", await done(answer((back) => client.prepend(key("joined"), "a", back))));
say("joined", await get("joined"));

await set("swapped", "1");
const { cas } = await answer<{ cas: string }>((back) => client.gets(key("swapped"), back));
say("cas", await done(answer((back) => client.cas(key("swapped"), "2", cas, 0, back))));
say("cas, changed since", await done(answer((back) => client.cas(key("swapped"), "3", cas, 0, back))));

const names = Array.from({ length: 100 }, (_, i) => `many-${i}`);
await Promise.all(names.map((name) => set(name, `value of ${name}`)));
const many = await answer<Record<string, unknown>>((back) =>
  client.getMulti([...names, "nothing"].map(key), back),
);
say("multi-get, 100 of 101", names.filter((name) => many[key(name)] === `value of ${name}`).length);

say("500 KB", said(await same("large", letters(500_000))));
say("nearly 1 MiB", said(await same("largest", letters(1_048_000))));
say("get, after that", await get("greeting"));

await set("number", 41);
say("incr", await answer((back) => client.incr(key("number"), 1, back)));
say("decr", await answer((back) => client.decr(key("number"), 2, back)));
say("decr, below zero", await answer((back) => client.decr(key("number"), 100, back)));
await set("number", 4_294_967_295);
say("incr, beyond 32 bits", await answer((back) => client.incr(key("number"), 5, back)));
const missing = await answer<number | boolean>((back) => client.incr(key("nothing"), 1, back));
say("incr, missing", missing === false ? undefined : missing);

await set("touched", "1", 100);
say("touch", await done(touch("touched")));
say("touch, missing", await done(touch("nothing")));
await set("deleted", "1");
say("delete", await answer((back) => client.del(key("deleted"), back)));
say("delete, missing", await answer((back) => client.del(key("deleted"), back)));

const types = [
  "süß €",
  42,
  1.5,
  true,
  Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  { a: [1, null] },
];
const returned = await Promise.all(types.map((type, i) => same(`type-${i}`, type)));
say("types", said(returned.every(Boolean)));

const [version] = await answer<{ version: string }[]>((back) => client.version(back));
say("version 1.6", version?.version.startsWith("1.6."));
const [stats] = await answer<Memcached.StatusData[]>((back) => client.stats(back));
say("statistics", Number(stats?.["curr_connections"]) > 0);

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
client.end();
