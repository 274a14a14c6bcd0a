// The engines of proxy and server alone, without a socket: nanoseconds a request, for each runtime.
//
//     node -C @memwire/source bench/src/engines.ts [words of names: only these cases]
//     bun --conditions=@memwire/source bench/src/engines.ts
//     deno run -A --conditions=@memwire/source bench/src/engines.ts
//
// A cycle is what a turn or two of the real thing's loop do: a chunk of each of some clients goes in, what is polled goes
// to three servers, if it is a proxy, their answers go in, and what is polled then goes to the clients. Every cycle of a
// case is the same, so what the servers answer is found out once.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { latin1Bytes, SendBuffer, TextRequestDecoder } from "@memwire/codec";
import type { ConnectionId, Engine } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";
import { ServerEngine } from "@memwire/server";

const SERVERS = 3;
const KEYS = 10_000;
const VALUE = "v".repeat(100);
const TURNS_MAX = 4;
const CYCLES_A_LOOK = 10;
const WARM_UP_MS = 500;
const ROUNDS = 150;
const ROUND_MS = 5;

type Random = () => number;

const keyOf = (i: number): string => `key:${String(i).padStart(8, "0")}`;
const key = (random: Random): string => keyOf(Math.floor(random() * KEYS));
const keys24 = (random: Random): string[] => Array.from({ length: 24 }, () => key(random));
const set = (name: string): string => `set ${name} 0 0 100\r\n${VALUE}\r\n`;

/** Requests of one kind, as text. */
const REQUESTS = {
  mixed: (random: Random) => (random() < 0.1 ? set(key(random)) : `get ${key(random)}\r\n`),
  mget24: (random: Random) => `get ${keys24(random).join(" ")}\r\n`,
  meta24: (random: Random) =>
    `${keys24(random)
      .map((name) => `mg ${name} v k f q\r\n`)
      .join("")}mn\r\n`,
  mg: (random: Random) => `mg ${key(random)} v k f\r\n`,
};

interface Case {
  readonly name: string;
  readonly of: "proxy" | "server";
  /** Whose chunks come in one turn. */
  readonly clients: number;
  /** Requests of a chunk. */
  readonly depth: number;
  readonly request: keyof typeof REQUESTS;
}

const cases: readonly Case[] = [
  { name: "p1, 1 client a turn", of: "proxy", clients: 1, depth: 1, request: "mixed" },
  { name: "p1, 8 clients a turn", of: "proxy", clients: 8, depth: 1, request: "mixed" },
  { name: "p16, 4 clients a turn", of: "proxy", clients: 4, depth: 16, request: "mixed" },
  { name: "mget24, 4 clients a turn", of: "proxy", clients: 4, depth: 1, request: "mget24" },
  { name: "p1, 1 client a turn", of: "server", clients: 1, depth: 1, request: "mixed" },
  { name: "p1, 8 clients a turn", of: "server", clients: 8, depth: 1, request: "mixed" },
  { name: "p16, 4 clients a turn", of: "server", clients: 4, depth: 16, request: "mixed" },
  { name: "mget24, 4 clients a turn", of: "server", clients: 4, depth: 1, request: "mget24" },
  { name: "24 quiet mg and mn", of: "server", clients: 4, depth: 1, request: "meta24" },
  { name: "24 mg in a pipeline, each", of: "server", clients: 4, depth: 24, request: "mg" },
];

const { copyBytes } = await openAdapter();
const words = process.argv.slice(2);
for (const each of cases) {
  const name = `${each.of}: ${each.name}`;
  if (words.every((word) => name.includes(word))) measure(name, each);
}

function measure(name: string, { of, clients, depth, request }: Case): void {
  const random = seeded(7);
  const chunks = Array.from({ length: clients }, () =>
    latin1Bytes(Array.from({ length: depth }, () => REQUESTS[request](random)).join("")),
  );
  const cycle = of === "proxy" ? proxied(chunks) : served(chunks);
  const run = (ms: number): number => {
    const started = performance.now();
    let cycles = 0;
    let took = 0;
    do {
      for (let i = 0; i < CYCLES_A_LOOK; i++) cycle();
      cycles += CYCLES_A_LOOK;
      took = performance.now() - started;
    } while (took < ms);
    return (took * 1e6) / (cycles * clients * depth);
  };
  run(WARM_UP_MS);
  const rounds = Array.from({ length: ROUNDS }, () => run(ROUND_MS)).toSorted((a, b) => a - b);
  const [fastest, middle] = [rounds[0], rounds[ROUNDS >> 1]] as [number, number];
  console.log(`${name.padEnd(34)} ${fastest.toFixed(0).padStart(7)} ns, median ${middle.toFixed(0)}`);
}

