// A proxy with twemproxy's defaults, in a process that answers how much memory it has: proxy-process.ts SOCKETS PORT
// SERVER-PORT...
//
// SOCKETS is whose they are on Deno, `node` or `deno`. For a line on stdin it collects garbage and says, as JSON, what is
// on its heap, and how many clients it has.
import process from "node:process";
import { denoSocketKinds, openAdapter } from "@memwire/adapter";
import { drive } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import { answerLines, collect } from "./in-turn.ts";

const HOST = "127.0.0.1";

const [sockets, port, ...ports] = process.argv.slice(2);
const servers = ports.map((each) => ({ host: HOST, port: Number(each) }));
const denoSockets = denoSocketKinds.find((kind) => kind === sockets);
const { network, clock, copyBytes } = await openAdapter({ denoSockets });
const engine = new ProxyEngine({
  version: "1.6.45",
  copyBytes,
  limits: { connectionsMax: 20_000 },
  pools: [
    {
      name: "pool",
      servers: servers.map((server) => ({
        name: `${HOST}:${server.port}`,
        endpoint: { kind: "tcp", ...server },
      })),
      distribution: createDistribution({ distribution: "ketama", hash: "fnv1a_64", servers }),
      queuedTimeoutMs: 5_000,
      connectTimeoutMs: 5_000,
      replyTimeoutMs: 5_000,
    },
  ],
});
const driver = drive(engine, network, clock);
await driver.listen({ kind: "tcp", host: HOST, port: Number(port) });
await answerLines(() => {
  collect();
  return JSON.stringify({
    heapBytes: process.memoryUsage().heapUsed,
    clients: engine.counters.connectionsNow,
  });
});
