// The engine and real memcached, asked the same in all three protocols over several connections, answer the same bytes.
//
//     steps --+--> 3 text connections, for classic and meta --+--> ServerEngine --> replies --+
//             +--> 2 binary ones -----------------------------+--> memcached -------------------> equal, cas uniques
//                                                                                               renamed
//
// A step is a pipeline on one of the connections; they have most keys in common, and so meet each other's items. What
// is asked, and what is left out: text-commands.ts, binary-commands.ts. Time does not go by here.

import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import * as binary from "./binary-commands.ts";
import { BinarySide } from "./binary-side.ts";
import { CasUniques } from "./cas-uniques.ts";
import { realHarness, realWorld } from "./server-harness.ts";
import * as text from "./text-commands.ts";
import { TextSide } from "./text-side.ts";

const COMMANDS = 50_000;
/** Of some 220 commands each. */
const RUNS = 260;
const GIVE_UP_MS = 60_000;
const PROTOCOLS = ["text", "text", "text", "binary", "binary"] as const;

const { network, clock } = await realWorld();
const engine = await realHarness("tcp", { version: "1.6.18" });

/** Looks at each turn of the event loop: there are too many steps to sleep for a millisecond in each. */
const until: typeof engine.until = async (done, what, withinMs = 10_000) => {
  const deadline = clock.now() + withinMs;
  while (!done()) {
    if (clock.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const pipeline = { minLength: 1, maxLength: 12 };
/** What is asked on the connection of that number. */
const step = fc.oneof(
  ...PROTOCOLS.map((protocol, connection) =>
    protocol === "text"
      ? fc.record({
          connection: fc.constant(connection),
          protocol: fc.constant(protocol),
          requests: fc.array(text.asked, pipeline),
        })
      : fc.record({
          connection: fc.constant(connection),
          protocol: fc.constant(protocol),
          requests: fc.array(binary.asked, pipeline),
        }),
  ),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The connections to one server: each has those of its protocol, under their numbers. */
class Connections {
  readonly #text: Map<number, TextSide> = new Map();
  readonly #binary: Map<number, BinarySide> = new Map();

  constructor(endpoint: Endpoint) {
    const uniques = new CasUniques();
    for (const [i, protocol] of PROTOCOLS.entries()) {
      if (protocol === "text") this.#text.set(i, new TextSide({ network, until }, endpoint, uniques));
      else this.#binary.set(i, new BinarySide({ network, until }, endpoint, uniques));
    }
  }

  /** Sends what can be sent together in one write, and answers the replies to each. */
  async ask({ protocol, connection, requests }: Step): Promise<readonly unknown[]> {
    const replies: unknown[] = [];
    if (protocol === "text") {
      const side = found(this.#text.get(connection));
      for (const batch of text.batches(requests)) replies.push(await side.ask(batch));
    } else {
      const side = found(this.#binary.get(connection));
      for (const batch of binary.batches(requests)) replies.push(await side.ask(batch));
    }
    return replies;
  }

  close(): void {
    for (const side of [...this.#text.values(), ...this.#binary.values()]) side.close();
  }
}

function found<T>(side: T | undefined): T {
  if (side === undefined) throw new Error("there is no connection of that number and protocol");
  return side;
}

// No items, but a few cas uniques gone, so that one of 1 is below that of every item.
const SOME_CAS = "ms other 1 q\r\nx\r\n".repeat(3);
const FIRST: readonly Step[] = [
  {
    protocol: "text",
    connection: PROTOCOLS.indexOf("text"),
    requests: [...text.KEYS.map((key) => `delete ${key}\r\n`), SOME_CAS].map((wire) => ({ key: "", wire })),
  },
  {
    protocol: "binary",
    connection: PROTOCOLS.indexOf("binary"),
    requests: binary.KEYS.map((key) => ({
      request: { ...binary.COMMON, opcode: "delete", key },
      cas: "none",
    })),
  },
];

withPeer("memcached", () => {
  let servers: { readonly endpoint: Endpoint; stop(): Promise<void> }[] = [];
  beforeEach(async () => {
    // As in server-differential.test.ts: dead items go when they are met.
    const args = ["-o", "no_lru_crawler,no_lru_maintainer"];
    servers = [await startMemcached({ args }), await engine.start()];
  });
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  const bothServers = async (
    use: (connections: readonly [Connections, Connections]) => Promise<void>,
  ): Promise<void> => {
    const [theirs, ours] = servers.map(({ endpoint }) => new Connections(endpoint));
    if (theirs === undefined || ours === undefined) throw new Error("a server did not start");
    try {
      await use([theirs, ours]);
    } finally {
      theirs.close();
      ours.close();
    }
  };

  // Set by FC_SECONDS; without it a difference found late is told with what it has shrunk to by then.
  const { numRuns, interruptAfterTimeLimit = GIVE_UP_MS } = fc.readConfigureGlobal() ?? {};

  test("mixed commands have the same replies", { timeout: 2 * interruptAfterTimeLimit }, async () => {
    let commands = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) =>
        bothServers(async ([theirs, ours]) => {
          for (const each of [...FIRST, ...steps]) {
            const [expected, replies] = await Promise.all([theirs.ask(each), ours.ask(each)]);
            expect(replies, `connection ${each.connection}`).toEqual(expected);
            commands += each.requests.length;
          }
        }),
      ),
      { numRuns: numRuns ?? RUNS, interruptAfterTimeLimit },
    );
    expect(commands).toBeGreaterThanOrEqual(numRuns === undefined ? COMMANDS : 1);
  });
});
