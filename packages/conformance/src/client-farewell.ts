// A program that uses a client and closes it: it must end by itself, whatever timers the client had armed.
//
//     node -C @memwire/source packages/conformance/src/client-farewell.ts 127.0.0.1:11211

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { createClient } from "@memwire/client";
import { parseEndpoint } from "@memwire/engine";

/** Longer than anybody waits for the program to end. */
const LONG_MS = 600_000;

/** Makes calls that are answered and calls that are not, closes the client, and says what became of them. */
export async function farewell(address: string): Promise<string> {
  const endpoint = parseEndpoint(address);
  const { network, clock } = await openAdapter();
  const client = createClient({
    network,
    clock,
    servers: [
      endpoint.kind === "tcp" ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path },
    ],
    connections: 3,
    queuedTimeoutMs: LONG_MS,
    connectTimeoutMs: LONG_MS,
    replyTimeoutMs: LONG_MS,
    idleTimeoutMs: LONG_MS,
  });
  const keys = Array.from({ length: 20 }, (_, i) => `farewell:${i}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  const controller = new AbortController();
  const given = keys.map((key) => client.get(key, { signal: controller.signal }).catch(String));
  const many = client.getMany(keys);
  const closing = client.close();
  controller.abort();
  const { items } = await many;
  await closing;
  return `${items.size} items, ${(await Promise.all(given)).length} aborted`;
}

if (import.meta.main) console.log(await farewell(process.argv[2] ?? ""));
