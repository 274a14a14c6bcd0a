// What editors are told about a file is what the reader says of it: a file that is good is good in the editor, and
// what the editor can know to be wrong is wrong for both.

import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { proxyJsonSchema, readProxyConfig } from "../src/mod.ts";

const forms = ["memwire", "twemproxy"] as const;

const validators = {
  memwire: new Ajv2020({ strict: true, allowUnionTypes: true }).compile(proxyJsonSchema("memwire")),
  twemproxy: new Ajv2020({ strict: true, allowUnionTypes: true }).compile(proxyJsonSchema("twemproxy")),
};

const readerTakes = (text: string): boolean => readProxyConfig(text, "f").ok;

test.each([
  ["memwire", "proxy"],
  ["twemproxy", "nutcracker"],
] as const)(
  "the shipped schema of %s's form is the reader's: else run vitest with -u",
  async (form, name) => {
    const text = `${JSON.stringify(proxyJsonSchema(form), undefined, 2)}\n`;
    await expect(text).toMatchFileSnapshot(`../src/schema/${name}.schema.json`);
  },
);

/** A pool of each form, which lines are added to. */
const pools = {
  memwire: "pools:\n  a:\n    listen: 127.0.0.1:22121\n    servers: [10.0.0.1:11211]\n",
  twemproxy: "a:\n    listen: 127.0.0.1:22121\n    servers: ['10.0.0.1:11211:1']\n",
};

const good: readonly [(typeof forms)[number], string][] = [
  ["memwire", ""],
  [
    "memwire",
    "    listen: { address: '[::1]:0', backlog: 1024, reuse_port: true, keepalive: true, allow: [10.0.0.0/8, '::1'], deny: [] }",
  ],
  ["memwire", "    listen: [':0', /run/a.sock 0660, { address: /run/b.sock }]"],
  [
    "memwire",
    "    listen: { address: h:1, tls: { cert: a.pem, key: a.key, ca: ca.pem, verify: require, min_version: TLSv1.3 } }",
  ],
  [
    "memwire",
    "    servers: [a:1, 'b:2:3', 'c:4 name', 'd:5:6 other', /run/m.sock, 'unix:/run/n.sock:2 n', '[::1]:11211']",
  ],
  [
    "memwire",
    "    servers: [{ address: a:1, weight: 2, name: x, tls: false }, { address: b:1, tls: { servername: c } }]",
  ],
  ["memwire", "    server_tls: true"],
  ["memwire", "    server_tls: { ca: ca.pem, verify: 'false' }"],
  ["memwire", "    hash: md5\n    distribution: modula\n    hash_tag: '{}'"],
  ["memwire", "    timeout: '400'\n    queued_timeout: 1\n    connect_timeout: 2\n    reply_timeout: 3"],
  ["memwire", "    client_connections: 10\n    flush_all: true"],
  ["memwire", "    distribution: { name: ketama, naming: spymemcached, points: 100 }\n    hash: xxh3"],
  ["memwire", "    distribution: weighted-ch3\n    servers: [a:1, { address: b:1, weight: 0.25 }]"],
  ["memwire", "    distribution: { name: npm-hashring, algorithm: sha1, compatibility: hash_ring }"],
  ["memwire", "    hash_tag: '{}'\n    empty_hash_tag: nothing\n    salt: x"],
  ["memwire", "    hash_stop: '|#|'"],
  [
    "memwire",
    "    protocols: [text, binary]\n    connections: 4\n    preconnect: true\n    idle_timeout: 60000",
  ],
  [
    "memwire",
    "    health: { failures: 0, when_down: miss, retry_min: 50, flap_window: 0, fail_open_below: 0.5 }",
  ],
  ["memwire", "    partial_results: miss\n    credentials: { user: me, password_env: SECRET }"],
  ["memwire", "    credentials: { kind: sasl, user: me, password_env: SECRET }"],
  ["memwire", "    users_file: users.txt\n    protocols: [binary]"],
  [
    "memwire",
    "    rate_limit: { per_client: { per_second: 0.5, burst: 1 }, total: { per_second: '9', burst: 2 } }",
  ],
  ["memwire", "proxy: { connections_max: 1, line_bytes_max: 2, drain_timeout: 5, deno_sockets: node }"],
  ["twemproxy", ""],
  [
    "twemproxy",
    "    hash: fnv1a_64\n    distribution: random\n    timeout: 0\n    backlog: 0\n    client_connections: 0",
  ],
  ["twemproxy", "    auto_eject_hosts: true\n    server_retry_timeout: 2000\n    server_failure_limit: 1"],
  [
    "twemproxy",
    "    preconnect: 'true'\n    server_connections: 4\n    reuse_port: true\n    tcpkeepalive: true",
  ],
  ["twemproxy", "    redis: false\n    redis_db: 0\n    listen: /run/a.sock 0666"],
  ["twemproxy", "    servers: ['/run/m.sock:1', 'h:1:2 name', '[::1]:1:1', '::2:1:1', 'fe80::1%lo:1:1 x']"],
  ["twemproxy", "    listen: ::1:5"],
];

