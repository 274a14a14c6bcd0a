// Bad weather for a simulated cluster: every so often something goes wrong, or is set right again.

import type { Simulation } from "@memwire/adapter-memory";

export interface Storm {
  /** Hosts that everything may happen to. */
  readonly servers: readonly string[];
  /** The host between clients and servers, if there is one. */
  readonly proxy: string | undefined;
  /** Clients whose connections may be hit as well. */
  readonly clients: readonly string[];
}

const LULL_MS = 100;

const FAULTS = [
  "reset",
  "resetOne",
  "partition",
  "vanish",
  "stop",
  "refused",
  "unanswered",
  "slow",
  "lag",
  "lag",
  "lag",
  "calm",
  "calm",
  "calm",
  "calm",
] as const;

/** Lets things go wrong until `endsAt`, then heals them all. */
export function rage(simulation: Simulation, storm: Storm, endsAt: number): void {
  const { clock, random, faults } = simulation;
  const strike = (): void => {
    if (clock.now() >= endsAt) return faults.healAll();
    strikeOnce(simulation, storm);
    clock.at(clock.now() + random.below(LULL_MS), strike);
  };
  clock.at(clock.now() + random.below(LULL_MS), strike);
}

function strikeOnce({ random, faults }: Simulation, { servers, proxy, clients }: Storm): void {
  const server = random.oneOf(servers);
  const peers = [...clients, ...(proxy === undefined ? [] : [proxy])];
  const fault = random.oneOf(FAULTS);
  switch (fault) {
    case "reset":
      return void faults.reset(server);
    case "resetOne":
      if (clients.length > 0) faults.resetOne();
      return;
    case "partition":
      if (peers.length > 0) faults.partition(server, random.oneOf(peers));
      if (proxy !== undefined && clients.length > 0) faults.partition(proxy, random.oneOf(clients));
      return;
    case "vanish":
    case "stop":
      return faults[fault](server);
    case "refused":
    case "unanswered":
      return faults.connects(server, fault);
    case "slow":
      return faults.slowReaders(
        random.oneOf([server, ...clients]),
        1 + random.skewed([0, 500]),
        random.below(20),
      );
    case "lag":
      return faults.lag(server, random.skewed([10, 500]));
    case "calm":
      return faults.healAll();
  }
}
