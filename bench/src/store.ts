// How fast a store is, beside a Map of objects and lru-cache, in one run, on the runtime that runs this:
//
//     node -C @memwire/source bench/src/store.ts [--items 1000000] [--rounds 5] [--subject Map] [--phase get]
//     bun --conditions=@memwire/source bench/src/store.ts
//     deno run -A --conditions=@memwire/source bench/src/store.ts
//
// The work is a server's: keys of 14 bytes in random order in a buffer, values of 100 copied in and out. Then an
// application's: `BoundedCache` and lru-cache, both with text. Each subject is a process with a heap of its own, or one
// would collect the other's garbage; they take turns at each phase. The fastest round is what the code costs, the median
// says how busy the machine was; CPU time is that of all threads, the collector's among them. For a profiler:
//
//     printf 'fill\nget\n' | node --cpu-prof -C @memwire/source bench/src/store.ts --measured SlabStore

import { parseArgs } from "node:util";
import { grouped, median } from "./figures.ts";
import { Answering, answerLines, ownCommand } from "./in-turn.ts";
import { type Phase, PHASES, Phases, TEXT_PHASES, type Timing } from "./store-phases.ts";
import { byteSubjects, textSubjects } from "./store-subjects.ts";

interface Measured {
  readonly process: Answering;
  readonly timings: ReadonlyMap<Phase, Timing[]>;
}

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    subject: { type: "string", multiple: true },
    phase: { type: "string", multiple: true },
    measured: { type: "string" },
  },
});
const items = Number(values.items);

if (values.measured === undefined) {
  console.log(`${navigator.userAgent}, ${grouped(items)} items, fastest round (median)`);
  console.log("                   ns a call        million/s   times    ns of CPU       times");
  await compare(Object.keys(byteSubjects), PHASES);
  await compare(Object.keys(textSubjects), TEXT_PHASES);
} else {
  const phases = new Phases(values.measured, items);
  await answerLines((phase) => JSON.stringify(phases.run(phase as Phase)));
}

async function compare(names: readonly string[], phases: readonly Phase[]): Promise<void> {
  const chosen = names.filter((name) => values.subject?.some((part) => name.includes(part)) ?? true);
  const all = chosen.map((name): Measured => {
    const args = ["--measured", name, "--items", `${items}`];
    return {
      process: new Answering(name, ownCommand(import.meta.url, args)),
      timings: new Map(phases.map((phase) => [phase, []])),
    };
  });
  try {
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const phase of phases.filter(isWanted)) {
        // Another one goes first each time.
        for (let i = 0; i < all.length; i++) {
          const each = all[(i + round) % all.length] as Measured;
          each.timings.get(phase)?.push(JSON.parse(await each.process.ask(phase)) as Timing);
        }
      }
    }
  } finally {
    for (const each of all) each.process.end();
  }
  for (const phase of phases.filter(isWanted)) tell(phase, all);
}

/** Nothing can be done with what is not there. */
function isWanted(phase: Phase): boolean {
  return phase === "fill" || (values.phase?.some((part) => phase.includes(part)) ?? true);
}

function tell(phase: Phase, all: readonly Measured[]): void {
  console.log(`\n${phase}`);
  let first: readonly [wall: number, cpu: number] | undefined;
  for (const {
    process: { name },
    timings,
  } of all) {
    const rounds = timings.get(phase) as Timing[];
    const wall = rounds.map(({ ns }) => ns);
    const cpu = rounds.map(({ cpuNs }) => cpuNs);
    const [wallMin, cpuMin] = [Math.min(...wall), Math.min(...cpu)];
    first ??= [wallMin, cpuMin];
    console.log(
      `  ${name.padEnd(16)}${columns(wall)} ${(1_000 / wallMin).toFixed(2).padStart(7)}` +
        `${(wallMin / first[0]).toFixed(2).padStart(8)}   ${columns(cpu)}${(cpuMin / first[1]).toFixed(2).padStart(8)}`,
    );
  }
}

/** Of so many nanoseconds a round. */
function columns(ns: readonly number[]): string {
  return `${Math.min(...ns)
    .toFixed(0)
    .padStart(7)} ${`(${median(ns).toFixed(0)})`.padStart(7)}`;
}
