// HTTP of the runtime at hand, by the suite that every adapter is held to.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAdapter } from "@memwire/adapter";
import { httpSuite, type HttpHarness } from "../src/mod.ts";

const skip: Record<"node" | "bun" | "deno", HttpHarness["skip"]> = {
  node: [],
  bun: [
    {
      reason:
        "Bun 1.4.5 cuts a connection on which a request comes before the last was answered: oven-sh/bun#38128",
      tests: ["requests that are sent before the answers come are answered in order"],
    },
    {
      reason: "Bun 1.4.5 takes 16 KiB of headers, and cannot be told otherwise by a library",
      tests: ["headers beyond headerBytesMax are 431"],
    },
    {
      reason: "Bun 1.4.5 sends the end of a head together with the first piece of its body",
      tests: ["the head of a stream does not wait for its first piece"],
    },
    {
      reason: "Bun 1.4.5 cuts the connection of a body that fails, and tells nobody what it failed with",
      tests: ["what a body failed with is told"],
    },
  ],
  deno: [
    {
      reason: "Deno 2.9.5 takes as many headers as it likes, and cannot be told otherwise",
      tests: ["headers beyond headerBytesMax are 431"],
    },
    {
      reason: "Deno.serve of Deno 2.9.5 has no timeouts: denoland/deno#3515",
      tests: [
        "headers that trickle in are given up, and so is a client that says nothing",
        "a body that trickles in is given up",
        "a connection without a request is closed after a while, one that is answered is not",
      ],
    },
  ],
};

const { runtime, serveHttp, Response: cheapest } = await openAdapter();
const folder = mkdtempSync(join(tmpdir(), "memwire-"));
let paths = 0;

const harness: HttpHarness = {
  name: `http of adapter-${runtime}`,
  serveHttp,
  Response,
  fresh: (kind) =>
    kind === "tcp" ? { kind, host: "127.0.0.1", port: 0 } : { kind, path: join(folder, `${paths++}.sock`) },
  skip: skip[runtime],
};

httpSuite(harness);
if (cheapest !== Response) {
  httpSuite({ ...harness, name: `${harness.name} with its own Response`, Response: cheapest });
}
