// Flags, the environment and the file: which one is heard, and what is said when they do not go together.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PoolConfig } from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import { ProgramEnd } from "@memwire/program";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { check } from "../src/check.ts";
import { readTask, readWhereTask } from "../src/cli.ts";
import { configure } from "../src/configure.ts";
import type { Environment } from "../src/settings.ts";
import { where } from "../src/where.ts";

const certificates = join(import.meta.dirname, "..", "..", "..", "packages", "conformance", "certificates");
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memwire-proxy-"));
  const pool = "{ listen: ':22121', timeout: 400, servers: ['a:1:1', 'b:1:2 b'] }";
  writeFileSync(at("one.yml"), `alpha: ${pool}\n`);
  writeFileSync(at("two.yml"), `alpha: ${pool}\nbeta: { listen: ':22122', servers: ['c:1:1'] }\n`);
  writeFileSync(at("bad.yml"), "alpha: { listen: here, servers: ['a:1:1'], time_out: 5 }\n");
  writeFileSync(at("list.servers"), "c:1 600\nd:1 300\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the first pool would be. */
function poolOf(line: string, environment: Environment = {}): PoolConfig & { connectionsMax?: number } {
  const { source, overrides } = readTask(words(line), "1.2.3", inFolder(environment));
  const { config } = configure(source, overrides);
  const { connectionsMax } = config.limits;
  const [pool] = config.pools as [PoolConfig];
  return connectionsMax === undefined ? pool : { ...pool, connectionsMax };
}

function words(line: string): string[] {
  return line
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => word.replace("@", `${folder}/`));
}

function inFolder(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value?.replace("@", `${folder}/`)]),
  );
}

const addressesOf = ({ servers }: PoolConfig): string[] =>
  servers.map(({ endpoint, weight }) => `${describeEndpoint(endpoint)}:${weight}`);
const listensOn = ({ listeners }: PoolConfig): string[] =>
  listeners.map(({ endpoint }) => describeEndpoint(endpoint));

function endOf(run: () => unknown): { readonly exitCode: number; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof ProgramEnd) {
      return { exitCode: error.exitCode, message: error.message.replaceAll(`${folder}/`, "@") };
    }
    throw error;
  }
  throw new Error("it did not end");
}

