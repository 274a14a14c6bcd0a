// What a request costs where two workers share the work, beside one: memcached, memwire-server on Bun, on either kind of its
// sockets, and, for one request at a time, the least that a server on Bun can do (echo.ts).
//
//     node -C @memwire/source bench/src/two-workers.ts --rounds 6 --seconds 1
//
// On two cores, which the load shares with them. What a turn costs is spread over what has come by then, and of two workers
// each has turns of its own, with half of it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runtimeCommand } from "@memwire/conformance";
import { median } from "./figures.ts";
import { buildGenerator, measure } from "./load.ts";
import { required, root, start, type Subject } from "./subject.ts";

const CORES = "0,1";
const FLAGS = "-m 1024 -c 4096 -U 0 -l 127.0.0.1".split(" ");
const FILLING = ["depth=64", "warm_up=0", "seconds=0.1"];

type Line = readonly [string, ...string[]];
interface Kind {
  readonly name: string;
  readonly line: (port: number, workers: number) => Line;
}

const file = join(root, "apps", "bun-server", "src", "main.ts");
const echoFile = join(import.meta.dirname, "echo.ts");
const flags = (port: number, workers: number) => [...FLAGS, "-p", `${port}`, "-t", `${workers}`];
const stores: readonly Kind[] = [
  {
    name: "memcached",
    line: (...of) => [required("memcached"), "-u", "root", ...flags(...of)],
  },
  {
    name: "memwire on bun",
    line: (...of) => [...runtimeCommand("bun"), file, ...flags(...of)],
  },
  {
    name: "memwire on bun, io_uring",
    line: (...of) => [...runtimeCommand("bun"), file, "-o", "bun_sockets=io_uring", ...flags(...of)],
  },
];
const echo: Kind = {
  name: "echo on bun",
  line: (port, workers) => [...runtimeCommand("bun"), echoFile, `${port}`, `${workers}`],
};
const scenarios = [
  { name: "p1", load: [], kinds: [...stores, echo] },
  { name: "p16", load: ["depth=16"], kinds: stores },
  { name: "mget24", load: ["keys_per_get=24"], kinds: stores },
  { name: "c1000", load: ["connections=1000"], kinds: stores },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "1" },
    keys: { type: "string", default: "1000000" },
  },
});
const options = [`keys=${values.keys}`, `seconds=${values.seconds}`, "preload=0"];

buildGenerator();
const subjects = new Map<Kind, readonly Subject[]>();
try {
  for (const kind of [...stores, echo]) {
    const both: Subject[] = [];
    subjects.set(kind, both);
    for (const workers of [1, 2]) {
      const subject = await start(kind.name, CORES, (port) => kind.line(port, workers));
      both.push(subject);
      if (kind !== echo) await measure(subject.port, subject.pid, CORES, [`keys=${values.keys}`, ...FILLING]);
    }
  }
  for (const { name, load, kinds } of scenarios) {
    console.log(`\n${name}: CPU us a request of one worker and of two, median; fastest`);
    const runs = new Map(kinds.map((kind) => [kind, [[], []] as [number[], number[]]]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [kind, figures] of runs) {
        for (const [i, { port, pid }] of (subjects.get(kind) ?? []).entries()) {
          const run = await measure(port, pid, CORES, [...load, ...options, `seed=${round + 1}`]);
          if (run.wrong > 0) throw new Error(`${kind.name}: ${run.first_wrong}`);
          figures[i as 0 | 1].push(run.cpu_us / run.requests);
        }
      }
    }
    for (const [kind, [one, two]] of runs) {
      const least = Math.min(...two) / Math.min(...one);
      const figures = [one, two].map((each) => median(each).toFixed(2).padStart(8));
      const times = `${(median(two) / median(one)).toFixed(2)}; ${least.toFixed(2)}`;
      console.log(`${kind.name.padEnd(16)}${figures.join("")}  ${times} times`);
    }
  }
} finally {
  for (const both of subjects.values()) for (const subject of both) await subject.stop();
}
