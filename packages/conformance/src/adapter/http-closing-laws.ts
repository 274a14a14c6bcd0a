// The end of a server: what is being answered is answered, what has no end is cut, and nothing is left.

import { expect } from "vitest";
import { HttpClient } from "./http-client.ts";
import { HttpHost, settle, until, WatchedBody } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

/** So long that a test that waits for it fails. */
const FOR_EVER_MS = 1_000_000;

const refuses = (host: HttpHost): Promise<boolean> =>
  HttpClient.connect(host.endpoint).then(
    (client) => {
      client[Symbol.dispose]();
      return false;
    },
    () => true,
  );

export const httpClosingLaws: readonly HttpLaw[] = [
  httpOnEveryKind("close ends connections on which nothing is asked, at once", async (harness, kind) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, kind, () => new Response("here"));
    const [silent, begun, kept] = [await host.dial(), await host.dial(), await host.dial()];
    begun.send("GET / HTTP/1.1\r\nHo");
    await kept.ask("/").answer();
    await settle();
    await host.close(FOR_EVER_MS);
    // One that has never said anything may still be with the kernel, which ends it when it does.
    silent.send("GET");
    await Promise.all([silent.over(), begun.over(), kept.over()]);
    expect(await refuses(host)).toBe(true);
    await host.close(FOR_EVER_MS);
  }),

  httpOnEveryKind("close waits for what is being answered, and no longer", async (harness, kind) => {
    const { Response } = harness;
    const body = new WatchedBody();
    let answer = (): void => {};
    await using host = await HttpHost.open(harness, kind, ({ url }) => {
      if (url.endsWith("/stream")) return new Response(body.stream);
      return new Promise((resolve) => {
        answer = () => resolve(new Response("at last"));
      });
    });
    const [streaming, waiting] = [await host.dial(), await host.dial()];
    streaming.ask("/stream");
    waiting.ask("/waiting");
    await until(() => body.isWaitedFor, "the stream");
    await settle();
    const closed = host.close(FOR_EVER_MS);
    await settle();
    body.give("piece");
    await streaming.upTo("piece");
    answer();
    expect((await waiting.answer()).body).toBe("at last");
    await until(() => body.isWaitedFor, "the last pull");
    body.end();
    await streaming.upTo("0\r\n\r\n");
    await closed;
    await Promise.all([streaming.over(), waiting.over()]);
    expect(await refuses(host)).toBe(true);
    expect(body.cancels).toBe(0);
  }),

  httpOnce("while the last answers go out, nothing new is answered", async (harness) => {
    const { Response } = harness;
    const body = new WatchedBody();
    let requests = 0;
    let answer = (): void => {};
    await using host = await HttpHost.open(harness, "tcp", ({ url }) => {
      requests++;
      if (url.endsWith("/stream")) return new Response(body.stream);
      return new Promise((resolve) => {
        answer = () => resolve(new Response("at last"));
      });
    });
    const [streaming, waiting, early] = [await host.dial(), await host.dial(), await host.dial()];
    streaming.ask("/stream");
    waiting.ask("/waiting");
    await until(() => body.isWaitedFor && requests === 2, "both requests");
    const closed = host.close(FOR_EVER_MS);
    await settle();
    const late = await host.dial().catch(() => undefined);
    early.ask("/early");
    late?.ask("/late");
    answer();
    await waiting.answer();
    waiting.ask("/again");
    await settle(100);
    const answers = [early, waiting, late].map((client) => client?.received.slice(0, 12) ?? "");
    expect([requests, answers.filter((text) => text !== "" && text !== "HTTP/1.1 503")]).toEqual([2, []]);
    body.end();
    await closed;
  }),

  httpOnEveryKind("close cuts what has not ended in time, and tells it", async (harness, kind) => {
    const { Response } = harness;
    const bodies = [
      new WatchedBody(),
      new WatchedBody(new Uint8Array(10_000)),
      new WatchedBody(new Uint8Array(10_000)),
    ];
    let aborts = 0;
    await using host = await HttpHost.open(harness, kind, ({ url }, { signal }) => {
      const body = bodies[Number(new URL(url).pathname.slice(1))];
      if (body !== undefined) return new Response(body.stream);
      signal.addEventListener("abort", () => aborts++);
      return new Promise(() => new Response());
    });
    const clients = await Promise.all(bodies.map(() => host.dial()));
    for (const [index, client] of clients.entries()) client.ask(`/${index}`);
    clients[2]?.pause();
    const waiting = await host.dial();
    waiting.ask("/waiting");
    await until(() => bodies.every(({ pulls }) => pulls > 0), "the streams");
    await settle(100);
    await host.close(50);
    clients[2]?.resume();
    for (const client of [...clients, waiting]) expect(await client.rest()).not.toMatch(/\r\n0\r\n\r\n$/);
    await until(() => bodies.every(({ cancels }) => cancels === 1) && aborts === 1, "all to be told");
    expect(host.failures).toEqual([]);
  }),

  httpOnEveryKind("an endpoint that was closed can be had again", async (harness, kind) => {
    const { Response } = harness;
    await using first = await HttpHost.open(harness, kind, () => new Response("first"));
    await first.serves();
    await first.close(0);
    await using second = await HttpHost.open(harness, kind, () => new Response("second"), {
      endpoint: first.endpoint,
    });
    expect(second.endpoint).toEqual(first.endpoint);
    const client = await second.dial();
    expect((await client.ask("/").answer()).body).toBe("second");
  }),

  httpOnEveryKind("an endpoint that is taken is refused with a reason", async (harness, kind) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, kind, () => new Response("here"));
    const again = HttpHost.open(harness, kind, () => new Response("there"), { endpoint: host.endpoint });
    await expect(again).rejects.toThrow(
      /^cannot listen on .+: (?:address already in use|somebody listens there)$/,
    );
    await host.serves();
  }),
];