describe("what is heard", () => {
  test("an address of the command line, else of the environment, else of the file, else the default", () => {
    const environment = { MEMWIRE_PROXY_LISTEN: "127.0.0.1:5" };
    expect(listensOn(poolOf("--config @one.yml --listen :7", environment))).toEqual(["0.0.0.0:7"]);
    expect(listensOn(poolOf("--config @one.yml --port 8", environment))).toEqual(["127.0.0.1:8"]);
    expect(listensOn(poolOf("--config @one.yml", environment))).toEqual(["127.0.0.1:5"]);
    expect(listensOn(poolOf("--config @one.yml"))).toEqual(["0.0.0.0:22121"]);
    expect(listensOn(poolOf("--backend a:1"))).toEqual(["127.0.0.1:11211"]);
    expect(listensOn(poolOf("--backend a:1", environment))).toEqual(["127.0.0.1:5"]);
  });

  test("servers of the command line, else of the environment, else of the file", () => {
    const environment = { MEMWIRE_PROXY_BACKENDS: "x:1, y:1:3\tz:1 " };
    expect(addressesOf(poolOf("--config @one.yml"))).toEqual(["a:1:1", "b:1:2"]);
    expect(addressesOf(poolOf("--config @one.yml", environment))).toEqual(["x:1:1", "y:1:3", "z:1:1"]);
    expect(addressesOf(poolOf("--config @one.yml --backend q:1", environment))).toEqual(["q:1:1"]);
    expect(addressesOf(poolOf("--config @one.yml --servers @list.servers", environment))).toEqual([
      "c:1:600",
      "d:1:300",
    ]);
    expect(addressesOf(poolOf("--backend q:1", { MEMWIRE_PROXY_SERVERS: "@list.servers" }))).toEqual([
      "q:1:1",
    ]);
    expect(addressesOf(poolOf("", { MEMWIRE_PROXY_SERVERS: "@list.servers" }))).toEqual([
      "c:1:600",
      "d:1:300",
    ]);
    expect(addressesOf(poolOf("", { MEMWIRE_PROXY_CONFIG: "@one.yml" }))).toEqual(["a:1:1", "b:1:2"]);
  });

  test("servers in place of those of the file are spoken to in TLS as those are, if all of those are alike", () => {
    const toServers = (servers: string): PoolConfig["servers"][0]["tls"][] => {
      writeFileSync(at("to-tls.yml"), `pools: { a: { listen: ":1", ${servers} } }\n`);
      return poolOf("--config @to-tls.yml --backend x:1 --backend y:1").servers.map(({ tls }) => tls);
    };
    const own = { verify: false };
    expect(toServers("servers: [a:1, b:1], server_tls: { verify: false }")).toMatchObject([own, own]);
    expect(toServers("servers: [a:1, { address: b:1, tls: { verify: false } }]")).toEqual([
      undefined,
      undefined,
    ]);
    expect(toServers("servers: [a:1, b:1]")).toEqual([undefined, undefined]);
  });

  test("every other variable", () => {
    const pool = poolOf("--config @one.yml", {
      MEMWIRE_PROXY_HASH: "murmur",
      MEMWIRE_PROXY_DISTRIBUTION: "modula",
      MEMWIRE_PROXY_HASH_TAG: "[]",
      MEMWIRE_PROXY_TIMEOUT: "77",
      MEMWIRE_PROXY_CONNECTIONS_MAX: "9",
    });
    expect(pool).toMatchObject({
      hash: "murmur",
      distribution: { name: "modula" },
      hashTag: "[]",
      queuedTimeoutMs: 77,
      connectTimeoutMs: 77,
      replyTimeoutMs: 77,
      connectionsMax: 9,
    });
    expect(poolOf("--timeout 5", { MEMWIRE_PROXY_TIMEOUT: "77" }).replyTimeoutMs).toBe(5);
  });

  test("whose sockets, of the command line, else of the environment, else of the file, else the adapter's", () => {
    const socketsOf = (line: string, environment: Environment = {}): string | undefined => {
      const { source, overrides } = readTask(words(line), "1.2.3", inFolder(environment));
      return configure(source, overrides).config.denoSockets;
    };
    const environment = { MEMWIRE_PROXY_DENO_SOCKETS: "node" };
    const own = `--config ${at("sockets.yml")}`;
    writeFileSync(
      at("sockets.yml"),
      "proxy: { deno_sockets: deno }\npools: { a: { listen: ':1', servers: [b:1] } }\n",
    );
    expect(socketsOf(`${own} --deno-sockets deno`, environment)).toBe("deno");
    expect(socketsOf(own, environment)).toBe("node");
    expect(socketsOf(own)).toBe("deno");
    expect(socketsOf("--config @one.yml")).toBe(undefined);
  });

  test("a distribution brings its hash along", () => {
    expect(poolOf("--config @one.yml").hash).toBe("fnv1a_64");
    expect(poolOf("").hash).toBe("md5");
    expect(poolOf("--distribution modula").hash).toBe("md5");
    expect(poolOf("--distribution dalli")).not.toHaveProperty("hash");
  });

  test("keys of a list of servers are placed by their addresses, as libketama does", () => {
    const { servers, hash, distribution } = poolOf("--servers @list.servers");
    expect([hash, distribution, servers.map(({ name }) => name)]).toEqual([
      "md5",
      { name: "ketama" },
      ["c:1", "d:1"],
    ]);
  });

  test("not a variable that is empty, nor those that Kubernetes sets for a service of this name", () => {
    const environment = {
      MEMWIRE_PROXY_LISTEN: "",
      MEMWIRE_PROXY_PORT: "tcp://10.0.0.7:11211",
      MEMWIRE_PROXY_PORT_11211_TCP_ADDR: "10.0.0.7",
      MEMWIRE_PROXY_SERVICE_HOST: "10.0.0.7",
      MEMWIRE_PROXY_SERVICE_PORT: "11211",
      MEMWIRE_PROXY_SERVICE_PORT_MEMCACHE: "11211",
    };
    expect(listensOn(poolOf("", environment))).toEqual(["127.0.0.1:11211"]);
  });
});

