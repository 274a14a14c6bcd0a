// The programs that are measured, each pinned to a core, and the peers among them and behind them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { BunSockets, DenoSockets } from "@memwire/adapter";
import {
  findPeer,
  freePort,
  onFreePort,
  runtimeCommand,
  type RunningPeer,
  type Runtime,
  startPeer,
} from "@memwire/conformance";

/** A program under load; the first of a comparison is what the others are measured against. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export const root: string = join(import.meta.dirname, "..", "..");
const MEBIBYTES = 1_024;

/** How a program is started on a port that is free. */
type Line = readonly [string, ...string[]];
type Command = (port: number) => Line | Promise<Line>;

/** @param cores One, or a list as `taskset` takes it. */
export async function start(name: string, cores: number | string, command: Command): Promise<Subject> {
  const taskset = required("taskset");
  const running = await onFreePort(async (port) =>
    startPeer(taskset, ["-c", `${cores}`, ...(await command(port))], {
      kind: "tcp",
      host: "127.0.0.1",
      port,
    }),
  );
  return { name, port: portOf(running), pid: running.pid, stop: () => running.stop() };
}

function portOf(running: RunningPeer): number {
  if (running.endpoint.kind !== "tcp") throw new TypeError("a subject listens on TCP");
  return running.endpoint.port;
}

/** Where a program is. @throws Error if it is not installed */
export function required(program: string): string {
  const path = findPeer(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  return path;
}

/** @param mebibytes Of items. */
export function startMemcachedOn(core: number, mebibytes: number = MEBIBYTES): Promise<Subject> {
  const memory = ["-m", `${mebibytes}`, "-c", "4096"];
  const flags = ["-t", "1", "-U", "0", "-u", "root", ...memory, "-l", "127.0.0.1", "-p"];
  return start("memcached", core, (port) => [required("memcached"), ...flags, `${port}`]);
}

/** Where a program of ours runs, and what it is called there: on Deno on either kind of sockets. */
export interface Place {
  readonly name: string;
  readonly runtime: Runtime;
  /** Means nothing but on Deno. */
  readonly denoSockets: DenoSockets;
}

export const places: readonly Place[] = [
  { name: "node", runtime: "node", denoSockets: "node" },
  { name: "bun", runtime: "bun", denoSockets: "node" },
  { name: "deno, node:net", runtime: "deno", denoSockets: "node" },
  { name: "deno, its own", runtime: "deno", denoSockets: "deno" },
];

const BY_BUN = { bunSockets: "bun" } as const;

/** Of the server, which on Bun may be on either kind of sockets, too. */
export const serverPlaces: readonly (Place & { readonly bunSockets: BunSockets })[] = places.flatMap(
  (place) =>
    place.runtime === "bun"
      ? [
          { ...place, ...BY_BUN },
          { ...place, name: "bun, io_uring", bunSockets: "io_uring" },
        ]
      : [{ ...place, ...BY_BUN }],
);

/** memwire-server in every place. @param mebibytes Of items. */
export function startServers(
  core: number,
  mebibytes: number = MEBIBYTES,
): readonly (() => Promise<Subject>)[] {
  const file = join(root, "apps", "bun-server", "src", "main.ts");
  return serverPlaces.map(
    ({ name, runtime, bunSockets, denoSockets }) =>
      () =>
        start(`memwire on ${name}`, core, (port) => [
          ...runtimeCommand(runtime),
          file,
          "-U",
          "0",
          "-l",
          "127.0.0.1",
          "-p",
          `${port}`,
          "-o",
          `bun_sockets=${bunSockets},deno_sockets=${denoSockets}`,
          "-m",
          `${mebibytes}`,
          "-c",
          "4096",
        ]),
  );
}

/** nutcracker, then memwire-proxy in every place, all with the same file. */
export function startProxies(core: number, servers: readonly Subject[]): readonly (() => Promise<Subject>)[] {
  const folder = scratchFolder();
  const config = (port: number): string => {
    const file = join(folder, `${port}.yml`);
    writeFileSync(file, twemproxyConfig(port, servers));
    return file;
  };
  const main = join(root, "apps", "node-proxy", "src", "main.ts");
  return [
    // Its statistics listen on port 22222 unless told otherwise, and it ends without a word if they cannot.
    () =>
      start("nutcracker", core, async (port) => [
        required("nutcracker"),
        "-c",
        config(port),
        "-a",
        "127.0.0.1",
        "-s",
        `${await freePort()}`,
      ]),
    ...places.map(
      ({ name, runtime, denoSockets }) =>
        () =>
          start(`memwire on ${name}`, core, (port) => [
            ...runtimeCommand(runtime),
            main,
            "--config",
            config(port),
            "--deno-sockets",
            denoSockets,
          ]),
    ),
  ];
}

/** A proxy in a process that can be asked about itself. */
export function proxyProcess(
  { runtime, denoSockets }: Place,
  port: number,
  servers: readonly Subject[],
): readonly [string, ...string[]] {
  const [path, ...flags] = runtimeCommand(runtime);
  const collecting: Readonly<Record<Runtime, readonly string[]>> = {
    node: ["--expose-gc"],
    bun: [],
    deno: ["--v8-flags=--expose-gc"],
  };
  const file = join(import.meta.dirname, "proxy-process.ts");
  const ports = servers.map((server) => `${server.port}`);
  return [path, ...flags, ...collecting[runtime], file, denoSockets, `${port}`, ...ports];
}

/** A folder that is gone when this process is. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "memwire-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function twemproxyConfig(port: number, servers: readonly Subject[]): string {
  return `pool:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  timeout: 5000
  servers:
${servers.map((server) => `    - 127.0.0.1:${server.port}:1\n`).join("")}`;
}
