// The proxy's engine alone, without a socket: nanoseconds a request, for each runtime.
//
//     node -C @memwire/source bench/src/proxy-engine.ts [words of names: only these cases]
//     bun --conditions=@memwire/source bench/src/proxy-engine.ts
//     deno run -A --conditions=@memwire/source bench/src/proxy-engine.ts
//
// A cycle is what one turn of the real thing's loop and the next do: a chunk of each of some clients goes in, what is
// polled goes to three servers, their answers go in, and what is polled then goes to the clients. Every cycle of a case
// is the same, so what the servers answer is found out once.

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import { latin1Bytes, SendBuffer, TextRequestDecoder } from "@memwire/codec";
import type { ConnectionId } from "@memwire/engine";
import { ProxyEngine } from "@memwire/proxy";
import { createDistribution } from "@memwire/router";

const SERVERS = 3;
const VALUE = "v".repeat(100);
const WARM_UP_MS = 500;
const ROUNDS = 150;
const ROUND_MS = 5;

interface Case {
  readonly name: string;
  /** Whose chunks come in one turn. */
  readonly clients: number;
  /** Requests of a chunk. */
  readonly depth: number;
  readonly request: (random: () => number) => string;
}

const key = (random: () => number): string => `key:${String(Math.floor(random() * 1e6)).padStart(8, "0")}`;
const mixed = (random: () => number): string =>
  random() < 0.1 ? `set ${key(random)} 0 0 100\r\n${VALUE}\r\n` : `get ${key(random)}\r\n`;
const multiGet = (random: () => number): string =>
  `get ${Array.from({ length: 24 }, () => key(random)).join(" ")}\r\n`;

const cases: readonly Case[] = [
  { name: "p1, 1 client a turn", clients: 1, depth: 1, request: mixed },
  { name: "p1, 8 clients a turn", clients: 8, depth: 1, request: mixed },
  { name: "p16, 4 clients a turn", clients: 4, depth: 16, request: mixed },
  { name: "p16, 20 clients a turn", clients: 20, depth: 16, request: mixed },
  { name: "mget24, 4 clients a turn", clients: 4, depth: 1, request: multiGet },
];

const adapter = await openAdapter();
const words = process.argv.slice(2);
for (const each of cases) {
  if (words.every((word) => each.name.includes(word))) measure(each);
}

function measure({ name, clients, depth, request }: Case): void {
  const random = seeded(7);
  const chunks = Array.from({ length: clients }, () =>
    latin1Bytes(Array.from({ length: depth }, () => request(random)).join("")),
  );
  const endpoint = { kind: "tcp", host: "127.0.0.1", port: 1 } as const;
  const servers = Array.from({ length: SERVERS }, (_, i) => ({
    name: `127.0.0.1:${22_122 + i}`,
    endpoint: { ...endpoint, port: 22_122 + i },
  }));
  const distribution = createDistribution({
    distribution: "ketama",
    hash: "fnv1a_64",
    servers: servers.map((server) => ({ host: "127.0.0.1", port: server.endpoint.port })),
  });
  const { copyBytes } = adapter;
  const engine = new ProxyEngine({
    pools: [{ name: "bench", servers, distribution }],
    ...(copyBytes !== undefined && { copyBytes }),
  });
  const ids: ConnectionId[] = chunks.map(() => engine.accepted(0, 0));
  const isClient = new Set(ids);
  /** Of each server's connection in turn: what it is sent, and what it answers. */
  const answers = new Map<ConnectionId, Uint8Array[]>();
  const at = new Map<ConnectionId, number>();
  let recording = true;
  const toServers: ConnectionId[] = [];
  const cycle = (): void => {
    for (let i = 0; i < ids.length; i++) engine.received(ids[i] as number, chunks[i] as Uint8Array, 1);
    for (let turns = 0; turns < 4; turns++) {
      for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
        if (command.kind === "connect") engine.connected(command.id, 1);
        if (command.kind !== "send") continue;
        if (!isClient.has(command.id)) {
          toServers.push(command.id);
          if (recording)
            answers.set(command.id, [...(answers.get(command.id) ?? []), answerTo(command.bytes)]);
        }
        engine.drained(command.id, 1);
      }
      if (toServers.length === 0 && engine.deadline !== -Infinity) break;
      for (const id of toServers) {
        const next = at.get(id) ?? 0;
        at.set(id, next + 1);
        engine.received(id, answers.get(id)?.[next] as Uint8Array, 1);
      }
      toServers.length = 0;
      if (engine.deadline === -Infinity) engine.elapsed(1);
    }
    at.clear();
  };
  for (let i = 0; i < 2; i++) {
    answers.clear(); // of the first cycle, in which connections were made
    cycle();
  }
  recording = false;
  const requests = clients * depth;
  const run = (ms: number): number => {
    const started = performance.now();
    let cycles = 0;
    let took = 0;
    do {
      for (let i = 0; i < 10; i++) cycle();
      cycles += 10;
      took = performance.now() - started;
    } while (took < ms);
    return (took * 1e6) / (cycles * requests);
  };
  run(WARM_UP_MS);
  const rounds = Array.from({ length: ROUNDS }, () => run(ROUND_MS)).sort((a, b) => a - b);
  const { requestsInvalid } = engine.counters;
  if (requestsInvalid > 0) throw new Error(`${requestsInvalid} requests were refused`);
  const [fastest, middle] = [rounds[0], rounds[ROUNDS >> 1]] as [number, number];
  console.log(`${name.padEnd(28)} ${fastest.toFixed(0).padStart(7)} ns, median ${middle.toFixed(0)}`);
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

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