test("nutcracker's flags for the file and for its test", async () => {
  expect(addressesOf(poolOf("-c @one.yml"))).toEqual(["a:1:1", "b:1:2"]);
  const asked = (line: string): string => readTask(words(line), "1.2.3", {}).kind;
  const lines = ["-c @one.yml", "-t -c @one.yml", "--test-conf -c @one.yml", "--check -c @one.yml"];
  expect(lines.map(asked)).toEqual(["serve", "check", "check", "check"]);
  expect(await checked("-c @one.yml")).toBe(await checked("--config @one.yml"));
  expect(found("foo -c @two.yml --pool beta")).toBe(found("foo --config @two.yml --pool beta"));
  expect(endOf(() => poolOf("-c no.yml")).message).toBe(
    "memwire-proxy: cannot read no.yml: no such file; see memwire-proxy --help",
  );
});

describe("what is said", () => {
  test.each<[string, Environment, string]>([
    [
      "",
      { MEMWIRE_PROXY_LISTN: "x" },
      "MEMWIRE_PROXY_LISTN is no variable of memwire-proxy: MEMWIRE_PROXY_LISTEN?",
    ],
    [
      "",
      { MEMWIRE_PROXY_PORT: "11211" },
      "MEMWIRE_PROXY_PORT is no variable of memwire-proxy: MEMWIRE_PROXY_LISTEN?",
    ],
    [
      "",
      { MEMWIRE_PROXY_QUUX: "x" },
      "MEMWIRE_PROXY_QUUX is no variable of memwire-proxy: MEMWIRE_PROXY_CONFIG, MEMWIRE_PROXY_SERVERS, MEMWIRE_PROXY_BACKENDS, MEMWIRE_PROXY_HASH, MEMWIRE_PROXY_DISTRIBUTION, MEMWIRE_PROXY_HASH_TAG, MEMWIRE_PROXY_TIMEOUT, MEMWIRE_PROXY_CONNECTIONS_MAX, MEMWIRE_PROXY_DENO_SOCKETS, MEMWIRE_PROXY_LISTEN",
    ],
    [
      "",
      { MEMWIRE_PROXY_TIMEOUT: "soon" },
      'MEMWIRE_PROXY_TIMEOUT must be a whole number from 1 to 2147483647, got "soon"',
    ],
    [
      "",
      { MEMWIRE_PROXY_DENO_SOCKETS: "bun" },
      'MEMWIRE_PROXY_DENO_SOCKETS must be one of node, deno, got "bun"',
    ],
    [
      "",
      { MEMWIRE_PROXY_BACKENDS: "a:1,b" },
      'MEMWIRE_PROXY_BACKENDS must be host:port[:weight] or /path[:weight], got "b"',
    ],
    ["", { MEMWIRE_PROXY_BACKENDS: "a:1,a:1" }, "MEMWIRE_PROXY_BACKENDS a:1 is there twice: take one out"],
    [
      "",
      { MEMWIRE_PROXY_BACKENDS: "a:1", MEMWIRE_PROXY_SERVERS: "x" },
      "MEMWIRE_PROXY_BACKENDS cannot stand beside MEMWIRE_PROXY_SERVERS: both say the servers",
    ],
    ["", { MEMWIRE_PROXY_CONFIG: "no.yml" }, "cannot read no.yml of MEMWIRE_PROXY_CONFIG: no such file"],
    [
      "",
      { MEMWIRE_PROXY_SERVERS: "a:1,b:1" },
      'MEMWIRE_PROXY_SERVERS is a file, got "a:1,b:1"; servers themselves: MEMWIRE_PROXY_BACKENDS',
    ],
    ["--config @two.yml --port 5", {}, "--port says something of one pool, and the file has 2: alpha, beta"],
    [
      "--config @two.yml",
      { MEMWIRE_PROXY_BACKENDS: "a:1" },
      "MEMWIRE_PROXY_BACKENDS says something of one pool, and the file has 2: alpha, beta",
    ],
    [
      "--config @one.yml --listen a:1",
      {},
      "server a:1 is where pool alpha itself would listen: choose another address",
    ],
    ["--hash md5 --distribution dalli", {}, "--hash means nothing with dalli, which has a hash of its own"],
    [
      "--config @one.yml --distribution jump",
      {},
      "pool alpha: weight of b must be left out: this distribution has none, got 2",
    ],
  ])("of %s with %j", (line, environment, message) => {
    expect(endOf(() => poolOf(line, environment))).toEqual({
      exitCode: 2,
      message: `memwire-proxy: ${message}; see memwire-proxy --help`,
    });
  });
});

