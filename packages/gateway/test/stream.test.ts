import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ClientError } from "@memwire/client";
import { bench, type Bench, errorOf, turn } from "./bench.ts";
import { MessageNodes } from "./message-nodes.ts";

const SSE = { headers: { accept: "text/event-stream" } };
const decoder = new TextDecoder();

function streamBench(nodes: MessageNodes, options: Parameters<typeof bench>[0] = {}): Bench {
  const it = bench(options);
  it.client.names = nodes.names;
  it.client.node = nodes.answer;
  return it;
}

const readerOf = (response: Response): ReadableStreamDefaultReader<Uint8Array> =>
  (response.body as ReadableStream<Uint8Array>).getReader();

/** The next piece as text; undefined at the end. */
async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { value } = await reader.read();
  return value === undefined ? undefined : decoder.decode(value);
}

async function jsonLines(response: Response): Promise<readonly unknown[]> {
  const text = await response.text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

describe("until all nodes are empty", () => {
  test("their messages are merged, in order of each node, and the last line says that it is all", async () => {
    const nodes = new MessageNodes([["a1", "a2", "a3"], [], ["c1"]]);
    const { ask, lines, gateway } = streamBench(nodes);
    const response = await ask("GET", "/stream/t");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const all = await jsonLines(response);
    expect(all.filter((line) => (line as { node?: string }).node === "node-0")).toEqual([
      { node: "node-0", value: "a1" },
      { node: "node-0", value: "a2" },
      { node: "node-0", value: "a3" },
    ]);
    expect(all).toContainEqual({ node: "node-2", value: "c1" });
    expect(all).toHaveLength(5);
    expect(all.at(-1)).toEqual({ complete: true, messages: 4 });
    expect(lines).toMatchObject([{ status: 200, messages: 4, inFlight: 0 }]);
    expect(nodes.asked).toEqual([4, 1, 2]);
    expect(gateway.counters).toMatchObject({
      messages: 4,
      messagesInFlight: 0,
      streamsNow: 0,
      requestsNow: 0,
      served: 1,
    });
  });

  test("bytes that are no text come in base64, compressed ones inflated", async () => {
    const nodes = new MessageNodes([[]]);
    const it = streamBench(nodes);
    const items = [
      { value: new Uint8Array([0xff, 0xfe]), flags: 0 },
      { value: gzipSync("inflated"), flags: 1 },
      { value: gzipSync("broken").slice(0, 12), flags: 1 },
    ];
    it.client.node = () => Promise.resolve(items.shift());
    expect(await jsonLines(await it.ask("GET", "/stream/t"))).toEqual([
      { node: "node-0", base64: "//4=" },
      { node: "node-0", value: "inflated" },
      { node: "node-0", base64: expect.stringMatching(/^H4sI/) as string },
      { complete: true, messages: 3 },
    ]);
  });

  test("a node that fails is told of, and the others go on", async () => {
    const nodes = new MessageNodes([["a"], [], ["c"]]);
    nodes.failures.set(1, new ClientError("refused", "node-1", "connection refused"));
    const { ask, gateway } = streamBench(nodes);
    const all = await jsonLines(await ask("GET", "/stream/t"));
    expect(all).toContainEqual({ node: "node-1", error: "node-1: connection refused" });
    expect(all).toContainEqual({ node: "node-0", value: "a" });
    expect(all).toContainEqual({ node: "node-2", value: "c" });
    expect(all.at(-1)).toEqual({ complete: false, messages: 2 });
    expect(nodes.asked).toEqual([2, 1, 2]);
    expect(gateway.counters.nodeFailures).toBe(1);
  });

  test("a client that asks for several pieces at once gets each once", async () => {
    const held: (() => void)[] = [];
    const nodes = new MessageNodes([["a"]], (answer) => held.push(answer));
    const { ask, lines } = streamBench(nodes);
    const reader = readerOf(await ask("GET", "/stream/t"));
    const reads = Array.from({ length: 5 }, () => next(reader));
    for (let i = 0; i < 5; i++) {
      await turn();
      held.shift()?.();
    }
    expect(await Promise.all(reads)).toEqual([
      '{"node":"node-0","value":"a"}\n',
      '{"complete":true,"messages":1}\n',
      undefined,
      undefined,
      undefined,
    ]);
    expect(lines).toMatchObject([{ status: 200, messages: 1, inFlight: 0 }]);
  });

  test("the topic is a key like any other", async () => {
    const it = streamBench(new MessageNodes([[]]));
    const keys: string[] = [];
    it.client.node = (_server, key) => {
      keys.push(key);
      return Promise.resolve(undefined);
    };
    await (await it.ask("GET", "/stream/a/b%20c%0d%0ax")).text();
    expect(keys).toEqual(["a/b%20c%0D%0Ax"]);
  });

  test("the counter of messages goes on while a stream is open", async () => {
    const { ask, gateway } = streamBench(new MessageNodes([["a"], ["b"]]));
    const reader = readerOf(await ask("GET", "/stream/t?follow"));
    while (gateway.counters.messages < 2) await reader.read();
    expect(gateway.counters).toMatchObject({ messages: 2, streamsNow: 1 });
    await reader.cancel();
    expect(gateway.counters).toMatchObject({ messages: 2, streamsNow: 0 });
  });

  test("nothing is asked before somebody reads", async () => {
    const nodes = new MessageNodes([["a"], ["b"]]);
    const { ask } = streamBench(nodes);
    const response = await ask("GET", "/stream/t");
    await turn();
    expect(nodes.asked).toEqual([0, 0]);
    await response.body?.cancel();
  });

  test("a client that stops reading stops the asking", async () => {
    const nodes = new MessageNodes([
      ["a1", "a2"],
      ["b1", "b2"],
    ]);
    const { ask } = streamBench(nodes);
    const reader = readerOf(await ask("GET", "/stream/t"));
    await reader.read();
    for (let i = 0; i < 5; i++) await turn();
    expect(nodes.asked).toEqual([1, 1]);
    await reader.cancel();
  });
});

describe("with follow", () => {
  test("an empty node is asked again, later and later, and soon again after a message", async () => {
    const nodes = new MessageNodes([[]]);
    const it = streamBench(nodes, { followMinMs: 100, followMaxMs: 400 });
    const { simulation } = it;
    const reader = readerOf(await it.ask("GET", "/stream/t?follow"));
    const askedAt: number[] = [];
    const answer = it.client.node;
    it.client.node = (...args) => {
      askedAt.push(simulation.elapsedMs);
      return answer(...args);
    };
    const reading = reader.read();
    await turn();
    for (let i = 0; i < 15; i++) {
      simulation.advance(100);
      await turn();
    }
    expect(askedAt).toEqual([0, 100, 300, 700, 1_100, 1_500]);
    nodes.queues[0]?.push("late");
    simulation.advance(400);
    expect(decoder.decode((await reading).value)).toBe('{"node":"node-0","value":"late"}\n');
    const again = reader.read();
    again.catch(() => {});
    await turn();
    simulation.advance(100);
    await turn();
    expect(askedAt.slice(6)).toEqual([1_900, 1_900, 2_000]);
    await reader.cancel();
  });

  test("an outage is told once, and the node is asked until it is back", async () => {
    const nodes = new MessageNodes([[]]);
    const { ask, simulation, gateway } = streamBench(nodes, { followMinMs: 100, followMaxMs: 100 });
    const reader = readerOf(await ask("GET", "/stream/t?follow=1"));
    const outage = new ClientError("refused", "node-0", "connection refused");
    nodes.failures.set(0, outage);
    expect(await next(reader)).toBe('{"node":"node-0","error":"node-0: connection refused"}\n');
    const reading = next(reader);
    for (let i = 0; i < 10; i++) {
      simulation.advance(100);
      await turn();
    }
    expect(gateway.counters.nodeFailures).toBe(11);
    nodes.failures.clear();
    nodes.queues[0]?.push("back");
    simulation.advance(100);
    expect(await reading).toBe('{"node":"node-0","value":"back"}\n');
    nodes.failures.set(0, outage);
    expect(await next(reader)).toBe('{"node":"node-0","error":"node-0: connection refused"}\n');
    await reader.cancel();
  });

  test("a node that was only empty in between has been back: its next outage is told", async () => {
    const nodes = new MessageNodes([[]]);
    const { ask, simulation } = streamBench(nodes, { followMinMs: 100, followMaxMs: 100 });
    const reader = readerOf(await ask("GET", "/stream/t?follow=1"));
    const outage = new ClientError("refused", "node-0", "connection refused");
    nodes.failures.set(0, outage);
    await reader.read();
    const reading = next(reader);
    nodes.failures.clear();
    simulation.advance(100);
    await turn();
    nodes.failures.set(0, outage);
    simulation.advance(100);
    expect(await reading).toBe('{"node":"node-0","error":"node-0: connection refused"}\n');
    await reader.cancel();
  });

  test("goes on until the client goes, and leaves no timer behind", async () => {
    const nodes = new MessageNodes([[], []]);
    const { ask, simulation, lines, gateway } = streamBench(nodes);
    const reader = readerOf(await ask("GET", "/stream/t?follow"));
    const reading = reader.read();
    await turn();
    simulation.advance(10_000);
    await turn();
    await reader.cancel();
    expect((await reading).done).toBe(true);
    simulation.run();
    const { asked } = nodes;
    const before = [...asked];
    simulation.advance(100_000);
    expect(asked).toEqual(before);
    expect(lines).toMatchObject([{ status: 499, messages: 0, inFlight: 0 }]);
    expect(gateway.counters).toMatchObject({ streamsNow: 0, requestsNow: 0, clientsGone: 1 });
  });

  test.each(["?follow=0", "?follow=false", ""])("%j does not follow", async (query) => {
    const { ask } = streamBench(new MessageNodes([["a"]]));
    expect(await jsonLines(await ask("GET", `/stream/t${query}`))).toHaveLength(2);
  });
});

describe("server-sent events", () => {
  test("have the lines of a message as data, and events for what is none", async () => {
    const nodes = new MessageNodes([
      ["one", "two\nlines\n", "", " blank", "cr\r\n", new Uint8Array([0xff]), "data: x\n\nevent: y"],
      [],
    ]);
    nodes.failures.set(1, new ClientError("refused", "node-1", "refused"));
    const { ask } = streamBench(nodes);
    const response = await ask("GET", "/stream/t", SSE);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const text = await response.text();
    const error = 'event: error\ndata: {"node":"node-1","error":"node-1: refused"}\n\n';
    expect(text).toContain(error);
    expect(text.replace(error, "")).toBe(
      [
        "data: one\n\n",
        "data: two\ndata: lines\ndata: \n\n",
        "data: \n\n",
        "data:  blank\n\n",
        "event: base64\ndata: Y3INCg==\n\n",
        "event: base64\ndata: /w==\n\n",
        "data: data: x\ndata: \ndata: event: y\n\n",
        'event: end\ndata: {"complete":false,"messages":7}\n\n',
      ].join(""),
    );
  });

  test("a quiet stream says a comment now and then", async () => {
    const nodes = new MessageNodes([[]]);
    const { ask, simulation } = streamBench(nodes, { commentMs: 1_000, followMinMs: 10_000 });
    const reader = readerOf(await ask("GET", "/stream/t?follow", SSE));
    for (let i = 0; i < 3; i++) {
      const reading = next(reader);
      await turn();
      simulation.advance(999);
      simulation.advance(1);
      expect(await reading).toBe(":\n\n");
    }
    expect(simulation.elapsedMs).toBe(3_000);
    await reader.cancel();
    simulation.run();
  });
});

describe("a client that goes away", () => {
  /** Nodes 0 and 2 have answered, node 1 has not; all three were asked. */
  async function halfRead(
    signal: AbortSignal,
  ): Promise<Bench & { nodes: MessageNodes; reader: ReadableStreamDefaultReader<Uint8Array> }> {
    const held: (() => void)[] = [];
    const nodes = new MessageNodes([["a1", "a2"], ["b1"], ["c1", "c2"]], (answer) => held.push(answer));
    const it = streamBench(nodes);
    const reader = readerOf(await it.ask("GET", "/stream/t", { signal }));
    const reading = reader.read();
    await turn();
    held[0]?.();
    held[2]?.();
    await reading;
    return { ...it, nodes, reader };
  }

  test.each(["cancel", "abort", "cancel, then abort", "abort, then cancel"])(
    "(%s) is 499 once, with what is lost",
    async (how) => {
      const abort = new AbortController();
      const { reader, lines, nodes, gateway } = await halfRead(abort.signal);
      for (const act of how.split(", then ")) {
        if (act === "abort") abort.abort();
        else await reader.cancel();
      }
      await turn();
      expect(lines).toHaveLength(1);
      const [{ messages = 0, inFlight = 0, status } = { status: 0 }] = lines;
      expect([status, nodes.asked]).toEqual([499, [1, 1, 1]]);
      expect(messages + inFlight).toBe(3);
      expect(gateway.counters).toMatchObject({
        clientsGone: 1,
        streamsNow: 0,
        messages,
        messagesInFlight: inFlight,
      });
    },
  );

  test("takes what was asked and not sent with it: the call's signal is aborted at once", async () => {
    const it = bench();
    let signal: { readonly aborted: boolean } | undefined;
    it.client.node = (_server, _key, options) => {
      ({ signal } = options);
      return new Promise(() => {});
    };
    const reader = readerOf(await it.ask("GET", "/stream/t"));
    const reading = reader.read();
    await turn();
    expect(signal?.aborted).toBe(false);
    const gone = reader.cancel();
    expect(signal?.aborted).toBe(true);
    await Promise.all([reading, gone]);
    expect(it.lines).toMatchObject([{ status: 499, messages: 0, inFlight: 3 }]);
  });

  test("before anything was read, asks nothing", async () => {
    const nodes = new MessageNodes([["a"]]);
    const { ask, lines } = streamBench(nodes);
    const abort = new AbortController();
    abort.abort();
    const response = await ask("GET", "/stream/t", { signal: abort.signal });
    await response.text();
    expect(nodes.asked).toEqual([0]);
    expect(lines).toMatchObject([{ status: 499, messages: 0, inFlight: 0 }]);
  });

  test("is told by its own signal, where there is one, and not by the request's", async () => {
    const { gateway, lines } = streamBench(new MessageNodes([["a"]]));
    const [own, ofRequest] = [new AbortController(), new AbortController()];
    const request = new Request("http://gateway/stream/t", { signal: ofRequest.signal });
    const reader = readerOf(await gateway.fetch(request, { address: "", signal: own.signal }));
    ofRequest.abort();
    expect(await next(reader)).toBe('{"node":"node-0","value":"a"}\n');
    expect(lines).toEqual([]);
    own.abort();
    expect(lines).toMatchObject([{ status: 499, messages: 1, inFlight: 0 }]);
  });

  test("leaves nothing listening at the request's signal, as one that ends", async () => {
    const { gateway } = streamBench(new MessageNodes([["a"]]));
    let listening = 0;
    const signal = {
      aborted: false,
      addEventListener: () => listening++,
      removeEventListener: () => listening--,
    };
    const request = (): Request =>
      Object.defineProperty(new Request("http://gateway/stream/t"), "signal", { value: signal });
    const cancelled = readerOf(await gateway.fetch(request()));
    await cancelled.read();
    expect(listening).toBe(1);
    await cancelled.cancel();
    expect(listening).toBe(0);
    await (await gateway.fetch(request())).text();
    expect(listening).toBe(0);
  });

  test("after the end has not gone away: some runtimes abort every request at its end", async () => {
    const { ask, lines, gateway } = streamBench(new MessageNodes([["a"]]));
    const abort = new AbortController();
    const response = await ask("GET", "/stream/t", { signal: abort.signal });
    await response.text();
    abort.abort();
    expect(lines).toMatchObject([{ status: 200, messages: 1, inFlight: 0 }]);
    expect(gateway.counters).toMatchObject({ served: 1, clientsGone: 0 });
  });
});

describe("refusals", () => {
  test.each(["HEAD", "PUT", "POST", "DELETE"])("%s is 405", async (method) => {
    const response = await bench().ask(method, "/stream/t");
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
  });

  test.each([
    ["/stream/", "a key must have 1 to 250 bytes, got 0"],
    ["/stream/t?folow", 'an argument of /stream must be follow, got "folow"'],
    ["/stream/t?follow=yes", 'follow must be 1 or 0, got "yes"'],
  ])("%s is 400", async (path, message) => {
    const response = await bench().ask("GET", path);
    expect([response.status, await errorOf(response)]).toEqual([400, message]);
  });

  test("more than streamsMax at a time are 503, until one ends", async () => {
    const { ask, gateway } = streamBench(new MessageNodes([["a"]]), { limits: { streamsMax: 1 } });
    const open = await ask("GET", "/stream/t?follow");
    const response = await ask("GET", "/stream/t");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await errorOf(response)).toBe("at most 1 streams are open at a time");
    expect(gateway.counters).toMatchObject({ streamsTooMany: 1, streamsNow: 1 });
    await open.body?.cancel();
    expect(await jsonLines(await ask("GET", "/stream/t"))).toHaveLength(2);
  });
});

