// The laws of Network, Transport and Clock (packages/engine/src/contract.ts), run against any adapter.
//
//     adapterSuite(harness)  ->  vitest tests; both ends of a connection are the adapter's own transports, and the
//                                harness gives what an adapter cannot: time going by, a peer that misbehaves
//
// The same suite runs on real sockets and on the simulator's virtual clock, so it never sleeps: it says what it
// waits for, and the harness lets the world go on until that has come.

import { test } from "vitest";
import type { Clock, Endpoint, Network } from "@memwire/engine";
import type { Kind, Law } from "./adapter/law.ts";
import { clockLaws } from "./adapter/clock-laws.ts";
import { closingLaws } from "./adapter/closing-laws.ts";
import { connectingLaws } from "./adapter/connecting-laws.ts";
import { datagramLaws } from "./adapter/datagram-laws.ts";
import { drivingLaws } from "./adapter/driving-laws.ts";
import { flowLaws } from "./adapter/flow-laws.ts";
import { listeningLaws } from "./adapter/listening-laws.ts";

/** What the suite needs to know and to have of an adapter. */
export interface AdapterHarness {
  readonly name: string;
  readonly network: Network;
  readonly clock: Clock;
  /**
   * Lets network and clock go on until `done()` answers true, asked after every step; rejects with an `Error` that
   * names `what` after `withinMs` (10,000 unless given) of its clock.
   */
  until(done: () => boolean, what: string, withinMs?: number): Promise<void>;
  /** An endpoint that can be listened on, not given out before; port 0 for tcp. */
  fresh(kind: Kind): Endpoint;
  /** An endpoint at which nobody listens. */
  vacant(kind: Kind): Endpoint | Promise<Endpoint>;
  /** A host whose connects stay pending for minutes. */
  blackhole(): Promise<{ readonly endpoint: Endpoint; close(): void | Promise<void> }>;
  /** A tcp peer that accepts and then, on `reset()`, resets (RST) every connection it has. */
  resetting(): Promise<{
    readonly endpoint: Endpoint;
    /** Connections accepted so far. */
    readonly connections: number;
    reset(): void;
    close(): void | Promise<void>;
  }>;
  /** Sockets that are open at this endpoint: that listen there, were accepted there, or are connected to it. */
  openSockets(endpoint: Endpoint): number;
  /** Exemptions: the full names of tests that do not apply, with the reason that the report prints. */
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

const laws: readonly Law[] = [
  ...connectingLaws,
  ...listeningLaws,
  ...flowLaws,
  ...closingLaws,
  ...datagramLaws,
  ...drivingLaws,
  ...clockLaws,
];

/**
 * Registers the tests of one adapter, named `<harness> <law> (<kind>)`; laws that are not about sockets have no
 * kind.
 *
 * @throws RangeError if an exemption names a test that does not exist, or gives no reason
 */
export function adapterSuite(harness: AdapterHarness): void {
  const reasons = new Map<string, string>();
  for (const { reason, tests } of harness.skip) {
    if (reason === "")
      throw new RangeError(`an exemption needs a reason, got none for "${tests.join(", ")}"`);
    for (const name of tests) reasons.set(name, reason);
  }
  for (const law of laws) {
    for (const kind of law.kinds) {
      const name = law.kinds.length > 1 ? `${law.name} (${kind})` : law.name;
      const reason = reasons.get(name);
      reasons.delete(name);
      test(`${harness.name}: ${name}`, async (context) => {
        context.skip(reason !== undefined, reason);
        await law.holds(harness, kind);
      });
    }
  }
  for (const name of reasons.keys()) throw new RangeError(`no such test to be exempted: "${name}"`);
}
