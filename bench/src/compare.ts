// The same load on every subject in turn, round after round: a table of CPU time a request.
//
// What counts is CPU time, not requests a second: on a machine that others use too it moves by a few per cent
// where the rate halves. A figure is the median of the rounds; `spread` is (largest - smallest) / median. On a machine
// that is never left alone the fastest round is what is closest to what the code costs: `at least` and its `times`.
import { median } from "./figures.ts";
import { type Measured, residentMiB } from "./load.ts";
import type { Subject } from "./subject.ts";

export interface Scenario {
  readonly name: string;
  /** For whatever makes the load. */
  readonly load: readonly string[];
}

export interface Row {
  readonly scenario: string;
  readonly subject: string;
  /** CPU microseconds a request, its spread, and how many times that of the first subject. */
  readonly cpuUs: number;
  readonly spread: number;
  readonly cpuTimes: number;
  /** The same of the fastest round of each. */
  readonly cpuUsMin: number;
  readonly cpuTimesMin: number;
  readonly requestsPerSecond: number;
  /** Of a batch. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly residentMiB: number;
  /** Over all rounds; anything but 0 is a bug. */
  readonly wrong: number;
}

export interface Comparison {
  readonly scenarios: readonly Scenario[];
  readonly subjects: readonly Subject[];
  readonly rounds: number;
  /** Puts the load of a scenario on a subject; rounds count from 0. */
  readonly measure: (subject: Subject, scenario: Scenario, round: number) => Promise<Measured>;
  /** Told of each row as it is known. */
  readonly tell: (row: Row) => void;
}

export async function compare(comparison: Comparison): Promise<Row[]> {
  const rows: Row[] = [];
  for (const scenario of comparison.scenarios) {
    const runs = await measureAll(scenario, comparison);
    let first: Row | undefined;
    for (const [subject, measured] of runs) {
      const row = rowOf(scenario, subject, measured, first);
      first ??= row;
      rows.push(row);
      comparison.tell(row);
    }
  }
  return rows;
}

async function measureAll(
  scenario: Scenario,
  { subjects, rounds, measure }: Comparison,
): Promise<Map<Subject, Measured[]>> {
  const runs = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    // Another one goes first each time.
    for (let i = 0; i < subjects.length; i++) {
      const subject = subjects[(i + round) % subjects.length] as Subject;
      runs.get(subject)?.push(await measure(subject, scenario, round));
    }
  }
  return runs;
}

function rowOf(scenario: Scenario, subject: Subject, runs: readonly Measured[], first: Row | undefined): Row {
  const bad = runs.find((run) => run.wrong > 0);
  if (bad !== undefined)
    console.error(`${subject.name}, ${scenario.name}: ${bad.wrong} wrong, first ${bad.first_wrong}`);
  const cpu = runs.map((run) => run.cpu_us / run.requests);
  const cpuUs = median(cpu);
  const cpuUsMin = Math.min(...cpu);
  return {
    scenario: scenario.name,
    subject: subject.name,
    cpuUs,
    spread: (Math.max(...cpu) - cpuUsMin) / cpuUs,
    cpuTimes: cpuUs / (first?.cpuUs ?? cpuUs),
    cpuUsMin,
    cpuTimesMin: cpuUsMin / (first?.cpuUsMin ?? cpuUsMin),
    requestsPerSecond: median(runs.map((run) => run.requests / run.seconds)),
    p50Us: median(runs.map((run) => run.p50_us)),
    p99Us: median(runs.map((run) => run.p99_us)),
    residentMiB: residentMiB(subject.pid),
    wrong: runs.reduce((sum, run) => sum + run.wrong, 0),
  };
}

export const tableHead = [
  "",
  "subject".padEnd(18),
  ...["cpu us/req", "spread", "times", "at least", "times", "req/s", "p50 us", "p99 us", "MiB", "wrong"].map(
    (name) => name.padStart(10),
  ),
].join(" ");

export function tableLine(row: Row): string {
  const figures = [
    row.cpuUs.toFixed(2),
    `${(row.spread * 100).toFixed(0)}%`,
    row.cpuTimes.toFixed(2),
    row.cpuUsMin.toFixed(2),
    row.cpuTimesMin.toFixed(2),
    row.requestsPerSecond.toFixed(0),
    row.p50Us.toFixed(0),
    row.p99Us.toFixed(0),
    row.residentMiB.toFixed(0),
    `${row.wrong}`,
  ];
  return ["", row.subject.padEnd(18), ...figures.map((figure) => figure.padStart(10))].join(" ");
}