const checked = (line: string): Promise<string> => check(readTask(words(`--check ${line}`), "1.2.3", {}));

test("--check says what would be done", async () => {
  writeFileSync(
    at("all.yml"),
    `pools:
  alpha:
    listen:
      - { address: 0.0.0.0:22121, allow: [10.0.0.0/8], deny: [10.9.0.0/16], backlog: 1000 }
      - /run/alpha.sock 0660
    client_connections: 500
    hash_tag: "{}"
    servers: [10.0.0.1:11211, "10.0.0.2:11211:3 cache-b"]
    server_tls: true
    connections: 4
    preconnect: true
    idle_timeout: 60000
    health: { failures: 1, when_down: rehash }
    partial_results: miss
    rate_limit: { per_client: { per_second: 1, burst: 10 }, total: { per_second: 5000, burst: 9000 } }
    protocols: [text]
    flush_all: true
`,
  );
  expect((await checked("--config @all.yml")).split("\n")).toEqual([
    "nothing is wrong: 1 pool, 2 servers",
    "pool alpha",
    "  listens on 0.0.0.0:22121, allows 10.0.0.0/8, denies 10.9.0.0/16, backlog 1000",
    "  listens on /run/alpha.sock, permissions 0660",
    "  takes 500 clients at a time",
    "  ketama by fnv1a_64, hash tag {}",
    "  timeouts: 1000 ms to be sent, 1000 ms to connect, 1000 ms to reply",
    "  4 connections to each server, made at once, closed after 60000 ms without use and made again",
    "  a server is down after 1 failure in a row: its keys go to the others",
    "  a multi-get leaves out what a failing server has",
    "  a client may ask for 1 key a second, 10 at once",
    "  all clients together may ask for 5000 keys a second, 9000 at once",
    "  clients speak text",
    "  flush_all goes to every server",
    "     keys  by weight  server",
    expect.stringMatching(/^ {3}\d\d\.\d % {3}25\.0 % {4}10\.0\.0\.1:11211, TLS$/),
    expect.stringMatching(/^ {3}\d\d\.\d % {3}75\.0 % {4}cache-b 10\.0\.0\.2:11211 \(weight 3\), TLS$/),
    "keys: how 100000 of them fall, from user:0 on",
  ]);
});

