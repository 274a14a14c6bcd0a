// Side by side with peers, by CPU time a request: `npm run bench`.
//
//     npm run bench -- proxy               memwire-proxy on Node, Bun and Deno over three memcacheds, beside nutcracker
//     npm run bench -- server              memwire-server on Node, Bun and Deno, beside memcached -t 1
//     npm run bench -- proxy --behind memwire     the same over memwire-server on Bun: unlike memcached 1.6.18 it joins
//                                                 the replies to pipelined gets, as memcached 1.6.45 does
//     npm run bench -- gateway             memwire-gateway on Deno, Bun and Node, beside nginx's memcached module
//     npm run bench -- server --keys 1000000      so many keys where a scenario does not say (10,000)
//     npm run bench -- server --scenario "10k keys" --keys 400000 --memory 6144      in servers of so many MiB (1,024)
//     npm run bench -- proxy --rounds 5 --seconds 2 --scenario p1 --subject node --json figures.json
//
// Beside it: src/proxy-latency.ts (time a request, open loop) and src/proxy-idle.ts (memory of clients that wait).
//
// Linux with `cc` and `taskset` (`gateway`: nginx and wrk), two cores: one for the subject, one for the load and what stands behind a proxy.
// Nothing else should run meanwhile. Exit code 1 if an answer was wrong.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { compare, type Comparison, type Scenario, tableHead, tableLine } from "./compare.ts";
import { measureHttp, storeItems, startGateways } from "./gateway.ts";
import { buildGenerator, measure } from "./load.ts";
import { startMemcachedOn, startProxies, startServers, type Subject } from "./subject.ts";

const SUBJECT_CORE = 0;
const LOAD_CORE = 1;
/** Stores every key, as fast as it goes, before anything is measured. */
const FILLING = ["depth=64", "keys_per_get=1", "connections=50", "warm_up=0", "seconds=0.1"];

const scenarios: readonly Scenario[] = [
  { name: "p1", load: [] },
  { name: "p16", load: ["depth=16"] },
  { name: "mget24", load: ["keys_per_get=24"] },
  { name: "meta24", load: ["keys_per_get=24", "meta=1"] },
  { name: "meta p24", load: ["depth=24", "meta=1"] },
  { name: "10k", load: ["value_bytes=10000", "keys=2000"] },
  { name: "500k", load: ["value_bytes=500000", "keys=100", "connections=10"] },
  { name: "c1000", load: ["connections=1000"] },
  // Of as many keys as asked for, and so only when asked for.
  { name: "10k keys", load: ["value_bytes=10000"] },
  { name: "500k keys", load: ["value_bytes=500000"] },
  // Not for its figure: every byte of every answer is looked at.
  { name: "verify", load: ["verify=1", "depth=4", "keys_per_get=5", "value_bytes=3000", "sets_percent=30"] },
];

const WHEN_ASKED_FOR: ReadonlySet<string> = new Set(["10k keys", "500k keys", "verify"]);

const httpScenarios: readonly Scenario[] = [
  { name: "get", load: [] },
  { name: "get, 10 KB", load: ["value_bytes=10000"] },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    keys: { type: "string", default: "10000" },
    memory: { type: "string", default: "1024" },
    scenario: { type: "string", multiple: true },
    subject: { type: "string", multiple: true },
    json: { type: "string" },
    behind: { type: "string", default: "memcached" },
  },
});
const [what] = positionals;
if (what !== "proxy" && what !== "server" && what !== "gateway") {
  fail("say what to measure: proxy, server or gateway");
}
if (values.behind !== "memcached" && values.behind !== "memwire") fail("--behind takes memcached or memwire");
if (cpus().length < 2) fail("this needs two cores: one for the subject, one for the load");

// nutcracker knows no meta commands.
const all =
  what === "gateway"
    ? httpScenarios
    : scenarios.filter(({ name }) => what === "server" || !name.startsWith("meta"));
const chosen = all.filter(({ name }) => values.scenario?.includes(name) ?? !WHEN_ASKED_FOR.has(name));
if (chosen.length === 0) fail(`no such scenario; there are ${all.map(({ name }) => name).join(", ")}`);
const seconds = Number(values.seconds);

const running: Subject[] = [];
const begin = async (start: () => Promise<Subject>): Promise<Subject> => {
  const subject = await start();
  running.push(subject);
  return subject;
};
try {
  const starts = await (what === "gateway" ? gateways() : what === "proxy" ? proxies() : servers());
  const subjects: Subject[] = [];
  for (const start of starts) subjects.push(await begin(start));
  const measured = subjects.filter(
    ({ name }, i) => i === 0 || (values.subject?.some((part) => name.includes(part)) ?? true),
  );
  const rows = await compare({
    scenarios: chosen,
    subjects: measured,
    rounds: Number(values.rounds),
    measure: what === "gateway" ? overHttp : overText,
    tell: (row) => {
      if (row.subject === measured[0]?.name) console.log(`\n${row.scenario}\n${tableHead}`);
      console.log(tableLine(row));
    },
  });
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
  process.exitCode = rows.some((row) => row.wrong > 0) ? 1 : 0;
} finally {
  for (const subject of running) await subject.stop();
}

async function proxies(): Promise<readonly (() => Promise<Subject>)[]> {
  const [, onBun] = startServers(LOAD_CORE);
  const start =
    values.behind === "memwire" && onBun !== undefined ? onBun : () => startMemcachedOn(LOAD_CORE);
  const behind = [await begin(start), await begin(start), await begin(start)];
  return startProxies(SUBJECT_CORE, behind);
}

async function gateways(): Promise<readonly (() => Promise<Subject>)[]> {
  const behind = await begin(() => startMemcachedOn(LOAD_CORE));
  await storeItems(behind.port);
  return startGateways(SUBJECT_CORE, behind);
}

async function overText(...[{ port, pid }, { load }, round]: Parameters<Comparison["measure"]>) {
  buildGenerator();
  const keys = load.some((option) => option.startsWith("keys=")) ? [] : [`keys=${values.keys}`];
  // The keys stay where they are after the first round; a server's own keys are its own.
  const fills = round === 0;
  if (fills && keys.length > 0) {
    await measure(port, pid, LOAD_CORE, [...load, ...keys, ...FILLING]);
  }
  const preload = fills && keys.length === 0 ? 1 : 0;
  const options = [...load, ...keys, `seconds=${seconds}`, `seed=${round + 1}`, `preload=${preload}`];
  return measure(port, pid, LOAD_CORE, options);
}

function overHttp(...[{ port, pid }, { load }]: Parameters<Comparison["measure"]>) {
  return measureHttp(port, pid, LOAD_CORE, seconds, load);
}

async function servers(): Promise<readonly (() => Promise<Subject>)[]> {
  const mebibytes = Number(values.memory);
  return [() => startMemcachedOn(SUBJECT_CORE, mebibytes), ...startServers(SUBJECT_CORE, mebibytes)];
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
