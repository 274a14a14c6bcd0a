// Clients that go away: told once, whatever the answer is doing just then, and never of an answer that got through.

import { expect } from "vitest";
import { waysToLeave } from "./http-client.ts";
import { countAborts, HttpHost, settle, until, WatchedBody } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

export const httpLeavingLaws: readonly HttpLaw[] = [
  httpOnEveryKind("a handler that is at work sees its signal abort, once", async (harness, kind) => {
    const { Response } = harness;
    for (const way of waysToLeave[kind]) {
      let seen: { readonly aborts: number } = { aborts: 0 };
      let asked = false;
      let answer = (): void => {};
      await using host = await HttpHost.open(harness, kind, (request) => {
        seen = countAborts(request);
        asked = true;
        return new Promise((resolve) => {
          answer = () => resolve(new Response("to nobody"));
        });
      });
      const client = await host.dial();
      client.ask("/");
      await until(() => asked, "the request");
      await settle(); // the connection is idle when the client goes
      client.leave(way);
      await until(() => seen.aborts > 0, `the abort after ${way}`);
      answer();
      await settle();
      expect([way, seen.aborts, host.failures]).toEqual([way, 1, []]);
    }
  }),

  httpOnEveryKind(
    "a handler that gives up because its client went away has not failed",
    async (harness, kind) => {
      const { Response } = harness;
      let givenUp = 0;
      await using host = await HttpHost.open(harness, kind, ({ url, signal }) => {
        if (url.endsWith("/fine")) return new Response("fine");
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            givenUp++;
            reject(signal.reason as Error);
          });
        });
      });
      for (const way of waysToLeave[kind]) {
        const before = givenUp;
        const client = await host.dial();
        client.ask("/");
        await settle();
        client.leave(way);
        await until(() => givenUp > before, "the handler to give up");
      }
      await host.serves("/fine");
      await settle();
      expect(host.failures).toEqual([]);
    },
  ),

  httpOnEveryKind("a client that goes at once is noticed as well", async (harness, kind) => {
    const { Response } = harness;
    let aborts = 0;
    let requests = 0;
    await using host = await HttpHost.open(harness, kind, (request) => {
      requests++;
      request.signal.addEventListener("abort", () => aborts++);
      return new Promise(() => new Response());
    });
    for (let count = 1; count <= 20; count++) {
      const client = await host.dial();
      client.ask("/");
      await until(() => requests === count, "the request");
      client.leave(waysToLeave[kind][count % waysToLeave[kind].length] ?? "close");
    }
    await until(() => aborts === 20, "all to be noticed");
  }),

  ...(["idle", "flowing", "held back"] as const).map((state) =>
    httpOnEveryKind(`a stream that is ${state} is cancelled, once`, async (harness, kind) => {
      const { Response } = harness;
      for (const way of waysToLeave[kind]) {
        // Who has ended his side of a full connection may still read; that nobody does shows only in time.
        if (state === "held back" && way === "end") continue;
        const body = new WatchedBody(state === "idle" ? undefined : new Uint8Array(16 * 1024));
        let seen: { readonly aborts: number } = { aborts: 0 };
        await using host = await HttpHost.open(harness, kind, (request) => {
          seen = countAborts(request);
          return new Response(body.stream);
        });
        const client = await host.dial();
        client.ask("/");
        await until(() => body.pulls > 0, "the first pull");
        if (state === "idle") {
          body.give("first");
          await client.upTo("first");
        } else if (state === "held back") client.pause();
        await settle(100);
        client.leave(way);
        await until(() => body.cancels > 0, `the cancel after ${way}`);
        const { pulls } = body;
        await settle();
        expect([way, body.cancels, body.pulls]).toEqual([way, 1, pulls]);
        expect(seen.aborts).toBeLessThanOrEqual(1);
        expect(host.failures).toEqual([]);
      }
    }),
  ),

  httpOnEveryKind("a stream that is answered to nobody is cancelled", async (harness, kind) => {
    const { Response } = harness;
    for (const way of waysToLeave[kind]) {
      const body = new WatchedBody();
      let answer: (() => void) | undefined;
      await using host = await HttpHost.open(
        harness,
        kind,
        () =>
          new Promise((resolve) => {
            answer = () => resolve(new Response(body.stream));
          }),
      );
      const client = await host.dial();
      client.ask("/");
      await until(() => answer !== undefined, "the request");
      client.leave(way);
      await settle();
      answer?.();
      await until(() => body.cancels > 0, `the cancel after ${way}`);
      await settle();
      expect([way, body.cancels, body.pulls <= 1, host.failures]).toEqual([way, 1, true, []]);
    }
  }),

  httpOnce("a client whose body nobody reads is noticed when it goes", async (harness) => {
    const { Response } = harness;
    for (const sentBytes of [100, 8 * 1024 * 1024]) {
      const body = new WatchedBody();
      await using host = await HttpHost.open(harness, "tcp", () => new Response(body.stream), {
        bodyBytesMax: 16 * 1024 * 1024,
      });
      const client = await host.dial();
      client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${12 * 1024 * 1024}\r\n\r\n`);
      client.send("x".repeat(sentBytes));
      await until(() => body.isWaitedFor, "a pull");
      await settle();
      client.leave("reset");
      await until(() => body.cancels > 0, `the cancel after ${sentBytes} bytes`);
    }
  }),

  httpOnEveryKind(
    "an answer that got through is told nothing when its client goes",
    async (harness, kind) => {
      const { Response } = harness;
      const bodies: WatchedBody[] = [];
      const signals: { readonly aborts: number }[] = [];
      await using host = await HttpHost.open(harness, kind, async (request) => {
        signals.push(countAborts(request));
        if (request.url.endsWith("/late")) await settle();
        if (request.url.endsWith("/whole")) return new Response("whole");
        const body = new WatchedBody();
        bodies.push(body);
        return new Response(body.stream);
      });
      for (const path of ["/whole", "/stream", "/late"]) {
        for (const way of waysToLeave[kind]) {
          const client = await host.dial();
          client.ask(path);
          if (path === "/whole") await client.answer();
          else {
            const body = await waitedFor(bodies);
            body.give("piece");
            await client.upTo("piece");
            await until(() => body.isWaitedFor, "another pull");
            body.end();
            await client.upTo("0\r\n\r\n");
          }
          await settle(10);
          client.leave(way);
          await settle(10);
        }
      }
      await settle(100);
      expect(bodies.map(({ cancels }) => cancels)).toEqual(bodies.map(() => 0));
      expect(signals.map(({ aborts }) => aborts)).toEqual(signals.map(() => 0));
      const ways = waysToLeave[kind].length;
      expect([bodies.length, signals.length]).toEqual([2 * ways, 3 * ways]);
    },
  ),
];

async function waitedFor(bodies: readonly WatchedBody[]): Promise<WatchedBody> {
  let found: WatchedBody | undefined;
  await until(() => {
    found = bodies.find((body) => body.isWaitedFor);
    return found !== undefined;
  }, "a body that is waited for");
  return found as WatchedBody;
}
