// npm's memcached or memjs stores keys on several servers by its own ring: npm-ring.ts memcached|memjs COUNT SERVER...

import process from "node:process";
import Memcached from "memcached";
import { Client } from "memjs";

const [name, count, ...servers] = process.argv.slice(2);
const keys = Array.from({ length: Number(count) }, (_, i) => `ring-${i}`);
if (name === "memjs") {
  const client = Client.create(servers.join(","), { logger: { log: () => {} }, timeout: 20 });
  await Promise.all(keys.map((key) => client.set(key, key, {})));
  client.close();
} else {
  const client = new Memcached(servers, { timeout: 20_000 });
  const set = (key: string): Promise<void> =>
    new Promise((resolve, reject) => {
      client.set(key, key, 0, (error) =>
        error === undefined ? resolve() : reject(new Error(String(error))),
      );
    });
  await Promise.all(keys.map(set));
  client.end();
}