describe("close()", () => {
  test("gives what is held and asked for, asks nothing more, and ends the stream", async () => {
    const held: (() => void)[] = [];
    const nodes = new MessageNodes([["a1", "a2"], ["b1"], []], (answer) => held.push(answer));
    const { ask, gateway, lines } = streamBench(nodes);
    const reader = readerOf(await ask("GET", "/stream/t?follow"));
    const first = next(reader);
    await turn();
    held[0]?.();
    held[2]?.();
    await first;
    const closing = gateway.close();
    const second = next(reader);
    await turn();
    held[1]?.();
    expect(await second).toBe('{"node":"node-1","value":"b1"}\n');
    expect(await next(reader)).toBe('{"complete":false,"messages":2}\n');
    expect(await next(reader)).toBeUndefined();
    await closing;
    expect(nodes.asked).toEqual([1, 1, 1]);
    expect(lines).toMatchObject([{ status: 200, messages: 2, inFlight: 0 }]);
  });

  test("breaks off, after drainMs, what its client does not read", async () => {
    const nodes = new MessageNodes([["a1"], ["b1"]]);
    const { ask, gateway, lines, simulation } = streamBench(nodes, { drainMs: 700 });
    const reader = readerOf(await ask("GET", "/stream/t"));
    await reader.read();
    let isClosed = false;
    const closing = gateway.close().then(() => (isClosed = true));
    simulation.advance(699);
    await turn();
    expect(isClosed).toBe(false);
    simulation.advance(1);
    await closing;
    await expect(reader.read()).rejects.toThrow("the gateway ended before the client had read all");
    expect(lines).toMatchObject([
      { status: 200, reason: "the gateway ended before the client had read all" },
    ]);
    expect(gateway.counters).toMatchObject({ streamsBrokenOff: 1, streamsNow: 0, requestsNow: 0 });
  });
});
