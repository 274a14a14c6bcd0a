// memwire-gateway as people run it, on every runtime: start, mistakes, end.

import { statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIMES, startProgram, type Runtime } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MessageNode } from "./message-node.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-gateway-"))));
afterAll(() => rm(folder, { recursive: true }));

async function outcomeOf(runtime: Runtime, args: readonly string[]): Promise<object> {
  await using program = startProgram(runtime, main, args);
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("serves HTTP over a memcached of its own, says how to try it, and ends with 0", async () => {
    await using gateway = startProgram(runtime, main, ["--port", "0"]);
    const [, url = ""] = await gateway.said(/(http:\S+) .*\n(?:.*\n)*Ctrl-C/);
    // What it says to try, with other words than curl's.
    const put = await fetch(`${url}/kv/greeting`, { method: "PUT", body: "hello" });
    expect(put.status).toBe(201);
    expect(await (await fetch(`${url}/kv/greeting`)).text()).toBe("hello");
    const { servers } = (await (await fetch(`${url}/stats`)).json()) as { servers: { state: string }[] };
    expect(servers.map(({ state }) => state)).toEqual(["ready"]);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
    expect(gateway.stdout).toMatch(
      new RegExp(
        `^memwire-gateway 0\\.1\\.0 on ${runtime}\n${url} ketama by md5 over 127\\.0\\.0\\.1:\\d+\n` +
          "this server is in this process; what it holds is gone when it ends\n" +
          `try it in another terminal:\n  curl -X PUT --data hello ${url}/kv/greeting\n  curl ${url}/kv/greeting\n` +
          "Ctrl-C ends it\n$",
      ),
    );
  });

  test("listens on a unix socket with its permissions", async () => {
    const path = join(folder, `${runtime}.sock`);
    await using gateway = startProgram(runtime, main, ["--listen", `${path} 0640`]);
    await gateway.said(/Ctrl-C/);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const status = await new Promise((resolve, reject) => {
      httpRequest({ socketPath: path, path: "/kv/a" }, (response) => resolve(response.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(404);
  });

  test("answers what is under way when it is told to end, and cuts what does not end", async () => {
    await using node = await MessageNode.start(() => undefined);
    await using gateway = startProgram(runtime, main, ["--port", "0", "--backend", `127.0.0.1:${node.port}`]);
    const [, port] = await gateway.said(/http:\/\/127\.0\.0\.1:(\d+)/);
    const socket = connect(Number(port), "127.0.0.1");
    let text = "";
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => {}).on("data", (piece: unknown) => (text += String(piece)));
    socket.write("GET /stream/news?follow HTTP/1.1\r\nhost: x\r\n\r\n");
    await gateway.said(/Ctrl-C/);
    while (node.asked === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    await closed;
    // Complete if the node's last answer, that it has none, came before the end.
    expect(text).toMatch(/\{"complete":(?:true|false),"messages":0\}/);
  });

  test("says that a port is in use", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    const outcome = await outcomeOf(runtime, ["--port", `${port}`]);
    server.close();
    const stderr = `memwire-gateway: cannot listen on 127.0.0.1:${port}: address already in use\n`;
    expect(outcome).toEqual({ code: 1, stdout: "", stderr });
  });

  test("refuses access lines that stdout does not take in time, and writes all others", async () => {
    await using flood = startProgram(runtime, join(import.meta.dirname, "access-log-flood.ts"), []);
    expect(await flood.ended).toMatchObject({ code: 0 });
    const [, lines, refused] = /^(\d+) lines, (\d+) refused\n$/.exec(flood.stderr) ?? [];
    expect(Number(refused)).toBeGreaterThan(0);
    expect(flood.stdout.trimEnd().split("\n")).toHaveLength(Number(lines) - Number(refused));
  });

  test("a body that does not come does not hold up its end: it is 503, and is logged", async () => {
    const args = ["--port", "0", "--access-log", "all"];
    await using gateway = startProgram(runtime, main, args);
    const [, port] = await gateway.said(/http:\/\/127\.0\.0\.1:(\d+)[^]*Ctrl-C/);
    const socket = connect(Number(port), "127.0.0.1");
    let text = "";
    socket.on("error", () => {}).on("data", (piece: unknown) => (text += String(piece)));
    socket.write("PUT /kv/k HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc");
    // Until that is being read.
    let requestsNow = 0;
    while (requestsNow < 2) {
      const stats = await (await fetch(`http://127.0.0.1:${port}/stats`)).json();
      ({ requestsNow } = (stats as { counters: { requestsNow: number } }).counters);
    }
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    socket.destroy();
    expect(text).toMatch(/^HTTP\/1\.1 503 [^]*the gateway is closed/);
    expect(gateway.stdout).toContain('"url":"/kv/k","status":503');
  });

  test("a body that is too long is refused by what it says of itself, counted and logged", async () => {
    await using gateway = startProgram(runtime, main, ["--port", "0"]);
    const [, port] = await gateway.said(/http:\/\/127\.0\.0\.1:(\d+)[^]*Ctrl-C/);
    const socket = connect(Number(port), "127.0.0.1");
    let text = "";
    const answered = new Promise<void>((resolve) => {
      socket
        .on("error", () => {})
        .on("data", (piece: unknown) => {
          text += String(piece);
          if (/\r\n\r\n.|content-length: 0/is.test(text)) resolve();
        });
    });
    socket.write("PUT /kv/k HTTP/1.1\r\nhost: x\r\ncontent-length: 1048577\r\n\r\n");
    await answered;
    socket.destroy();
    expect(text).toMatch(
      /^HTTP\/1\.1 413 [^]*\{"error":"a body must have at most 1048576 bytes, got 1048577"\}/,
    );
    const stats = await (await fetch(`http://127.0.0.1:${port}/stats`)).json();
    expect(stats).toMatchObject({ counters: { bodiesTooLarge: 1 } });
    // The time is said once, by the gateway.
    await gateway.said(
      /^\{"level":"info","time":\d+,"address":"127\.0\.0\.1","method":"PUT","url":"\/kv\/k","status":413,/m,
    );
  });

  test("helps, and says its version", async () => {
    expect(await outcomeOf(runtime, ["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect(await outcomeOf(runtime, ["--help"])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Usage: memwire-gateway .*--config.*--listen.*--backend.*Exit codes:/s),
      stderr: "",
    });
  });
});

test.each<[string, string]>([
  ["--frob", "unknown option '--frob'"],
  ["--port x", '--port must be a whole number from 0 to 65535, got "x"'],
  [
    "--deno-sockets bun",
    "option '--deno-sockets <whose>' argument 'bun' is invalid. Allowed choices are node, deno",
  ],
  [
    "--access-log some",
    "option '--access-log <which>' argument 'some' is invalid. Allowed choices are all, failures, none",
  ],
  ["--listen h:1 --port 2", "--port cannot stand beside --listen: it has the port already"],
  ["--backend 127.0.0.1:1 --backend 127.0.0.1:1", "--backend 127.0.0.1:1 is there twice: take one out"],
  [
    "--backend 127.0.0.1:8080",
    "127.0.0.1:8080 is a server and where the gateway itself would listen: choose another --port",
  ],
  ["--config /no/such/file", "cannot read /no/such/file: no such file"],
])("of %s it says %s", async (args, message) => {
  expect(await outcomeOf("deno", args.split(" "))).toEqual({
    code: 2,
    stdout: "",
    stderr: `memwire-gateway: ${message}; see memwire-gateway --help\n`,
  });
});

test("every mistake of the file is one line with its place", async () => {
  const file = join(folder, "gateway.yaml");
  await writeFile(
    file,
    'servers:\n  - 127.0.0.1:11211:x\nroutes:\n  - path: /api/{uid}\n    key: "u:{id}"\ntime_out: 5\n',
  );
  const { code, stderr } = (await outcomeOf("deno", ["--config", file])) as { code: number; stderr: string };
  expect(code).toBe(2);
  const lines = stderr.trimEnd().split("\n");
  expect(lines.map((line) => line.slice(file.length).split(" ")[0])).toEqual([":2", ":5", ":5", ":6"]);
});
