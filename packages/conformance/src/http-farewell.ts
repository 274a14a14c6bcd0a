// A program that closes its HTTP server while it answers: it must end by itself, long before the time it gave.
//
//     node -C @memwire/source packages/conformance/src/http-farewell.ts

import { openAdapter } from "@memwire/adapter";
import { describeEndpoint } from "@memwire/engine";

/** Longer than anybody waits for the program to end. */
const LONG_MS = 600_000;

const { serveHttp, Response } = await openAdapter();
let closing: Promise<void> | undefined;
const listener = await serveHttp(
  async (): Promise<Response> => {
    closing = listener.close(LONG_MS);
    return new Response("the last answer");
  },
  { endpoint: { kind: "tcp", host: "127.0.0.1", port: 0 }, bodyBytesMax: 0 },
);
const response = await fetch(`http://${describeEndpoint(listener.endpoint)}/`);
console.log(await response.text());
await closing;
