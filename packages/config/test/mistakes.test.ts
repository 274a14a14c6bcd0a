// What is said about each mistake: where it is, what was found, what would be right.

import { expect, test } from "vitest";
import { describeMistake, readProxyConfig } from "../src/mod.ts";

const said = (text: string): string[] => {
  const reading = readProxyConfig(text, "proxy.yaml");
  return reading.ok ? [] : reading.mistakes.map(describeMistake);
};

/** A whole file around some lines of pool alpha, which start on line 2. */
const alpha = (lines: string): string => `alpha:\n${lines}\n`;
const listen = "  listen: 127.0.0.1:22121";
const servers = "  servers:\n    - 10.0.0.1:11211:1";
const whole = `${listen}\n${servers}`;

const serverForm = "host:port:weight [name] or /path:weight [name]";

const secondKey =
  "is not YAML: a second `key:` in one value: is the next line indented further than its neighbours, or are quotes missing?";

test.each<[string, string]>([
  ["", "1: must be pools by name, each with listen and servers, got none"],
  ["# nothing yet\n", "1: must be pools by name, each with listen and servers, got none"],
  ["{}", "1: must be pools by name, each with listen and servers, got none"],
  ["- a\n- b\n", "1: must be pools by name, each with listen and servers, got a list"],
  ["hello\n", '1: must be pools by name, each with listen and servers, got "hello"'],
  ["alpha:\n", "1 alpha: must be a mapping with listen and servers, got nothing"],
  ["alpha: 5\n", "1 alpha: must be a mapping with listen and servers, got 5"],
  ["alpha: [1]\n", "1 alpha: must be a mapping with listen and servers, got a list"],
  [alpha("\tlisten: 1"), "2: is indented with a tab: YAML takes spaces only"],
  [alpha('  listen: "127.0.0.1'), '3: is not YAML: Missing closing "quote'],
  [alpha("  listen: a: b"), `2: ${secondKey}`],
  [alpha(`  hash: md5\n   timeout: 400\n${whole}\n`), `2: ${secondKey}`],
  [alpha(`  hash: md5\ntimeout: 400\n${whole}`), `3: ${secondKey}`],
  [alpha(`\ttimeout: 400\n${whole}`), "2: is indented with a tab: YAML takes spaces only"],
  [alpha(`${whole}\n${listen}`), "5 alpha.listen: is there twice: take one out"],
  [alpha(whole) + alpha(whole), "5 alpha: is there twice: take one out"],
  [
    `${alpha(whole)}---\n${alpha(whole)}`,
    "5: a second document starts here: take out the --- and what follows",
  ],
  [
    alpha(`  listen: *local\n${servers}`),
    "2: there is no &local before this: a text that starts with * stands in quotes",
  ],
  ["[".repeat(100_000), "1: is nested too deeply"],
  ["- ".repeat(100_000), "1: is nested too deeply"],
  [Array.from({ length: 1_200 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""), "1: is nested too deeply"],
  [
    `a: &a [x, x, x]\n${Array.from("bcdefgh", (c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]}, `.repeat(9)}]\n`).join("")}`,
    "1: is not YAML: Excessive alias count indicates a resource exhaustion attack",
  ],
  ["#".repeat(1_048_577), "1: is longer than 1048576 characters"],

  [alpha(servers), "1 alpha.listen: is missing: host:port or /path [permissions]"],
  [alpha(listen), `1 alpha.servers: is missing: a list of at least one ${serverForm}`],
  [
    alpha(`  listen: 22121\n${servers}`),
    "2 alpha.listen: must be host:port or /path [permissions], got 22121",
  ],
  [
    alpha(`  listen: localhost\n${servers}`),
    '2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "localhost"',
  ],
  [
    alpha(`  listen: "*:22121"\n${servers}`),
    '2 alpha.listen: must be 0.0.0.0:22121 for all addresses, got "*:22121"',
  ],
  [
    alpha(`  listen: localhost:65536\n${servers}`),
    '2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "localhost:65536"',
  ],
  [
    alpha(`  listen: ./x:22121\n${servers}`),
    '2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "./x:22121"',
  ],
  [
    alpha(`  listen: run/a.sock\n${servers}`),
    '2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "run/a.sock"',
  ],
  [
    alpha(`  listen: unix:/run/a.sock\n${servers}`),
    '2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "unix:/run/a.sock"',
  ],
  [
    alpha(`  listen: /run/a.sock 1777\n${servers}`),
    '2 alpha.listen: permissions must be octal, from 0 to 0777, such as /run/a.sock 0660, got "/run/a.sock 1777"',
  ],
  [
    alpha(`  listen: /run/a.sock rw\n${servers}`),
    '2 alpha.listen: permissions must be octal, from 0 to 0777, such as /run/a.sock 0660, got "/run/a.sock rw"',
  ],

  [
    alpha(`${whole}\n  hash: sha1`),
    '5 alpha.hash: must be one of one_at_a_time, md5, crc16, crc32, crc32a, fnv1_64, fnv1a_64, fnv1_32, fnv1a_32, hsieh, murmur, jenkins, got "sha1"',
  ],
  [
    alpha(`${whole}\n  distribution: jump`),
    '5 alpha.distribution: must be one of ketama, modula, random, got "jump"',
  ],
  [
    alpha(`${whole}\n  hash_tag: {}`),
    '5 alpha.hash_tag: must be two characters in quotes, such as "{}", got a mapping',
  ],
  [
    alpha(`${whole}\n  hash_tag: "{"`),
    '5 alpha.hash_tag: must be two characters in quotes, such as "{}", got "{"',
  ],
  [
    alpha(`${whole}\n  timeout: 0.5`),
    "5 alpha.timeout: must be a whole number of milliseconds from 0 to 2147483647, got 0.5",
  ],
  [
    alpha(`${whole}\n  timeout: 400ms`),
    '5 alpha.timeout: must be a whole number of milliseconds from 0 to 2147483647, got "400ms"',
  ],
  [
    alpha(`${whole}\n  timeout:`),
    "5 alpha.timeout: must be a whole number of milliseconds from 0 to 2147483647, got nothing",
  ],
  [
    alpha(`${whole}\n  client_connections: -1`),
    "5 alpha.client_connections: must be a whole number from 0 to 1000000, got -1",
  ],
  [
    alpha(`${whole}\n  server_retry_timeout: soon`),
    '5 alpha.server_retry_timeout: must be a whole number of milliseconds from 0 to 2147483647, got "soon"',
  ],
  [
    alpha(`${whole}\n  server_failure_limit: 1.5`),
    "5 alpha.server_failure_limit: must be a whole number from 0 to 2147483647, got 1.5",
  ],

  [alpha(`${whole}\n  auto_eject_hosts: yes`), '5 alpha.auto_eject_hosts: must be true or false, got "yes"'],
  [
    alpha(`${whole}\n  server_connections: 65`),
    "5 alpha.server_connections: must be a whole number from 1 to 64, got 65",
  ],
  [alpha(`${whole}\n  preconnect: 1`), "5 alpha.preconnect: must be true or false, got 1"],
  [alpha(`${whole}\n  tcpkeepalive: on`), '5 alpha.tcpkeepalive: must be true or false, got "on"'],
  [
    alpha(`${whole}\n  redis: true`),
    "5 alpha.redis: must be false: this proxy speaks memcached's protocol only, got true",
  ],
  [
    alpha(`${whole}\n  redis_auth: secret`),
    "5 alpha.redis_auth: must be taken out: this proxy speaks memcached's protocol only",
  ],
  [
    alpha(`${whole}\n  redis_db: 3`),
    "5 alpha.redis_db: must be 0: this proxy speaks memcached's protocol only, got 3",
  ],

  [alpha(`${whole}\n  time_out: 400`), "5 alpha.time_out: is no key of a pool: timeout?"],
  [alpha(`${whole}\n  Servers: []`), "5 alpha.Servers: is no key of a pool: servers?"],
  [
    alpha(`${whole}\n  serverconnections: 1`),
    "5 alpha.serverconnections: is no key of a pool: server_connections?",
  ],
  [
    alpha(`${whole}\n  mbuf: 512`),
    "5 alpha.mbuf: is no key of a pool: listen, hash, distribution, hash_tag, timeout, client_connections, servers, auto_eject_hosts, server_retry_timeout, server_failure_limit, server_connections, preconnect, backlog, tcpkeepalive, reuse_port, redis, redis_auth, redis_db",
  ],
  [
    alpha(`${whole}\n  constructor: 1\n  hash: md5`),
    "5 alpha.constructor: is no key of a pool: listen, hash, distribution, hash_tag, timeout, client_connections, servers, auto_eject_hosts, server_retry_timeout, server_failure_limit, server_connections, preconnect, backlog, tcpkeepalive, reuse_port, redis, redis_auth, redis_db",
  ],

  [
    alpha(`${listen}\n  servers:`),
    `3 alpha.servers: must be a list of at least one ${serverForm}, got nothing`,
  ],
  [
    alpha(`${listen}\n  servers: []`),
    `3 alpha.servers: must be a list of at least one ${serverForm}, got none`,
  ],
  [
    alpha(`${listen}\n  servers: 10.0.0.1:11211:1`),
    `3 alpha.servers: must be a list of at least one ${serverForm}, got "10.0.0.1:11211:1"`,
  ],
  [alpha(`${whole}\n    - 11211`), `5 alpha.servers[1]: must be ${serverForm}, got 11211`],
  [alpha(`${whole}\n    - cache-b`), `5 alpha.servers[1]: must be ${serverForm}, got "cache-b"`],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211`),
    '5 alpha.servers[1]: weight is missing: 10.0.0.2:11211:1, got "10.0.0.2:11211"',
  ],
  [
    alpha(`${whole}\n    - /run/b.sock`),
    '5 alpha.servers[1]: weight is missing: /run/b.sock:1, got "/run/b.sock"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:x`),
    '5 alpha.servers[1]: weight must be a whole number from 1, got "x"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:0`),
    '5 alpha.servers[1]: weight must be a whole number from 1, got "0"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:2147483648`),
    '5 alpha.servers[1]: weight must be a whole number from 1 to 2147483647, got "2147483648"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:0:1`),
    '5 alpha.servers[1]: port must be a whole number from 1 to 65535, got "0"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:70000:1`),
    '5 alpha.servers[1]: port must be a whole number from 1 to 65535, got "70000"',
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:1 cache b`),
    `5 alpha.servers[1]: must be ${serverForm}, the name in one word, got "10.0.0.2:11211:1 cache b"`,
  ],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:1 снег`),
    '5 alpha.servers[1]: name must be 1 to 200 printable ASCII characters without blanks, got "снег"',
  ],
  [
    alpha(`${whole}\n    - снег:11211:1`),
    '5 alpha.servers[1]: address without a name must be 1 to 200 printable ASCII characters without blanks, got "снег:11211"',
  ],
  [
    alpha(`${whole}\n    - 2001:db8::1:11211`),
    '5 alpha.servers[1]: must be an IPv6 address in brackets, such as [::1]:11211:1, got "2001:db8::1:11211"',
  ],
  [alpha(`${whole}\n    - ::1:11211:0`), '5 alpha.servers[1]: weight must be a whole number from 1, got "0"'],
  [
    alpha(`${whole}\n    - 10.0.0.2:11211:1\n    - 10.0.0.1:11211:5`),
    "6 alpha.servers[2]: is 10.0.0.1 as servers[0] is: take one out, or give it another name",
  ],
  [
    alpha(`${listen}\n  servers:\n    - 10.0.0.1:11211:1 x\n    - 10.0.0.2:11211:1 x`),
    "5 alpha.servers[1]: is x as servers[0] is: take one out, or give it another name",
  ],
  [
    alpha(whole) + `beta:\n${whole}\n`,
    "6 beta.listen: is 127.0.0.1:22121 as alpha.listen is: choose another port or path",
  ],
  [
    alpha(whole) + `beta:\n${whole.replace("127.0.0.1:22121", "0.0.0.0:22121")}\n`,
    "6 beta.listen: is 0.0.0.0:22121, and alpha.listen is 127.0.0.1:22121: choose another port",
  ],
  [
    alpha(whole) + `beta:\n${whole.replace("127.0.0.1:22121", '"[::]:22121"')}\n`,
    "6 beta.listen: is [::]:22121, and alpha.listen is 127.0.0.1:22121: choose another port",
  ],
  [
    `a.pool:\n${whole}\nbeta:\n${whole}\n`,
    '6 beta.listen: is 127.0.0.1:22121 as "a.pool".listen is: choose another port or path',
  ],
  [`кеш:\n${whole}\n`, '1 "кеш": name must be 1 to 200 printable ASCII characters without blanks, got "кеш"'],
  [
    `"a pool":\n${whole}\n`,
    '1 "a pool": name must be 1 to 200 printable ASCII characters without blanks, got "a pool"',
  ],
  [`"":\n${whole}\n`, '1 "": name must be 1 to 200 printable ASCII characters without blanks, got ""'],
  [
    `${"x".repeat(201)}:\n${whole}\n`,
    `1 ${"x".repeat(201)}: name must be 1 to 200 printable ASCII characters without blanks, got "${"x".repeat(80)}..."`,
  ],
  [
    '{"alpha": {\n"listen": "127.0.0.1:22121",\n"servers": 5}}',
    `3 alpha.servers: must be a list of at least one ${serverForm}, got 5`,
  ],
])("of %j says %s", (text, message) => {
  expect(said(text)).toEqual([`proxy.yaml:${message}`]);
});

