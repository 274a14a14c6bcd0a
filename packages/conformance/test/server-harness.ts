// Where the server suite is run: on the simulator, on sockets of the runtime at hand.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Adapter, openAdapter } from "@memwire/adapter";
import { simulate } from "@memwire/adapter-memory";
import { drive, type Endpoint } from "@memwire/engine";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import type { ServerHarness } from "../src/mod.ts";

const MICROTASKS_A_STEP = 16; // the suite awaits; its promises must get on before the next event

/** What the engine answers otherwise than both recorded versions, on purpose. */
export const engineExemptions: ServerHarness["skip"] = [
  {
    reason: "memcached drops the upper half of flags above 32 bits in silence; here they are refused",
    tests: ["classic/flags-bad-4294967296", "classic/flags-bad-4294967296, in pieces"],
  },
  {
    reason: "1.6.45 waits for the data of a cas without a unique, which is an oddity not to copy",
    tests: ["classic/cas-no-unique", "classic/cas-no-unique, in pieces"],
  },
  {
    reason: "memcached loses the reply to a command before in the same packet; here each is answered",
    tests: ["malformed/key-251-gets-second", "malformed/key-251-get-after-hit"],
  },
  {
    reason: "memcached loses its way behind an opcode that it does not know; here the next request is found",
    tests: [
      "binary/verbosity",
      "binary/verbosity, in pieces",
      "binary/unknown-op-with-body",
      "binary/unknown-op-with-body, in pieces",
    ],
  },
];

/** The engine on a simulated network and a virtual clock. */
export function simulatedHarness(): ServerHarness {
  const simulation = simulate({ seed: 1 });
  const { network, clock } = simulation;
  return {
    name: "ServerEngine, simulated",
    network,
    clock,
    slowMs: 1_000,
    skip: engineExemptions,

    async start() {
      const driver = drive(new ServerEngine(), network, clock);
      const listener = await driver.listen({ kind: "tcp", host: "localhost", port: 0 });
      return { endpoint: listener.endpoint, stop: () => simulation.settle(driver.close()) };
    },

    async until(done, what, withinMs = 10_000) {
      const deadline = clock.now() + withinMs;
      for (;;) {
        for (let turn = 0; turn < MICROTASKS_A_STEP; turn++) await Promise.resolve();
        if (done()) return;
        if (clock.now() > deadline || !simulation.step())
          throw new Error(`waited ${withinMs} ms for ${what}`);
      }
    },

    sleep(ms) {
      simulation.advance(ms);
      return Promise.resolve();
    },
  };
}

/** What a harness has of the real world. */
export type RealWorld = Pick<ServerHarness, "network" | "clock" | "slowMs" | "until" | "sleep"> &
  Pick<Adapter, "title">;

/** The network and the clock of this runtime. */
export async function realWorld(): Promise<RealWorld> {
  return worldOf(await openAdapter());
}

export function worldOf({ title, network, clock }: Adapter): RealWorld {
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    title,
    network,
    clock,
    slowMs: 10,
    sleep,
    async until(done, what, withinMs = 10_000) {
      const deadline = clock.now() + withinMs;
      while (!done()) {
        if (clock.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
        await sleep(1);
      }
    },
  };
}

/** The engine on this runtime's sockets, those of openAdapter() if no others are given. */
export async function realHarness(
  kind: Endpoint["kind"],
  options: ServerOptions = {},
  adapter?: Adapter,
): Promise<ServerHarness> {
  const { title, ...world } = worldOf(adapter ?? (await openAdapter()));
  const { network, clock } = world;
  return {
    ...world,
    name: `ServerEngine, ${title}, ${kind}`,
    skip: engineExemptions,
    async start() {
      // Looks ahead whatever it holds, which a server does that has many items.
      const store = new SlabStore({ prefetchBytesLeast: 0 });
      const driver = drive(new ServerEngine({ store, ...options }), network, clock);
      const listener = await driver.listen(
        kind === "tcp"
          ? { kind, host: "127.0.0.1", port: 0 }
          : { kind, path: join(mkdtempSync(join(tmpdir(), "memwire-")), "server.sock") },
      );
      return { endpoint: listener.endpoint, stop: () => driver.close() };
    },
  };
}
