// Streams over nodes that hand each message out once: the program on every runtime, real sockets on both sides.

import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { RUNTIMES, startProgram, type RunningProgram, type Runtime } from "@memwire/conformance";
import { describe, expect, test } from "vitest";
import { MessageNode } from "./message-node.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");

interface Message {
  readonly node: string;
  readonly value: string;
}

/** The gateway over three nodes. */
async function startGateway(
  runtime: Runtime,
  nodes: readonly MessageNode[],
): Promise<{ program: RunningProgram; port: number }> {
  const program = startProgram(runtime, main, [
    "--port",
    "0",
    "--access-log",
    "all",
    ...nodes.flatMap(({ port }) => ["--backend", `127.0.0.1:${port}`]),
  ]);
  const [, port] = await program.said(/http:\/\/127\.0\.0\.1:(\d+)/);
  return { program, port: Number(port) };
}

function open(port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, agent: false });
    request.on("error", reject).on("response", resolve).end();
  });
}

interface AccessLine {
  readonly url: string;
  readonly status: number;
  readonly messages: number;
  readonly inFlight: number;
}

const accessLines = (program: RunningProgram): AccessLine[] =>
  program.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as AccessLine)
    .filter(({ url }) => url.startsWith("/stream/"));

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

/** Nothing is asked any more: so long must it be quiet. */
const QUIET_MS = 500;

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("30,000 messages of three nodes arrive merged, each once and in its node's order", async () => {
    await using one = await MessageNode.start((i) => (i < 10_000 ? `one ${i}` : undefined));
    await using two = await MessageNode.start((i) => (i < 10_000 ? `two ${i} é€😀` : undefined));
    await using three = await MessageNode.start((i) => (i < 10_000 ? `three ${i}\n"` : undefined));
    const { program, port } = await startGateway(runtime, [one, two, three]);
    await using _ = program;
    const response = await open(port, "/stream/news");
    expect(response.statusCode).toBe(200);
    expect(response.headers["content-type"]).toMatch(/^application\/x-ndjson/);
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Message & { complete?: boolean; messages?: number });
    expect(lines.pop()).toMatchObject({ complete: true, messages: 30_000 });
    const of = (node: MessageNode): string[] =>
      lines.filter((line) => line.node === `127.0.0.1:${node.port}`).map(({ value }) => value);
    expect(of(one)).toEqual(Array.from({ length: 10_000 }, (_, i) => `one ${i}`));
    expect(of(two)).toEqual(Array.from({ length: 10_000 }, (_, i) => `two ${i} é€😀`));
    expect(of(three)).toEqual(Array.from({ length: 10_000 }, (_, i) => `three ${i}\n"`));
    // Merged as they came: no node waited for another to be empty.
    const firsts = lines.slice(0, 3_000).map(({ node }) => node);
    expect(new Set(firsts).size).toBe(3);
    for (const node of [one, two, three]) {
      expect(node.inFlightMost).toBe(1);
      expect(node.odd).toEqual([]);
    }
    await until("the access line", () => accessLines(program).length === 1);
    expect(accessLines(program)).toMatchObject([{ status: 200, messages: 30_000, inFlight: 0 }]);
  });

  test("a client that stops reading stops the asking, and memory stays", async () => {
    const big = "x".repeat(10_000);
    await using node = await MessageNode.start(() => big);
    const { program, port } = await startGateway(runtime, [node]);
    await using _ = program;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.write("GET /stream/news?follow HTTP/1.1\r\nhost: x\r\n\r\n");
    socket.pause();
    // It asks until the buffers between are full, and then no more.
    let before = -1;
    await until("the asking to stop", () => {
      const still = performance.now() - node.lastAskedAt > QUIET_MS && node.asked > 0;
      before = node.asked;
      return still;
    });
    await sleep(QUIET_MS);
    expect(node.asked).toBe(before);
    // What both kernels and the runtime hold for one connection.
    expect(node.asked * big.length).toBeLessThan(32 * 1_048_576);
    // It goes on where it stopped.
    socket.resume();
    await until("more to be asked", () => node.asked > before + 100);
    socket.destroy();
    await until("the access line", () => accessLines(program).length === 1);
    expect(accessLines(program)[0]).toMatchObject({ status: 499 });
  });

  test("200 clients that go away lose at most one message a node each, counted on both sides", async () => {
    const delays = (): number => Math.floor(Math.random() * 3);
    const nodes = [
      await MessageNode.start((i) => `one ${i}`, delays),
      await MessageNode.start((i) => (i % 7 === 6 ? undefined : `two ${i}`), delays),
      await MessageNode.start((i) => `three ${i}`),
    ];
    const { program, port } = await startGateway(runtime, nodes);
    await using _ = program;
    let received = 0;
    const clients = 200;
    const one = async (): Promise<void> => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.setEncoding("utf8");
      const after = Math.floor(Math.random() * 60);
      let text = "";
      socket.write("GET /stream/news?follow HTTP/1.1\r\nhost: x\r\n\r\n");
      const gone = once(socket, "close");
      socket.on("data", (piece: unknown) => {
        text += String(piece);
        if (text.split('"value"').length > after) socket.destroy();
      });
      await gone;
      received += text.split('"value"').length - 1;
    };
    for (let i = 0; i < clients; i += 20) await Promise.all(Array.from({ length: 20 }, one));
    await until("all access lines", () => accessLines(program).length === clients);
    const lines = accessLines(program);
    expect(lines.every(({ status }) => status === 499)).toBe(true);
    expect(lines.every(({ inFlight }) => inFlight <= nodes.length)).toBe(true);
    const handedOut = nodes.reduce((sum, node) => sum + node.handedOut, 0);
    const given = lines.reduce((sum, { messages }) => sum + messages, 0);
    const inFlight = lines.reduce((sum, each) => sum + each.inFlight, 0);
    // What left a node was given to a client's connection or was in flight; an empty answer was in flight, too.
    expect(handedOut).toBeLessThanOrEqual(given + inFlight);
    expect(handedOut).toBeGreaterThanOrEqual(given);
    expect(received).toBeLessThanOrEqual(given);
    for (const node of nodes) expect(node.odd).toEqual([]);
    for (const node of nodes) await node[Symbol.asyncDispose]();
  });

  test("when a client goes away nothing more is asked, and the log says 499", async () => {
    await using node = await MessageNode.start(
      (i) => `message ${i}`,
      () => 5,
    );
    await using empty = await MessageNode.start(() => undefined);
    const { program, port } = await startGateway(runtime, [node, empty]);
    await using _ = program;
    const response = await open(port, "/stream/news?follow");
    await once(response, "data");
    response.destroy();
    await until("the access line", () => accessLines(program).length === 1);
    // What was on its way when the line was written has been counted as in flight there.
    await sleep(50);
    const asked = [node.asked, empty.asked];
    await sleep(QUIET_MS);
    expect([node.asked, empty.asked]).toEqual(asked);
    expect(accessLines(program)[0]).toMatchObject({ status: 499 });
    expect(accessLines(program)[0]?.inFlight).toBeLessThanOrEqual(2);
  });

  test("server-sent events, for those who ask for them", async () => {
    await using node = await MessageNode.start((i) => ["plain", "two\nlines"][i]);
    const { program, port } = await startGateway(runtime, [node]);
    await using _ = program;
    const response = await fetch(`http://127.0.0.1:${port}/stream/news`, {
      headers: { accept: "text/event-stream" },
    });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const text = await response.text();
    expect(text).toContain("data: plain\n\n");
    expect(text).toContain("data: two\ndata: lines\n\n");
  });
});
