// Answers: what a client gets of a Response, when, and never a part for the whole.

import { expect } from "vitest";
import { HttpHost, until, WatchedBody } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

const MIB = 1024 * 1024;

/** More than all buffers between two sockets on one machine hold. */
const BUFFERS_BYTES_MAX = 32 * MIB;

const statuses: readonly (readonly [status: number, body: string | null])[] = [
  [200, "fine"],
  [200, ""],
  [201, "made"],
  [204, null],
  [206, "part"],
  [304, null],
  [404, "none"],
  [409, "other"],
  [429, "later"],
  [499, "left"],
  [502, "bad"],
  [503, "busy"],
];

export const httpAnswerLaws: readonly HttpLaw[] = [
  httpOnce("a client gets status, headers and body", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", ({ url }) => {
      const [status, body] = statuses[Number(new URL(url).pathname.slice(1))] ?? [500, null];
      const headers = new Headers({ "X-One": "1", "content-type": "text/x" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(body, { status, headers });
    });
    const client = await host.dial();
    for (const [index, [status, body]] of statuses.entries()) {
      const answer = await client.ask(`/${index}`).answer();
      expect([answer.status, answer.body]).toEqual([status, body ?? ""]);
      expect(answer.headers.get("x-one")).toBe("1");
      expect(answer.headers.get("set-cookie")).toBe("a=1\nb=2");
    }
  }),

  httpOnEveryKind("HEAD gets the head of the answer, and no body", async (harness, kind) => {
    const { Response } = harness;
    const bodies: WatchedBody[] = [];
    await using host = await HttpHost.open(harness, kind, ({ url }) => {
      const headers = { "content-length": "5", "x-one": "1" };
      if (!url.endsWith("/stream")) return new Response("hello", { headers });
      const body = new WatchedBody();
      bodies.push(body);
      return new Response(body.stream, { headers: { "x-one": "1" } });
    });
    const client = await host.dial();
    const whole = await client.ask("/whole", "HEAD").answer("HEAD");
    expect(whole.headers.get("content-length")).toBe("5");
    const stream = await client.ask("/stream", "HEAD").answer("HEAD");
    expect([whole, stream].map(({ status, headers }) => [status, headers.get("x-one")])).toEqual([
      [200, "1"],
      [200, "1"],
    ]);
    await until(() => bodies[0]?.cancels === 1, "the body that nobody wants to be cancelled");
    expect((await client.ask("/whole").answer()).body).toBe("hello");
    expect(bodies.map(({ cancels, pulls }) => [cancels, pulls <= 1])).toEqual([[1, true]]);
  }),

  httpOnEveryKind("a stream comes piece by piece, and none is asked for ahead", async (harness, kind) => {
    const { Response } = harness;
    const body = new WatchedBody();
    await using host = await HttpHost.open(harness, kind, () => new Response(body.stream));
    const client = await host.dial();
    client.ask("/");
    for (let count = 1; count <= 10; count++) {
      await until(() => body.isWaitedFor, "a pull");
      expect(body.pulls).toBe(count);
      body.give(`piece ${count};`);
      await client.upTo(`piece ${count};`);
    }
    await until(() => body.isWaitedFor, "the last pull");
    body.end();
    await client.upTo("0\r\n\r\n");
    expect(body.pulls).toBe(11);
  }),

  httpOnce("the head of a stream does not wait for its first piece", async (harness) => {
    const { Response } = harness;
    const body = new WatchedBody();
    const headers = { "x-one": "1" };
    await using host = await HttpHost.open(harness, "tcp", () => new Response(body.stream, { headers }));
    const client = await host.dial();
    expect(await client.ask("/").upTo("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 [^]*x-one: 1\r\n/i);
    expect(client.received).toBe("");
    body.give("first");
    await client.upTo("first");
  }),

  httpOnEveryKind("a client that does not read stops the stream", async (harness, kind) => {
    const { Response } = harness;
    const piece = new Uint8Array(64 * 1024).fill(0x78);
    const body = new WatchedBody(piece);
    await using host = await HttpHost.open(harness, kind, () => new Response(body.stream));
    const client = await host.dial();
    client.ask("/").pause();
    await stopped(body);
    const { pulls } = body;
    expect(pulls * piece.length).toBeLessThan(BUFFERS_BYTES_MAX);
    client.resume();
    await until(() => client.receivedBytes > 2 * pulls * piece.length, "it to go on");
    client.pause();
    await stopped(body);
    expect(body.pulls * piece.length - client.receivedBytes).toBeLessThan(BUFFERS_BYTES_MAX);
    expect(body.cancels).toBe(0);
  }),

  httpOnce("a handler that throws is a 500 without a word of it, and the server goes on", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", ({ url }) => {
      if (url.endsWith("/throws")) throw new Error("secret of throws");
      if (url.endsWith("/rejects")) return Promise.reject(new Error("secret of rejects"));
      return new Response("fine");
    });
    const client = await host.dial();
    for (const path of ["/throws", "/rejects"]) {
      const { status, headers, body } = await client.ask(path).answer();
      expect([status, body.length < 100]).toEqual([500, true]);
      expect(`${body} ${[...headers].join(" ")}`).not.toContain("secret");
    }
    expect(host.failures.map(String)).toEqual(["Error: secret of throws", "Error: secret of rejects"]);
    await host.serves();
  }),

  httpOnce("a `failed` that fails itself takes neither answer nor server with it", async (harness) => {
    const { Response } = harness;
    let told = 0;
    const handle = ({ url }: Request): Response => {
      if (url.endsWith("/throws")) throw new Error("of the handler");
      return new Response("fine");
    };
    await using host = await HttpHost.open(harness, "tcp", handle, {
      failed: () => {
        told++;
        throw new Error("of failed");
      },
    });
    const client = await host.dial();
    expect((await client.ask("/throws").answer()).status).toBe(500);
    await host.serves("/fine");
    expect(told).toBe(1);
  }),

  httpOnEveryKind(
    "a body that fails cuts the connection, so that nobody takes it for whole",
    async (harness, kind) => {
      const { Response } = harness;
      let body = new WatchedBody();
      await using host = await HttpHost.open(harness, kind, ({ url }) => {
        return new Response(url.endsWith("/fails") ? body.stream : "fine");
      });
      for (const pieces of [0, 1, 3]) {
        body = new WatchedBody();
        const client = await host.dial();
        client.ask("/fails");
        for (let count = 0; count < pieces; count++) {
          await until(() => body.isWaitedFor, "a pull");
          body.give("piece");
          await client.until(() => client.received.split("piece").length > count + 1, "the piece");
        }
        await until(() => body.isWaitedFor, "a pull");
        body.fail(new Error("secret"));
        const text = await client.rest();
        expect(text).not.toMatch(/0\r\n\r\n$|secret/);
        expect(text.split("piece").length - 1).toBe(pieces);
      }
      await host.serves("/fine");
    },
  ),

  httpOnce("what a body failed with is told", async (harness) => {
    const { Response } = harness;
    const body = new WatchedBody();
    await using host = await HttpHost.open(harness, "tcp", () => new Response(body.stream));
    const client = await host.dial();
    client.ask("/");
    await until(() => body.isWaitedFor, "a pull");
    body.fail(new Error("of the body"));
    await client.over();
    await until(() => host.failures.length > 0, "the failure to be told");
    expect(host.failures.map(String)).toEqual(["Error: of the body"]);
  }),
];

/** Waits until no piece has been asked for in a while. */
async function stopped(body: WatchedBody): Promise<void> {
  let [last, same] = [0, 0];
  await until(() => {
    same = body.pulls === last ? same + 1 : 0;
    last = body.pulls;
    return last > 0 && same > 100;
  }, "the pulls to stop");
}
