// What clients are told through the proxy is what they would be told directly, in all three protocols, however the bytes
// are cut.
//
//     steps --+--> text and binary connections --> ServerEngine ---------------------> replies --+
//             +--> the same --> ProxyEngine --> three endpoints of another ServerEngine ----------> equal, cas uniques
//                                                                                                   renamed
//
// A step is a pipeline on one of the connections; they have most keys in common. The three endpoints have one store, so
// that cas uniques are given once; a client cannot tell. Only the order of the values of a multi-get is the servers' own.

import { simulate } from "@memwire/adapter-memory";
import { latin1Bytes, NO_INITIAL } from "@memwire/codec";
import { drive, type Endpoint, type Network } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import { ServerEngine } from "@memwire/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ServerHarness } from "../src/mod.ts";
import * as binary from "./binary-commands.ts";
import { BinarySide } from "./binary-side.ts";
import { CasUniques } from "./cas-uniques.ts";
import { isInBase64, isSayable } from "./sayable-in-binary.ts";
import * as text from "./text-commands.ts";
import { TextSide } from "./text-side.ts";

const VERSION = "1.6.45";
const PROTOCOLS = ["text", "text", "binary", "binary"] as const;
const RUNS = 30;
const MICROTASKS_A_STEP = 16; // the sides await; their promises must get on before the next event

const pipeline = { minLength: 1, maxLength: 12 };

/** What binary can say of times beyond 2038 text cannot: docs/protocol.md. */
const sayable = ({ request, cas }: binary.Asked): binary.Asked => {
  if (!("exptime" in request) || request.exptime === undefined || request.exptime < 2 ** 31) {
    return { request, cas };
  }
  const creates = !("delta" in request) || request.exptime !== NO_INITIAL;
  return creates ? { request: { ...request, exptime: 2 ** 31 - 1 }, cas } : { request, cas };
};

// A flush comes to each server in its own time, and here to one store in that of three.
const isLeftOut = (command: string): boolean => command.startsWith("flush");

