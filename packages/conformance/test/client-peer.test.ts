// The client beside real memcached, on the sockets of whichever runtime the tests run on.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openAdapter } from "@memwire/adapter";
import { type Client, ClientError, type ClientOptions, createClient } from "@memwire/client";
import { describeEndpoint } from "@memwire/engine";
import { expect, test } from "vitest";
import { farewell } from "../src/client-farewell.ts";
import { type RunningPeer, startMemcached, startProgram, withPeer } from "../src/mod.ts";

const { network, clock, runtime } = await openAdapter();

/** A busy machine is no reason for a call to fail. */
const PATIENT = { queuedTimeoutMs: 20_000, connectTimeoutMs: 20_000, replyTimeoutMs: 20_000 };

function clientOf(peers: readonly RunningPeer[], options: Partial<ClientOptions> = {}): Client {
  const servers = peers.map(({ endpoint }) =>
    endpoint.kind === "tcp" ? { host: endpoint.host, port: endpoint.port } : { path: endpoint.path },
  );
  return createClient({ network, clock, servers, ...PATIENT, ...options });
}

/** Several memcacheds, a client of them, and the end of all. */
async function beside(
  count: number,
  run: (client: Client, peers: RunningPeer[]) => Promise<void>,
): Promise<void> {
  const peers = await Promise.all(Array.from({ length: count }, () => startMemcached()));
  const client = clientOf(peers);
  try {
    await run(client, peers);
  } finally {
    await client.close();
    await Promise.all(peers.map((peer) => peer.stop()));
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

withPeer("memcached", () => {
  test("every command is answered", async () => {
    await beside(1, async (client) => {
      expect(await client.get("a")).toBe(undefined);
      expect(await client.set("a", "one", { flags: 4_294_967_295 })).toBe(undefined);
      expect(await client.get("a")).toEqual({ value: utf8("one"), flags: 4_294_967_295 });
      expect(await client.getFrom(0, "a")).toEqual({ value: utf8("one"), flags: 4_294_967_295 });
      expect([await client.add("a", "x"), await client.add("b", "b")]).toEqual([false, true]);
      expect([await client.replace("a", "2"), await client.replace("c", "x")]).toEqual([true, false]);
      expect([await client.append("a", "3"), await client.append("c", "x")]).toEqual([true, false]);
      expect([await client.prepend("a", "1"), await client.prepend("c", "x")]).toEqual([true, false]);
      const item = await client.gets("a");
      expect(item?.value).toEqual(utf8("123"));
      expect(await client.cas("a", "124", item?.cas ?? 0n)).toBe("stored");
      expect(await client.cas("a", "x", item?.cas ?? 0n)).toBe("exists");
      expect(await client.cas("c", "x", 1n)).toBe("not-found");
      expect([await client.incr("a", 2n ** 64n - 1n), await client.incr("a", 2)]).toEqual([123n, 125n]);
      expect([await client.decr("a", 1), await client.decr("a", 1_000), await client.incr("c", 1)]).toEqual([
        124n,
        0n,
        undefined,
      ]);
      expect(
        await client.incr("b", 1).catch((error: ClientError) => [error.code, error.message.slice(-12)]),
      ).toEqual(["client-error", "umeric value"]);
      expect([await client.touch("b", 100), await client.touch("c", 100)]).toEqual([true, false]);
      expect([(await client.gat("b", 100))?.value, await client.gat("c", 100)]).toEqual([
        utf8("b"),
        undefined,
      ]);
      await client.set("gone", "x", { exptime: -1 });
      expect(await client.get("gone")).toBe(undefined);
      const { items, failures } = await client.getMany(["a", "b", "c"]);
      expect([[...items.keys()].toSorted(), failures.size]).toEqual([["a", "b"], 0]);
      expect([await client.delete("a"), await client.delete("a")]).toEqual([true, false]);
      expect(client.servers()[0]?.counters).toMatchObject({ connects: 1, disconnects: 0 });
    });
  });

  test("10,000 keys over three servers are each at their owner and nowhere else", async () => {
    await beside(3, async (client, peers) => {
      const keys = Array.from({ length: 10_000 }, (_, i) => `key:${i}`);
      await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
      const { items, failures } = await client.getMany(keys);
      expect([items.size, failures.size]).toEqual([10_000, 0]);
      for (const [key, { value }] of items) expect(value).toEqual(utf8(`value of ${key}`));
      for (const [i, peer] of peers.entries()) {
        const alone = clientOf([peer]);
        const there = await alone.getMany(keys);
        await alone.close();
        expect([...there.items.keys()].toSorted()).toEqual(
          keys.filter((key) => client.ownerOf(key) === i).toSorted(),
        );
        expect(there.items.size).toBeGreaterThan(2_000);
      }
    });
  });

  test("a server that is killed takes only its keys with it, and is used again when it is back", async () => {
    await beside(3, async (client, peers) => {
      const keys = Array.from({ length: 60 }, (_, i) => `key:${i}`);
      const lost = keys.filter((key) => client.ownerOf(key) === 1);
      await Promise.all(keys.map((key) => client.set(key, key)));
      const [, second] = peers as [RunningPeer, RunningPeer];
      const port = second.endpoint.kind === "tcp" ? second.endpoint.port : 0;
      await second.stop();
      for (let round = 0; round < 3; round++) {
        const { items, failures } = await client.getMany(keys);
        expect([...failures.keys()]).toEqual(lost);
        expect(items.size).toBe(keys.length - lost.length);
        for (const { code, server } of failures.values()) {
          expect(["reset", "refused"]).toContain(code);
          expect(server).toBe(`127.0.0.1:${port}`);
        }
      }
      await using again = await startMemcached({ port });
      expect(again.endpoint).toEqual(second.endpoint);
      const [key] = lost as [string];
      let stored = false;
      while (!stored) {
        stored = await client.set(key, "again").then(
          () => true,
          () => false, // left alone for a while
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { items, failures } = await client.getMany(keys);
      expect([items.size, failures.size]).toEqual([keys.length - lost.length + 1, 0]);
    });
  });

  test("values of 500 KB go there and come back, also many at once", async () => {
    await beside(1, async (client) => {
      const values = Array.from({ length: 8 }, (_, seed) =>
        Uint8Array.from({ length: 500_000 }, (_, i) => (i * (seed + 7)) % 251),
      );
      await Promise.all(values.map((value, i) => client.set(`large:${i}`, value)));
      const items = await Promise.all(values.map((_, i) => client.get(`large:${i}`)));
      for (const [i, item] of items.entries()) {
        // Faster than a comparison element by element.
        expect(Buffer.compare(item?.value ?? new Uint8Array(0), values[i] as Uint8Array)).toBe(0);
      }
      expect(
        await client.set("larger", new Uint8Array(1_100_000)).catch((error: ClientError) => error.code),
      ).toBe("server-error");
      expect(client.servers()[0]?.counters).toMatchObject({ connects: 1, disconnects: 0 });
    });
  });

  test("1,000 calls at once are answered in the order of each key", async () => {
    await beside(2, async (client) => {
      const keys = Array.from({ length: 10 }, (_, i) => `count:${i}`);
      await Promise.all(keys.map((key) => client.set(key, "0")));
      const counts = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) => client.incr(keys[i % 10] as string, 1)),
      );
      expect(counts).toEqual(Array.from({ length: 1_000 }, (_, i) => BigInt(1 + Math.floor(i / 10))));
    });
  });

  test("a server on a unix socket is a server like any other", async () => {
    const folder = mkdtempSync(join(tmpdir(), "memwire-client-"));
    {
      await using peer = await startMemcached({ socketPath: join(folder, "memcached.sock") });
      const client = clientOf([peer]);
      await client.set("a", "x");
      expect((await client.get("a"))?.value).toEqual(utf8("x"));
      await client.close();
    }
    const gone = clientOf([
      { endpoint: { kind: "unix", path: join(folder, "memcached.sock") } } as RunningPeer,
    ]);
    const error = await gone.get("a").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(["not-found", "refused"]).toContain((error as ClientError).code);
    await gone.close();
    rmSync(folder, { recursive: true });
  });

  test("a call is given up, and its late answer reaches nobody", async () => {
    await beside(1, async (client) => {
      await client.set("a", "old");
      for (let i = 0; i < 50; i++) {
        const controller = new AbortController();
        const given = client
          .gets("a", { signal: controller.signal })
          .catch((error: ClientError) => error.code);
        const kept = client.incr("n", 1);
        if (i % 2 === 0) await Promise.resolve();
        else await new Promise((resolve) => setTimeout(resolve, 0));
        controller.abort();
        expect(await kept).toBe(undefined);
        const outcome = await given;
        if (typeof outcome !== "object") expect(outcome).toBe("aborted");
      }
      expect((await client.get("a"))?.value).toEqual(utf8("old"));
    });
  });

  test("a program ends by itself when its client is closed", async () => {
    await using peer = await startMemcached();
    const address = describeEndpoint(peer.endpoint);
    const file = fileURLToPath(new URL("../src/client-farewell.ts", import.meta.url));
    await using program = startProgram(runtime, file, [address]);
    const ending = await program.ended;
    expect([ending, program.stdout.trim(), program.stderr]).toEqual([
      { code: 0, signal: null },
      await farewell(address),
      "",
    ]);
  });
});