test("--check says that twemproxy's timeout of 0 waits for ever", async () => {
  writeFileSync(
    at("patient.yml"),
    `alpha:
  listen: 127.0.0.1:22121
  hash: fnv1a_64
  distribution: ketama
  timeout: 0
  servers: [10.0.0.1:11211:1]
`,
  );
  expect((await checked("--config @patient.yml")).split("\n")).toContain(
    "  timeouts: for ever to be sent, for ever to connect, for ever to reply",
  );
});

test("--check shows that a hash is bad: crc32 leaves most of the ring to one server", async () => {
  const keysOf = async (hash: string): Promise<number[]> =>
    Array.from(
      (await checked(`--backend a:1 --backend b:1 --backend c:1 --hash ${hash}`)).matchAll(/^ +([\d.]+) %/gm),
      ([, part]) => Number(part),
    );
  expect(Math.max(...(await keysOf("md5")))).toBeLessThan(45);
  expect(Math.max(...(await keysOf("crc32")))).toBe(100);
});

test.each<[string, string]>([
  [
    "--config @bad.yml",
    "@bad.yml:1 alpha.time_out: is no key of a pool: timeout?\n" +
      '@bad.yml:1 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "here"',
  ],
  ["--config no.yml", "memwire-proxy: cannot read no.yml: no such file; see memwire-proxy --help"],
  ["--config @tls.yml", "@tls.yml:1 pools.a.listen.tls.cert: cannot read @certificates/no.pem: no such file"],
  ["--config @key.yml", "@key.yml:1 pools.a.listen[0].tls.key: cannot read @no.key: no such file"],
  [
    "--config @ciphers.yml",
    'memwire-proxy: pool a cannot listen: no such ciphers as "NONE"; see memwire-proxy --help',
  ],
  ["--config @list.yml", "@list.yml:1 pools.a.listen.tls.cert: @list.servers has no PEM certificate"],
  [
    "--config @pair.yml",
    "@pair.yml:1 pools.a.listen.tls.key: the key in &two.key is not that of the first certificate in &one.crt",
  ],
  [
    "--config @pairs.yml",
    "@pairs.yml:3 pools.b.listen.tls.key: the key in &one.key is not that of the first certificate in &two.crt",
  ],
  [
    "--config @words.yml",
    "@words.yml:3 pools.b.credentials.password_file: a password must be without blanks: memcached -Y reads it up to the first one",
  ],
  ["--config @roots.yml", "@roots.yml:1 pools.a.server_tls.ca: @list.servers has no PEM certificate"],
  [
    "--config @noword.yml",
    "@noword.yml:1 pools.a.credentials.password_file: cannot read @no-word: no such file",
  ],
  [
    "--config @empty.yml",
    "@empty.yml:1 pools.a.credentials.password_file: the password is to be the first line of @empty: it is empty",
  ],
  [
    "--config @secret.yml",
    "@secret.yml:1 pools.a.credentials.password_env: the password is to be in NO_SUCH_SECRET of the environment: it is not set",
  ],
  ["--config @nousers.yml", "@nousers.yml:1 pools.a.users_file: cannot read @no-users: no such file"],
  [
    "--config @users.yml",
    "memwire-proxy: @users:3: must be name:password, neither of them empty; see memwire-proxy --help",
  ],
])("--check of %s ends with 1 and every mistake", async (line, message) => {
  const pool = (rest: string): string => `pools: { a: { servers: [a:1], ${rest} } }\n`;
  writeFileSync(at("list.yml"), pool("listen: { address: ':1', tls: { cert: list.servers } }"));
  writeFileSync(at("roots.yml"), pool("listen: ':1', server_tls: { ca: list.servers }"));
  writeFileSync(
    at("pair.yml"),
    pool(`listen: { address: ':1', tls: { cert: ${certificates}/one.crt, key: ${certificates}/two.key } }`),
  );
  const two = (a: string, b: string): string =>
    `pools:\n  a: { servers: [a:1], ${a} }\n  b: { servers: [a:1], ${b} }\n`;
  const withKey = (port: number, cert: string): string =>
    `listen: { address: ':${port}', tls: { cert: ${certificates}/${cert}.crt, key: ${certificates}/one.key } }`;
  writeFileSync(at("pairs.yml"), two(withKey(1, "one"), withKey(2, "two")));
  const withWords = (port: number, kind: string): string =>
    `listen: ':${port}', credentials: { user: me, password_file: words${kind} }`;
  writeFileSync(at("words.yml"), two(withWords(1, ", kind: sasl"), withWords(2, "")));
  writeFileSync(at("words"), "two words\n");
  writeFileSync(at("tls.yml"), pool("listen: { address: ':1', tls: { cert: certificates/no.pem } }"));
  writeFileSync(
    at("key.yml"),
    pool(`listen: [{ address: ':1', tls: { cert: ${certificates}/one.crt, key: no.key } }]`),
  );
  const bothOfOne = `cert: ${certificates}/one.crt, key: ${certificates}/one.key`;
  writeFileSync(at("ciphers.yml"), pool(`listen: { address: ':1', tls: { ${bothOfOne}, ciphers: NONE } }`));
  writeFileSync(at("noword.yml"), pool("listen: ':1', credentials: { user: me, password_file: no-word }"));
  writeFileSync(at("empty.yml"), pool("listen: ':1', credentials: { user: me, password_file: empty }"));
  writeFileSync(at("empty"), "\n");
  writeFileSync(at("nousers.yml"), pool("listen: ':1', users_file: no-users"));
  writeFileSync(at("users.yml"), pool("listen: ':1', users_file: users"));
  writeFileSync(at("users"), "# ours\nann:secret\nbob hidden\n");
  writeFileSync(
    at("secret.yml"),
    pool("listen: ':1', credentials: { user: me, password_env: NO_SUCH_SECRET }"),
  );
  const end: unknown = await checked(line).catch((error: unknown) => error);
  expect(end).toBeInstanceOf(ProgramEnd);
  const { exitCode, message: said } = end as ProgramEnd;
  expect({ exitCode, said: said.replaceAll(`${folder}/`, "@").replaceAll(`${certificates}/`, "&") }).toEqual({
    exitCode: 1,
    said: message,
  });
});