const step = fc.nat({ max: PROTOCOLS.length - 1 }).chain((connection) =>
  fc.record({
    connection: fc.constant(connection),
    text: fc.array(
      text.asked.filter(({ wire }) => !isLeftOut(wire)),
      pipeline,
    ),
    binary: fc.array(binary.asked.filter(({ request }) => !isLeftOut(request.opcode)).map(sayable), pipeline),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The connections to one endpoint: each has those of its protocol, under their numbers. */
class Connections {
  readonly #sides: readonly (TextSide | BinarySide)[];

  constructor(harness: Pick<ServerHarness, "network" | "until">, endpoint: Endpoint) {
    const uniques = new CasUniques();
    this.#sides = PROTOCOLS.map((protocol) =>
      protocol === "text"
        ? new TextSide(harness, endpoint, uniques)
        : new BinarySide(harness, endpoint, uniques),
    );
  }

  /** Sends what can be sent together in one write, and answers the replies to each. */
  async ask(step: Step): Promise<readonly unknown[]> {
    const side = this.#sides[step.connection];
    const replies: unknown[] = [];
    if (side instanceof TextSide) {
      for (const batch of text.batches(step.text)) replies.push(sortValues(await side.ask(batch)));
    } else if (side !== undefined) {
      for (const batch of binary.batches(step.binary)) replies.push(await side.ask(batch));
    }
    return replies;
  }
}

/** The values before each `END` in the order of their lines. */
function sortValues(replies: string): string {
  let sorted = "";
  let values: string[] = [];
  for (let at = 0; at < replies.length;) {
    const lineEnd = replies.indexOf("\n", at) + 1;
    if (lineEnd === 0) return sorted + values.join("") + replies.slice(at);
    const line = replies.slice(at, lineEnd);
    const [, key, length = ""] = /^(VALUE \S+ \d+|VA) (\d+)/.exec(line) ?? [];
    const end = key === undefined ? lineEnd : lineEnd + Number(length) + 2;
    if (line.startsWith("VALUE ")) values.push(replies.slice(at, end));
    else {
      sorted += values.sort().join("") + replies.slice(at, end);
      values = [];
    }
    at = end;
  }
  return sorted + values.join("");
}

const USER = { name: "ann", password: "open sesame" };
const credentials = { kind: "sasl", user: USER.name, password: USER.password } as const;

/** @param asksFor What the servers behind the proxy want to be told first. */
async function compare(
  seed: number,
  steps: readonly Step[],
  asksFor: "nothing" | "sasl" = "nothing",
): Promise<void> {
  const simulation = simulate({ seed });
  const until: ServerHarness["until"] = async (done, what) => {
    const deadline = simulation.elapsedMs + 60_000;
    for (;;) {
      for (let turn = 0; turn < MICROTASKS_A_STEP; turn++) await Promise.resolve();
      if (done()) return;
      if (simulation.elapsedMs > deadline || !simulation.step()) throw new Error(`waited for ${what}`);
    }
  };
  const listenOn = async (
    network: Network,
    engine: ServerEngine | ProxyEngine,
  ): Promise<() => Promise<Endpoint>> => {
    const driver = drive(engine, network, simulation.clock);
    return async () => (await driver.listen({ kind: "tcp", host: "localhost", port: 0 })).endpoint;
  };
  const authentication = { kind: "sasl", users: [USER] } as const;
  const reference = await listenOn(simulation.network, new ServerEngine({ version: VERSION }));
  const backend = await listenOn(
    simulation.network,
    new ServerEngine({ version: VERSION, ...(asksFor === "sasl" && { authentication }) }),
  );
  const servers = [];
  for (const name of ["one", "two", "three"]) servers.push({ name, endpoint: await backend() });
  const ring = servers.map(({ name, endpoint }) => ({ name, host: name, port: portOf(endpoint), weight: 1 }));
  const proxy = new ProxyEngine({
    version: VERSION,
    limits: { wholeBytesMax: 1_000 }, // less than the largest values here
    pools: [
      {
        name: "alpha",
        servers,
        distribution: createDistribution({ distribution: "modula", hash: "fnv1a_64", servers: ring }),
        flushEnabled: true,
        queuedTimeoutMs: 60_000,
        replyTimeoutMs: 60_000,
        ...(asksFor === "sasl" && { credentials }),
      },
    ],
  });
  const front = await listenOn(simulation.network, proxy);
  const harness = { network: simulation.network, until };
  const direct = new Connections(harness, await reference());
  const proxied = new Connections(harness, await front());
  for (const each of steps) {
    const expected = await direct.ask(each);
    expect(await proxied.ask(each), `connection ${each.connection}`).toEqual(expected);
  }
}

const portOf = (endpoint: Endpoint): number => (endpoint.kind === "tcp" ? endpoint.port : 0);

const { numRuns = RUNS, interruptAfterTimeLimit = 60_000 } = fc.readConfigureGlobal() ?? {};

test("mixed clients are told through the proxy what they are told directly", async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), steps, (seed, each) => compare(seed, each)),
    { numRuns, interruptAfterTimeLimit },
  );
}, 120_000);

/** What servers that are asked in binary can be asked: no stale item is ever there. */
const sayableBehindSasl = (each: Step): Step => ({
  ...each,
  text: each.text.filter(({ wire }) => isSayable(wire.replace("%", "1")) !== "no" && !isInBase64(wire)),
});

test("and the same where the servers want SASL, as far as binary can say it", async () => {
  const steps = fc.array(step.map(sayableBehindSasl), { minLength: 5, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.nat(), steps, (seed, each) => compare(seed, each, "sasl")),
    { numRuns, interruptAfterTimeLimit },
  );
}, 120_000);

const key = latin1Bytes("a");
const touching: readonly [opcode: string, request: binary.Asked["request"]][] = [
  ["get", { ...binary.COMMON, opcode: "get", key }],
  ["gat", { ...binary.COMMON, opcode: "gat", key, exptime: 1_000 }],
  ["touch", { ...binary.COMMON, opcode: "touch", key, exptime: 1_000 }],
];

test.each(touching)("after a %s of a stale item a meta client is told to renew it", async (_, request) => {
  const meta = (wire: string): Step => ({ connection: 0, text: [{ key: "a", wire }], binary: [] });
  await compare(1, [
    meta("set a 0 0 1\r\nx\r\n"),
    meta("md a I T3600\r\n"),
    { connection: 2, text: [], binary: [{ request, cas: "none" }] },
    meta("mg a v t\r\n"),
  ]);
});
