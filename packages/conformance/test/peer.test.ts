// The helper that starts peers, tried with memcached itself.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import {
  findPeer,
  freePort,
  type RunningPeer,
  startMemcached,
  startPeer,
  withPeer,
} from "@memwire/conformance";

test("finds a program in PATH and nothing under a name that nobody has", () => {
  expect(findPeer("ls")).toMatch(/\/ls$/);
  expect(findPeer("memwire-no-such-program")).toBeUndefined();
  expect(findPeer("")).toBeUndefined();
});

test("says what a program wrote when it ends instead of listening", async () => {
  const port = await freePort();
  const starting = startPeer("/bin/ls", ["/no-such-folder"], { kind: "tcp", host: "127.0.0.1", port });
  await expect(starting).rejects.toThrow(/ls does not listen on 127.0.0.1:\d+: .*no-such-folder/);
});

test("says so when a program cannot be started at all", async () => {
  const port = await freePort();
  const starting = startPeer("/no/such/program", [], { kind: "tcp", host: "127.0.0.1", port });
  await expect(starting).rejects.toThrow("ENOENT");
});

test("does not take somebody else who listens there for the program", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  await expect(startPeer("/bin/ls", [], { kind: "tcp", host: "127.0.0.1", port })).rejects.toThrow("in use");
  await new Promise((resolve) => other.close(resolve));
});

withPeer("memcached", () => {
  test("memcached answers on a port of its own, and is gone after stop", async () => {
    const memcached = await startMemcached();
    expect(await ask(memcached, "version\r\n")).toMatch(/^VERSION /);
    expect(isAlive(memcached.pid)).toBe(true);
    await memcached.stop();
    await memcached.stop();
    expect(isAlive(memcached.pid)).toBe(false);
  });

  test("memcached starts again on the port that it had", async () => {
    const first = await startMemcached();
    const port = first.endpoint.kind === "tcp" ? first.endpoint.port : 0;
    await first.stop();
    await using second = await startMemcached({ port, args: ["-m", "16"] });
    expect(second.endpoint).toEqual(first.endpoint);
    expect(await ask(second, "stats settings\r\n")).toContain("STAT maxbytes 16777216");
  });

  test("memcached listens on a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "memwire-peer-"));
    const socketPath = join(folder, "memcached.sock");
    {
      await using memcached = await startMemcached({ socketPath });
      expect(existsSync(socketPath)).toBe(true);
      expect(await ask(memcached, "version\r\n")).toMatch(/^VERSION /);
    }
    rmSync(folder, { recursive: true });
  });

  test("memcached that hangs is ended all the same", async () => {
    const memcached = await startMemcached();
    process.kill(memcached.pid, "SIGSTOP");
    await memcached.stop();
    expect(isAlive(memcached.pid)).toBe(false);
  });
});

function ask(peer: RunningPeer, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { endpoint } = peer;
    const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
    let answer = "";
    socket.once("error", reject);
    socket.on("data", (chunk: unknown) => {
      answer += String(chunk);
      if (!/^(VERSION.*|END)\r\n$/m.test(answer)) return;
      socket.destroy();
      resolve(answer);
    });
    socket.write(request);
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