const found = (line: string): string => {
  const task = readWhereTask(words(line), "1.2.3", {});
  if (task.kind !== "where") throw new Error("it is another task");
  return where(task);
};

test.each<[string, string]>([
  [
    "foo --backend a:1 --distribution modula --hash fnv1a_64",
    "foo -> a:1\n  pool main: modula by fnv1a_64: hash 4275688823, slot 0 of a:1",
  ],
  [
    "foo --config @two.yml --pool beta",
    "foo -> c:1\n  pool beta: ketama by fnv1a_64: hash 4275688823, point 50869133 of c:1",
  ],
  ["foo --distribution random", "foo -> any server, by chance\n  pool main: random"],
  [
    "foo{x} bar{x} --backend a:1 --distribution modula --hash-tag {}",
    "foo{x} -> a:1\n  pool main: modula by md5, hash tag {}: hash 1642386589, slot 0 of a:1\n" +
      "bar{x} -> a:1\n  pool main: modula by md5, hash tag {}: hash 1642386589, slot 0 of a:1",
  ],
])("where %s", (line, answer) => {
  expect(found(line)).toBe(answer);
});

test.each<[string, string]>([
  ["", "missing required argument 'key'"],
  ["foo --timeout 5", "unknown option '--timeout'"],
  ["foo --pool gamma --config @two.yml", "there is no pool gamma: alpha, beta"],
  ["x".repeat(251), `a key is 1 to 250 bytes without blanks and control characters, got "${"x".repeat(80)}"`],
])("where %s is a mistake", (line, message) => {
  expect(endOf(() => found(line))).toEqual({
    exitCode: 2,
    message: `memwire-proxy where: ${message}; see memwire-proxy where --help`,
  });
});
