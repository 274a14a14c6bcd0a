// Whole fleets with an invalidation before them on the virtual clock, from seeds: the same ones in every run.
//
//     SIMULATION_SEED=123 npx vitest run --project unit invalidation-simulation     this seed only
//     FC_SECONDS=60 npx vitest run --project unit invalidation-simulation           and further ones for that long

import process from "node:process";
import { expect, test } from "vitest";
import { type FleetRun, simulateFleet } from "../src/invalidation-fleet.ts";
import type { FleetWeather } from "../src/invalidation-setting.ts";

const kinds: readonly { readonly weather: FleetWeather; readonly law: string; readonly fleets: number }[] = [
  { weather: "calm", law: "what is written is gone from its owner at once", fleets: 100 },
  { weather: "stormy", law: "after every storm nothing stale is left", fleets: 300 },
  { weather: "one server in trouble", law: "one server's trouble delays no other's keys", fleets: 100 },
];
const TIMEOUT_MS = 120_000;
const SHOWN_EVENTS = 40;

const seedOnly = process.env["SIMULATION_SEED"];
const moreMs = 1_000 * Number(process.env["FC_SECONDS"] ?? 0);

for (const { weather, law, fleets } of kinds) {
  test(
    `${law}: ${fleets} fleets`,
    () => {
      if (seedOnly !== undefined) return void runOrExplain(Number(seedOnly), weather);
      const runs = Array.from({ length: fleets }, (_, i) => runOrExplain(i + 1, weather));
      const end = performance.now() + moreMs;
      for (let seed = 1 + Math.floor(Math.random() * 2 ** 50); performance.now() < end; seed++) {
        runs.push(runOrExplain(seed, weather));
      }
      expectNotTooEasy(weather, runs);
    },
    TIMEOUT_MS + 2 * moreMs,
  );
}

test("the same seed is the same run", () => {
  for (const { weather } of kinds) {
    for (let seed = 1; seed <= 5; seed++) {
      const run = simulateFleet({ seed, weather });
      expect(simulateFleet({ seed, weather })).toEqual(run);
      expect(simulateFleet({ seed: seed + 1_000, weather }).digest).not.toBe(run.digest);
    }
  }
});

/** Runs one fleet; if a law is broken, runs it again to tell what came before. */
function runOrExplain(seed: number, weather: FleetWeather): FleetRun {
  let failure: unknown;
  try {
    const run = simulateFleet({ seed, weather });
    if (run.violations.length === 0) return run;
    failure = run.violations.slice(0, 5).join("\n");
  } catch (error) {
    failure = error;
  }
  const events = lastEvents(seed, weather);
  throw new Error(`SIMULATION_SEED=${seed} (${weather})\n${String(failure)}\n${events}`, { cause: failure });
}

function lastEvents(seed: number, weather: FleetWeather): string {
  const events: string[] = [];
  let start: number | undefined;
  try {
    simulateFleet({
      seed,
      weather,
      observe({ at, host, connection, what, bytes, cause }) {
        start ??= at;
        const about = cause ?? (bytes === undefined ? "" : JSON.stringify(textOf(bytes)));
        events.push(`${(at - start).toFixed(3).padStart(10)} ${host} #${connection} ${what} ${about}`);
        if (events.length > SHOWN_EVENTS) events.shift();
      },
    });
  } catch {
    // It fails as it did before: what is wanted here is what came before that.
  }
  return events.join("\n");
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 60));
}

/** What was to be tried came about, and often. */
function expectNotTooEasy(weather: FleetWeather, runs: readonly FleetRun[]): void {
  const sum = (what: keyof FleetRun["counts"]): number =>
    runs.reduce((total, { counts }) => total + counts[what], 0);
  const many = runs.length / 2;
  expect(sum("answered")).toBeGreaterThan(runs.length * 50);
  expect(sum("coalesced")).toBeGreaterThan(many);
  expect(sum("fills")).toBeGreaterThan(runs.length * 50);
  expect(sum("deletes")).toBeGreaterThan(runs.length * 20);
  if (weather === "calm") return expect([sum("lost"), sum("refused"), sum("retried")]).toEqual([0, 0, 0]);
  expect(sum("retried")).toBeGreaterThan(many);
  expect(sum("refused")).toBeGreaterThan(many);
  if (weather === "stormy") expect(sum("lost")).toBeGreaterThan(many);
}
