import { causeOf, checkEndpoint, describeEndpoint, type Endpoint, parseEndpoint } from "@memwire/engine";
import { expect, test } from "vitest";
import fc from "fast-check";

// Each the text that `describeEndpoint` writes, too.
const written: readonly [text: string, endpoint: Endpoint][] = [
  ["localhost:11211", { kind: "tcp", host: "localhost", port: 11_211 }],
  ["10.0.0.1:0", { kind: "tcp", host: "10.0.0.1", port: 0 }],
  ["cache-1.example:65535", { kind: "tcp", host: "cache-1.example", port: 65_535 }],
  ["[::1]:11211", { kind: "tcp", host: "::1", port: 11_211 }],
  ["[fe80::1%eth0]:11211", { kind: "tcp", host: "fe80::1%eth0", port: 11_211 }],
  ["/run/memwire.sock", { kind: "unix", path: "/run/memwire.sock" }],
  ["./memwire.sock", { kind: "unix", path: "./memwire.sock" }],
  ["unix:memwire.sock", { kind: "unix", path: "memwire.sock" }],
  ["unix:unix:/odd", { kind: "unix", path: "unix:/odd" }],
];

test.each(written)("%s is read and written", (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint);
  expect(describeEndpoint(endpoint)).toBe(text);
});

test.each<[string, Endpoint]>([
  [":11211", { kind: "tcp", host: "0.0.0.0", port: 11_211 }],
  ["unix:/run/memwire.sock", { kind: "unix", path: "/run/memwire.sock" }],
])("%s is read too", (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint);
});

test.each([
  "",
  "localhost",
  "localhost:",
  "localhost:x",
  "localhost:65536",
  "localhost:-1",
  "::1:11211",
  "[::1]",
])("%j is refused, with what would be right", (text) => {
  expect(() => parseEndpoint(text)).toThrow(
    `expected host:port with a port from 0 to 65535, or a socket path, got "${text}"`,
  );
});

test.each(["[::1]11211", "a b:1", "[::1:1", "x[::1]:1", "unix:"])("%j is refused", (text) => {
  expect(() => parseEndpoint(text)).toThrow(RangeError);
});

test("every endpoint can be read as it was written", () => {
  const port = fc.nat(65_535);
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  const path = fc.string({ minLength: 1 });
  const endpoints: fc.Arbitrary<Endpoint> = fc.oneof(
    fc.record({ kind: fc.constant("tcp" as const), host, port }),
    fc.record({ kind: fc.constant("unix" as const), path }),
  );
  fc.assert(
    fc.property(endpoints, (endpoint) => {
      expect(parseEndpoint(describeEndpoint(endpoint))).toEqual(endpoint);
    }),
  );
});

test.each([
  ["ECONNREFUSED", "refused"],
  ["ENOTFOUND", "not-found"],
  ["ENOENT", "not-found"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ETIMEDOUT", "timed-out"],
  ["EHOSTUNREACH", "unreachable"],
  ["EACCES", "denied"],
  ["EMFILE", "exhausted"],
  ["EINVAL", "failed"],
  ["toString", "failed"],
  [undefined, "failed"],
  [111, "failed"],
])("an error with the code %s is %s", (code, cause) => {
  expect(causeOf(Object.assign(new Error("so it was"), { code }))).toBe(cause);
});

test.each([undefined, null, "ECONNREFUSED", 7])("what is no error, such as %s, is failed", (thrown) => {
  expect(causeOf(thrown)).toBe("failed");
});

test.each<[endpoint: unknown, message: string]>([
  ...[70_000, -1, NaN, 1.5, undefined, null].map((port): [unknown, string] => [
    { kind: "tcp", host: "a", port },
    `server x: port, of a, must be a whole number from 0 to 65535, got ${port}`,
  ]),
  [
    { kind: "tcp", host: "a", port: "1" },
    'server x: port, of a, must be a whole number from 0 to 65535, got "1"',
  ],
  [
    { kind: "tcp", host: "", port: 1 },
    'server x: host must be text that is not empty and without NUL, got ""',
  ],
  [{ kind: "tcp", port: 1 }, "server x: host must be text that is not empty and without NUL, got undefined"],
  [{ kind: "unix", path: "a\0b" }, "server x: path must be text that is not empty and without NUL, got "],
  ...[undefined, null, "a:1", { host: "a", port: 1 }].map((endpoint): [unknown, string] => [
    endpoint,
    "server x: endpoint must be " +
      `{ kind: "tcp", host, port } or { kind: "unix", path }, got ${JSON.stringify(endpoint)}`,
  ]),
])("%j cannot be connected to", (endpoint, message) => {
  expect(() => checkEndpoint("server x: ", endpoint as Endpoint)).toThrow(message);
});

test("port 0 is refused where nobody can listen", () => {
  const endpoint: Endpoint = { kind: "tcp", host: "a", port: 0 };
  expect(() => checkEndpoint("", endpoint, 1)).toThrow(
    "port, of a, must be a whole number from 1 to 65535, got 0",
  );
});

test.each(written)("%s can be connected to", (_text, endpoint) => {
  checkEndpoint("server x: ", endpoint);
});
