// Where a fleet runs: in a simulation, or on the sockets of the runtime at hand.

import { type Adapter, denoSocketKinds, openAdapter } from "@memwire/adapter";
import { simulate, type Simulation } from "@memwire/adapter-memory";
import type { Clock, Millis, Network } from "@memwire/engine";

export interface World {
  readonly name: string;
  readonly clock: Clock;
  /** The network as one host of it has it, and what that host is called there. */
  readonly hostOf: (name: string) => { readonly network: Network; readonly host: string };
  /** Lets things happen until this promise has settled. */
  readonly settle: <T>(promise: Promise<T>) => Promise<T>;
  readonly sleep: (ms: Millis) => Promise<void>;
}

export interface SimulatedWorld extends World {
  readonly simulation: Simulation;
}

export function simulatedWorld(seed = 1): SimulatedWorld {
  const simulation = simulate({ seed });
  const { clock } = simulation;
  const settle = <T>(promise: Promise<T>): Promise<T> => settleIn(simulation, promise);
  return {
    name: "in a simulation",
    clock,
    simulation,
    settle,
    hostOf: (name) => ({
      network: simulation.host(name),
      host: name,
    }),
    sleep: (ms) => settle(new Promise<void>((resolve) => void clock.at(clock.now() + ms, resolve))),
  };
}

/** One, and on Deno one for each kind of sockets. */
export async function realWorlds(): Promise<readonly World[]> {
  const usual = await openAdapter();
  if (usual.runtime !== "deno") return [realWorld(usual)];
  return (await Promise.all(denoSocketKinds.map((denoSockets) => openAdapter({ denoSockets })))).map(
    realWorld,
  );
}

function realWorld({ title, network, clock }: Adapter): World {
  return {
    name: `on the sockets of ${title}`,
    clock,
    hostOf: () => ({
      network,
      host: "127.0.0.1",
    }),
    settle: (promise) => promise,
    sleep: (ms) => new Promise((resolve) => void clock.at(clock.now() + ms, resolve)),
  };
}

const TURNS_MAX = 100;
const MICROTASKS_A_STEP = 16;

/** Like the simulation's own, but streams of the runtime may take a turn of the real world now and then. */
async function settleIn<T>(simulation: Simulation, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  promise.then(note, note);
  for (let turns = 0; turns < TURNS_MAX;) {
    for (let i = 0; i < MICROTASKS_A_STEP; i++) await Promise.resolve();
    if (isSettled) return promise;
    if (simulation.step()) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    turns++;
  }
  throw new Error("nothing is left to happen, and the promise is still pending");
}
