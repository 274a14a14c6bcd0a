import { type SimulationOptions, simulate } from "@memwire/adapter-memory";
import type { DatagramAddress } from "@memwire/engine";
import { expect, test } from "vitest";

const FAR = { host: "far", port: 7 } as const;
const SENT = 2_000;

/** Sends numbered datagrams, and answers the numbers that came, in the order in which they did. */
async function numbers(options: Partial<SimulationOptions>): Promise<number[]> {
  const simulation = simulate({ seed: 7, ...options });
  const came: number[] = [];
  await simulation.settle(
    simulation.host("far").bind(FAR, {
      received: (_from, bytes) => came.push(new DataView(bytes.buffer).getUint16(0)),
    }),
  );
  const near = await simulation.settle(
    simulation.host("near").bind({ host: "0.0.0.0", port: 0 }, { received: () => {} }),
  );
  for (let number = 0; number < SENT; number++) near.send(FAR, Uint8Array.of(number >> 8, number));
  simulation.run();
  return came;
}

const inOrder = Array.from({ length: SENT }, (_, number) => number);

test("without latency to draw, datagrams come as they were sent, and with it they overtake each other", async () => {
  expect(await numbers({ latencyMs: [1, 1] })).toEqual(inOrder);
  const overtaken = await numbers({ latencyMs: [0, 5] });
  expect(overtaken).not.toEqual(inOrder);
  expect(overtaken.toSorted((one, other) => one - other)).toEqual(inOrder);
});

test("datagrams are lost, and come twice, as often as the conditions say", async () => {
  const lossy = await numbers({ datagramLoss: 0.25 });
  expect(lossy.length).toBeGreaterThan(SENT * 0.7);
  expect(lossy.length).toBeLessThan(SENT * 0.8);
  const echoed = await numbers({ datagramEcho: 0.25 });
  expect(echoed.length).toBeGreaterThan(SENT * 1.2);
  expect(echoed.length).toBeLessThan(SENT * 1.3);
  expect(new Set(echoed).size).toBe(SENT);
  expect(await numbers({ datagramLoss: 1 })).toEqual([]);
  // The same seed is the same run.
  expect(await numbers({ datagramLoss: 0.25 })).toEqual(lossy);
});

test("who answers a datagram reaches its sender, from whichever host it came", async () => {
  const simulation = simulate({ seed: 1 });
  const heard: DatagramAddress[] = [];
  const far = await simulation.settle(
    simulation.host("far").bind(FAR, { received: (from, bytes) => far.send(from, bytes) }),
  );
  for (const name of ["near", "far"]) {
    const near = await simulation.settle(
      simulation.host(name).bind({ host: "127.0.0.1", port: 0 }, { received: (from) => heard.push(from) }),
    );
    near.send(FAR, Uint8Array.of(1));
    simulation.run();
  }
  expect(heard).toEqual([FAR, FAR]);
});

test("a partition, a host without power and a stopped one swallow datagrams, and say nothing", async () => {
  const simulation = simulate({ seed: 1 });
  let came = 0;
  await simulation.settle(simulation.host("far").bind(FAR, { received: () => came++ }));
  const near = await simulation.settle(
    simulation.host("near").bind({ host: "near", port: 1 }, { received: () => {} }),
  );
  const { faults } = simulation;
  const send = (): number => {
    near.send(FAR, Uint8Array.of(1));
    simulation.run();
    return came;
  };
  faults.partition("near", "far");
  expect(send()).toBe(0);
  faults.heal("near", "far");
  faults.vanish("far");
  expect(send()).toBe(0);
  faults.restore("far");
  faults.stop("far");
  expect(send()).toBe(0);
  faults.healAll();
  expect(send()).toBe(1);
  expect(near.drops).toBe(0);
});

test("a host that does not exist, and an address that is another host's, are not to be had", async () => {
  const simulation = simulate({ seed: 1 });
  const near = await simulation.settle(
    simulation.host("near").bind({ host: "near", port: 1 }, { received: () => {} }),
  );
  near.send({ host: "nobody", port: 1 }, Uint8Array.of(1));
  expect(near.drops).toBe(1);
  await expect(simulation.host("near").bind(FAR, { received: () => {} })).rejects.toThrow(
    "cannot bind udp far:7: this machine has no such address",
  );
});
