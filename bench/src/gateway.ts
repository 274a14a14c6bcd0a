// HTTP in front of one memcached: nginx's memcached module, memwire-gateway on every runtime, and wrk's load on them.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeCommand, TextClient } from "@memwire/conformance";
import { familyOf, type Measured } from "./load.ts";
import { places, required, root, scratchFolder, start, type Subject } from "./subject.ts";

const CONNECTIONS = 50;
const KEYS = 1_000;
const VALUE_SIZES = [100, 10_000];
/** Of /proc/<pid>/stat, in microseconds: USER_HZ is 100 wherever Linux runs. */
const TICK_US = 10_000;

const keyOf = (valueBytes: number, i: number): string => `bench:${valueBytes}:${i}`;

/** Stores what is asked for later. */
export async function storeItems(port: number): Promise<void> {
  using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.1", port });
  for (const bytes of VALUE_SIZES) {
    for (let i = 0; i < KEYS; i++) {
      const answer = await client.ask(`set ${keyOf(bytes, i)} 0 0 ${bytes}\r\n${"x".repeat(bytes)}\r\n`);
      if (answer !== "STORED\r\n") throw new Error(`memcached said ${answer}`);
    }
  }
}

/** nginx in one process, its connections to memcached kept, then the gateways. */
export function startGateways(core: number, memcached: Subject): readonly (() => Promise<Subject>)[] {
  const folder = scratchFolder();
  const main = join(root, "apps", "deno-gateway", "src", "main.ts");
  const nginx = (): Promise<Subject> =>
    start("nginx", core, (port) => {
      const file = join(folder, `${port}.conf`);
      writeFileSync(file, nginxConfig(folder, port, memcached.port));
      return [required("nginx"), "-p", folder, "-c", file];
    });
  return [
    nginx,
    // Its home comes first.
    ...places.toReversed().map(
      ({ name, runtime, denoSockets }) =>
        () =>
          start(`memwire on ${name}`, core, (port) => [
            ...runtimeCommand(runtime),
            main,
            "--port",
            `${port}`,
            "--backend",
            `127.0.0.1:${memcached.port}`,
            "--deno-sockets",
            denoSockets,
          ]),
    ),
  ];
}

function nginxConfig(folder: string, port: number, memcachedPort: number): string {
  return `user root; daemon off; master_process off; pid ${folder}/${port}.pid; error_log ${folder}/${port}.log;
events { worker_connections 1024; }
http {
  access_log off; default_type application/octet-stream; keepalive_requests 1000000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  upstream memcached { server 127.0.0.1:${memcachedPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location ~ ^/kv/(.+)$ { set $memcached_key $1; memcached_pass memcached; }
  }
}
`;
}

/** Sends GET after GET on 50 connections, and measures the process `pid` with all its children. */
export async function measureHttp(
  port: number,
  pid: number,
  core: number,
  seconds: number,
  options: readonly string[],
): Promise<Measured> {
  const valueBytes = Number(
    options.find((option) => option.startsWith("value_bytes="))?.slice("value_bytes=".length) ?? 100,
  );
  await checkAnswer(port, valueBytes);
  await wrk(port, core, 1, valueBytes); // until the compilers have had their say
  const before = cpuUs(pid);
  const began = performance.now();
  const said = await wrk(port, core, seconds, valueBytes);
  const took = (performance.now() - began) / 1_000;
  const requests = numberIn(said, /(\d+) requests in/);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said);
  const wrong =
    numberIn(said, /Non-2xx or 3xx responses: (\d+)/) +
    (errors?.slice(1).reduce((sum, each) => sum + Number(each), 0) ?? 0);
  return {
    requests,
    keys: requests,
    hits: requests - wrong,
    wrong,
    first_wrong: wrong === 0 ? "" : said,
    seconds: took,
    cpu_us: cpuUs(pid) - before,
    p50_us: microseconds(said, /50%\s+(\S+)/),
    p99_us: microseconds(said, /99%\s+(\S+)/),
  };
}

/** wrk counts what is no 2xx, but looks at no body. */
async function checkAnswer(port: number, valueBytes: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/kv/${keyOf(valueBytes, 7)}`);
  const body = await answer.text();
  if (answer.status === 200 && body === "x".repeat(valueBytes)) return;
  throw new Error(`port ${port} answered ${answer.status} ${body.slice(0, 200)}`);
}

function wrk(port: number, core: number, seconds: number, valueBytes: number): Promise<string> {
  const script = join(scratch(), `${valueBytes}.lua`);
  writeFileSync(
    script,
    `local n, r = 0, {}
init = function() for i = 0, ${KEYS - 1} do r[i] = wrk.format(nil, "/kv/bench:${valueBytes}:" .. i) end end
request = function() n = (n + 1) % ${KEYS} return r[n] end
`,
  );
  const flags = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", "-s", script];
  return new Promise((resolve, reject) => {
    const args = ["-c", `${core}`, required("wrk"), ...flags, `http://127.0.0.1:${port}/`];
    const child = spawn(required("taskset"), args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (text: unknown) => (said += String(text)));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(said) : reject(new Error(said))));
  });
}

let folder: string | undefined;
const scratch = (): string => (folder ??= scratchFolder());

function cpuUs(pid: number): number {
  const ticks = familyOf(pid).map((member) => {
    const stat = readFileSync(`/proc/${member}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) * TICK_US;
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function microseconds(text: string, pattern: RegExp): number {
  const [, amount = "", unit = ""] = /^([\d.]+)(\D+)$/.exec(pattern.exec(text)?.[1] ?? "") ?? [];
  const factor: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };
  return Number(amount) * (factor[unit] ?? Number.NaN);
}
