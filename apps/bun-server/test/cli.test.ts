// The command line: what memcached takes is taken and what it refuses is refused, in the same words for the same flags.

import { freePort, RunningProgram, withPeer } from "@memwire/conformance";
import { ProgramEnd } from "@memwire/program";
import { describe, expect, test } from "vitest";
import { readTask } from "../src/cli.ts";
import { nodeSharesPorts } from "../src/shared-ports.ts";

const read = (args: string, environment = {}): ReturnType<typeof readTask> =>
  readTask(
    args.split(" ").filter((arg) => arg !== ""),
    "1.2.3",
    environment,
  );
/** What it says of them; nothing if it takes them. */
function messageOf(args: string): string {
  try {
    read(args);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const tcp = (host: string, port: number): object => ({ endpoint: { kind: "tcp", host, port } });

test("without a flag it is what memcached is", () => {
  expect(read("")).toEqual({
    listen: [{ ...tcp("::", 11_211), otherwise: { kind: "tcp", host: "0.0.0.0", port: 11_211 } }],
    datagrams: [],
    backlog: 1_024,
    threads: 1,
    socketMode: 0o700,
    user: undefined,
    daemon: false,
    pidFile: undefined,
    snapshotFile: undefined,
    store: {
      bytesMax: 67_108_864,
      bytesMost: 268_435_456,
      pageBytes: 1_048_576,
      itemBytesMax: 1_048_576,
      evictions: true,
      growthFactor: 1.25,
      chunkSpaceMin: 48,
      casUniques: true,
    },
    largePages: false,
    automoveLevel: 1,
    limits: { connectionsMax: 1_024, requestsPerTurn: 20 },
    rights: {
      flushEnabled: true,
      dumpEnabled: true,
      watchEnabled: true,
      shutdownEnabled: false,
      sizesEnabled: false,
      debugTimeEnabled: false,
    },
    protocol: "auto",
    authentication: undefined,
    tls: undefined,
    sockets: { denoSockets: "node" },
    verbosity: 0,
    remarks: [],
    facts: {
      inter: "NULL",
      domain_socket: "NULL",
      umask: "700",
      num_threads_per_udp: 1,
      read_buf_mem_limit: 0,
      tcp_backlog: 1_024,
      memory_file: "(null)",
    },
  });
});

test.each<[string, string]>([
  ["-p 11311", "--port=11311"],
  ["-U 0 -l 127.0.0.1", "--udp-port=0 --listen=127.0.0.1"],
  ["-s /x.sock -a 0770", "--unix-socket=/x.sock --unix-mask 0770"],
  ["-m128", "--memory-limit=128"],
  ["-m 128", "--memory-l 128"],
  [
    "-M -F -C -X -W",
    "--disable-evictions --disable-flush-all --disable-cas --disable-dumping --disable-watch",
  ],
  ["-MFC", "-M -F -C"],
  ["-c 10 -R 30 -t 1", "--conn-limit=10 --max-reqs-per-event=30 --threads=1"],
  ["-I 2m -f 1.5 -n 64", "--max-item-size=2m --slab-growth-factor=1.5 --slab-min-size=64"],
  ["-d -P /x.pid -u root", "--daemon --pidfile=/x.pid --user=root"],
  ["-e /x.items", "--memory-file=/x.items"],
  ["-rkL -N 4", "--enable-coredumps --lock-memory --enable-largepages --napi_ids=4"],
  ["-vvv", "--verbose -v --verb"],
  ["-vp 12", "-v -p12"],
  ["-b 5 -B auto", "--listen-backlog=5 --protocol=auto"],
  ["-o idle_timeout=5,no_lru_crawler", "-o idle_timeout=5 --extended=no_lru_crawler"],
])("%s is %s", (short, long) => {
  expect(read(short)).toEqual(read(long));
  expect(read(short)).not.toEqual(read(""));
});

test.each<[string, readonly object[]]>([
  ["-l 1.2.3.4,host:5 -l [::1]:6 -p 7", [tcp("1.2.3.4", 7), tcp("host", 5), tcp("::1", 6)]],
  ["-l ::1 -p -1", [tcp("::1", 0)]],
  ["-l 0.0.0.0,:: -p 7", [tcp("::", 7)]],
  ["-l :: -l 0.0.0.0:6 -p 7", [tcp("::", 7), tcp("0.0.0.0", 6)]],
  ["-l proto[ascii]:0.0.0.0,::", [{ ...tcp("0.0.0.0", 11_211), protocol: "text" }, tcp("::", 11_211)]],
  ["-p 0 -s /x", [{ endpoint: { kind: "unix", path: "/x" } }]],
])("%s listens there", (args, listen) => {
  expect(read(args).listen).toEqual(listen);
});

test.each<[string, object]>([
  ["-F", { flushEnabled: false }],
  ["-X", { dumpEnabled: false }],
  ["-W", { watchEnabled: false }],
  ["-A", { shutdownEnabled: true }],
  ["-D /", { prefixDelimiter: "/", detailEnabled: true }],
  ["-o track_sizes,debug_time", { sizesEnabled: true, debugTimeEnabled: true }],
])("%s is what clients may", (args, rights) => {
  expect(read(args).rights).toMatchObject(rights);
});

test.each([
  "modern,maxconns_fast=x,resp_obj_mem_limit,ext_drop_unread,ssl_kernel_tls",
  "hashpower=20,tail_repair_time=10,slab_automove_ratio=1,slab_automove_window=3,slab_automove_freeratio=0.01",
  "worker_logbuf_size=48,read_buf_mem_limit=0,lru_crawler_sleep=0,lru_crawler_tocrawl=0,ssl_wbuf_size=16",
  "ext_path=/x:64m,ext_threads=1,ext_max_frag=0.8",
])("-o %s is without effect", (options) => {
  expect(read(`-o ${options}`)).toEqual(read(""));
});

test.each<[string, number]>([
  ["slab_automove=0", 0],
  ["slab_automove=2", 2],
  ["slab_automove=0,slab_reassign,slab_automove", 1],
  ["no_slab_automove", 0],
  ["no_slab_reassign", 0],
])("-o %s is how eagerly pages move", (option, level) => {
  expect(read(`-o ${option}`).automoveLevel).toBe(level);
});

test("TLS is on all addresses but those that are without", () => {
  const task = read(
    "-Z -l 1.2.3.4,notls:1.2.3.5:6 -o ssl_chain_cert=/c,ssl_key=/k,ssl_ca_cert=/a,ssl_verify_mode=2,ssl_min_version=3",
  );
  expect(task.listen).toEqual([tcp("1.2.3.4", 11_211), { ...tcp("1.2.3.5", 6), plain: true }]);
  const files = { chainFile: "/c", keyFile: "/k", caFile: "/a" };
  expect(task.tls).toEqual({ ...files, verify: "require", ciphers: undefined, minVersion: "TLSv1.3" });
  expect(read("-o ssl_chain_cert=/c").tls).toBeUndefined();
});

test("an address may have a protocol of its own, by memcached's names", () => {
  const line =
    "-B binary -l proto[ascii]:1.2.3.4,proto[binary]:h:6 -l proto[negotiating]:::1,h -Z -o ssl_chain_cert=/c -l proto[ascii]:notls:h:7";
  expect(read(line)).toMatchObject({
    protocol: "binary",
    listen: [
      { ...tcp("1.2.3.4", 11_211), protocol: "text" },
      { ...tcp("h", 6), protocol: "binary" },
      { ...tcp("::1", 11_211), protocol: "auto" },
      tcp("h", 11_211),
      { ...tcp("h", 7), protocol: "text", plain: true },
    ],
  });
  expect(read(line).listen[3]).toEqual(tcp("h", 11_211));
  expect(read("-Y /users -l proto[ascii]:h").listen).toEqual([{ ...tcp("h", 11_211), protocol: "text" }]);
});

test("who may come in is in the file of -Y, or for -S in that of the environment", () => {
  expect(read("-Y /users").authentication).toEqual({ kind: "ascii", file: "/users" });
  const environment = { MEMCACHED_SASL_PWDB: "/sasl" };
  expect(read("-S", environment).authentication).toEqual({ kind: "sasl", file: "/sasl" });
  expect(read("-B ascii", environment)).toMatchObject({ protocol: "text", authentication: undefined });
  expect(read("--protocol=binary").protocol).toBe("binary");
});

test.each<[string, readonly object[], readonly object[]]>([
  ["-U 7 -l h", [tcp("h", 7)], [{ address: { host: "h", port: 7 } }]],
  ["-U 7 -p 8 -l h", [tcp("h", 8)], [{ address: { host: "h", port: 7 } }]],
  ["-U 7 -p 0 -l h", [], [{ address: { host: "h", port: 7 } }]],
  ["-U -1 -p -1 -l h", [tcp("h", 0)], [{ address: { host: "h", port: 0 } }]],
  ["-U 7 -l h:9", [tcp("h", 9)], [{ address: { host: "h", port: 9 } }]],
  ["-U 7 -l 0.0.0.0,::", [tcp("::", 7)], [{ address: { host: "::", port: 7 } }]],
  ["-U 0 -p 8 -l h", [tcp("h", 8)], []],
  ["-U 7 -s /x", [{ endpoint: { kind: "unix", path: "/x" } }], []],
])("%s is TCP and UDP there", (args, listen, datagrams) => {
  expect(read(args)).toMatchObject({ listen, datagrams });
});

test.each<[string, object]>([
  ["slab_sizes=96-200-1000", { chunkSizes: [96, 200, 1_000] }],
  ["slab_chunk_max=16384", { chunkBytesMax: 16_384 }],
  ["no_slab_reassign", { automove: false }],
  ["no_lru_crawler", { crawler: false }],
  ["no_lru_maintainer", { segmented: false }],
  ["hot_lru_pct=10,warm_lru_pct=50", { hotPercent: 10, warmPercent: 50 }],
  ["hot_max_factor=0.5,warm_max_factor=3", { hotAgeFactor: 0.5, warmAgeFactor: 3 }],
  ["temporary_ttl=61", { temporaryTtlMs: 61_000 }],
  ["no_modern", { segmented: false, crawler: false, automove: false, chunkBytesMax: 1_048_576 }],
])("-o %s is the store's", (option, store) => {
  expect(read(`-o ${option}`).store).toMatchObject(store);
});

test.each<[string, object]>([
  ["-c 7 -R 3", { connectionsMax: 7, requestsPerTurn: 3 }],
  ["-o watcher_logbuf_size=1", { watcherBytesMax: 1_024 }],
  ["-o idle_timeout=5", { idleTimeoutMs: 5_000 }],
  ["-o read_buf_mem_limit=8", { bufferedBytesMax: 8_388_608 }],
  [
    "-o idle_timeout=0,receive_timeout=7,send_timeout=8",
    { idleTimeoutMs: Infinity, receiveTimeoutMs: 7_000, sendTimeoutMs: 8_000 },
  ],
])("%s is a bound", (args, limits) => {
  expect(read(args).limits).toMatchObject(limits);
});

test("-o deno_sockets is whose sockets connections are on, on Deno", () => {
  expect(["node", "deno"].map((whose) => read(`-o deno_sockets=${whose}`).sockets.denoSockets)).toEqual([
    "node",
    "deno",
  ]);
});

test("-o bun_sockets is whose they are on Bun", () => {
  expect(["bun", "io_uring"].map((whose) => read(`-o bun_sockets=${whose}`).sockets)).toEqual([
    { bunSockets: "bun", denoSockets: "node" },
    { bunSockets: "io_uring", denoSockets: "node" },
  ]);
});

/** Refused by both; what each says is its own. */
const REFUSED: readonly (readonly [args: string, message: string])[] = [
  ["-z", "unknown option '-z'"],
  ["--foo", "unknown option '--foo'"],
  ["--mem 64", "unknown option '--mem'"],
  ["-p 70000", '-p must be a whole number from -1 to 65535, got "70000"'],
  ["-B http", '-B must be one of auto, ascii, binary, got "http"'],
  ["-c 0", '-c must be a whole number from 1 to 1000000, got "0"'],
  ["-c -1", '-c must be a whole number from 1 to 1000000, got "-1"'],
  ["-t 0", '-t must be a whole number from 1 to 62, got "0"'],
  ["-R 0", '-R must be a whole number from 1 to 1000000, got "0"'],
  ["-m x", '-m must be a whole number from 1 to 32768, got "x"'],
  ["-m 0", '-m must be a whole number from 1 to 32768, got "0"'],
  ["-f 1", '-f must be a number above 1, got "1"'],
  ["-n 0", '-n must be a whole number from 1 to 500000, got "0"'],
  ["-N 0", '-N must be a whole number from 1 to 1000000, got "0"'],
  ["-I 1000", '-I must be from 1k to 1g: bytes, or with k, m or g behind, got "1000"'],
  ["-I big", '-I must be from 1k to 1g: bytes, or with k, m or g behind, got "big"'],
  ["-I 1025m -m 4096", '-I must be from 1k to 1g: bytes, or with k, m or g behind, got "1025m"'],
  ["-I 256m", "-I, 1m if not given, must be at most half of -m: 33554432 bytes, got 268435456 bytes"],
  ["-m 1", "-I, 1m if not given, must be at most half of -m: 524288 bytes, got 1048576 bytes"],
  ["-o foo", '-o must be options that memcached knows, got "foo"'],
  ["-o idle_timeout", "-o idle_timeout needs a value: idle_timeout=<seconds>"],
  ["-o hot_lru_pct", "-o hot_lru_pct needs a value: hot_lru_pct=<number>"],
  ["-o hot_lru_pct=80", '-o hot_lru_pct must be a whole number from 1 to 79, got "80"'],
  ["-o hot_max_factor=-1", '-o hot_max_factor must be a number above 0, got "-1"'],
  ["-o hash_algorithm=crc", '-o hash_algorithm must be one of jenkins, murmur3, xxh3, got "crc"'],
  ["-o slab_sizes=1", "-o slab_sizes must be whole numbers from 48 to -o slab_chunk_max, 524288, got 1"],
  ["-o slab_sizes=100-50", "-o slab_sizes must grow by more than 8, got 50 after 100"],
  ["-o slab_chunk_max=x", '-o slab_chunk_max must be a whole number from 512 to 1048576, got "x"'],
  ["-o slab_chunk_max=7000", "-o slab_chunk_max must be a divisor of a page, 1048576, from 512, got 7000"],
  ["-o hashpower", "-o hashpower needs a value: hashpower=<value>"],
  ["-o hashpower=x", '-o hashpower must be a whole number from 12 to 32, got "x"'],
  ["-o hashpower=33", '-o hashpower must be a whole number from 12 to 32, got "33"'],
  ["-o tail_repair_time=9", '-o tail_repair_time must be a whole number from 10 to 4294967295, got "9"'],
  ["-o slab_automove_ratio=0", '-o slab_automove_ratio must be a number above 0, got "0"'],
  ["-o slab_automove_ratio=1.1", '-o slab_automove_ratio must be a number from 0 to 1, got "1.1"'],
  [
    "-o slab_automove_window=2",
    '-o slab_automove_window must be a whole number from 3 to 4294967295, got "2"',
  ],
  ["-o slab_automove_freeratio=x", '-o slab_automove_freeratio must be a number from 0 to 1, got "x"'],
  ["-o worker_logbuf_size=40", '-o worker_logbuf_size must be a whole number from 48 to 524288, got "40"'],
  ["-o read_buf_mem_limit=1x", '-o read_buf_mem_limit must be a whole number from 0 to 4294967295, got "1x"'],
  ["-o lru_crawler_sleep=-1", '-o lru_crawler_sleep must be a whole number from 0 to 1000000, got "-1"'],
  ["-o lru_crawler_tocrawl=", '-o lru_crawler_tocrawl must be a whole number from 0 to 4294967295, got ""'],
  ["-o ext_path=/no-size", '-o ext_path must be a path and a size, such as /data/file:64m, got "/no-size"'],
  ["-o ext_max_frag=x", '-o ext_max_frag must be a number from 0 to 1, got "x"'],
  ["-o bun_sockets=epoll", '-o bun_sockets must be one of bun, io_uring, got "epoll"'],
  ["-o deno_sockets=bun", '-o deno_sockets must be one of node, deno, got "bun"'],
  ["-o ext_threads=x", '-o ext_threads must be a whole number from 0 to 4294967295, got "x"'],
  ["-S -B ascii", "-S is for the binary protocol: -B must be auto or binary, got ascii"],
  ["-Y /x -U 11211", "-U does not go with -S or -Y: nobody can say in a datagram who they are"],
  ["-Y /etc/passwd -B binary", "-Y is for the text protocol: -B must be auto or ascii, got binary"],
  ["-l notls:127.0.0.1:11311", "-l notls: is for a server with -Z, got 127.0.0.1 without it"],
  ["-Z", "-Z needs a certificate: -o ssl_chain_cert=<file>"],
  ["-o ssl_verify_mode=9", '-o ssl_verify_mode must be a whole number from 0 to 3, got "9"'],
  ["-o ssl_chain_cert", "-o ssl_chain_cert needs a value: ssl_chain_cert=<file>"],
  ["-l :11311", '-l must be host or host:port, IPv6 as [::1], got ":11311"'],
];

/** Taken by memcached, for what it does with it. */
const REFUSED_HERE: readonly (readonly [args: string, message: string])[] = [
  ["-S", "-S needs the file of its users in MEMCACHED_SASL_PWDB: lines name:password"],
  ["-S -Y /x", "-S and -Y do not go together: -S is for the binary protocol"],
  ["extra", "too many arguments. Expected 0 arguments but got 1: extra"],
  ["-p", "option '-p, --port <port>' argument missing"],
  ["-p x", '-p must be a whole number from -1 to 65535, got "x"'],
  ["-p 0", "-p 0 leaves nothing to listen on: give a port, or -s with a path"],
  ["-l 1:2:3", '-l must be host or host:port, IPv6 as [::1], got "1:2:3"'],
  ["-l a,", '-l must be host or host:port, IPv6 as [::1], got ""'],
  ["-l ./x:22121", '-l must be host or host:port, IPv6 as [::1], got "./x:22121"'],
  [
    "-l h,tag[b]:1.2.3.4:5",
    `-l takes no tags, which name listeners to memcached's proxy: write 1.2.3.4:5, got "tag[b]:1.2.3.4:5"`,
  ],
  [
    "-l proto[proxy]:h",
    '-l must have one of proto[ascii]:, proto[binary]:, proto[negotiating]: in front, got "proto[proxy]:h"',
  ],
  ["-l proto[ascii]h", '-l must be host or host:port, IPv6 as [::1], got "proto[ascii]h"'],
  [
    "-Y /x -l proto[ascii]:h,proto[binary]:g",
    "-Y does not go with other protocols than proto[ascii]:, got -l with one for g",
  ],
  [
    "-Z -o ssl_chain_cert=/c,ssl_verify_mode=2",
    "-o ssl_verify_mode=2 needs whom to believe: -o ssl_ca_cert=<file>",
  ],
  ["-o ssl_min_version=1", '-o ssl_min_version must be a whole number from 2 to 3, got "1"'],
  ["-D ab", '-D must be one printable character, got "ab"'],
  ["-b 0", '-b must be a whole number from 1 to 65535, got "0"'],
  ["-a 999", '-a must be octal, from 0 to 0777, got "999"'],
  ["-m 1.5", '-m must be a whole number from 1 to 32768, got "1.5"'],
  [
    "-o proxy_config=x",
    "-o proxy_config is refused: memcached's proxy is another program here: memwire-proxy",
  ],
  ["-o idle_timeout=x", '-o idle_timeout must be a whole number from 0 to 2147483, got "x"'],
];

describe("of a mistake it says what would be right", () => {
  test.each([...REFUSED, ...REFUSED_HERE])("%s", (args, message) => {
    const end = new ProgramEnd(2, `memwire-server: ${message}; see memwire-server --help`);
    expect(() => read(args)).toThrow(end);
  });
});

withPeer("memcached", (memcached) => {
  test.each(REFUSED)("memcached refuses %s as well", async (args) => {
    const on = ["-u", "root", "-l", "127.0.0.1", "-p", `${await freePort()}`, "-U", "0"];
    await using program = new RunningProgram(memcached, [...on, ...args.split(" ")]);
    const { code, signal } = await program.ended;
    // slab_chunk_max=x makes it divide by zero.
    expect(code !== 0 || signal === "SIGFPE").toBe(true);
  });

  test("every flag that memcached's -h has is known", async () => {
    await using program = new RunningProgram(memcached, ["-h"]);
    await program.ended;
    const flags = [
      ...program.stdout.matchAll(/^(-\w), +(--[\w-]+)/gm),
      ...program.stdout.matchAll(/^ +(-\w) +(--[\w-]+)/gm),
    ];
    expect(flags.length).toBeGreaterThan(30);
    for (const [, short = "", long = ""] of flags) {
      expect(messageOf(short)).not.toContain("unknown option");
      expect(messageOf(long)).not.toContain("unknown option");
    }
  });

  test("every option of memcached's -o is known", async () => {
    await using program = new RunningProgram(memcached, ["-h"]);
    await program.ended;
    const names = [...program.stdout.matchAll(/^ {3}- (\w+):/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(40);
    for (const name of names) {
      expect(messageOf(`-o ${name}`)).not.toContain("must be options that memcached knows");
    }
  });
});

test("the help is the same text for people and for tools that look for a flag", () => {
  const help = messageOf("-h");
  for (const word of [
    "--unix-socket",
    "--memory-limit",
    "--enable-sasl",
    "idle_timeout",
    "no_modern",
    "hashpower",
  ]) {
    expect(help).toContain(word);
  }
});

test("what the options of -o do stands in one column", () => {
  const [, options = ""] = /Options of -o:\n([^]*?)\n\n/.exec(messageOf("-h")) ?? [];
  const columns = options.split("\n").map((line) => / {2}\S+ +/.exec(line)?.[0].length);
  expect(columns.length).toBeGreaterThan(20);
  expect(new Set(columns)).toEqual(new Set([34]));
});

test("the version and the license say whose they are", () => {
  expect(messageOf("-V")).toBe("memwire-server 1.2.3\n");
  expect(messageOf("-i")).toContain("memwire-server 1.2.3\n\nCopyright");
});

test.each<[string, boolean]>([
  ["20.20.2", false],
  ["22.11.0", false],
  ["22.12.0", true],
  ["23.0.1", false],
  ["23.1.0", true],
  ["26.10.0", true],
])("Node %s shares ports: %s", (version, shares) => {
  expect(nodeSharesPorts(version)).toBe(shares);
});
