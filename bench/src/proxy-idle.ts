// What a client that says nothing costs the proxy: 10,000 connections that each asked once, and then wait.
//
//     node -C @memwire/source bench/src/proxy-idle.ts --clients 10000
//
// Of each runtime the heap after a collection, and the resident memory, for each connection beyond none. Half of all
// open files are this program's, so `ulimit -n` has to be above the number of clients.
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { freePort } from "@memwire/conformance";
import { Answering } from "./in-turn.ts";
import { residentMiB } from "./load.ts";
import { type Place, places, proxyProcess, startMemcachedOn } from "./subject.ts";

const LOAD_CORE = 1;
const AT_ONCE = 100;
const SETTLES_MS = 1_000;

const { values } = parseArgs({ options: { clients: { type: "string", default: "10000" } } });
const clients = Number(values.clients);

const behind = await startMemcachedOn(LOAD_CORE);
try {
  console.log(`${clients} clients that asked once: bytes each`);
  for (const place of places) {
    const { heap, resident } = await costOf(place);
    console.log(
      `${place.name.padEnd(24)} heap ${heap.toFixed(0).padStart(8)} resident ${resident.toFixed(0).padStart(8)}`,
    );
  }
} finally {
  await behind.stop();
}

async function costOf(place: Place): Promise<{ heap: number; resident: number }> {
  const port = await freePort();
  const proxy = new Answering(place.runtime, proxyProcess(place, port, [behind]));
  const open: Socket[] = [];
  try {
    await memoryOf(proxy); // it listens when it answers
    open.push(...(await openClients(port, AT_ONCE)));
    const before = await memoryOf(proxy);
    while (open.length < clients + AT_ONCE) open.push(...(await openClients(port, AT_ONCE)));
    const after = await memoryOf(proxy);
    const more = after.clients - before.clients;
    return {
      heap: (after.heapBytes - before.heapBytes) / more,
      resident: (after.residentBytes - before.residentBytes) / more,
    };
  } finally {
    for (const socket of open) socket.destroy();
    proxy.kill();
  }
}

async function memoryOf(
  proxy: Answering,
): Promise<{ heapBytes: number; residentBytes: number; clients: number }> {
  await sleep(SETTLES_MS);
  const told = JSON.parse(await proxy.ask("memory")) as { heapBytes: number; clients: number };
  return { ...told, residentBytes: residentMiB(proxy.pid) * 1_048_576 };
}

/** Clients that were answered once. */
function openClients(port: number, count: number): Promise<Socket[]> {
  const one = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("get key\r\n"));
      socket.once("error", reject);
      socket.once("data", () => resolve(socket));
    });
  return Promise.all(Array.from({ length: count }, one));
}
