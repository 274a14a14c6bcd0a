// Requests: what a handler sees of them, who asked, and what never reaches it.

import { expect } from "vitest";
import { HttpHost, settle } from "./http-host.ts";
import { httpOnce, httpOnEveryKind, type HttpLaw } from "./http-law.ts";

/** Path and query of a URL, as text: `URL` would make of it what it likes. */
const targetOf = (url: string): string => /^http:\/\/[^/?#]+(\/.*)$/.exec(url)?.[1] ?? `none in ${url}`;

const targets: readonly string[] = [
  "/",
  "/a%2Fb%20c%41//d;e?q=%41%2e+k&&x=",
  "/%E2%82%AC?%e2%82%ac#",
  "/a:b@c!$&'()*+,=~/?a=b?c=/d",
  "//other/x",
  `/${"long".repeat(1_000)}`,
];

const strangeHosts: readonly string[] = [
  "a/admin",
  "a?b",
  "a#b",
  "u@b",
  "a\\b",
  "a b",
  "\xe9",
  "a:99999",
  "[::1",
];

const nonsense: readonly string[] = [
  "\x00\x01\x02\r\n\r\n",
  "GET / FOO/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nBad Name : x\r\n\r\n",
  "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
];

export const httpRequestLaws: readonly HttpLaw[] = [
  httpOnEveryKind(
    "a handler sees method, path, query and headers as they were sent",
    async (harness, kind) => {
      const { Response } = harness;
      await using host = await HttpHost.open(harness, kind, ({ method, url, headers }) => {
        const seen = [
          method,
          targetOf(url),
          headers.get("x-one"),
          headers.get("X-TWO"),
          headers.get("x-none"),
        ];
        return new Response(JSON.stringify(seen));
      });
      const client = await host.dial();
      for (const method of ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"]) {
        for (const target of targets) {
          client.send(
            `${method} ${target} HTTP/1.1\r\nHost: a:80\r\nX-One: \t1, 2 \r\nx-two: b\r\nX-Two: c\r\n`,
          );
          client.send("Content-Length: 0\r\n\r\n");
          const { body } = await client.answer();
          expect(JSON.parse(body)).toEqual([method, target, "1, 2", "b, c", null]);
        }
      }
    },
  ),

  httpOnEveryKind("a connection serves one request after the other", async (harness, kind) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, kind, async ({ url }) => {
      await settle(1);
      return new Response(targetOf(url));
    });
    const client = await host.dial();
    for (let count = 0; count < 20; count++) {
      expect(await client.ask(`/${count}`).answer()).toMatchObject({ status: 200, body: `/${count}` });
    }
  }),

  httpOnce("requests that are sent before the answers come are answered in order", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", async (request) => {
      const body = await request.text();
      await settle(request.url.endsWith("/0") ? 20 : 1);
      return new Response(`${targetOf(request.url)} ${body}`);
    });
    const client = await host.dial();
    const upload = (path: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`;
    client.send([0, 1, 2, 3].map((count) => upload(`/${count}`)).join(""));
    for (let count = 0; count < 4; count++) expect((await client.answer()).body).toBe(`/${count} body`);
  }),

  httpOnce("a Host that is none is refused, and moves no path", async (harness) => {
    const { Response } = harness;
    const seen: string[] = [];
    await using host = await HttpHost.open(harness, "tcp", ({ url }) => {
      seen.push(url);
      return new Response("here");
    });
    for (const strange of strangeHosts) {
      const client = await host.dial();
      const { status } = await client.send(`GET /x HTTP/1.1\r\nHost: ${strange}\r\n\r\n`).answer();
      expect([strange, status]).toEqual([strange, 400]);
    }
    expect(seen).toEqual([]);
    for (const fine of ["a", "a.b-c:80", "127.0.0.1:1", "[::1]", "[::1]:8080"]) {
      const client = await host.dial();
      await client.send(`GET /x HTTP/1.1\r\nHost: ${fine}\r\n\r\n`).answer();
    }
    expect(seen.map((url) => new URL(url).pathname)).toEqual(Array.from({ length: 5 }, () => "/x"));
  }),

  httpOnce("HTTP/1.0 is answered without a Host, and the connection then ends", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", async (request, { address }) => {
      return new Response(`${new URL(request.url).pathname} ${address} ${await request.text()}`);
    });
    const client = await host.dial();
    client.send("POST /old HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody");
    expect(await client.rest()).toMatch(/^HTTP\/1\.[01] 200 [^]*\r\n\r\n\/old 127\.0\.0\.1 body$/);
  }),

  httpOnce("a peer has its IP address, an IPv4 one as IPv4", async (harness) => {
    const { Response } = harness;
    const handle = (_: Request, { address }: { readonly address: string }): Response => new Response(address);
    const cases = [
      ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
      ["::1", "::1", "::1"],
      ["::", "127.0.0.1", "127.0.0.1"],
    ] as const;
    for (const [listen, connect, address] of cases) {
      const endpoint = { kind: "tcp", host: listen, port: 0 } as const;
      await using host = await HttpHost.open(harness, "tcp", handle, { endpoint });
      const { endpoint: open } = host;
      const client = await host.dial(open.kind === "tcp" ? { ...open, host: connect } : open);
      expect((await client.ask("/").answer()).body).toBe(address);
    }
    await using host = await HttpHost.open(harness, "unix", handle);
    const client = await host.dial();
    expect((await client.ask("/").answer()).body).toBe("");
  }),

  httpOnce("nonsense is turned away, and the server goes on", async (harness) => {
    const { Response } = harness;
    let requests = 0;
    await using host = await HttpHost.open(harness, "tcp", () => {
      requests++;
      return new Response("here");
    });
    for (const bytes of nonsense) {
      const client = await host.dial();
      const answer = await client.send(bytes).upTo("\r\n");
      expect([bytes, answer]).toEqual([bytes, expect.stringMatching(/^HTTP\/1\.1 (?:400|505) /)]);
    }
    expect(requests).toBe(0);
    await host.serves();
  }),

  httpOnce("headers without end are turned away, and the server goes on", async (harness) => {
    const { Response } = harness;
    let requests = 0;
    await using host = await HttpHost.open(harness, "tcp", () => {
      requests++;
      return new Response("here");
    });
    const client = await host.dial();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(1_000_000)}`);
    const answer = await client.rest();
    // It may be cut off while it still sends, and the answer with it.
    expect(answer === "" || /^HTTP\/1\.1 (?:400|431) /.test(answer)).toBe(true);
    expect(requests).toBe(0);
    await host.serves();
  }),

  httpOnce("headers beyond headerBytesMax are 431", async (harness) => {
    const { Response } = harness;
    await using host = await HttpHost.open(harness, "tcp", () => new Response("here"), {
      headerBytesMax: 2_000,
    });
    const ask = async (bytes: number): Promise<number> => {
      const client = await host.dial();
      return (await client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(bytes)}\r\n\r\n`).answer())
        .status;
    };
    expect([await ask(1_500), await ask(2_500), await ask(100)]).toEqual([200, 431, 200]);
  }),
];
