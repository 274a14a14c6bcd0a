// How a good proxy behaves, run against the proxy wherever it runs, over backends that do what backends should not.
//
//     proxySuite(harness)  ->  vitest tests; the harness starts proxies and gives hosts for the backends
//
// The same suite runs on a simulated network and a virtual clock, and, but for the laws that need those, on the real
// sockets of each runtime.

import type { Clock, Endpoint, Network } from "@memwire/engine";
import type { ProxyEngine, ProxyOptions } from "@memwire/proxy";
import { describe, test } from "vitest";
import { answerLaws } from "./proxy/answer-laws.ts";
import type { BackendHost } from "./proxy/backend.ts";
import { badRequestLaws } from "./proxy/bad-request-laws.ts";
import { boundLaws } from "./proxy/bound-laws.ts";
import { brokenAnswerLaws } from "./proxy/broken-answer-laws.ts";
import { connectionLaws } from "./proxy/connection-laws.ts";
import { healthLaws } from "./proxy/health-laws.ts";
import { lateLaws } from "./proxy/late-laws.ts";
import { BEHAVIOURS, type Behaviour, type Law } from "./proxy/law.ts";
import { ProxyScene } from "./proxy/scene.ts";

/** What the suite needs to know and to have of the world that the proxy runs in. */
export interface ProxyHarness {
  readonly name: string;
  /** Whether its network does as it is told and its time is virtual; laws that need that are left out if not. */
  readonly virtual: boolean;
  /** Runs a proxy; its pool i is at `endpoints[i]`. */
  start(options: ProxyOptions): Promise<{
    readonly engine: ProxyEngine;
    readonly endpoints: readonly Endpoint[];
    /** After the engine was asked for something from outside. */
    wake(): void;
    stop(): Promise<void>;
  }>;
  /** A host for one backend. */
  host(): Promise<BackendHost>;
  /** From now on connects to this backend get no answer, neither good nor bad; only of a network that obeys. */
  unanswered?(endpoint: Endpoint): void;
  /** By which clients reach the proxy. */
  readonly network: Network;
  readonly clock: Clock;
  /**
   * Lets network and clock go on until `done()` answers true, asked after every step; rejects with an `Error` that
   * names `what` after `withinMs` (10,000 unless given) of its clock.
   */
  until(done: () => boolean, what: string, withinMs?: number): Promise<void>;
  /** Lets so much time go by, on a virtual clock without waiting. */
  sleep(ms: number): Promise<void>;
  /** Exemptions: names of laws that do not apply, with the reason that the report prints. */
  readonly skip: readonly { readonly reason: string; readonly laws: readonly string[] }[];
}

const laws: readonly Law[] = [
  ...answerLaws,
  ...badRequestLaws,
  ...brokenAnswerLaws,
  ...lateLaws,
  ...healthLaws,
  ...connectionLaws,
  ...boundLaws,
];

/**
 * Registers the tests of one harness, by behaviour.
 *
 * @throws RangeError if an exemption names a law that does not exist, or gives no reason
 */
export function proxySuite(harness: ProxyHarness): void {
  const applicable = laws.filter(({ virtual }) => harness.virtual || !virtual);
  const reasons = reasonsOf(harness, applicable);
  describe(harness.name, () => {
    for (const number of Object.keys(BEHAVIOURS).map(Number) as Behaviour[]) {
      describe(BEHAVIOURS[number], () => {
        for (const law of applicable.filter(({ behaviour }) => behaviour === number)) {
          test(law.name, async (context) => {
            context.skip(reasons.has(law.name), reasons.get(law.name));
            await using scene = new ProxyScene(harness);
            await law.holds(scene);
            scene.checkNothingLeft();
          });
        }
      });
    }
  });
}

function reasonsOf({ skip }: ProxyHarness, applicable: readonly Law[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { reason, laws: names } of skip) {
    if (reason === "")
      throw new RangeError(`an exemption needs a reason, got none for "${names.join(", ")}"`);
    for (const name of names) {
      if (!applicable.some((each) => each.name === name)) {
        throw new RangeError(`no such law to be exempted: "${name}"`);
      }
      reasons.set(name, reason);
    }
  }
  return reasons;
}
