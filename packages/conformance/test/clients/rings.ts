// The clients that choose a server by themselves: how each is let store keys on three of them, and which pool of
// docs/migrating.md has the same places.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { type Runtime, runtimeCommand } from "../../src/mod.ts";
import type { PeerLibrary } from "../../src/peer.ts";

export interface RingClient {
  /** And in which manner. */
  readonly name: string;
  /** As it is called on the page. */
  readonly pool: string;
  readonly peer?: { readonly program: string; readonly library: PeerLibrary };
  /** What stores `ring-0` and so many more; the servers come last. */
  readonly command: (program: string, folder: string, count: number) => readonly [string, ...string[]];
}

const here = (name: string): string => join(import.meta.dirname, name);
const spymemcached = "/usr/share/java/spymemcached.jar";

const python = (module: string): { readonly program: string; readonly library: PeerLibrary } => ({
  program: "python3",
  library: { name: `${module} (python3-${module})`, check: ["-c", `import ${module}`] },
});
const php = {
  program: "php",
  library: {
    name: "php-memcached (php-cli, php-memcached)",
    check: ["-r", 'exit(class_exists("Memcached") ? 0 : 1);'],
  },
} as const;
const java = {
  program: "javac",
  library: {
    name: "spymemcached (default-jdk-headless, libspymemcached-java)",
    check: ["-Xprint", "-cp", spymemcached, "net.spy.memcached.MemcachedClient"],
  },
} as const;

const pylibmc = (behaviors: string, pool: string): RingClient => ({
  name: `pylibmc, ${behaviors}`,
  pool,
  peer: python("pylibmc"),
  command: (program, _folder, count) => [
    program,
    "-c",
    `import sys, pylibmc
c = pylibmc.Client(sys.argv[1:], behaviors=${behaviors})
for i in range(${count}): assert c.set(f"ring-{i}", "x")`,
  ],
});

const phpMemcached = (options: string, pool: string): RingClient => ({
  name: `php-memcached, ${options === "" ? "no options" : options}`,
  pool,
  peer: php,
  command: (program, _folder, count) => [
    program,
    "-r",
    `$c = new Memcached(); $c->setOptions([${options}]);
foreach (array_slice($argv, 1) as $server) { [$host, $port] = explode(":", $server); $c->addServer($host, (int) $port); }
for ($i = 0; $i < ${count}; $i++) { if (!$c->set("ring-$i", "x")) exit(1); }`,
    "--",
  ],
});

const spy = (factory: "ketama" | "default"): RingClient => ({
  name: `spymemcached, ${factory}`,
  pool: `spymemcached-${factory}`,
  peer: java,
  command: (program, folder, count) => {
    execFileSync(program, ["-cp", spymemcached, "-d", folder, here("SpymemcachedRing.java")]);
    const path = `${spymemcached}:${folder}`;
    return [join(program, "..", "java"), "-cp", path, "SpymemcachedRing", factory, `${count}`];
  },
});

/** @param runtime What npm's clients run on */
export function ringClients(runtime: Runtime): readonly RingClient[] {
  const [path, ...args] = runtimeCommand(runtime);
  // npm's memcached sets `__proto__`, which Deno forbids by default.
  const flags = runtime === "deno" ? [...args, "--unsafe-proto"] : args;
  const npm = (name: string, pool: string): RingClient => ({
    name: `npm ${name}`,
    pool,
    command: (_program, _folder, count) => [path, ...flags, here("npm-ring.ts"), name, `${count}`],
  });
  return [
    pylibmc('{"ketama_weighted": True}', "libmemcached-ketama"),
    pylibmc("{}", "libmemcached-default"),
    pylibmc('{"distribution": "consistent"}', "libmemcached-consistent"),
    pylibmc('{"ketama": True}', "libmemcached-consistent"),
    phpMemcached("Memcached::OPT_LIBKETAMA_COMPATIBLE => true", "libmemcached-ketama"),
    phpMemcached("", "libmemcached-default"),
    npm("memcached", "npm-memcached"),
    npm("memjs", "memjs"),
    {
      name: "pymemcache",
      pool: "pymemcache",
      peer: python("pymemcache"),
      command: (program, _folder, count) => [
        program,
        "-c",
        `import sys
from pymemcache.client.hash import HashClient
c = HashClient(sys.argv[1:])
for i in range(${count}): assert c.set(f"ring-{i}", "x", noreply=False)`,
      ],
    },
    {
      name: "Dalli",
      pool: "dalli",
      peer: {
        program: "ruby",
        library: { name: "Dalli (ruby, ruby-dalli)", check: ["-e", 'require "dalli"'] },
      },
      command: (program, _folder, count) => [
        program,
        "-e",
        `require "dalli"
c = Dalli::Client.new(ARGV)
${count}.times { |i| c.set("ring-#{i}", "x") or exit(1) }`,
      ],
    },
    {
      name: "gomemcache",
      pool: "gomemcache",
      peer: {
        program: "go",
        library: {
          name: "gomemcache (golang-go, golang-github-bradfitz-gomemcache-dev)",
          check: ["list", "github.com/bradfitz/gomemcache/memcache"],
          env: { GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOCACHE: "/tmp/memwire-go" },
        },
      },
      command(program, folder, count) {
        const built = join(folder, "gomemcache-ring");
        const env = {
          ...process.env,
          GOPATH: "/usr/share/gocode",
          GO111MODULE: "off",
          GOCACHE: join(folder, "go"),
        };
        execFileSync(program, ["build", "-o", built, here("gomemcache-ring.go")], { env });
        return [built, `${count}`];
      },
    },
    spy("ketama"),
    spy("default"),
  ];
}