test("says all mistakes at once, in the order of the file", () => {
  const text = alpha(`  listen: here\n  timeout: soon\n  servers:\n    - a:1:1\n    - b:1:x\n  back_log: 5`);
  expect(said(`${text}beta: 1\n`)).toEqual([
    'proxy.yaml:2 alpha.listen: must be host:port, the port from 0 to 65535, or a path that starts with /, such as /run/a.sock 0660, got "here"',
    'proxy.yaml:3 alpha.timeout: must be a whole number of milliseconds from 0 to 2147483647, got "soon"',
    'proxy.yaml:6 alpha.servers[1]: weight must be a whole number from 1, got "x"',
    "proxy.yaml:7 alpha.back_log: is no key of a pool: backlog?",
    "proxy.yaml:8 beta: must be a mapping with listen and servers, got 1",
  ]);
});

test("finds the line of what an alias stands for", () => {
  const text = `alpha: &a\n${whole}\n  timeout: x\nbeta: *a\n`;
  const message = 'timeout: must be a whole number of milliseconds from 0 to 2147483647, got "x"';
  expect(said(text)).toEqual([`proxy.yaml:5 alpha.${message}`, `proxy.yaml:5 beta.${message}`]);
});

test("cuts what was found when it is long", () => {
  const [message = ""] = said(alpha(`  listen: ${"x".repeat(500)}\n${servers}`));
  expect(message).toMatch(/got "x{80}\.\.\."$/);
});
