// The gateway over three real memcached servers, on every runtime, asked over HTTP.

import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync, inflateSync } from "node:zlib";
import {
  RUNTIMES,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type RunningPeer,
  type RunningProgram,
  type Runtime,
} from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const portOf = ({ endpoint }: RunningPeer): number => (endpoint.kind === "tcp" ? endpoint.port : 0);

const routes = `
routes:
  - path: /api/{uid}?lang
    key: "u:{uid}:{lang}"
  - path: /readonly/{name}
    key: "r:{name}"
    methods: [GET]
`;

/** Python's pylibmc says compressed with 8, php-memcached with 16: both, and what this test writes itself. */
const COMPRESSED_FLAGS = 8 | 16;

withPeer("memcached", () => {
  describe.each(RUNTIMES)("on %s", (runtime) => {
    let folder = "";
    let servers: RunningPeer[] = [];
    let gateway: RunningProgram;
    let url = "";

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "memwire-gateway-"));
      servers = await Promise.all([1, 2, 3].map(() => startMemcached()));
      ({ gateway, url } = await startGateway(runtime, join(folder, "gateway.yaml"), servers));
    });
    afterAll(async () => {
      await gateway.stop();
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true });
    });

    /** Every server's answer to a `get`, without the END. */
    async function stored(key: string): Promise<string[]> {
      const answers: string[] = [];
      for (const server of servers) {
        using client = await TextClient.connect(server.endpoint);
        const answer = await client.ask(`get ${key}\r\n`, "END\r\n");
        if (answer !== "END\r\n") answers.push(answer.slice(0, -"END\r\n".length));
      }
      return answers;
    }

    /** Stores on the server that owns a key, as it is. */
    async function plant(key: string, flags: number, value: Uint8Array): Promise<void> {
      await fetch(`${url}/kv/${key}`, { method: "PUT", body: "x" });
      for (const server of servers) {
        using client = await TextClient.connect(server.endpoint);
        const bytes = Buffer.from(value).toString("latin1");
        await client.ask(`replace ${key} ${flags} 0 ${value.length}\r\n${bytes}\r\n`);
      }
    }

    test("an item is set, read, added once, and deleted, on one server only", async () => {
      const item = `${url}/kv/item`;
      expect((await fetch(item)).status).toBe(404);
      const body = Uint8Array.from({ length: 3_000 }, (_, i) => (i * 7) & 0xff);
      const put = await fetch(item, { method: "PUT", body, headers: { "content-type": "image/png" } });
      expect(put.status).toBe(201);
      const got = await fetch(item);
      expect(got.status).toBe(200);
      expect(got.headers.get("content-type")).toBe("image/png");
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(body);
      const head = await fetch(item, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe("3000");
      expect((await fetch(item, { method: "POST", body: "other" })).status).toBe(409);
      expect(await stored("item")).toHaveLength(1);
      expect((await fetch(item, { method: "DELETE" })).status).toBe(204);
      expect((await fetch(item, { method: "DELETE" })).status).toBe(404);
      expect((await fetch(item, { method: "POST", body: "new" })).status).toBe(201);
      expect(await (await fetch(item)).text()).toBe("new");
    });

    test("other clients of memcached read what was put as it is", async () => {
      await fetch(`${url}/kv/shared`, {
        method: "PUT",
        body: '{"a":1}',
        headers: { "content-type": "application/json" },
      });
      expect((await stored("shared"))[0]).toMatch(/^VALUE shared \d+ 7\r\n\{"a":1\}\r\n$/);
      const odd = "application/vnd.example+json;v=2";
      await fetch(`${url}/kv/odd`, { method: "PUT", body: "{}", headers: { "content-type": odd } });
      const got = await fetch(`${url}/kv/odd`);
      expect(got.headers.get("content-type")).toBe(odd);
      expect(await got.text()).toBe("{}");
    });

    test("expiry and flags are said in the URL or in headers", async () => {
      await fetch(`${url}/kv/timed?ttl=100&flags=5`, { method: "PUT", body: "x" });
      const got = await fetch(`${url}/kv/timed`);
      expect(got.headers.get("memcached-flags")).toBe("5");
      await fetch(`${url}/kv/headed`, {
        method: "PUT",
        body: Buffer.from("x"),
        headers: { "memcached-ttl": "1", "memcached-flags": "6" },
      });
      expect((await stored("headed"))[0]).toMatch(/^VALUE headed 6 1\r\n/);
      const until = Date.now() + 10_000;
      while ((await fetch(`${url}/kv/headed`)).status !== 404) {
        expect(Date.now()).toBeLessThan(until);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      for (const bad of ["ttl=x", "ttl=-1", "flags=1.5", "tll=5"]) {
        expect((await fetch(`${url}/kv/bad?${bad}`, { method: "PUT", body: "x" })).status).toBe(400);
      }
      expect(await stored("bad")).toEqual([]);
    });

    test("keys are escaped so that each is one word, as nginx does", async () => {
      await fetch(`${url}/kv/a%20b%0d%0aflush_all%00/%C3%A9%25`, { method: "PUT", body: "x" });
      expect(await stored("a%20b%0D%0Aflush_all%00/é%25")).toHaveLength(0);
      const key = Buffer.from("a%20b%0D%0Aflush_all%00/é%25").toString("latin1");
      expect(await stored(key)).toHaveLength(1);
      expect(await (await fetch(`${url}/kv/a%20b%0D%0Aflush_all%00/é%25`)).text()).toBe("x");
      expect((await fetch(`${url}/kv/${"k".repeat(250)}`)).status).toBe(404);
      const long = await fetch(`${url}/kv/${"k".repeat(251)}`);
      expect(long.status).toBe(400);
      expect(await long.text()).toMatch(/250.*251/);
      expect((await fetch(`${url}/kv/`)).status).toBe(400);
    });

    test("routes of the file turn URL arguments into keys", async () => {
      expect((await fetch(`${url}/api/42?lang=de`, { method: "PUT", body: "hallo" })).status).toBe(201);
      expect(await stored("u:42:de")).toHaveLength(1);
      for (let i = 0; i < 3; i++) expect(await (await fetch(`${url}/api/42?lang=de`)).text()).toBe("hallo");
      const missing = await fetch(`${url}/api/42`);
      expect(missing.status).toBe(400);
      expect(await missing.text()).toContain("lang");
      const refused = await fetch(`${url}/readonly/x`, { method: "PUT", body: "x" });
      expect(refused.status).toBe(405);
      expect(refused.headers.get("allow")).toMatch(/GET/);
    });

    test("many keys are gathered from all servers, as JSON and as NDJSON", async () => {
      const keys = Array.from({ length: 60 }, (_, i) => `many:${i}`);
      for (const key of keys.slice(0, 40))
        await fetch(`${url}/kv/${key}`, { method: "PUT", body: `value of ${key}` });
      const query = keys.map((key) => `key=${key}`).join("&");
      const json = await fetch(`${url}/multi?${query}`);
      expect(json.status).toBe(200);
      const { complete, items } = (await json.json()) as {
        complete: boolean;
        items: { key: string; status: number; value?: string }[];
      };
      expect(complete).toBe(true);
      expect(items.map(({ key }) => key)).toEqual(keys);
      expect(items.filter(({ status }) => status === 200).map(({ value }) => value)).toEqual(
        keys.slice(0, 40).map((key) => `value of ${key}`),
      );
      expect(items.slice(40).every(({ status }) => status === 404)).toBe(true);
      const lines = (
        await (await fetch(`${url}/multi?${query}`, { headers: { accept: "application/x-ndjson" } })).text()
      )
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { key?: string; complete?: boolean });
      expect(lines.at(-1)?.complete).toBe(true);
      expect(
        lines
          .slice(0, -1)
          .map(({ key = "" }) => key)
          .toSorted(),
      ).toEqual(keys.toSorted());
    });

    test("compressed values are inflated, or passed through to clients that accept them", async () => {
      const text = "hello ".repeat(1_000);
      await plant("gz", 8, gzipSync(text));
      const plain = await fetch(`${url}/kv/gz`, { headers: { "accept-encoding": "identity" } });
      expect(plain.headers.get("content-encoding")).toBeNull();
      expect(await plain.text()).toBe(text);
      // fetch would inflate it: what is on the wire counts.
      const raw = await rawGet(url, "/kv/gz", "accept-encoding: gzip");
      expect(raw.head).toMatch(/content-encoding: gzip/i);
      expect(gunzipSync(raw.body).toString()).toBe(text);
      const bomb = gzipSync(Buffer.alloc(20_000_000));
      await plant("bomb", 8, bomb);
      expect((await fetch(`${url}/kv/bomb`, { headers: { "accept-encoding": "identity" } })).status).toBe(
        502,
      );
      await plant("broken", 8, gzipSync(text).subarray(0, 30));
      expect((await fetch(`${url}/kv/broken`, { headers: { "accept-encoding": "identity" } })).status).toBe(
        502,
      );
    });

    const pylibmc = { name: "pylibmc", check: ["-c", "import pylibmc"] };
    withPeer(
      "python3",
      (python) => {
        test("a value that pylibmc has compressed comes out inflated, and passed through", async () => {
          const write = `import pylibmc, sys
c = pylibmc.Client(["127.0.0.1:" + sys.argv[1]])
assert c.set("from-python", b"hello from python " * 500, min_compress_len=10)`;
          await checkWriter("from-python", "hello from python ".repeat(500), (port) => {
            execFileSync(python, ["-c", write, `${port}`]);
          });
        });
      },
      pylibmc,
    );

    const phpMemcached = { name: "php-memcached", check: ["-r", "exit(class_exists('Memcached') ? 0 : 1);"] };
    withPeer(
      "php",
      (php) => {
        test("a value that php-memcached has compressed comes out inflated, and passed through", async () => {
          const write = `$m = new Memcached(); $m->addServer("127.0.0.1", (int)$argv[1]);
$m->setOption(Memcached::OPT_COMPRESSION_TYPE, Memcached::COMPRESSION_ZLIB);
exit($m->set("from-php", str_repeat("hello from php ", 500)) ? 0 : 1);`;
          await checkWriter("from-php", "hello from php ".repeat(500), (port) => {
            execFileSync(php, ["-r", write, `${port}`]);
          });
        });
      },
      phpMemcached,
    );

    /** The client writes to every server, of which one is the owner: which one is not its concern. */
    async function checkWriter(key: string, text: string, write: (port: number) => void): Promise<void> {
      for (const server of servers) write(portOf(server));
      const plain = await fetch(`${url}/kv/${key}`, { headers: { "accept-encoding": "identity" } });
      expect(await plain.text()).toBe(text);
      const raw = await rawGet(url, `/kv/${key}`, "accept-encoding: deflate");
      expect(raw.head).toMatch(/content-encoding: deflate/i);
      expect(inflateSync(raw.body).toString()).toBe(text);
    }

    test("a server that is gone fails its own keys only, and says so", async () => {
      const keys = Array.from({ length: 30 }, (_, i) => `dead:${i}`);
      for (const key of keys) await fetch(`${url}/kv/${key}`, { method: "PUT", body: "x" });
      const dead = servers[0] as RunningPeer;
      await dead.stop();
      const statuses = new Map<string, number>();
      for (const key of keys) statuses.set(key, (await fetch(`${url}/kv/${key}`)).status);
      const failed = keys.filter((key) => statuses.get(key) === 502);
      expect(failed.length).toBeGreaterThan(0);
      expect(failed.length).toBeLessThan(keys.length);
      expect(keys.filter((key) => statuses.get(key) === 200)).toHaveLength(keys.length - failed.length);
      const multi = await fetch(`${url}/multi?${keys.map((key) => `key=${key}`).join("&")}`);
      const { items } = (await multi.json()) as { items: { key: string; status: number }[] };
      expect(items.filter(({ status }) => status === 502).map(({ key }) => key)).toEqual(failed);
      const answer = await fetch(`${url}/kv/${failed[0]}`);
      expect(await answer.text()).toContain(`127.0.0.1:${portOf(dead)}`);
      servers[0] = await startMemcached({ port: portOf(dead) });
      const until = Date.now() + 20_000;
      while ((await fetch(`${url}/kv/${failed[0]}`)).status !== 404) {
        expect(Date.now()).toBeLessThan(until);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
  });
});

async function startGateway(
  runtime: Runtime,
  file: string,
  servers: readonly RunningPeer[],
): Promise<{ gateway: RunningProgram; url: string }> {
  await writeFile(
    file,
    `servers:\n${servers.map((server) => `  - 127.0.0.1:${portOf(server)}:1\n`).join("")}compressed_flags: ${COMPRESSED_FLAGS}\n${routes}`,
  );
  const gateway = startProgram(runtime, main, ["--config", file, "--port", "0"]);
  const [url] = await gateway.said(/http:\/\/127\.0\.0\.1:\d+/);
  return { gateway, url };
}

/** An answer as it is on the wire. */
async function rawGet(
  url: string,
  path: string,
  header: string,
): Promise<{ head: string; body: Uint8Array }> {
  const { hostname: host, port } = new URL(url);
  using client = await TextClient.connect({ kind: "tcp", host, port: Number(port) });
  client.send(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n\r\n`);
  const answer = await client.rest();
  const end = answer.indexOf("\r\n\r\n");
  return { head: answer.slice(0, end), body: Buffer.from(answer.slice(end + 4), "latin1") };
}
