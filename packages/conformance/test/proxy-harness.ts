// Where the proxy suite is run: on the simulator, and on the sockets of the runtime at hand.

import type { Adapter } from "@memwire/adapter";
import { simulate } from "@memwire/adapter-memory";
import { type Driver, drive, type Endpoint, type Listener, type Transport } from "@memwire/engine";
import { ProxyEngine, type ProxyOptions } from "@memwire/proxy";
import { createServer, type Socket } from "node:net";
import type { ProxyHarness } from "../src/mod.ts";
import type { BackendHost } from "../src/proxy/backend.ts";
import { worldOf } from "./server-harness.ts";

const MICROTASKS_A_STEP = 16; // the suite awaits; its promises must get on before the next event

/** The engine on a simulated network and a virtual clock. */
export function simulatedProxies(skip: ProxyHarness["skip"] = []): ProxyHarness {
  const simulation = simulate({ seed: 1 });
  const { network, clock, faults } = simulation;
  let hosts = 0;
  return {
    name: "ProxyEngine, simulated",
    virtual: true,
    network,
    clock,
    skip,

    async start(options) {
      const engine = new ProxyEngine(options);
      const driver = drive(engine, network, clock);
      const listeners = await listenForEach(driver, options, "localhost");
      const endpoints = listeners.map(({ endpoint }) => endpoint);
      return { engine, endpoints, wake: () => driver.wake(), stop: () => simulation.settle(driver.close()) };
    },

    host() {
      const host = `backend-${hosts++}`;
      const found: BackendHost = {
        network: simulation.host(host),
        endpoint: { kind: "tcp", host, port: 11_211 },
        reset: () => void faults.reset(host),
      };
      return Promise.resolve(found);
    },

    unanswered(endpoint) {
      if (endpoint.kind === "tcp") faults.connects(endpoint.host, "unanswered");
    },

    async until(done, what, withinMs = 60_000) {
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

/** The engine on this runtime's sockets; the backends are on node:net, which can reset a connection. */
export function realProxies(adapter: Adapter, skip: ProxyHarness["skip"] = []): ProxyHarness {
  const { title, ...world } = worldOf(adapter);
  const { network, clock } = world;
  return {
    ...world,
    name: `ProxyEngine, ${title}`,
    virtual: false,
    skip,
    async start(options) {
      const engine = new ProxyEngine(options);
      const driver = drive(engine, network, clock);
      const listeners = await listenForEach(driver, options, "127.0.0.1");
      const endpoints = listeners.map(({ endpoint }) => endpoint);
      return { engine, endpoints, wake: () => driver.wake(), stop: () => driver.close() };
    },
    host: () => Promise.resolve(netHost()),
  };
}

async function listenForEach(driver: Driver, { pools }: ProxyOptions, host: string): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (let i = 0; i < pools.length; i++) listeners.push(await driver.listen({ kind: "tcp", host, port: 0 }));
  return listeners;
}

function netHost(): BackendHost {
  const sockets = new Set<Socket>();
  return {
    endpoint: { kind: "tcp", host: "127.0.0.1", port: 0 },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    network: {
      listen(endpoint, accept) {
        const server = createServer({ allowHalfOpen: true }, (socket) => {
          sockets.add(socket);
          const handler = accept(transportOf(socket));
          socket.on("data", (chunk: Uint8Array) => handler.received(chunk));
          socket.on("end", () => handler.ended());
          socket.on("drain", () => handler.drained());
          socket.on("error", () => {});
          socket.once("close", () => {
            sockets.delete(socket);
            handler.closed("closed");
          });
        });
        return new Promise((resolve, reject) => {
          server.once("error", reject);
          const { port } = endpoint as Endpoint & { port: number };
          server.listen(port, "127.0.0.1", () => {
            const address = server.address() as { port: number };
            resolve({
              endpoint: { kind: "tcp", host: "127.0.0.1", port: address.port },
              // Its connections go on, so nobody waits for them.
              close() {
                server.close();
                return Promise.resolve();
              },
            });
          });
        });
      },
    },
  };
}

function transportOf(socket: Socket): Transport {
  return {
    write: (bytes) => socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    close: () => socket.destroySoon(),
  };
}
