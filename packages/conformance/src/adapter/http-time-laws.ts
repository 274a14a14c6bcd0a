// Connections that take their time: those that never come to the point are given up, those that wait for an answer
// are not.

import { expect } from "vitest";
import { HttpHost, settle, until, WatchedBody } from "./http-host.ts";
import { httpSlowly, type HttpLaw } from "./http-law.ts";

export const httpTimeLaws: readonly HttpLaw[] = [
  httpSlowly(
    "headers that trickle in are given up, and so is a client that says nothing",
    async (harness) => {
      const { Response } = harness;
      await using host = await HttpHost.open(harness, "tcp", () => new Response("here"), {
        headerTimeoutMs: 300,
      });
      const [trickling, silent] = [await host.dial(), await host.dial()];
      trickling.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
      await until(
        () => {
          trickling.send("x");
          return trickling.isOver && silent.isOver;
        },
        "both to be given up",
        25_000,
      );
      await host.serves();
    },
  ),

  httpSlowly("a body that trickles in is given up", async (harness) => {
    const { Response } = harness;
    let outcome = "";
    await using host = await HttpHost.open(
      harness,
      "tcp",
      async (request) => {
        await request.arrayBuffer().then(
          () => (outcome = "read"),
          () => (outcome = "error"),
        );
        return new Response("here");
      },
      { headerTimeoutMs: 300, requestTimeoutMs: 300, idleTimeoutMs: 1_000 },
    );
    const client = await host.dial();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    await until(
      () => {
        client.send("x");
        return client.isOver;
      },
      "it to be given up",
      25_000,
    );
    await until(() => outcome !== "", "the reader to be told");
    expect(outcome).toBe("error");
  }),

  httpSlowly(
    "a connection without a request is closed after a while, one that is answered is not",
    async (harness) => {
      const { Response } = harness;
      const body = new WatchedBody();
      let answer = (): void => {};
      await using host = await HttpHost.open(
        harness,
        "tcp",
        ({ url }) => {
          if (url.endsWith("/whole")) return new Response("whole");
          if (url.endsWith("/stream")) return new Response(body.stream);
          return new Promise((resolve) => {
            answer = () => resolve(new Response("at last"));
          });
        },
        { idleTimeoutMs: 1_000, requestTimeoutMs: 1_000, headerTimeoutMs: 1_000 },
      );
      const [kept, streaming, waiting] = [await host.dial(), await host.dial(), await host.dial()];
      streaming.ask("/stream");
      waiting.ask("/waiting");
      await until(() => body.isWaitedFor, "the stream");
      await kept.ask("/whole").answer();
      await kept.over(25_000);
      await settle();
      expect([streaming.isOver, waiting.isOver]).toEqual([false, false]);
      body.give("piece");
      await streaming.upTo("piece");
      answer();
      expect((await waiting.answer()).body).toBe("at last");
      await until(() => body.isWaitedFor, "the last pull");
      body.end();
      await streaming.upTo("0\r\n\r\n");
      expect(body.cancels).toBe(0);
    },
  ),
];
