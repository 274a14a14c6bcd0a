// The adapter suite's harness for real sockets, on whichever runtime the tests run.
//
// Peers that misbehave are node:net, which all three runtimes have, and a child process that does not accept.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Endpoint, Network } from "@memwire/engine";
import type { AdapterHarness } from "../src/mod.ts";

/**
 * A harness for an adapter of the runtime at hand.
 *
 * @param resetting The peer that resets what it accepted, if it has to speak more than TCP.
 */
export function realHarness(
  name: string,
  adapter: { readonly network: Network; readonly clock: Clock },
  skip: AdapterHarness["skip"],
  resetting: () => Server = createServer,
): AdapterHarness {
  const folder = mkdtempSync(join(tmpdir(), "memwire-"));
  const { network, clock } = adapter;
  let paths = 0;

  return {
    name,
    network,
    clock,
    skip,

    async until(done, what, withinMs = 10_000) {
      const deadline = clock.now() + withinMs;
      while (!done()) {
        if (clock.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },

    fresh: (kind) =>
      kind === "tcp" ? { kind, host: "127.0.0.1", port: 0 } : { kind, path: join(folder, `${paths++}.sock`) },

    async vacant(kind) {
      if (kind === "unix") return { kind, path: join(folder, "nobody.sock") };
      const server = createServer();
      const endpoint = await listening(server);
      server.close();
      return endpoint;
    },

    blackhole: openBlackhole,
    resetting: () => openResetting(resetting()),
    openSockets,
  };
}

async function listening(server: Server): Promise<Endpoint> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { kind: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

async function openResetting(server: Server): ReturnType<AdapterHarness["resetting"]> {
  const sockets: Socket[] = [];
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  });
  const endpoint = await listening(server);
  return {
    endpoint,
    get connections() {
      return sockets.length;
    },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    close() {
      server.close();
    },
  };
}

/**
 * A process that listens with the shortest queue there is and then waits, so that nobody accepts; its queue is
 * filled with connects until two in a row get no answer, lest a slow machine be taken for a full queue. From then on
 * the kernel drops every SYN to it.
 */
async function openBlackhole(): ReturnType<AdapterHarness["blackhole"]> {
  const child = spawn("node", ["-e", DEAF_LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
  const endpoint = { kind: "tcp", host: "127.0.0.1", port: await portSaid(child) } as const;
  const fillers: Socket[] = [];
  for (let pending = 0; pending < 2;) {
    const filler = connect(endpoint.port, endpoint.host);
    filler.on("error", () => {});
    fillers.push(filler);
    const answered = await Promise.race([
      once(filler, "connect").then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
    ]);
    pending = answered ? 0 : pending + 1;
  }
  return {
    endpoint,
    async close() {
      for (const filler of fillers) filler.destroy();
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

// Ends itself, should the test that started it be killed.
const DEAF_LISTENER = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    require("node:fs").writeSync(1, server.address().port + "\\n");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    process.exit();
  });
`;

async function portSaid(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new TypeError("the child's output is not piped");
  const [line] = (await once(child.stdout, "data")) as [Uint8Array];
  return Number(new TextDecoder().decode(line));
}

/**
 * By what Linux says of all processes; 0 on other systems. Of a unix connection it shows the accepted end only.
 * File descriptors of this process would not do: on Bun, other tests run in it at the same time.
 */
function openSockets(endpoint: Endpoint): number {
  if (endpoint.kind === "unix") {
    return linesOf("/proc/net/unix").filter((fields) => fields[7] === endpoint.path).length;
  }
  const end = `0100007F:${endpoint.port.toString(16).toUpperCase().padStart(4, "0")}`;
  // Without an inode the process has closed it, and only the kernel still knows it.
  return linesOf("/proc/net/tcp").filter(
    (fields) => fields[9] !== "0" && (fields[1] === end || fields[2] === end),
  ).length;
}

function linesOf(file: string): string[][] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.slice(1).map((line) => line.trim().split(/\s+/));
}
