// What a law of the proxy suite is.

import type { ProxyScene } from "./scene.ts";

/**
 * What a good proxy does, by number: facts.md, section 8. Those that are missing belong to routes (14, 15) and to
 * reload (10).
 */
export const BEHAVIOURS = {
  1: "1, every command is forwarded",
  2: "2, pipelines are answered in order",
  3: "3, multi-gets are split and joined",
  4: "4, what is quiet stays in step",
  5: "5, bad requests stay in front",
  6: "6, broken answers",
  7: "7, errors of servers",
  8: "8, dead servers",
  9: "9, late answers",
  11: "11, several connections a server",
  12: "12, bounds",
  13: "13, health",
  16: "16, what the proxy answers itself",
  17: "17, pools",
} as const;

export type Behaviour = keyof typeof BEHAVIOURS;

export interface Law {
  readonly behaviour: Behaviour;
  /** A sentence about behaviour. */
  readonly name: string;
  /** Whether it needs a network that does as it is told, and time that is not waited for. */
  readonly virtual: boolean;
  /** Rejects if it does not hold. */
  holds(scene: ProxyScene): Promise<void>;
}

/** A law that anybody with sockets can see. */
export function law(behaviour: Behaviour, name: string, holds: Law["holds"]): Law {
  return { behaviour, name, holds, virtual: false };
}

/** A law about what does not happen in so much time, or about networks that fail in a certain way. */
export function virtualLaw(behaviour: Behaviour, name: string, holds: Law["holds"]): Law {
  return { behaviour, name, holds, virtual: true };
}
