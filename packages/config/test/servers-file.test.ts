// libketama's list of servers: what a good one means, what is said about each mistake, and that no text throws.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createDistribution, ringName } from "@memwire/router";
import { describeMistake, readServersFile, ringServer, type ServerConfig } from "../src/mod.ts";

function read(text: string): readonly ServerConfig[] {
  const reading = readServersFile(text, "servers.txt");
  if (!reading.ok) throw new Error(reading.mistakes.map(describeMistake).join("\n"));
  return reading.servers;
}

const said = (text: string): string[] => {
  const reading = readServersFile(text, "servers.txt");
  return reading.ok ? [] : reading.mistakes.map(describeMistake);
};

const tcp = (host: string, port: number): ServerConfig["endpoint"] => ({ kind: "tcp", host, port });

test("reads addresses and weights, and no comment", () => {
  const text = `# cache servers
10.0.0.1:11211\t600

   # that one is old
10.0.1.2:11212  \t 300
  cache-3.example:11211 1\t
[::1]:11211\t200
/run/memcached:5.sock\t150`;
  expect(read(text)).toEqual([
    { endpoint: tcp("10.0.0.1", 11_211), weight: 600, name: "10.0.0.1:11211" },
    { endpoint: tcp("10.0.1.2", 11_212), weight: 300, name: "10.0.1.2:11212" },
    { endpoint: tcp("cache-3.example", 11_211), weight: 1, name: "cache-3.example:11211" },
    { endpoint: tcp("::1", 11_211), weight: 200, name: "[::1]:11211" },
    {
      endpoint: { kind: "unix", path: "/run/memcached:5.sock" },
      weight: 150,
      name: "/run/memcached:5.sock",
    },
  ]);
});

test("takes lines that end in CRLF, and a byte order mark", () => {
  expect(read("\ufeffa:1\t1\r\n#\r\n\r\nb:2\t2\r\n")).toEqual(read("a:1 1\nb:2 2"));
});

test("is on the ring as host:port, also on memcached's own port", () => {
  const names = read("10.0.0.1:11211\t1\n10.0.0.2:22122\t1").map((server) => ringName(ringServer(server)));
  expect(names).toEqual(["10.0.0.1:11211", "10.0.0.2:22122"]);
});

const form = "host:port weight or /path weight";

test.each<[string, string]>([
  ["", `1: must be lines of ${form}, got none`],
  ["# nothing\n\r\n\t\n", `1: must be lines of ${form}, got none`],
  ["#".repeat(1_048_577), "1: is longer than 1048576 characters"],
  ["\n10.0.0.1:11211\n", '2 servers[0]: weight is missing: 10.0.0.1:11211 1, got "10.0.0.1:11211"'],
  ["/run/a.sock", '1 servers[0]: weight is missing: /run/a.sock 1, got "/run/a.sock"'],
  [
    "10.0.0.1:11211:3",
    '1 servers[0]: weight must stand behind a blank: 10.0.0.1:11211 3, got "10.0.0.1:11211:3"',
  ],
  ["a:1:3\t5", '1 servers[0]: weight must stand behind a blank: a:1 5, got "a:1:3\\t5"'],
  ["a:1\tx", '1 servers[0]: weight must be a whole number from 1, got "x"'],
  ["a:1\t0", '1 servers[0]: weight must be a whole number from 1, got "0"'],
  ["a:1\t-1", '1 servers[0]: weight must be a whole number from 1, got "-1"'],
  ["a:1\t1.5", '1 servers[0]: weight must be a whole number from 1, got "1.5"'],
  ["a:1\t2147483648", '1 servers[0]: weight must be a whole number from 1 to 2147483647, got "2147483648"'],
  ["a:1 1 cache-a", `1 servers[0]: must be ${form} and nothing after it, got "a:1 1 cache-a"`],
  ["a:1 1 # old", `1 servers[0]: must be ${form} and nothing after it, got "a:1 1 # old"`],
  ["10.0.0.1\t600", `1 servers[0]: must be ${form}, got "10.0.0.1"`],
  ["./a.sock\t600", `1 servers[0]: must be ${form}, got "./a.sock"`],
  ["a:0\t1", '1 servers[0]: port must be a whole number from 1 to 65535, got "0"'],
  ["a:x\t1", '1 servers[0]: port must be a whole number from 1 to 65535, got "x"'],
  [
    "::1:11211\t1",
    '1 servers[0]: must be an IPv6 address in brackets, such as [::1]:11211 1, got "::1:11211"',
  ],
  [
    "снег:11211\t1",
    '1 servers[0]: address must be 1 to 200 printable ASCII characters without blanks, got "снег:11211"',
  ],
  ["a:1 1\n# b\nb:1 1\na:1 5\n", "4 servers[2]: is a:1 as servers[0] on line 1 is: take one out"],
])("of %j says %s", (text, message) => {
  expect(said(text)).toEqual([`servers.txt:${message}`]);
});

test("says all mistakes at once, in the order of the file", () => {
  expect(said("a:1 1\na:1 2\nb:1\nc:1 x\na:1 3\n")).toEqual([
    "servers.txt:2 servers[1]: is a:1 as servers[0] on line 1 is: take one out",
    'servers.txt:3 servers[2]: weight is missing: b:1 1, got "b:1"',
    'servers.txt:4 servers[3]: weight must be a whole number from 1, got "x"',
    "servers.txt:5 servers[4]: is a:1 as servers[0] on line 1 is: take one out",
  ]);
});

test("takes no more servers than a distribution does", () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `/${i} 1\n`).join("");
  expect(read(lines(65_536))).toHaveLength(65_536);
  expect(said(`\n${lines(65_538)}`)).toEqual([
    "servers.txt:65538 servers: must be at most 65536 servers, got 65538",
  ]);
});

test("any text gives servers or mistakes", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("a:1\t1\n", "\n", "\r\n", "\t", " ", "#", "a:1", ":", "[::1]:1", "]", "/", "1", "0", "é"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const reading = readServersFile(pieces.join(""), "f");
      if (reading.ok) {
        expect(reading.servers.length).toBeGreaterThan(0);
        const servers = reading.servers.map(ringServer);
        createDistribution({ distribution: "ketama", hash: "md5", servers });
        return;
      }
      expect(reading.mistakes.length).toBeGreaterThan(0);
      for (const { line, message } of reading.mistakes) {
        expect(line).toBeGreaterThan(0);
        expect(message).not.toMatch(/\n|^$/);
      }
    }),
    { numRuns: 500 },
  );
});

const host = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9.-]{0,15}$/), fc.ipV4());
const address = fc
  .tuple(
    fc.oneof(
      host,
      fc.ipV6().map((v6) => `[${v6}]`),
    ),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([name, port]) => `${name}:${port}`);
const unixPath = fc.stringMatching(/^\/[a-z0-9.:/-]{1,20}$/);
const list = fc.uniqueArray(
  fc.record({ name: fc.oneof(address, unixPath), weight: fc.integer({ min: 1, max: 2_147_483_647 }) }),
  { minLength: 1, maxLength: 8, selector: ({ name }) => name },
);
const blanks = fc.stringMatching(/^[ \t]{1,3}$/);
const between = fc.constantFrom("\n", "\r\n", "\n\n", "\n# a:1 1\n", "\r\n  #\r\n");

test("what was written is read back, whatever the blanks and comments", () => {
  fc.assert(
    fc.property(list, blanks, between, (given, blank, end) => {
      const text = given.map(({ name, weight }) => `${name}${blank}${weight}`).join(end);
      expect(read(text)).toMatchObject(given);
    }),
  );
});
