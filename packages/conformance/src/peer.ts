// Programs of others that tests compare with: looked up, started, ended by id.
//
// A missing program is never passed over in silence: with REQUIRE_PEERS=1 its tests fail, without it they are
// skipped under a name that says what is missing. Uses node: modules only, so it works on every runtime.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Endpoint, describeEndpoint } from "@memwire/engine";
import { describe, expect, test } from "vitest";

/** A program that is running and answers on its endpoint. */
export interface RunningPeer extends AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly pid: number;
  /** Resolves when the process is gone. SIGKILL, as memcached takes a second to heed SIGTERM. May be called twice. */
  stop(): Promise<void>;
}

export interface MemcachedOptions {
  /** Added to `-t 1 -U 0`; a later flag wins. */
  readonly args?: readonly string[];
  /** A loopback port that must be used, such as the one of a peer that was stopped. Default: any free one. */
  readonly port?: number;
  /** Listen on this unix socket instead of a port. */
  readonly socketPath?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const STARTS_WITHIN_MS = 10_000;
const PORT_TRIES = 5;

/** Where a program is, by PATH and then where Debian keeps daemons; `undefined` if it is not installed. */
export function findPeer(program: string): string | undefined {
  return peersCalled(program)[0];
}

function peersCalled(program: string): string[] {
  const folders = [
    ...(process.env["PATH"] ?? "").split(delimiter),
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/sbin",
  ];
  return folders.map((folder) => join(folder, program)).filter(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A library that a program has to have. */
export interface PeerLibrary {
  readonly name: string;
  /** Arguments with which the program ends with 0 if it has it. Of several programs of the name one may have it. */
  readonly check: readonly string[];
  /** Added to the environment of the check. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Declares tests that need a program. If it is missing they are skipped by name, each one counted, or, with
 * REQUIRE_PEERS=1, replaced by one test that fails.
 *
 * @param tests Declares the tests; gets the program's path. Is also called, for the names, if they are skipped.
 * @param library Must be there, too.
 */
export function withPeer(program: string, tests: (path: string) => void, library?: PeerLibrary): void {
  const path = peersCalled(program).find(
    (each) =>
      library === undefined ||
      spawnSync(each, [...library.check], { env: { ...process.env, ...library.env } }).status === 0,
  );
  const peer = library === undefined ? program : `${library.name} for ${program}`;
  if (path !== undefined) {
    describe(`beside ${peer}`, () => tests(path));
    return;
  }
  if (process.env["REQUIRE_PEERS"] === "1") {
    test(`${peer} is installed, as REQUIRE_PEERS=1 asks`, () => {
      expect(path, `${peer} is neither in PATH nor in /usr/bin, /usr/sbin`).toBeDefined();
    });
    return;
  }
  console.warn(`SKIPPED: ${peer} is not installed, so nothing is compared with it (REQUIRE_PEERS=1 insists)`);
  // oxlint-disable-next-line vitest/no-disabled-tests -- said aloud just above, counted, and REQUIRE_PEERS forbids it
  describe.skip(`SKIPPED, ${peer} is not installed`, () => tests(program));
}

/**
 * Starts memcached with one thread and no UDP, on a loopback port or a unix socket.
 *
 * @throws Error with what memcached wrote, if it is missing or does not answer within ten seconds
 */
export async function startMemcached(options: MemcachedOptions = {}): Promise<RunningPeer> {
  const path = findPeer("memcached");
  if (path === undefined) throw new Error("memcached is not installed");
  const flags = ["-t", "1", "-U", "0", "-u", "root", ...(options.args ?? [])];
  const { socketPath, env } = options;
  if (socketPath !== undefined) {
    return startPeer(path, [...flags, "-s", socketPath], { kind: "unix", path: socketPath }, env);
  }
  const on = (port: number): Promise<RunningPeer> =>
    startPeer(
      path,
      [...flags, "-l", "127.0.0.1", "-p", `${port}`],
      { kind: "tcp", host: "127.0.0.1", port },
      env,
    );
  return options.port === undefined ? onFreePort(on) : on(options.port);
}

/** Calls `start` with a free loopback port; again with another one if somebody took it in between. */
export async function onFreePort(start: (port: number) => Promise<RunningPeer>): Promise<RunningPeer> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return await start(port);
    } catch (error) {
      // The last words of a program that ends at once may be lost on Deno.
      if (tries === PORT_TRIES || !/in use|EADDRINUSE|no word/i.test(String(error))) throw error;
    }
  }
}

/** A loopback port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/**
 * Starts a program and waits until it accepts on `endpoint`.
 *
 * @throws Error with the last of what the program wrote to stderr, if it ends before or takes ten seconds
 */
export async function startPeer(
  path: string,
  args: readonly string[],
  endpoint: Endpoint,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningPeer> {
  if (await accepts(endpoint)) throw new Error(`${describeEndpoint(endpoint)} is in use already`);
  const child = spawn(path, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let said = "";
  child.stderr.on("data", (chunk: unknown) => (said = (said + String(chunk)).slice(-2_000)));
  let over = false;
  // Not "exit": what it wrote last comes after that.
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      over = true;
      process.off("exit", kill);
      resolve();
    };
    child.once("close", end).once("error", (error) => {
      said += String(error);
      end();
    });
  });
  // By its id: on Deno a second kill() of a child does nothing.
  const kill = (): void => {
    if (child.pid !== undefined && !over) process.kill(child.pid, "SIGKILL");
  };
  process.once("exit", kill); // a test that forgot to stop it, or was cut short
  const stop = (): Promise<void> => {
    kill();
    return gone;
  };
  const until = Date.now() + STARTS_WITHIN_MS;
  while (!(await accepts(endpoint)) || over) {
    if (!over && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      continue;
    }
    await stop();
    throw new Error(`${path} does not listen on ${describeEndpoint(endpoint)}: ${said.trim() || "no word"}`);
  }
  if (child.pid === undefined) throw new Error("a process that listens has an id");
  return { endpoint, pid: child.pid, stop, [Symbol.asyncDispose]: stop };
}

function accepts(endpoint: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
