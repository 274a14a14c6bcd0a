// Full load for minutes, with connections coming and going: does memory stay where it is, is every answer right?
//
//     node -C @memwire/source bench/src/soak.ts --minutes 10 --subject bun
//
// Round after round the load generator opens its connections, checks every byte of every answer and goes away. Beside
// it others connect all the time and leave in the middle of something. A line every ten seconds; exit code 1 if an
// answer was wrong, a connection was refused, or memory grew from the first half to the second by more than a tenth.
import { connect, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildGenerator, measure, residentMiB } from "./load.ts";
import { serverPlaces, startServers } from "./subject.ts";

const SUBJECT_CORE = 0;
const LOAD_CORE = 1;
const ROUND_SECONDS = 3;
const SAY_EVERY_MS = 10_000;
/** Connections a second that come and leave. */
const VISITORS_A_SECOND = 100;

const loads: readonly (readonly string[])[] = [
  ["depth=1", "connections=50"],
  ["depth=16", "connections=200"],
  ["keys_per_get=24", "connections=50", "sets_percent=30"],
  ["value_bytes=10000", "keys=2000", "connections=100"],
  ["value_bytes=400000", "keys=100", "connections=20"],
];

/** What a visitor leaves behind. */
const beginnings = [
  "",
  "get key:00000001",
  "get key:00000001\r\n",
  "set key 0 0 100000\r\nhalf of it",
  "get key:00000001\r\n".repeat(500),
  "\x80\x00\x00\x05",
  "mn\r\nmg key:00000001 v\r\n",
];

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    subject: { type: "string", default: "bun" },
  },
});
const server = startServers(SUBJECT_CORE).find((_, i) => serverPlaces[i]?.name === values.subject);
if (server === undefined) {
  const names = serverPlaces.map(({ name }) => `"${name}"`).join(", ");
  throw new RangeError(`--subject takes one of ${names}, got ${values.subject}`);
}
buildGenerator();
const subject = await server();
const endsAt = Date.now() + Number(values.minutes) * 60_000;
let requests = 0;
let wrong = 0;
let visitors = 0;
let refused = 0;
const resident: number[] = [];

async function load(): Promise<void> {
  for (let round = 0; Date.now() < endsAt; round++) {
    const options = loads[round % loads.length] as readonly string[];
    const all = [...options, "verify=1", `seconds=${ROUND_SECONDS}`, "warm_up=0.2"];
    const measured = await measure(subject.port, subject.pid, LOAD_CORE, all);
    requests += measured.requests;
    wrong += measured.wrong;
    if (measured.wrong > 0) console.error(measured.first_wrong);
  }
}

async function visit(): Promise<void> {
  const sockets = new Set<Socket>();
  while (Date.now() < endsAt) {
    const socket = connect(subject.port, "127.0.0.1");
    visitors++;
    sockets.add(socket);
    socket.on("error", () => refused++);
    socket.on("close", () => sockets.delete(socket));
    socket.write(beginnings[visitors % beginnings.length] as string, "latin1", () => {
      setTimeout(() => (visitors % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()), 20);
    });
    await sleep(1_000 / VISITORS_A_SECOND);
  }
  for (const socket of sockets) socket.destroy();
}

async function watch(): Promise<void> {
  while (Date.now() < endsAt) {
    await sleep(SAY_EVERY_MS);
    resident.push(residentMiB(subject.pid));
    console.log(
      `${new Date().toISOString()} ${requests} requests, ${wrong} wrong, ${visitors} visitors, ` +
        `${refused} errors, ${resident.at(-1)?.toFixed(0)} MiB`,
    );
  }
}

try {
  await Promise.all([load(), visit(), watch()]);
} finally {
  await subject.stop();
}
const half = resident.length >> 1;
const before = Math.max(...resident.slice(0, half));
const after = Math.max(...resident.slice(half));
console.log(`most memory in the first half ${before.toFixed(0)} MiB, in the second ${after.toFixed(0)} MiB`);
process.exitCode = wrong > 0 || refused > 0 || after > before * 1.1 ? 1 : 0;
