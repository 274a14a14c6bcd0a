// What all parts of one simulation share.

import type { Millis } from "@memwire/engine";
import type { Chance } from "./chance.ts";
import type { Conditions } from "./conditions.ts";
import type { Journal } from "./journal.ts";
import type { Machine } from "./machine.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface World {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly conditions: Conditions;
  readonly journal: Journal;
  readonly machines: Map<string, Machine>;
}

/** How long something that leaves now takes from one machine to the other. */
export function latencyMs(world: World, from: Machine, to: Machine): Millis {
  return world.clock.draw(world.conditions.latencyMs) + from.lagMs + to.lagMs;
}
