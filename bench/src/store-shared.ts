// What sharing costs and what it gives: one worker on a store of its own, one on a shared store, with its locks and with
// these taken out, and two on it, in turns, on the runtime that runs this:
//
//     node -C @memwire/source bench/src/store-shared.ts [--items 1000000] [--rounds 11] [--ms 400] [--load 2]
//     bun --conditions=@memwire/source bench/src/store-shared.ts
//     deno run -A --conditions=@memwire/source bench/src/store-shared.ts
//
// 90 % get, 10 % set of items of 14 + 100 bytes. Two should do 1.7 times what one does, and beside as many busy processes
// as `--load` says never less than 0.9 times; the locks should cost one at most a tenth. CPU time is that of the process,
// in which a worker that waits for a lock awake has its part, and receiving the keys. Ratios are of neighbouring rounds.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { SlabStore } from "@memwire/store";
import { grouped, median } from "./figures.ts";
import { ownCommand } from "./in-turn.ts";
import { roomFor, SlabSubject } from "./store-subjects.ts";
import { copyBytes, Traffic } from "./store-traffic.ts";
import { FILL_SEED, fillAll, type WorkerDone, type WorkerTask } from "./store-worker.ts";

const WARM_UP_MS = 2_000;

/** So many workers on one store, and what they did. */
interface Side {
  readonly name: string;
  readonly workers: readonly Worker[];
  readonly rounds: Round[];
}

interface Round {
  readonly callsPerSecond: number;
  readonly cpuNs: number;
}

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "11" },
    ms: { type: "string", default: "400" },
    load: { type: "string", default: "0" },
  },
});

const items = Number(values.items);
const store = SlabStore.shared({ ...roomFor({ items }), copyBytes });
const traffic = new Traffic(false);
fillAll(new SlabSubject(store, traffic), traffic, items);
const shared = store.share();
const alone = await start({ items, seed: FILL_SEED + 1 });
const one = await start({ items, seed: FILL_SEED + 2, shared });
const two = await start({ items, seed: FILL_SEED + 3, shared });
const unlocked = await start({ items, seed: FILL_SEED + 2, shared, withoutLocks: true });
const sides: readonly Side[] = [
  { name: "one, a store of its own", workers: [alone], rounds: [] },
  { name: "one, the shared store", workers: [one], rounds: [] },
  { name: "two, the shared store", workers: [one, two], rounds: [] },
  { name: "one, shared, no locks", workers: [unlocked], rounds: [] },
];
for (const worker of [alone, one, two, unlocked]) await measure([worker], WARM_UP_MS);
const burning = Array.from({ length: Number(values.load) }, burn);
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    // Another one goes first each time.
    for (let i = 0; i < sides.length; i++) {
      const { workers, rounds } = sides[(i + round) % sides.length] as Side;
      rounds.push(await measure(workers, Number(values.ms)));
    }
  }
} finally {
  for (const { pid } of burning) if (pid !== undefined) process.kill(pid, "SIGKILL");
  for (const worker of [alone, one, two, unlocked]) await worker.terminate();
}
report(sides as [Side, Side, Side, Side]);

async function start(task: WorkerTask): Promise<Worker> {
  const worker = new Worker(new URL("store-worker.ts", import.meta.url), { workerData: task });
  await once(worker, "message");
  return worker;
}

function burn(): ChildProcess {
  const [path, ...args] = ownCommand(new URL("busy.ts", import.meta.url).href, []);
  return spawn(path, args, { stdio: ["pipe", "ignore", "inherit"] });
}

/** What workers do together in so much time. */
async function measure(workers: readonly Worker[], ms: number): Promise<Round> {
  const before = process.cpuUsage();
  const all = await Promise.all(
    workers.map(async (worker) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of a window, not of a worker
      worker.postMessage(ms);
      const [done] = (await once(worker, "message")) as [WorkerDone];
      return done;
    }),
  );
  const { user, system } = process.cpuUsage(before);
  const calls = all.reduce((sum, done) => sum + done.calls, 0);
  const callsPerSecond = all.reduce((sum, done) => sum + (done.calls / done.ms) * 1_000, 0);
  return { callsPerSecond, cpuNs: ((user + system) * 1_000) / calls };
}

function report([ofOwn, ofOne, ofTwo, ofUnlocked]: readonly [Side, Side, Side, Side]): void {
  console.log(
    `${navigator.userAgent}, ${grouped(items)} items, beside ${values.load} busy processes; median (best)`,
  );
  for (const { name, rounds } of [ofOwn, ofOne, ofTwo, ofUnlocked]) {
    const speeds = rounds.map(({ callsPerSecond }) => callsPerSecond);
    const cpu = rounds.map(({ cpuNs }) => cpuNs);
    console.log(
      `  ${name.padEnd(26)}${grouped(median(speeds)).padStart(10)} calls/s (${grouped(Math.max(...speeds))})` +
        `${median(cpu).toFixed(0).padStart(8)} ns of CPU a call (${Math.min(...cpu).toFixed(0)})`,
    );
  }
  console.log(`  shared by one: ${times(ofOne, ofOwn)} of a store of its own`);
  console.log(`  of that its locks: ${times(ofOne, ofUnlocked)} of the same without`);
  console.log(`  shared by two: ${times(ofTwo, ofOne)} of one`);
}

function times(some: Side, others: Side): string {
  const pairs = some.rounds.map((round, i) => [round, others.rounds[i] as Round] as const);
  const calls = pairs.map(([a, b]) => a.callsPerSecond / b.callsPerSecond);
  const cpu = pairs.map(([a, b]) => a.cpuNs / b.cpuNs);
  const [least, most] = [Math.min(...calls), Math.max(...calls)];
  return `${median(cpu).toFixed(2)} times the CPU a call, ${median(calls).toFixed(2)} times (${least.toFixed(2)} to ${most.toFixed(2)}) the calls`;
}