/** What both refuse. */
const wrong: readonly [(typeof forms)[number], string][] = [
  ["memwire", "    listen: localhost"],
  ["memwire", "    listen: []"],
  ["memwire", "    listen: { address: h:1, port: 5 }"],
  ["memwire", "    listen: { tls: { cert: a.pem } }"],
  ["memwire", "    listen: { address: h:1, tls: { key: a.pem } }"],
  ["memwire", "    listen: { address: h:1, allow: [] }"],
  ["memwire", "    servers: []"],
  ["memwire", "    servers: [here]"],
  ["memwire", "    servers: [{ address: a:1, weight: -1 }]"],
  ["memwire", "    distribution: { naming: evcache }"],
  ["memwire", "    distribution: { name: ketama, naming: nobody }"],
  ["memwire", "    connections: 65"],
  ["memwire", "    protocols: []"],
  ["memwire", "    credentials: { kind: scram, user: x, password_env: Y }"],
  ["memwire", "    users_file: [ann, bob]"],
  ["memwire", "    users: { ann: secret }"],
  ["memwire", "    hash: sha1"],
  ["memwire", "    distribution: ring"],
  ["memwire", "    hash_tag: '{'"],
  ["memwire", "    timeout: soon"],
  ["memwire", "    timeout: 0"],
  ["memwire", "    server_connections: 1"],
  ["memwire", "    flush_all: yes"],
  ["memwire", "    credentials: { user: x, password: y }"],
  ["memwire", "    health: { when_down: ignore }"],
  ["memwire", "    health: { fail_open_below: 2 }"],
  ["memwire", "    rate_limit: 1000"],
  ["memwire", "    rate_limit: {}"],
  ["memwire", "    rate_limit: { total: { per_second: 0, burst: 1 } }"],
  ["memwire", "    rate_limit: { per_client: { per_second: 1 } }"],
  ["memwire", "proxy: { connections: 1 }"],
  ["memwire", "proxy: { connections_max: 0 }"],
  ["memwire", "proxy: { deno_sockets: bun }"],
  ["memwire", "routes: []"],
  ["twemproxy", "    listen: localhost"],
  ["twemproxy", "    listen: [h:1]"],
  ["twemproxy", "    servers: [h:1]"],
  ["twemproxy", "    redis: true"],
  ["twemproxy", "    redis_auth: x"],
  ["twemproxy", "    redis_db: 1"],
  ["twemproxy", "    hash: sha1"],
  ["twemproxy", "    distribution: jump"],
  ["twemproxy", "    preconnect: yes"],
  ["twemproxy", "    time_out: 5"],
];

/** A file, in which a line takes the place of one with the same key. */
function fileOf(form: (typeof forms)[number], lines: string): string {
  const keys = new Set(lines.match(/^ *\w+(?=:)/gm));
  const own = pools[form].split("\n").filter((line) => !keys.has(/^ *\w+(?=:)/.exec(line)?.[0] ?? ""));
  return `${own.join("\n")}\n${lines}\n`;
}

test.each(good)("of %s's form, both take %j", (form, lines) => {
  const text = fileOf(form, lines);
  expect(readProxyConfig(text, "f")).toMatchObject({ ok: true });
  expect([validators[form](parse(text)), validators[form].errors]).toEqual([true, null]);
});

test.each(wrong)("of %s's form, both refuse %j", (form, lines) => {
  const text = fileOf(form, lines);
  expect(readerTakes(text)).toBe(false);
  expect(validators[form](parse(text))).toBe(false);
});

describe.each(forms)("%s's form", (form) => {
  test("whatever the reader takes, the editor takes", () => {
    const values = good
      .concat(wrong)
      .filter(([of]) => of === form)
      .map(([, lines]) => lines);
    const mixed = fc.uniqueArray(fc.constantFrom(...values), { maxLength: 4 }).map((parts) => {
      // Of several values of one key the last one stands.
      const byKey = new Map(
        parts.flatMap((part) => part.split("\n")).map((line) => [/^ *\w*/.exec(line)?.[0], line]),
      );
      return fileOf(form, [...byKey.values()].toSorted().toReversed().join("\n"));
    });
    fc.assert(
      fc.property(mixed, (text) => {
        if (readerTakes(text)) expect([validators[form](parse(text)), text]).toEqual([true, text]);
      }),
    );
  });
});
