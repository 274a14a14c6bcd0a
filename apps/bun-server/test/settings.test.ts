// The same command line, the same settings: `stats settings` of memwire-server beside that of the real one.

import { join } from "node:path";
import {
  freePort,
  RunningProgram,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
} from "@memwire/conformance";
import type { Endpoint } from "@memwire/engine";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");

/** What 1.6.18 tells otherwise, and why. */
const OTHERWISE: ReadonlySet<string> = new Set([
  "tcpport", // another one
  "slab_automove_window", // 1.6.45 has 10
  "client_flags_size", // since 1.6.2x
  "proxy_enabled",
  "proxy_uring_enabled",
]);

async function settingsOf(endpoint: Endpoint): Promise<Map<string, string>> {
  using client = await TextClient.connect(endpoint);
  const text = await client.ask("stats settings\r\n", "END\r\n");
  const lines = text.matchAll(/^STAT (\S+) (.*)\r$/gm);
  return new Map(Array.from(lines, ([, name = "", value = ""]) => [name, value]));
}

withPeer("memcached", () => {
  test.each([
    "-t 1",
    "-t 1 -m 128 -c 100 -R 10 -b 99 -I 2m -f 1.5 -n 64 -C -M -F -X -A -D /",
    "-t 1 --memory-limit=32 --conn-limit=70 --slab-growth-factor=2 --protocol=ascii",
    "-t 1 -o idle_timeout=60,hot_lru_pct=10,warm_lru_pct=50,hot_max_factor=0.3,warm_max_factor=3,temporary_ttl=100",
    "-t 1 -o slab_chunk_max=16384,slab_automove=0,track_sizes,watcher_logbuf_size=100,read_buf_mem_limit=8",
    "-t 1 -o no_lru_crawler,no_lru_maintainer",
    "-t 1 -o slab_reassign,slab_automove,lru_crawler,lru_maintainer,maxconns_fast,no_chunked_items",
    "-t 1 -o no_slab_automove",
    "-t 2 -o no_slab_reassign,slab_automove=0",
  ])("%s", async (line) => {
    const args = line.split(" ");
    await using memcached = await startMemcached({ args: [...args, "-v"] });
    const port = await freePort();
    await using server: RunningProgram = startProgram("node", main, [
      "-U",
      "0",
      "-l",
      "127.0.0.1",
      "-p",
      `${port}`,
      "-v",
      ...args,
    ]);
    await server.said(/ listens on /);
    const theirs = await settingsOf(memcached.endpoint);
    const ours = await settingsOf({ kind: "tcp", host: "127.0.0.1", port });
    const named = [...theirs.keys()].filter((name) => !OTHERWISE.has(name));
    expect(named.length).toBeGreaterThan(70);
    expect(named.map((name) => `${name} ${ours.get(name)}`)).toEqual(
      named.map((name) => `${name} ${theirs.get(name)}`),
    );
  });
});
