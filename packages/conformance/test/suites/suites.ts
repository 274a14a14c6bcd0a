// The tests that clients come with: what runs them against servers, what of them is left out, and how they say what
// came of it. The suites are not part of this repository, but of the clients' packages from npm and from Debian.

import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type Runtime, runtimeCommand } from "../../src/mod.ts";
import type { PeerLibrary } from "../../src/peer.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface SuiteCommand {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Suite {
  readonly name: string;
  /** What runs it, and that it is there; a suite from npm is, and is run on the runtime at hand. */
  readonly peer?: { readonly program: string; readonly library?: PeerLibrary };
  /** So many tests it has at least: where none ran, none failed. */
  readonly testsMin: number;
  readonly leftOut: readonly { readonly reason: string; readonly tests: string }[];
  /** A line of its output that says how a test went: the groups `passed` or `failed`, and `test`. */
  readonly outcome: RegExp;
  /**
   * @param program The peer's path
   * @param folder Where what has to be made is put; the same for every call
   * @param servers Three, which the suite fills and flushes as it likes
   */
  readonly command: (
    program: string,
    folder: string,
    servers: readonly [Address, Address, Address],
  ) => SuiteCommand | Promise<SuiteCommand>;
}

const run = promisify(execFile);

/** The suites, that from npm as it runs on `runtime`. */
export function clientSuites(runtime: Runtime): readonly Suite[] {
  return [memcached(runtime), pymemcache, gomemcache, memccapable];
}

const memcached = (runtime: Runtime): Suite => ({
  name: "npm memcached",
  testsMin: 36,
  leftOut: [
    {
      reason: "they are about addresses where nobody listens, some on networks of others",
      tests: "those of connections",
    },
  ],
  outcome: /^(?:(?<passed>passed)|(?<failed>failed))\t(?<test>.+)$/,
  command(_program, _folder, servers) {
    const [path, ...args] = runtimeCommand(runtime);
    // It sets `__proto__`, which Deno forbids by default.
    const flags = runtime === "deno" ? ["--unsafe-proto"] : [];
    const addresses = servers.map(({ host, port }) => `${host}:${port}`);
    return { path, args: [...args, ...flags, join(import.meta.dirname, "memcached-suite.ts"), ...addresses] };
  },
});

const pymemcache: Suite = {
  name: "pymemcache",
  peer: {
    program: "python3",
    library: {
      name: "pymemcache and pytest (python3-pymemcache, python3-pytest)",
      check: ["-c", "import pytest, pymemcache.test"],
    },
  },
  testsMin: 40,
  leftOut: [{ reason: "the certificate that it trusts does not come with the package", tests: "tls" }],
  outcome: /^(?:(?<passed>PASSED)|(?<failed>FAILED|ERROR)) \S+::(?<test>\S+)/,
  async command(program, _folder, [{ host, port }]) {
    const find = "import pymemcache.test; print(pymemcache.test.__path__[0])";
    const { stdout } = await run(program, ["-c", find]);
    const file = join(stdout.trim(), "test_integration.py");
    const quietly = ["-q", "-rA", "--tb=short", "-p", "no:cacheprovider"];
    return {
      path: program,
      args: ["-m", "pytest", ...quietly, "-k", "not tls", file, "--server", host, "--port", `${port}`],
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    };
  },
};

const go = { GOPATH: "/usr/share/gocode", GO111MODULE: "off" };
const gomemcacheFolder = join("src", "github.com", "bradfitz", "gomemcache");

/**
 * What is changed in a copy of it: the address, which is a constant; the patience, since a busy machine may stand still
 * for 100 ms; and how long what it touches every second lives. A server's clock ticks once a second: of two seconds to
 * live both may be over after one, and three may last a little longer than three.
 */
const gomemcacheConstants = [
  {
    file: "memcache_test.go",
    has: 'const testServer = "localhost:11211"',
    gets: 'var testServer = os.Getenv("TEST_SERVER")',
  },
  {
    file: "memcache_test.go",
    has: "const secondsToExpiry = int32(2)",
    gets: "const secondsToExpiry = int32(3)",
  },
  { file: "memcache_test.go", has: "for s := 0; s < 3; s++ {", gets: "for s := 0; s < 4; s++ {" },
  {
    file: "memcache.go",
    has: "const DefaultTimeout = 100 * time.Millisecond",
    gets: "const DefaultTimeout = 10 * time.Second",
  },
];

const gomemcache: Suite = {
  name: "gomemcache",
  peer: {
    program: "go",
    library: {
      name: "gomemcache (golang-go, golang-github-bradfitz-gomemcache-dev)",
      check: ["list", "github.com/bradfitz/gomemcache/memcache"],
      env: { ...go, GOCACHE: "/nowhere" },
    },
  },
  testsMin: 1,
  leftOut: [{ reason: "it starts a memcached of its own", tests: "TestUnixSocket" }],
  outcome: /^--- (?:(?<passed>PASS)|(?<failed>FAIL|SKIP)): (?<test>\S+)/,
  async command(program, folder, [{ host, port }]) {
    // The package is one that only root could write to.
    cpSync(join(go.GOPATH, gomemcacheFolder), join(folder, gomemcacheFolder), { recursive: true });
    for (const { file, has, gets } of gomemcacheConstants) {
      const path = join(folder, gomemcacheFolder, "memcache", file);
      const source = readFileSync(path, "utf8");
      if (!source.includes(has)) throw new Error(`gomemcache's ${file} no longer has ${has}`);
      writeFileSync(path, source.replace(has, gets));
    }
    const suite = join(folder, "gomemcache-suite");
    const env = { ...process.env, ...go, GOPATH: folder, GOCACHE: join(folder, "go") };
    await run(program, ["test", "-c", "-o", suite, "github.com/bradfitz/gomemcache/memcache"], { env });
    return {
      path: suite,
      args: ["-test.v", "-test.run", "TestLocalhost"],
      env: { TEST_SERVER: `${host}:${port}` },
    };
  },
};

const memccapable: Suite = {
  name: "libmemcached (memccapable)",
  peer: { program: "memccapable" },
  testsMin: 54,
  leftOut: [],
  outcome: /^(?<test>(?:ascii|binary) .+?) +\[(?:(?<passed>pass)|(?<failed>.+))\]$/,
  command: (program, _folder, [{ host, port }]) => ({ path: program, args: ["-h", host, "-p", `${port}`] }),
};
