// A client's CPU time per get, beside the clients that npm has, in one run:
//
//     node -C @memwire/source bench/src/client.ts [--rounds 7] [--seconds 1]
//
// Each client is a process of its own on one core, memcached has the other; they take turns. A round is gets of random
// keys, values of 100 B, 50 calls in flight: user and system time, as the process itself has it. A figure is the median
// of the rounds; `spread` is (largest - smallest) / median. memjs is not among them, for it is not installed.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { denoSocketKinds, openAdapter } from "@memwire/adapter";
import { runtimeCommand, TextClient } from "@memwire/conformance";
import { median } from "./figures.ts";
import { Answering, answerLines } from "./in-turn.ts";
import { type Place, places, required, startMemcachedOn } from "./subject.ts";

const CLIENT_CORE = 0;
const SERVER_CORE = 1;
const IN_FLIGHT = 50;
const KEYS = 10_000;
const VALUE = "v".repeat(100);
const WARM_UP_SECONDS = 2;

const keyOf = (i: number): string => `bench:client:${i}`;

type Get = (key: string) => Promise<number>; // how long the value is

const clients: Readonly<Record<string, (port: number) => Promise<Get>>> = {
  async "@memwire/client"(port) {
    const { createClient } = await import("@memwire/client");
    const denoSockets = denoSocketKinds.find((kind) => kind === values["deno-sockets"]);
    const { network, clock } = await openAdapter({ denoSockets });
    const client = createClient({ network, clock, servers: [{ host: "127.0.0.1", port }] });
    return async (key) => (await client.get(key))?.value.length ?? 0;
  },
  async "memcache-client"(port) {
    const { MemcacheClient } = await import("memcache-client");
    const client = new MemcacheClient({ server: `127.0.0.1:${port}` });
    return async (key) => String((await client.get(key))?.value).length;
  },
  async memcached(port) {
    const { default: Memcached } = await import("memcached");
    const client = new Memcached(`127.0.0.1:${port}`);
    return (key) =>
      new Promise((resolve, reject) => {
        client.get(key, (error: unknown, value: unknown) => {
          if (error === undefined) resolve(String(value).length);
          else reject(new Error("memcached failed", { cause: error }));
        });
      });
  },
};

const [onNode] = places as readonly [Place, ...Place[]];

const subjects: readonly (readonly [client: string, place: Place])[] = [
  ...places.map((place) => ["@memwire/client", place] as const),
  ["memcache-client", onNode],
  ["memcached", onNode],
];

/** The process that is measured: a round for every line it reads. */
async function measureAsTold(name: string, port: number): Promise<void> {
  const get = await (clients[name] as (port: number) => Promise<Get>)(port);
  await answerLines((seconds) => cpuUs(get, Number(seconds) * 1_000));
  process.exit();
}

/** CPU microseconds a get over so much time. */
async function cpuUs(get: Get, ms: number): Promise<number> {
  let gets = 0;
  const end = performance.now() + ms;
  const ask = async (): Promise<void> => {
    while (performance.now() < end) {
      const length = await get(keyOf(Math.floor(Math.random() * KEYS)));
      if (length !== VALUE.length) throw new Error(`a value of ${length} bytes, not of ${VALUE.length}`);
      gets++;
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: IN_FLIGHT }, ask));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / gets;
}

async function compare(rounds: number, seconds: number): Promise<void> {
  const memcached = await startMemcachedOn(SERVER_CORE);
  using storing = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port: memcached.port });
  for (let i = 0; i < KEYS; i++) await storing.ask(`set ${keyOf(i)} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`);
  const running = subjects.map(([client, place]) => start(client, place, memcached.port));
  const figures = running.map(() => new Array<number>());
  try {
    for (const each of running) await each.ask(`${WARM_UP_SECONDS}`);
    for (let i = 0; i < rounds; i++) {
      for (const [at, each] of running.entries()) figures[at]?.push(Number(await each.ask(`${seconds}`)));
    }
  } finally {
    for (const each of running) each.end();
    await memcached.stop();
  }
  tell("client", ["cpu us/get", "spread", "times"]);
  const medians = figures.map(median);
  for (const [at, { name }] of running.entries()) {
    const ofOne = figures[at] as number[];
    const middle = medians[at] as number;
    const spread = ((Math.max(...ofOne) - Math.min(...ofOne)) / middle) * 100;
    tell(name, [middle.toFixed(2), `${spread.toFixed(0)}%`, (middle / (medians[0] as number)).toFixed(2)]);
  }
}

function tell(name: string, columns: readonly string[]): void {
  console.log(name.padEnd(26) + columns.map((column) => column.padStart(12)).join(""));
}

/** A client in a process of its own. */
function start(client: string, { name, runtime, denoSockets }: Place, port: number): Answering {
  const command = [...runtimeCommand(runtime), fileURLToPath(import.meta.url)];
  const args = ["-c", `${CLIENT_CORE}`, ...command, "--client", client, "--port", `${port}`];
  args.push("--deno-sockets", denoSockets);
  return new Answering(`${client}, ${name}`, [required("taskset"), ...args]);
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "1" },
    client: { type: "string" },
    port: { type: "string" },
    "deno-sockets": { type: "string" },
  },
});
if (values.client !== undefined) await measureAsTold(values.client, Number(values.port));
else await compare(Number(values.rounds), Number(values.seconds));
