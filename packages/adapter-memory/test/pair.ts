// Two hosts of a simulation and a connection between them.

import { type Simulation, type SimulationOptions, simulate } from "@memwire/adapter-memory";
import { End } from "./end.ts";

export interface Pair {
  readonly simulation: Simulation;
  /** The end at host "near", which connects. */
  readonly near: End;
  /** The end at host "far", where one listens on port 1; it has a transport once it was accepted. */
  readonly far: End;
}

export const farEndpoint = { kind: "tcp", host: "far", port: 1 } as const;

/** A pair that is about to connect. */
export function connecting(options: SimulationOptions): Pair {
  const simulation = simulate(options);
  const far = new End();
  void simulation.host("far").listen(farEndpoint, (transport) => far.start(() => transport));
  const near = new End().start((handler) => simulation.host("near").connect(farEndpoint, handler));
  return { simulation, near, far };
}

/** A pair that is connected. */
export function connected(options: SimulationOptions): Pair {
  const pair = connecting(options);
  pair.simulation.until(() => pair.near.events.includes("connected"), "the connection");
  return pair;
}
