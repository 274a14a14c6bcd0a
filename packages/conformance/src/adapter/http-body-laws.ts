// Bodies of requests: whole or an error, bounded, and never kept for nobody.

import { expect } from "vitest";
import { waysToLeave } from "./http-client.ts";
import { HttpHost, settle, until } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

const MIB = 1024 * 1024;

/** Bytes of every value, no two neighbours alike. */
const pattern = (length: number): string =>
  Array.from({ length }, (_, at) => String.fromCharCode((at * 7 + (at >> 8)) & 0xff)).join("");

const declared = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`;

function chunked(body: string, chunkBytes: number): string {
  let text = "Transfer-Encoding: chunked\r\n\r\n";
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.slice(at, at + chunkBytes);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

const PUT = "PUT /x HTTP/1.1\r\nHost: a\r\n";

/** Reads a body the way that is asked for. */
async function read(request: Request, how: string): Promise<Uint8Array<ArrayBuffer>> {
  if (how === "arrayBuffer") return new Uint8Array(await request.arrayBuffer());
  if (how === "bytes") return new Uint8Array(await request.bytes());
  const pieces: number[] = [];
  const reader = request.body?.getReader();
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) return Uint8Array.from(pieces);
    for (const byte of piece.value) pieces.push(byte);
  }
}

export const httpBodyLaws: readonly HttpLaw[] = [
  httpOnEveryKind(
    "a body comes and goes byte for byte, however it is sent and read",
    async (harness, kind) => {
      const { Response } = harness;
      await using host = await HttpHost.open(harness, kind, async (request) => {
        return new Response(await read(request, request.headers.get("x-how") ?? ""));
      });
      let client = await host.dial();
      for (const length of [0, 1, 70_000, MIB]) {
        const body = pattern(length);
        for (const how of ["arrayBuffer", "bytes", "stream"]) {
          for (const sent of [declared(body), chunked(body, 10_000)]) {
            const answer = await client.send(`${PUT}X-How: ${how}\r\n${sent}`).answer();
            expect([length, how, answer.status]).toEqual([length, how, 200]);
            expect(answer.body === body).toBe(true);
            if (answer.headers.get("connection") === "close") client = await host.dial();
          }
        }
      }
    },
  ),

  httpOnce("a body that says it is too long is 413, and no handler sees it", async (harness) => {
    const { Response } = harness;
    let requests = 0;
    await using host = await HttpHost.open(
      harness,
      "tcp",
      async (request) => {
        requests++;
        return new Response(`${(await request.arrayBuffer()).byteLength}`);
      },
      { bodyBytesMax: 1_000 },
    );
    const longest = await host.dial();
    expect((await longest.send(`${PUT}${declared(pattern(1_000))}`).answer()).body).toBe("1000");
    const client = await host.dial();
    expect((await client.send(`${PUT}${declared(pattern(1_001))}`).answer()).status).toBe(413);
    const quiet = await host.dial();
    expect((await quiet.send(`${PUT}Content-Length: 99999999999\r\n\r\n`).answer()).status).toBe(413);
    expect(requests).toBe(1);
  }),

  httpOnce("a body that turns out too long is an error for its reader, and 413", async (harness) => {
    const { Response } = harness;
    const outcomes: string[] = [];
    await using host = await HttpHost.open(
      harness,
      "tcp",
      async (request) => {
        try {
          const bytes = await read(request, request.headers.get("x-how") ?? "");
          outcomes.push(`${bytes.length} bytes`);
          return new Response(`${bytes.length}`);
        } catch (error) {
          outcomes.push("error");
          throw error;
        }
      },
      { bodyBytesMax: 100_000 },
    );
    for (const how of ["arrayBuffer", "bytes", "stream"]) {
      const fits = await host.dial();
      expect(
        (await fits.send(`${PUT}X-How: ${how}\r\n${chunked(pattern(100_000), 999)}`).answer()).body,
      ).toBe("100000");
      const client = await host.dial();
      const sent = `${PUT}X-How: ${how}\r\n${chunked(pattern(300_000), 10_000)}`;
      expect([how, (await client.send(sent).answer()).status]).toEqual([how, 413]);
    }
    expect(outcomes).toEqual(Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? "100000 bytes" : "error")));
    expect(host.failures).toEqual([]);
  }),

  httpOnEveryKind("a body that breaks off is an error for its reader", async (harness, kind) => {
    const { Response } = harness;
    const outcomes: string[] = [];
    let reading = 0;
    await using host = await HttpHost.open(harness, kind, async (request) => {
      reading++;
      try {
        const bytes = await read(request, request.headers.get("x-how") ?? "");
        outcomes.push(`${bytes.length} bytes`);
      } catch {
        outcomes.push("error");
      }
      return new Response("too late");
    });
    let count = 0;
    for (const how of ["arrayBuffer", "stream"]) {
      for (const part of ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"]) {
        for (const leave of waysToLeave[kind]) {
          const client = await host.dial();
          client.send(`${PUT}X-How: ${how}\r\n${part}`);
          count++;
          await until(() => reading === count, "the handler to read");
          await settle(10);
          client.leave(leave);
          await until(() => outcomes.length === count, `${how} to fail after ${leave}`);
        }
      }
    }
    expect(outcomes).toEqual(Array.from({ length: count }, () => "error"));
  }),

  ...(["nobody reads", "is read no further"] as const).map((how) =>
    httpOnce(`a body that ${how} holds its sender back`, async (harness) => {
      const { Response } = harness;
      let answer: (() => void) | undefined;
      await using host = await HttpHost.open(
        harness,
        "tcp",
        async (request) => {
          if (how === "is read no further") await request.body?.getReader().read();
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
          return new Response("never mind");
        },
        { bodyBytesMax: 256 * MIB },
      );
      const client = await host.dial();
      client.send(`${PUT}Content-Length: ${200 * MIB}\r\n\r\n`);
      for (let count = 0; count < 64; count++) client.send("x".repeat(MIB));
      await heldBack(() => client.unsentBytes);
      expect(client.unsentBytes).toBeGreaterThan(32 * MIB);
      answer?.();
      expect((await client.answer()).body).toBe("never mind");
    }),
  ),

  httpOnce("an answer comes through although the body was given up", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", async (request) => {
      const reader = request.body?.getReader();
      await reader?.read();
      if (request.url.endsWith("/cancel")) await reader?.cancel();
      return new Response("enough", { status: 422 });
    });
    for (const path of ["/stop", "/cancel"]) {
      for (const body of [declared(pattern(400_000)), chunked(pattern(400_000), 9_999)]) {
        const client = await host.dial();
        client.send(`PUT ${path} HTTP/1.1\r\nHost: a\r\n${body}`);
        expect(await client.answer()).toMatchObject({ status: 422, body: "enough" });
        // The rest of the body is out of the way of the next request, or the connection has ended.
        client.ask("/next");
        await client.until(() => client.isOver || client.received.includes("enough"), "the next answer");
      }
    }
    await host.serves("/stop").catch((error: unknown) => expect(String(error)).toContain("422"));
  }),
];

/** Waits until a number has not changed for a while. */
async function heldBack(count: () => number): Promise<void> {
  let [last, same] = [count(), 0];
  await until(() => {
    const now = count();
    same = now === last ? same + 1 : 0;
    last = now;
    return same > 100;
  }, "the sender to be held back");
}
