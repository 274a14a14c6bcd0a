// The adapter suite's harness for real sockets, on whichever runtime the tests run.
//
// Peers that misbehave are node:net, which all three runtimes have, and a child process that is stopped.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEndpoint, type Clock, type Endpoint, type Network } from "@memwire/engine";
import type { AdapterHarness } from "../src/mod.ts";

/** A harness for an adapter of the runtime at hand. */
export function realHarness(name: string, adapter: { network: Network; clock: Clock }): AdapterHarness {
  const folder = mkdtempSync(join(tmpdir(), "memwire-"));
  const { clock } = adapter;
  const known = new Set<string>();
  let paths = 0;

  const network: Network = {
    connect: (endpoint, handler) => adapter.network.connect(endpoint, handler),
    async listen(endpoint, accept) {
      const listener = await adapter.network.listen(endpoint, accept);
      known.add(describeEndpoint(listener.endpoint));
      return listener;
    },
  };

  return {
    name,
    network,
    clock,
    skip: [],

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

    async blackhole() {
      const hole = await openBlackhole();
      known.add(describeEndpoint(hole.endpoint));
      return hole;
    },

    resetting: openResetting,

    openSockets: () => countSockets(known),
  };
}

async function listening(server: ReturnType<typeof createServer>): Promise<Endpoint> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { kind: "tcp", host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

async function openResetting(): ReturnType<AdapterHarness["resetting"]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
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
 * A process that listens with the shortest queue there is and is stopped, so that nobody accepts; its queue is
 * filled with connects until one gets no answer. From then on the kernel drops every SYN to it.
 */
async function openBlackhole(): ReturnType<AdapterHarness["blackhole"]> {
  const child = spawn("node", ["-e", STOPPED_LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
  const endpoint = { kind: "tcp", host: "127.0.0.1", port: await portSaid(child) } as const;
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  for (let pending = false; !pending;) {
    const filler = connect(endpoint.port, endpoint.host);
    filler.on("error", () => {});
    fillers.push(filler);
    pending = await Promise.race([
      once(filler, "connect").then(() => false),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, true)),
    ]);
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

const STOPPED_LISTENER = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));
`;

async function portSaid(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new TypeError("the child's output is not piped");
  const [line] = (await once(child.stdout, "data")) as [Uint8Array];
  return Number(new TextDecoder().decode(line));
}

/**
 * Sockets that a process still holds at these endpoints, both ends of tcp and the accepting end of unix, by what
 * Linux says; 0 on other systems. Not the file descriptors of this process: on Bun other tests share it.
 */
function countSockets(endpoints: ReadonlySet<string>): number {
  let count = 0;
  for (const line of linesOf("/proc/net/tcp")) {
    const fields = line.trim().split(/\s+/);
    const ends = [fields[1], fields[2]].map(
      (end) => `127.0.0.1:${Number.parseInt(end?.split(":")[1] ?? "", 16)}`,
    );
    // An inode of 0: the process has closed it, the kernel has not quite.
    if (fields[9] !== "0" && ends.some((end) => endpoints.has(end))) count++;
  }
  for (const line of linesOf("/proc/net/unix")) {
    const path = line.trim().split(/\s+/)[7];
    if (path !== undefined && endpoints.has(path)) count++;
  }
  return count;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(1);
  } catch {
    return [];
  }
}
