// The clients of others: where they come from, what they speak, what they have not, and how their programs start.

import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type Runtime, runtimeCommand } from "../../src/mod.ts";
import type { PeerLibrary } from "../../src/peer.ts";
import type { StepName } from "./steps.ts";

export interface Way {
  readonly protocol: "text" | "binary";
  readonly where: "tcp" | "unix" | "sasl";
}

export type Command = readonly [path: string, ...args: string[]];

export interface OtherClient {
  readonly name: string;
  /** What runs it, and that it is there; a client from npm is, and is run on the runtime at hand. */
  readonly peer?: { readonly program: string; readonly library: PeerLibrary };
  readonly ways: readonly Way[];
  /** What it has not, or does wrongly with real memcached as well. */
  readonly lacks: readonly { readonly reason: string; readonly steps: readonly StepName[] }[];
  /**
   * What stands before the arguments.
   *
   * @param program The peer's path
   * @param folder Where what has to be compiled is put
   */
  readonly command: (program: string, folder: string) => Command | Promise<Command>;
}

const run = promisify(execFile);
const here = (name: string): string => join(import.meta.dirname, name);
const text = { protocol: "text", where: "tcp" } as const;
const textUnix = { protocol: "text", where: "unix" } as const;
const binary = { protocol: "binary", where: "tcp" } as const;
const binaryUnix = { protocol: "binary", where: "unix" } as const;
const sasl = { protocol: "binary", where: "sasl" } as const;

const gat = ["get and touch", "gotten and touched, expired"] as const;
const joining = ["append", "prepend", "joined"] as const;
const quiet = "quiet sets, then a multi-get";

const spymemcached = "/usr/share/java/spymemcached.jar";
const go = { GOPATH: "/usr/share/gocode", GO111MODULE: "off" };

/** The clients, those from npm as they run on `runtime`. */
export function otherClients(runtime: Runtime, folder: string): readonly OtherClient[] {
  const [path, ...args] = runtimeCommand(runtime);
  const script =
    (name: string, flags: readonly string[] = []) =>
    (): Command => [path, ...args, ...flags, here(name)];
  return [
    {
      name: "memjs",
      ways: [binary, sasl],
      lacks: [
        { reason: "it sends an append for a prepend", steps: ["prepend", "joined"] },
        { reason: "it has no cas", steps: ["cas", "cas, changed since"] },
        { reason: "it always sends an initial value", steps: ["incr, missing"] },
        { reason: "it has no such commands", steps: [quiet, "version 1.6", ...gat] },
      ],
      command: script("memjs-steps.ts"),
    },
    {
      // Not on a unix socket: it puts ":11211" behind the path.
      name: "memcached",
      ways: [text],
      lacks: [
        { reason: "it takes a server that refuses a value for one that is dead", steps: ["above 1 MiB"] },
        { reason: "it has no noreply", steps: [quiet] },
      ],
      // It sets `__proto__`, which Deno forbids by default.
      command: script("memcached-steps.ts", runtime === "deno" ? ["--unsafe-proto"] : []),
    },
    {
      name: "memcache-client",
      ways: [text],
      lacks: [],
      command: script("memcache-client-steps.ts"),
    },
    {
      name: "pymemcache",
      peer: {
        program: "python3",
        library: { name: "pymemcache (python3-pymemcache)", check: ["-c", "import pymemcache"] },
      },
      ways: [text, textUnix],
      lacks: [],
      command: (program) => [program, here("pymemcache-steps.py")],
    },
    {
      name: "pylibmc",
      peer: {
        program: "python3",
        library: { name: "pylibmc (python3-pylibmc)", check: ["-c", "import pylibmc"] },
      },
      ways: [text, textUnix, binary, binaryUnix, sasl],
      lacks: [
        { reason: "it has no initial value", steps: ["incr, with an initial value"] },
        { reason: "it has no gat", steps: gat },
        { reason: "it has no version", steps: ["version 1.6"] },
      ],
      command: (program) => [program, here("pylibmc-steps.py")],
    },
    {
      name: "php-memcached",
      peer: {
        program: "php",
        library: {
          name: "php-memcached (php-cli, php-memcached)",
          check: ["-r", 'exit(class_exists("Memcached") ? 0 : 1);'],
        },
      },
      ways: [text, textUnix, binary, binaryUnix, sasl],
      lacks: [{ reason: "it has no gat", steps: gat }],
      command: (program) => [program, here("php-memcached-steps.php")],
    },
    {
      name: "Dalli",
      peer: {
        program: "ruby",
        library: { name: "Dalli (ruby, ruby-dalli)", check: ["-e", 'require "dalli"'] },
      },
      ways: [binary, binaryUnix, sasl],
      lacks: [],
      command: (program) => [program, here("dalli-steps.rb")],
    },
    {
      name: "gomemcache",
      peer: {
        program: "go",
        library: {
          name: "gomemcache (golang-go, golang-github-bradfitz-gomemcache-dev)",
          check: ["list", "github.com/bradfitz/gomemcache/memcache"],
          env: { ...go, GOCACHE: join(folder, "go") },
        },
      },
      ways: [text, textUnix],
      lacks: [
        { reason: "it has no append", steps: joining },
        { reason: "it has neither version nor stats", steps: ["version 1.6", "statistics"] },
        { reason: "it has no noreply", steps: [quiet] },
      ],
      async command(program) {
        const steps = join(folder, "gomemcache-steps");
        const env = { ...process.env, ...go, GOCACHE: join(folder, "go") };
        await run(program, ["build", "-o", steps, here("gomemcache-steps.go")], { env });
        return [steps];
      },
    },
    {
      name: "spymemcached",
      peer: {
        program: "javac",
        library: {
          name: "spymemcached (default-jdk-headless, libspymemcached-java)",
          check: ["-Xprint", "-cp", spymemcached, "net.spy.memcached.MemcachedClient"],
        },
      },
      ways: [text, binary, sasl],
      lacks: [{ reason: "it has no noreply", steps: [quiet] }],
      async command(program) {
        await run(program, ["-cp", spymemcached, "-d", folder, here("SpymemcachedSteps.java")]);
        // Short-lived: a better compiler and a concurrent collector would cost more than they give.
        const flags = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
        return [
          join(program, "..", "java"),
          ...flags,
          "-cp",
          `${spymemcached}:${folder}`,
          "SpymemcachedSteps",
        ];
      },
    },
  ];
}
