// SIGTERM in the middle of what clients send, over real sockets: what has begun to come is stored and answered first.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RequestDecoder } from "@memwire/codec";
import { RUNTIMES, startProgram, TextClient, type RunningProgram } from "@memwire/conformance";
import { parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A server that stores everything, and answers from `answer()` on. */
class StoringServer implements AsyncDisposable {
  /** Bytes of the values that it was told whole, one after the other. */
  readonly stored: number[] = [];
  readonly #waiting: (() => void)[] = [];
  #answers = false;
  readonly #server = createServer({ noDelay: true }, (socket) => {
    const decoder = new RequestDecoder();
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      decoder.receive(chunk);
      while (decoder.next() === "request") {
        this.stored.push(decoder.text.valueBytes);
        this.#waiting.push(() => socket.write("STORED\r\n"));
      }
      if (this.#answers) this.answer();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  answer(): void {
    this.#answers = true;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((closed) => this.#server.close(closed));
  }
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  async function start(server: StoringServer, limits: string): Promise<[RunningProgram, Endpoint]> {
    const file = join(folder, `${runtime}.yml`);
    const address = await server.start();
    const pool = `{ listen: 127.0.0.1:0, timeout: 60000, servers: ['${address}'] }`;
    writeFileSync(file, `proxy: ${limits}\npools:\n  main: ${pool}\n`);
    const proxy = startProgram(runtime, main, ["--config", file]);
    const [, endpoint = ""] = await proxy.said(/^(\S+) pool main:/m);
    return [proxy, parseEndpoint(endpoint)];
  }

  test.each([10, 500_000])(
    "a value of %i bytes whose client is slow is stored before it ends",
    async (bytes) => {
      await using server = new StoringServer();
      const [proxy, endpoint] = await start(server, "{ drain_timeout: 20000 }");
      await using _ = proxy;
      using client = await TextClient.connect(endpoint);
      server.answer();
      const half = "v".repeat(bytes / 2);
      client.send(`set k 0 0 ${bytes}\r\n${half}`);
      await later(100);
      proxy.signal("SIGTERM");
      await later(300);
      client.send(`${half}\r\n`);
      expect(await client.rest()).toBe("STORED\r\n");
      expect(await proxy.ended).toEqual({ code: 0, signal: null });
      expect(server.stored).toEqual([bytes]);
    },
  );

  test.each(["long connected", "just connected"])(
    "what clients %s sent before the signal is answered, though nobody had read it yet",
    async (who) => {
      await using server = new StoringServer();
      const [proxy, endpoint] = await start(server, "{ drain_timeout: 20000 }");
      await using _ = proxy;
      using clients = new DisposableStack();
      server.answer();
      const all: TextClient[] = [];
      for (let i = 0; i < 30; i++) {
        const client = clients.use(await TextClient.connect(endpoint));
        if (who === "long connected") await client.ask("mn\r\n");
        all.push(client);
      }
      for (const client of all) client.send("set k 0 0 1\r\nv\r\n");
      proxy.signal("SIGTERM");
      const told = await Promise.all(all.map((client) => client.rest()));
      expect(told).toEqual(all.map(() => "STORED\r\n"));
      expect(await proxy.ended).toEqual({ code: 0, signal: null });
    },
  );

  test("requests without replies that wait for their turn reach the server before it ends", async () => {
    await using server = new StoringServer();
    const [proxy, endpoint] = await start(server, "{ pipeline_max: 10, drain_timeout: 20000 }");
    await using _ = proxy;
    using client = await TextClient.connect(endpoint);
    const sets = 5_000; // so many that not all are read at once
    client.send("set k 0 0 50 noreply\r\n".padEnd(72, "v").concat("\r\n").repeat(sets));
    await later(200);
    proxy.signal("SIGTERM");
    await later(200);
    server.answer();
    expect(await client.rest()).toBe("");
    expect(await proxy.ended).toEqual({ code: 0, signal: null });
    expect(server.stored).toEqual(Array.from({ length: sets }, () => 50));
  });

  test("a value that does not come is waited for no longer than drain_timeout", async () => {
    await using server = new StoringServer();
    const [proxy, endpoint] = await start(server, "{ drain_timeout: 500 }");
    await using _ = proxy;
    using client = await TextClient.connect(endpoint);
    client.send("set k 0 0 10\r\nhalf");
    await later(100);
    const asked = Date.now();
    proxy.signal("SIGTERM");
    expect(await client.rest()).toBe("");
    expect(await proxy.ended).toEqual({ code: 0, signal: null });
    expect(Date.now() - asked).toBeGreaterThan(400);
    expect(Date.now() - asked).toBeLessThan(5_000);
    expect(server.stored).toEqual([]);
  });
});
