// Network and clock of the runtime at hand, on its native sockets.
//
// Each adapter is imported only where it belongs, so no runtime ever loads another one's module.

import type { Clock, Network } from "@memwire/engine";

export interface Adapter {
  readonly runtime: "node" | "bun" | "deno";
  readonly network: Network;
  readonly clock: Clock;
}

/** The adapter for the runtime this runs on. Node's is taken where none of the three is recognised. */
export async function openAdapter(): Promise<Adapter> {
  // Bun and Deno both have a `process` that looks like Node's: they are asked for first.
  const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
  const { network, clock } = await load(runtime);
  return { runtime, network, clock };
}

function load(runtime: Adapter["runtime"]): Promise<Pick<Adapter, "network" | "clock">> {
  switch (runtime) {
    case "bun":
      return import("@memwire/adapter-bun");
    case "deno":
      return import("@memwire/adapter-deno");
    case "node":
      return import("@memwire/adapter-node");
  }
}
