// The adapter suite on the simulator: the same laws as on real sockets, on a virtual clock.

import { simulate } from "@memwire/adapter-memory";
import { describeEndpoint, type Network, type TransportHandler } from "@memwire/engine";
import { adapterSuite, type AdapterHarness } from "../src/mod.ts";

const MICROTASKS_A_STEP = 16; // the suite awaits; its promises must get on before the next event

adapterSuite(memoryHarness());

function memoryHarness(): AdapterHarness {
  const simulation = simulate({
    seed: 1,
    // Laws about writes a turn count on a send of 100 bytes arriving whole, as it does on loopback.
    segmentBytes: [128, 64 * 1024],
    readBytes: [128, 64 * 1024],
    // Laws about unread input count on 100 KiB of it being taken from the sender, as a kernel does.
    windowBytes: [128 * 1024, 1024 * 1024],
  });
  const { clock, faults } = simulation;
  const listening = new Set<string>();
  let paths = 0;

  const network: Network = {
    connect: (endpoint, handler) => simulation.network.connect(endpoint, handler),
    bind: (address, handler, options) => simulation.network.bind(address, handler, options),
    async listen(endpoint, accept, options) {
      const listener = await simulation.network.listen(endpoint, accept, options);
      const where = describeEndpoint(listener.endpoint);
      listening.add(where);
      const close = (): Promise<void> => {
        listening.delete(where);
        return listener.close();
      };
      return { endpoint: listener.endpoint, close };
    },
  };

  return {
    name: "memory",
    network,
    clock,
    skip: [
      {
        reason:
          "the virtual clock keeps what is still to come, minutes of it, and with it who waits for that",
        tests: [
          "of connections that are over no memory is kept (tcp)",
          "of connections that are over no memory is kept (unix)",
        ],
      },
    ],

    async until(done, what, withinMs = 10_000) {
      const deadline = clock.now() + withinMs;
      for (;;) {
        for (let turn = 0; turn < MICROTASKS_A_STEP; turn++) await Promise.resolve();
        if (done()) return;
        if (clock.now() > deadline || !simulation.step())
          throw new Error(`waited ${withinMs} ms for ${what}`);
      }
    },

    fresh: (kind) =>
      kind === "tcp" ? { kind, host: "127.0.0.1", port: 0 } : { kind, path: `/run/${paths++}.sock` },

    vacant: (kind) =>
      kind === "tcp" ? { kind, host: "127.0.0.1", port: 1 } : { kind, path: "/run/nobody.sock" },

    blackhole() {
      simulation.host("black-hole");
      faults.connects("black-hole", "unanswered");
      return Promise.resolve({ endpoint: { kind: "tcp", host: "black-hole", port: 1 }, close: () => {} });
    },

    async resetting() {
      const host = `resetting-${paths++}`;
      let connections = 0;
      const listener = await simulation.host(host).listen({ kind: "tcp", host, port: 0 }, () => {
        connections++;
        return silent;
      });
      return {
        endpoint: listener.endpoint,
        get connections() {
          return connections;
        },
        reset: () => void faults.reset(host),
        close: () => listener.close(),
      };
    },

    openSockets(endpoint) {
      const where = describeEndpoint(endpoint);
      const ends = simulation.connections().filter((end) => describeEndpoint(end.endpoint) === where);
      return ends.length + (listening.has(where) ? 1 : 0);
    },
  };
}

const silent: TransportHandler = { connected() {}, received() {}, ended() {}, drained() {}, closed() {} };