/** A server that has all keys. */
function served(chunks: readonly Uint8Array[]): () => void {
  const engine = new ServerEngine(copyBytes === undefined ? {} : { copyBytes });
  const filling = engine.accepted(0, 0);
  for (let i = 0; i < KEYS; i++) engine.received(filling, latin1Bytes(set(keyOf(i))), 0);
  const clients = chunks.map(() => engine.accepted(0, 0));
  return () => {
    for (let i = 0; i < clients.length; i++)
      engine.received(clients[i] as number, chunks[i] as Uint8Array, 1);
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      carryOut(engine);
      if (engine.deadline !== -Infinity) break;
      engine.elapsed(1);
    }
  };
}

/** A proxy before three servers that have all keys. */
function proxied(chunks: readonly Uint8Array[]): () => void {
  const servers = Array.from({ length: SERVERS }, (_, i) => ({ host: "127.0.0.1", port: 22_122 + i }));
  const engine = new ProxyEngine({
    pools: [
      {
        name: "bench",
        servers: servers.map((at) => ({ name: `${at.host}:${at.port}`, endpoint: { kind: "tcp", ...at } })),
        distribution: createDistribution({ distribution: "ketama", hash: "fnv1a_64", servers }),
      },
    ],
    ...(copyBytes !== undefined && { copyBytes }),
  });
  const clients = chunks.map(() => engine.accepted(0, 0));
  const answers = new Map<ConnectionId, Uint8Array[]>();
  const answered = new Map<ConnectionId, number>();
  const asked: ConnectionId[] = [];
  let finding = true;
  const sent = (id: ConnectionId, bytes: Uint8Array): void => {
    if (clients.includes(id)) return;
    asked.push(id);
    if (finding) answers.set(id, [...(answers.get(id) ?? []), answerTo(bytes)]);
  };
  const cycle = (): void => {
    for (let i = 0; i < clients.length; i++)
      engine.received(clients[i] as number, chunks[i] as Uint8Array, 1);
    for (let turns = 0; turns < TURNS_MAX; turns++) {
      carryOut(engine, sent);
      if (asked.length === 0 && engine.deadline !== -Infinity) break;
      for (const id of asked) {
        const next = answered.get(id) ?? 0;
        answered.set(id, next + 1);
        engine.received(id, answers.get(id)?.[next] as Uint8Array, 1);
      }
      asked.length = 0;
      if (engine.deadline === -Infinity) engine.elapsed(1);
    }
    answered.clear();
  };
  cycle(); // makes the connections
  answers.clear();
  cycle();
  finding = false;
  if (engine.counters.requestsInvalid > 0) throw new Error("requests were refused");
  return cycle;
}

/** Does what an engine asks of a network that takes everything at once. */
function carryOut(engine: Engine, sent: (id: ConnectionId, bytes: Uint8Array) => void = () => {}): void {
  for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
    if (command.kind === "connect") engine.connected(command.id, 1);
    if (command.kind !== "send") continue;
    sent(command.id, command.bytes);
    engine.drained(command.id, 1);
  }
}

/** What memcached answers in which everything is stored. */
function answerTo(bytes: Uint8Array): Uint8Array {
  const decoder = new TextRequestDecoder();
  decoder.receive(bytes);
  const out = new SendBuffer();
  while (decoder.next() === "request") {
    if (decoder.command === "set") {
      out.latin1("STORED\r\n");
      continue;
    }
    const { keyCount, keyOffsets } = decoder;
    for (let i = 0; i < keyCount; i++) {
      out.latin1("VALUE ");
      out.copy(decoder.bytes, keyOffsets[i * 2] as number, keyOffsets[i * 2 + 1] as number);
      out.latin1(` 0 100\r\n${VALUE}\r\n`);
    }
    out.latin1("END\r\n");
  }
  return out.take();
}

function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
