// memwire-server -U, on every runtime and with several workers: what comes by UDP is answered by UDP.

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-udp-"))));
afterAll(() => rm(folder, { recursive: true }));

/** Asks from a socket of its own, so that the system may give it to any worker; again if a datagram was lost. */
async function ask(port: number, text: string): Promise<string> {
  const socket = createSocket("udp4");
  const request = Buffer.concat([Buffer.from([0, 7, 0, 0, 0, 1, 0, 0]), Buffer.from(text)]);
  try {
    return await new Promise((resolve, reject) => {
      const again = setInterval(() => socket.send(request, port, "127.0.0.1"), 500);
      setTimeout(() => reject(new Error("no datagram came")), 10_000).unref();
      socket.on("error", reject);
      socket.on("message", (reply) => {
        clearInterval(again);
        expect([...reply.subarray(0, 8)]).toEqual([0, 7, 0, 0, 0, 1, 0, 0]);
        resolve(reply.subarray(8).toString());
      });
      socket.send(request, port, "127.0.0.1");
    });
  } finally {
    socket.close();
  }
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["1", "2"])("-U without -p is UDP and TCP on one port, with -t %s", async (threads) => {
    const port = await freePort();
    const file = join(folder, `${runtime}-${threads}`);
    await using server = startProgram(
      runtime,
      main,
      ["-U", `${port}`, "-t", threads, "-l", "127.0.0.1", "-v"],
      {
        env: { MEMCACHED_PORT_FILENAME: file },
      },
    );
    await server.said(/ listens on /);
    expect(server.stderr).toContain(`listens on 127.0.0.1:${port}, udp 127.0.0.1:${port}\n`);
    expect(readFileSync(file, "utf8")).toBe(`TCP INET: ${port}\nUDP INET: ${port}\n`);
    using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
    expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
    for (let i = 0; i < 20; i++) {
      expect(await ask(port, "get a\r\n")).toBe("VALUE a 0 1\r\nx\r\nEND\r\n");
    }
    const settings = await client.ask("stats settings\r\n", "END\r\n");
    expect(settings).toContain(`STAT udpport ${port}\r\n`);
    expect(await client.ask("stats\r\n", "END\r\n")).toMatch(/^STAT get_hits 2\d\r$/m);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  });

  test("-p 0 is UDP alone, on all addresses when none is given", async () => {
    const file = join(folder, `${runtime}-alone`);
    await using server = startProgram(runtime, main, ["-p", "0", "-U", "-1", "-v"], {
      env: { MEMCACHED_PORT_FILENAME: file },
    });
    await server.said(/ listens on udp /);
    const [, port] = /^UDP INET: (\d+)\n(?:UDP INET6: \d+\n)?$/.exec(readFileSync(file, "utf8")) ?? [];
    expect(await ask(Number(port), "get a\r\n")).toBe("END\r\n");
  });
});
