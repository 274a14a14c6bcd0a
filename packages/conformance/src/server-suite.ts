// What a memcached server answers, run against any server: recorded dialogues, and clients that misbehave.
//
//     serverSuite(harness)  ->  vitest tests; the harness starts the server and gives the network to reach it
//
// The same suite runs against the engine on a simulated network and a virtual clock, on the real sockets of each
// runtime, and against real memcached, which proves the suite itself.

import type { Clock, Endpoint, Network } from "@memwire/engine";
import { afterAll, beforeAll, describe, test } from "vitest";
import { play } from "./server/play.ts";
import { scenariosOf, type Scenario } from "./server/scenario.ts";
import { tortureLaws } from "./server/torture-laws.ts";
import { WireClient } from "./server/wire-client.ts";

/** What the suite needs to know and to have of a server. */
export interface ServerHarness {
  readonly name: string;
  /** Starts a server with nothing stored, with memcached's default settings. */
  start(): Promise<{ readonly endpoint: Endpoint; stop(): Promise<void> }>;
  /** By which clients reach it. */
  readonly network: Network;
  readonly clock: Clock;
  /**
   * Lets network and clock go on until `done()` answers true, asked after every step; rejects with an `Error` that
   * names `what` after `withinMs` (10,000 unless given) of its clock.
   */
  until(done: () => boolean, what: string, withinMs?: number): Promise<void>;
  /** Lets so much time go by, on a virtual clock without waiting. */
  sleep(ms: number): Promise<void>;
  /** How long a slow client waits between two bytes: a second where that costs nothing. */
  readonly slowMs: number;
  /** Exemptions: full names of tests that do not apply, with the reason that the report prints. */
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

type Server = Awaited<ReturnType<ServerHarness["start"]>>;

interface Declared {
  readonly name: string;
  /** Tests of one group run one after the other, but those that take time, which run together. */
  readonly group: "scenarios" | "scenarios that take time" | "clients that misbehave";
  readonly run: (endpoint: Endpoint) => Promise<void>;
}

/**
 * Registers the tests of one server under the harness's name. A scenario is played with each step in one write and,
 * unless the recording forbids it or the server closes in it, once more `in pieces`.
 *
 * @throws RangeError if an exemption names a test that does not exist, or gives no reason
 */
export function serverSuite(harness: ServerHarness): void {
  const tests = [...scenarioTests(harness), ...tortureTests(harness)];
  const reasons = reasonsOf(harness, tests);
  describe(harness.name, () => {
    let server: Server | undefined;
    beforeAll(async () => {
      server = await harness.start();
    });
    afterAll(() => server?.stop());

    for (const group of ["scenarios", "scenarios that take time", "clients that misbehave"] as const) {
      describe(group, () => {
        const declare = group === "scenarios that take time" ? test.concurrent : test;
        for (const { name, run } of tests.filter((declared) => declared.group === group)) {
          declare(name, async (context) => {
            context.skip(reasons.has(name), reasons.get(name));
            if (server === undefined) throw new Error("the server did not start");
            await run(server.endpoint);
          });
        }
      });
    }
  });
}

function scenarioTests(harness: ServerHarness): Declared[] {
  return (["classic", "malformed", "meta", "binary"] as const).flatMap(scenariosOf).flatMap((scenario) => {
    const sleeps = scenario.steps.some(({ sleep }) => sleep !== undefined);
    // What arrives behind a close is answered by a reset, which may overtake the reply: such steps are not cut.
    const closes = scenario.steps.some(({ closed }) => closed === true);
    const ways = scenario.nochunk === true || closes ? [false] : [false, true];
    return ways.map((inPieces): Declared => {
      // Both ways of one that takes time go on together: each needs keys of its own. And nothing may be flushed
      // while others wait for it to expire.
      const played = inPieces && sleeps ? withOtherKeys(scenario) : scenario;
      const flush = sleeps ? async () => {} : flushAll;
      return {
        name: inPieces ? `${scenario.name}, in pieces` : scenario.name,
        group: sleeps ? "scenarios that take time" : "scenarios",
        run: (endpoint) => play(harness, endpoint, played, inPieces, () => flush(harness, endpoint)),
      };
    });
  });
}

function tortureTests(harness: ServerHarness): Declared[] {
  return tortureLaws.map((law) => ({
    name: law.name,
    group: "clients that misbehave",
    async run(endpoint) {
      await flushAll(harness, endpoint);
      await law.holds(harness, endpoint);
    },
  }));
}

function reasonsOf({ skip }: ServerHarness, tests: readonly Declared[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { reason, tests: names } of skip) {
    if (reason === "")
      throw new RangeError(`an exemption needs a reason, got none for "${names.join(", ")}"`);
    for (const name of names) {
      if (!tests.some((declared) => declared.name === name)) {
        throw new RangeError(`no such test to be exempted: "${name}"`);
      }
      reasons.set(name, reason);
    }
  }
  return reasons;
}

async function flushAll(harness: ServerHarness, endpoint: Endpoint): Promise<void> {
  const client = WireClient.connect(harness.network, endpoint);
  client.send("flush_all\r\n");
  await harness.until(() => client.peek() === "OK\r\n" || client.isOver, "flush_all to be answered");
  client.close();
}

/** The same scenario with other keys. */
function withOtherKeys(scenario: Scenario): Scenario {
  const other = JSON.stringify(scenario)
    .replace(/\bc(\d{3}[a-z])\b/g, "d$1")
    .replace(/b(\d{3}key)/g, "d$1");
  return JSON.parse(other) as Scenario;
}
