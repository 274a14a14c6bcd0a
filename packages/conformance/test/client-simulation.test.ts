// Clients and servers on the virtual clock, from seeds: the same ones in every run of the tests.
//
//     SIMULATION_SEED=123 npx vitest run --project unit client-simulation     this seed only
//     FC_SECONDS=60 npx vitest run --project unit client-simulation           and further ones for that long

import { fileURLToPath } from "node:url";
import process from "node:process";
import { expect, test } from "vitest";
import { type ClientClusterRun, simulateClients } from "../src/client-cluster.ts";
import { digestsOf } from "../src/client-seeds.ts";
import { startProgram } from "../src/mod.ts";

const CLUSTERS = { calm: 60, stormy: 150 } as const;
type Weather = keyof typeof CLUSTERS;

const seedOnly = process.env["SIMULATION_SEED"];
const moreMs = 1_000 * Number(process.env["FC_SECONDS"] ?? 0);

async function runAll(weather: Weather): Promise<ClientClusterRun[]> {
  if (seedOnly !== undefined) return [await runOrExplain(Number(seedOnly), weather)];
  const runs: ClientClusterRun[] = [];
  for (let seed = 1; seed <= CLUSTERS[weather]; seed++) runs.push(await runOrExplain(seed, weather));
  const end = performance.now() + moreMs;
  for (let seed = 1 + Math.floor(Math.random() * 2 ** 50); performance.now() < end; seed++) {
    runs.push(await runOrExplain(seed, weather));
  }
  return runs;
}

async function runOrExplain(seed: number, weather: Weather): Promise<ClientClusterRun> {
  const run = await simulateClients({ seed, weather });
  if (run.violations.length === 0) return run;
  throw new Error(`SIMULATION_SEED=${seed} (${weather})\n${run.violations.slice(0, 5).join("\n")}`);
}

const sumOf = (runs: readonly ClientClusterRun[], of: (run: ClientClusterRun) => number): number =>
  runs.reduce((sum, run) => sum + of(run), 0);

test(`in calm weather every call is answered as its server must, in ${CLUSTERS.calm} clusters`, async () => {
  const runs = await runAll("calm");
  expect(sumOf(runs, ({ counts }) => counts.closed)).toBe(0);
  expect(sumOf(runs, ({ counts }) => counts.right)).toBeGreaterThan(100 * runs.length);
});

test(`clients weather every storm, in ${CLUSTERS.stormy} clusters`, async () => {
  const runs = await runAll("stormy");
  if (seedOnly !== undefined) return;
  // What was to be tried came about, and often.
  expect(sumOf(runs, ({ counts }) => counts.right)).toBeGreaterThan(100 * runs.length);
  expect(sumOf(runs, ({ counts }) => counts.failed)).toBeGreaterThan(10 * runs.length);
  expect(sumOf(runs, ({ counts }) => counts.unsure)).toBeGreaterThan(runs.length);
  expect(sumOf(runs, ({ counts }) => counts.undone)).toBeGreaterThan(runs.length);
  expect(sumOf(runs, ({ counts }) => counts.closed)).toBeGreaterThan(runs.length / 2);
  expect(sumOf(runs, ({ met }) => met.overflows)).toBeGreaterThan(runs.length);
  expect(sumOf(runs, ({ met }) => met.givenUp)).toBeGreaterThan(runs.length);
  expect(sumOf(runs, ({ met }) => met.replyTimeouts)).toBeGreaterThan(runs.length);
});

test("the same seed is the same run", async () => {
  for (const weather of ["calm", "stormy"] as const) {
    for (let seed = 1; seed <= 5; seed++) {
      const run = await simulateClients({ seed, weather });
      expect(await simulateClients({ seed, weather })).toEqual(run);
      expect((await simulateClients({ seed: seed + 1_000, weather })).digest).not.toBe(run.digest);
    }
  }
});

// Whatever runs the tests is the third.
test.each(["bun", "deno"] as const)("a seed on %s is the same run as here", async (runtime) => {
  const seeds = [1, 2, 3, 4, 5];
  const file = fileURLToPath(new URL("../src/client-seeds.ts", import.meta.url));
  await using program = startProgram(runtime, file, seeds.map(String));
  const { code } = await program.ended;
  expect([code, program.stdout.trim(), program.stderr]).toEqual([0, await digestsOf(seeds), ""]);
});
