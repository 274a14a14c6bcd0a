// Fuzzes one target until time is up or it throws. A thread of its own, so that main.ts can end it when an input
// never returns: each is put where main.ts sees it before it is run.
import { join, sep } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { Coverage, instrumentModules } from "./coverage.ts";
import { Mutator, seededChance } from "./mutate.ts";
import { shrink } from "./shrink.ts";
import type { Order, Outcome } from "./order.ts";
import { bytesOf, loadTarget, readCorpus, writeCorpus } from "./target.ts";

/** Seeds for a target that has no corpus yet. */
const FIRST_INPUTS = ["", "\0get a\r\n", "\0set a 0 0 1\r\na\r\n"];

const { target, runMs, seed, keep, watched } = workerData as Order;
const endAt = performance.now() + runMs;
const packages = join(import.meta.dirname, "..", "..", "packages") + sep;
const literals = instrumentModules((path) => path.startsWith(packages) && path.includes(`${sep}src${sep}`));
const { fuzz } = await loadTarget(target);
const coverage = new Coverage();
const chance = seededChance(seed);
const mutator = new Mutator(chance, literals);

let runs = 0;
let crash: Outcome["crash"];
const inputs: Uint8Array[] = [];

/** Whether the target throws, after which coverage has what the input did. */
function run(input: Uint8Array): unknown {
  watched.input.set(input);
  watched.counts[1] = input.length;
  Atomics.store(watched.counts, 0, ++runs);
  coverage.clear();
  try {
    fuzz(input);
    return undefined;
  } catch (error) {
    return error ?? new Error("threw nothing");
  }
}

function consider(input: Uint8Array): void {
  const error = run(input);
  if (error !== undefined) {
    const message = messageOf(error);
    const small = shrink(input, (smaller) => messageOf(run(smaller)) === message);
    crash = { input: small, stack: error instanceof Error ? (error.stack ?? message) : message };
  } else if (coverage.admit() > 0) inputs.push(input.slice());
}

/** The first line, without what differs from input to input. */
function messageOf(error: unknown): string {
  return (
    String(error instanceof Error ? error.message : error)
      .split("\n")[0]
      ?.replaceAll(/\d+/g, "0") ?? ""
  );
}

/** Half of the time one of the latest, as what is new leads on; else any, the shorter of two, as it runs faster. */
function draw(): Uint8Array {
  const count = inputs.length;
  if (count === 0) return new Uint8Array(0);
  if (chance(2) === 0) return inputs[count - 1 - chance((count >> 3) + 1)] as Uint8Array;
  const a = inputs[chance(count)] as Uint8Array;
  const b = inputs[chance(count)] as Uint8Array;
  return a.length < b.length ? a : b;
}

for (const input of readCorpus(target)) if (crash === undefined) consider(input);
for (const text of FIRST_INPUTS) {
  if (crash === undefined) consider(bytesOf(text));
}
while (crash === undefined && (runs % 64 !== 0 || performance.now() < endAt)) {
  consider(mutator.mutate(draw(), draw()));
}
if (keep && crash === undefined) writeCorpus(target, smallCorpus());

const { features, reached, counters } = coverage;
const outcome: Outcome = {
  runs,
  inputs: inputs.length,
  features,
  reached,
  counters,
  ...(crash && { crash }),
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- to a thread, not to a window
parentPort?.postMessage(outcome);

/** Greedy, smallest first; each input is shrunk to what nobody before it reaches. */
function smallCorpus(): Uint8Array[] {
  const covered = new Set<number>();
  const kept: Uint8Array[] = [];
  for (const input of inputs.toSorted((a, b) => a.length - b.length)) {
    run(input);
    const own = [...coverage.list()].filter((feature) => !covered.has(feature));
    if (own.length === 0) continue;
    const small = shrink(
      input,
      (smaller) => {
        if (run(smaller) !== undefined) return false;
        const seen = coverage.list();
        return own.every((feature) => seen.has(feature));
      },
      300,
    );
    kept.push(small);
    run(small);
    for (const feature of coverage.list()) covered.add(feature);
  }
  return kept;
}
