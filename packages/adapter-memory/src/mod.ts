export { Chance, type Range } from "./chance.ts";
export { type Conditions, localNetwork } from "./conditions.ts";
export type { Faults } from "./faults.ts";
export type { Happening } from "./journal.ts";
export type { Admission } from "./machine.ts";
export { type ConnectionEnd, type Simulation, type SimulationOptions, simulate } from "./simulation.ts";
