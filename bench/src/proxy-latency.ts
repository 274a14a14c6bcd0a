// How long a request takes through a proxy: beside going direct, and beside nutcracker under the same rate.
//
//     node -C @memwire/source bench/src/proxy-latency.ts --rounds 3 --seconds 2
//
// First one connection that asks, waits, and asks again: its median direct to memcached and through each proxy. Then
// what nutcracker can do at the most with 50 connections, and 70 % of that rate as an open loop, in which a request is
// due whether or not the ones before it were answered: the 99th percentile of each proxy.
import { parseArgs } from "node:util";
import { grouped, median } from "./figures.ts";
import { buildGenerator, measure, type Measured } from "./load.ts";
import { startMemcachedOn, startProxies, type Subject } from "./subject.ts";

const SUBJECT_CORE = 0;
const LOAD_CORE = 1;
const OF_THE_MOST = 0.7;
const STORED = ["depth=64", "warm_up=0", "seconds=0.1"];

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "2" } },
});
const rounds = Array.from({ length: Number(values.rounds) }, (_, i) => i);
const options = [`seconds=${values.seconds}`, "preload=0"];

buildGenerator();
const running: Subject[] = [];
const begin = async (start: () => Promise<Subject>): Promise<Subject> => {
  const subject = await start();
  running.push(subject);
  return subject;
};
try {
  const behind: Subject[] = [];
  for (let i = 0; i < 3; i++) behind.push(await begin(() => startMemcachedOn(LOAD_CORE)));
  const direct = await begin(() => startMemcachedOn(SUBJECT_CORE));
  const proxies: Subject[] = [];
  for (const start of startProxies(SUBJECT_CORE, behind)) proxies.push(await begin(start));
  const [nutcracker] = proxies;
  if (nutcracker === undefined) throw new Error("there is nothing to compare with");
  for (const subject of [direct, nutcracker]) await run(subject, STORED);

  console.log("one connection, one request at a time: us, median of the rounds, and beyond direct");
  const alone = await inTurn([direct, ...proxies], [...options, "connections=1"]);
  const base = median((alone.get(direct) ?? []).map(({ p50_us }) => p50_us));
  for (const [{ name }, runs] of alone) {
    const p50 = median(runs.map(({ p50_us }) => p50_us));
    const p99 = median(runs.map(({ p99_us }) => p99_us));
    console.log(line(name, [p50.toFixed(1), `+${(p50 - base).toFixed(1)}`, `p99 ${p99.toFixed(1)}`]));
  }

  const most: number[] = [];
  for (const seed of rounds) {
    const { requests, seconds } = await run(nutcracker, [...options, `seed=${seed + 1}`]);
    most.push(requests / seconds);
  }
  const rate = Math.floor(OF_THE_MOST * median(most));
  console.log(`\nnutcracker's most: ${grouped(median(most))} a second; at ${grouped(rate)}, open loop: us`);
  for (const [{ name }, runs] of await inTurn(proxies, [...options, `rate=${rate}`])) {
    const figures = [
      `p50 ${median(runs.map(({ p50_us }) => p50_us)).toFixed(0)}`,
      `p99 ${median(runs.map(({ p99_us }) => p99_us)).toFixed(0)}`,
      `best p99 ${Math.min(...runs.map(({ p99_us }) => p99_us)).toFixed(0)}`,
      `${grouped(median(runs.map(({ requests, seconds }) => requests / seconds)))}/s`,
    ];
    console.log(line(name, figures));
  }
} finally {
  for (const subject of running) await subject.stop();
}

/** @throws Error if an answer was wrong */
async function run({ name, port, pid }: Subject, load: readonly string[]): Promise<Measured> {
  const measured = await measure(port, pid, LOAD_CORE, load);
  if (measured.wrong > 0) throw new Error(`${name}: ${measured.wrong} wrong, first ${measured.first_wrong}`);
  return measured;
}

async function inTurn(
  subjects: readonly Subject[],
  load: readonly string[],
): Promise<Map<Subject, Measured[]>> {
  const runs = new Map<Subject, Measured[]>(subjects.map((subject) => [subject, []]));
  for (const round of rounds) {
    // Another one goes first each time.
    for (let i = 0; i < subjects.length; i++) {
      const subject = subjects[(i + round) % subjects.length] as Subject;
      runs.get(subject)?.push(await run(subject, [...load, `seed=${round + 1}`]));
    }
  }
  return runs;
}

function line(name: string, figures: readonly string[]): string {
  return [name.padEnd(18), ...figures.map((figure) => figure.padStart(16))].join(" ");
}
