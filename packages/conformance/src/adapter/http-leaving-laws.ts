// Clients that go away: told once, whatever the answer is doing just then, and never of an answer that got through.

import type { HttpPeer } from "@memwire/adapter";
import { expect } from "vitest";
import { waysToLeave } from "./http-client.ts";
import { countAborts, HttpHost, settle, until, WatchedBody } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

/** When a handler asks for the signal: before it waits for anything, after that, or when nobody is there any more. */
const moments = ["at once", "later", "too late"] as const;

export const httpLeavingLaws: readonly HttpLaw[] = [
  ...moments.map((moment) =>
    httpOnEveryKind(
      `a handler that is at work, and asks ${moment}, sees the signal abort, once`,
      async (harness, kind) => {
        const { Response } = harness;
        for (const way of waysToLeave[kind]) {
          let [isAtWork, isTime, isOver] = [false, moment === "at once", false];
          let seen: { readonly aborts: number } = { aborts: 0 };
          await using host = await HttpHost.open(harness, kind, async (_, peer) => {
            isAtWork = true;
            if (!isTime) await until(() => isTime, "the time to ask");
            seen = countAborts(peer);
            await until(() => isOver, "the end");
            return new Response("to nobody");
          });
          const client = await host.dial();
          client.ask("/");
          await until(() => isAtWork, "the request");
          if (moment === "later") isTime = true;
          await settle(); // the connection is idle when the client goes
          client.leave(way);
          if (moment === "too late") {
            await settle();
            isTime = true;
          }
          await until(() => seen.aborts > 0, `the abort after ${way}`);
          isOver = true;
          await settle();
          expect([way, seen.aborts, host.failures]).toEqual([way, 1, []]);
        }
      },
    ),
  ),

  ...moments.map((moment) =>
    httpOnEveryKind(
      `a handler that asks ${moment}, and gives up because its client went away, has not failed`,
      async (harness, kind) => {
        const { Response } = harness;
        let [atWork, isTime, givenUp] = [0, false, 0];
        await using host = await HttpHost.open(harness, kind, async ({ url }, peer) => {
          if (url.endsWith("/fine")) return new Response("fine");
          atWork++;
          if (moment !== "at once") await until(() => isTime, "the time to ask");
          await aborted(peer.signal);
          givenUp++;
          throw peer.signal.reason;
        });
        for (const way of waysToLeave[kind]) {
          const before = { atWork, givenUp };
          isTime = moment === "later";
          const client = await host.dial();
          client.ask("/");
          await until(() => atWork > before.atWork, "the request");
          await settle();
          client.leave(way);
          if (moment === "too late") {
            await settle();
            isTime = true;
          }
          await until(() => givenUp > before.givenUp, "the handler to give up");
        }
        await host.serves("/fine");
        await settle();
        expect(host.failures).toEqual([]);
      },
    ),
  ),

  httpOnEveryKind(
    "a handler that fails as another gives up, and with the same error, has failed",
    async (harness, kind) => {
      const { Response } = harness;
      const error = new Error("of both");
      let [isBroken, atWork, gone] = [false, 0, 0];
      const broken = until(() => isBroken, "the failure").then(() => {
        throw error;
      });
      await using host = await HttpHost.open(harness, kind, async (_, { signal }) => {
        atWork++;
        signal.addEventListener("abort", () => gone++);
        await broken;
        return new Response();
      });
      const clients = await Promise.all(Array.from({ length: 5 }, () => host.dial()));
      for (const [index, client] of clients.entries()) {
        client.ask("/");
        await until(() => atWork === index + 1, "the request");
      }
      for (const index of [0, 2, 3]) clients[index]?.leave("close");
      await until(() => gone === 3, "three to be gone");
      isBroken = true;
      for (const index of [1, 4]) expect((await clients[index]?.answer())?.status).toBe(500);
      await settle();
      expect(host.failures).toEqual([error, error]);
    },
  ),

  httpOnEveryKind("a client that goes at once is noticed as well", async (harness, kind) => {
    const { Response } = harness;
    let aborts = 0;
    let requests = 0;
    await using host = await HttpHost.open(harness, kind, (_, { signal }) => {
      requests++;
      signal.addEventListener("abort", () => aborts++);
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
        await using host = await HttpHost.open(harness, kind, (_, peer) => {
          seen = countAborts(peer);
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
      const unasked: HttpPeer[] = [];
      const signals: { readonly aborts: number }[] = [];
      const stream = (): Response => {
        const body = new WatchedBody();
        bodies.push(body);
        return new Response(body.stream);
      };
      const late = async (url: string, peer: HttpPeer): Promise<Response> => {
        await settle();
        if (url.includes("/late/asked/")) signals.push(countAborts(peer));
        await settle();
        return url.endsWith("/stream") ? stream() : new Response("whole");
      };
      await using host = await HttpHost.open(harness, kind, ({ url }, peer) => {
        if (url.endsWith("/unasked")) unasked.push(peer);
        else if (!url.includes("/late/asked/")) signals.push(countAborts(peer));
        if (url.includes("/late/")) return late(url, peer);
        if (url.endsWith("/throws")) throw new Error("of the handler");
        return url.endsWith("/stream") ? stream() : new Response("whole");
      });
      const paths = ["/whole", "/stream", "/unasked", "/throws", "/late/whole", "/late/stream"];
      for (const path of [...paths, "/late/asked/whole", "/late/asked/stream"]) {
        for (const way of waysToLeave[kind]) {
          const client = await host.dial();
          client.ask(path);
          if (path.endsWith("/stream")) {
            const body = await waitedFor(bodies);
            body.give("piece");
            await client.upTo("piece");
            await until(() => body.isWaitedFor, "another pull");
            body.end();
            await client.upTo("0\r\n\r\n");
          } else await client.answer();
          await settle(10);
          client.leave(way);
          await settle(10);
        }
      }
      for (const peer of unasked) signals.push(countAborts(peer));
      await settle(100);
      expect(bodies.map(({ cancels }) => cancels)).toEqual(bodies.map(() => 0));
      expect(signals.map(({ aborts }) => aborts)).toEqual(signals.map(() => 0));
      const ways = waysToLeave[kind].length;
      expect([bodies.length, signals.length, host.failures.length]).toEqual([3 * ways, 8 * ways, ways]);
    },
  ),
];

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve());
  });
}

async function waitedFor(bodies: readonly WatchedBody[]): Promise<WatchedBody> {
  let found: WatchedBody | undefined;
  await until(() => {
    found = bodies.find((body) => body.isWaitedFor);
    return found !== undefined;
  }, "a body that is waited for");
  return found as WatchedBody;
}
