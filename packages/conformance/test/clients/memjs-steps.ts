// memjs does the steps of steps.ts: memjs-steps.ts ENDPOINT PREFIX binary [USER PASSWORD]

import { Client } from "memjs";
import { done, endpoint, letters, password, pause, prefix, say, unixTime, user } from "./say.ts";

const key = (name: string): string => `${prefix}${name}`;
const silent = { log: () => {} };

function connect(withPassword: string | undefined): Client {
  const options = { timeout: 20, conntimeout: 20, retries: 0, logger: silent };
  return Client.create(
    endpoint,
    user === undefined ? options : { ...options, username: user, password: withPassword },
  );
}

const client = connect(password);
const got = async (name: string): Promise<string | undefined> =>
  (await client.get(key(name))).value?.toString();
/** It does nothing without options. */
const set = (name: string, value: string | Buffer, expires = 0): Promise<boolean> =>
  client.set(key(name), value, { expires });
const same = async (name: string, value: Buffer): Promise<string> =>
  (await set(name, value)) && (await client.get(key(name))).value?.equals(value) === true
    ? "the same"
    : "other";

if (user !== undefined) {
  const wrong = connect("wrong");
  say("wrong password", await done(wrong.set(key("greeting"), "hi", {})));
  wrong.close();
}
say("set", await set("greeting", "hello"));
say("get", await got("greeting"));
say("get, missing", await got("nothing"));
say("add", await client.add(key("added"), "1", {}));
say("add, there already", await client.add(key("added"), "2", {}));
say("replace", await client.replace(key("added"), "3", {}));
say("replace, missing", await client.replace(key("nothing"), "3", {}));
await set("joined", "b");
say("append", await client.append(key("joined"), "c"));

// It has no multi-get; what is asked at once goes out at once.
const names = Array.from({ length: 100 }, (_, i) => `many-${i}`);
await Promise.all(names.map((name) => set(name, `value of ${name}`)));
const many = await Promise.all([...names, "nothing"].map(got));
say("multi-get, 100 of 101", many.filter((value, i) => value === `value of ${names[i]}`).length);

say("500 KB", await same("large", Buffer.from(letters(500_000))));
say("nearly 1 MiB", await same("largest", Buffer.from(letters(1_048_000))));
say("above 1 MiB", await done(set("larger", letters(1_048_577))));
say("get, after that", await got("greeting"));

await set("number", "41");
say("incr", (await client.increment(key("number"), 1, {})).value);
say("decr", (await client.decrement(key("number"), 2, {})).value);
say("decr, below zero", (await client.decrement(key("number"), 100, {})).value);
// Of the answer it reads the lower half only.
await set("number", "4294967295");
await client.increment(key("number"), 5, {});
say("incr, beyond 32 bits", await got("number"));
say("incr, with an initial value", (await client.increment(key("initial"), 1, { initial: 7 })).value);

await set("touched", "1", 100);
say("touch", await client.touch(key("touched"), 1));
say("touch, missing", await client.touch(key("nothing"), 1));
await set("deleted", "1");
say("delete", await client.delete(key("deleted")));
say("delete, missing", await client.delete(key("deleted")));

const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
say("types", await same("bytes", every));

const connectionCount = await new Promise<number>((resolve, reject) => {
  client.stats((error, _server, stats) => {
    if (error === null) resolve(Number(stats?.["curr_connections"]));
    else reject(error);
  });
});
say("statistics", connectionCount > 0);

await set("second", "1", 1);
await set("moment", "1", unixTime() + 1);
await set("while", "there", 100);
await set("day", "there", unixTime() + 86_400);
await pause();
say("expired", await got("second"));
say("expired, Unix time", await got("moment"));
say("touched, expired", await got("touched"));
say("not yet expired", await got("while"));
say("not yet expired, Unix time", await got("day"));
client.close();
