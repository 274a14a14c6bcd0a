// Coverage-guided fuzzing: `npm run fuzz`.
//
//     npm run fuzz -- --seconds 30                                   all targets, that long together
//     npm run fuzz -- --minutes 30 --target requests --keep          one target; rewrites its corpus
//     npm run fuzz -- --target requests --replay fuzz/crash-requests-0123456789ab
//
// Exit code 1 if an input made a target throw or never return. It is saved, with the line that runs it again.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { type Order, type Outcome, watchedMemory } from "./order.ts";
import { loadTarget, saveCrash, targetNames, textOf } from "./target.ts";

const HANGS_AFTER_MS = 10_000;

const { values } = parseArgs({
  options: {
    seconds: { type: "string" },
    minutes: { type: "string" },
    target: { type: "string", multiple: true },
    seed: { type: "string" },
    keep: { type: "boolean", default: false },
    replay: { type: "string" },
  },
});
const names = values.target ?? targetNames();
for (const name of names) {
  if (!targetNames().includes(name)) fail(`no target "${name}"; there are ${targetNames().join(", ")}`);
}
const seconds = Number(values.seconds ?? 60 * Number(values.minutes ?? 0.5));
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
if (!(seconds > 0)) fail(`--seconds and --minutes take a number above 0, got ${seconds}`);
if (!Number.isSafeInteger(seed)) fail(`--seed takes a whole number, got "${values.seed}"`);

if (values.replay !== undefined) await replay(values.replay);
else for (const name of names) await fuzzOne(name, (seconds * 1000) / names.length);

async function replay(path: string): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) fail("--replay needs one --target");
  const { fuzz } = await loadTarget(name);
  fuzz(new Uint8Array(readFileSync(path)));
  console.log(`${name}: ${path} passes`);
}

async function fuzzOne(target: string, runMs: number): Promise<void> {
  const watched = watchedMemory();
  const order: Order = { target, runMs, seed, keep: values.keep, watched };
  const startedAt = performance.now();
  const found = await runWorker(order);
  const secondsTaken = (performance.now() - startedAt) / 1000;
  if (found === "hang") {
    const input = watched.input.slice(0, watched.counts[1]);
    return report(target, input, `an input did not return within ${HANGS_AFTER_MS / 1000} s`);
  }
  const { runs, inputs, features, reached, counters, crash } = found;
  console.log(
    `${target}: ${runs} runs in ${secondsTaken.toFixed(1)} s, ${Math.round(runs / secondsTaken)}/s, seed ${seed}; ` +
      `${inputs} inputs, ${features} features, ${reached} of ${counters} counters reached`,
  );
  if (crash !== undefined) report(target, crash.input, crash.stack);
}

/** Ends with the worker, or ends it when the same input is at hand for too long. */
function runWorker(order: Order): Promise<Outcome | "hang"> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: order });
    let runs = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(order.watched.counts, 0);
      if (now > 0 && now === runs) {
        resolve("hang");
        void worker.terminate();
      }
      runs = now;
    }, HANGS_AFTER_MS);
    worker.once("message", (outcome: Outcome) => resolve(outcome));
    worker.once("error", reject);
    worker.once("exit", () => {
      clearInterval(watch);
      reject(new Error(`${order.target}: the fuzzer ended without a word`));
    });
  });
}

function report(target: string, input: Uint8Array, what: string): void {
  const path = relative(process.cwd(), saveCrash(target, input));
  console.error(`${target} FAILED\n${what}\n`);
  console.error(`input: ${JSON.stringify(textOf(input))}`);
  console.error(`again: npm run fuzz -- --target ${target} --replay ${path}`);
  process.exitCode = 1;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
