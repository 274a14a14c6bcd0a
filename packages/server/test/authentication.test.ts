// Saying who one is, beyond the dialogues that packages/conformance compares with memcached.

import { ServerEngine, type ServerOptions, type UserCheck } from "@memwire/server";
import { describe, expect, test } from "vitest";
import { req, statuses, told } from "./binary-party.ts";
import { Bench, type Party, START } from "./party.ts";

const users = [{ name: "ann", password: "secret" }];
const sasl: ServerOptions = { authentication: { kind: "sasl", users } };
const ascii: ServerOptions = { authentication: { kind: "ascii", users } };

const auth = (message: string): string => req("sasl-auth", "PLAIN", { value: message });
const set = (value: string): string => `set x 0 0 ${value.length}\r\n${value}\r\n`;

test("without authentication nobody is asked, and SASL is not known", () => {
  const party = new Bench(new ServerEngine()).connect();
  expect(
    statuses(
      party.ask(
        req("sasl-list") + auth("\0ann\0secret") + req("sasl-step", "PLAIN", { value: "x" }) + req("noop"),
      ),
    ),
  ).toEqual([
    "sasl-list unknown-command",
    "sasl-auth unknown-command",
    "sasl-step unknown-command",
    "noop ok",
  ]);
});

const step = (message: string): string => req("sasl-step", "PLAIN", { value: message });
const badLength = req("get", "kkkkk", { opaque: 0x11_00_00_00 }).replace("\x05\x11", "\x01\x11");

/** What a client asks one after the other, and the status of each answer. */
const saslDialogues: readonly (readonly [
  what: string,
  asked: readonly string[],
  statuses: string,
  then: Party["state"],
])[] = [
  ["for oneself", [auth("ann\0ann\0secret"), req("noop")], "ok ok", "open"],
  ["for another", [auth("bob\0ann\0secret"), req("noop")], "auth-error auth-error", "closed"],
  ["without a name", [auth("\0\0secret"), auth("ann\0\0secret")], "auth-error auth-error", "open"],
  [
    "with a NUL too few",
    [auth("ann\0secret"), auth("secret"), auth("\0ann")],
    "auth-error auth-error auth-error",
    "open",
  ],
  [
    "with a NUL too many",
    [auth("\0ann\0secret\0"), auth("\0ann\0secret\0x")],
    "auth-error auth-error",
    "open",
  ],
  [
    "in two steps",
    [auth(""), step("\0ann\0wrong"), step("\0ann\0secret"), req("noop")],
    "auth-continue auth-error ok ok",
    "open",
  ],
  ["the second step alone", [step("\0ann\0secret"), req("noop")], "auth-error auth-error", "closed"],
  [
    "a step behind the end",
    [auth("\0ann\0secret"), step("\0ann\0secret"), req("noop")],
    "ok auth-error auth-error",
    "closed",
  ],
  [
    "a failure behind a success",
    [auth("\0ann\0secret"), auth("\0ann\0wrong"), req("noop")],
    "ok auth-error auth-error",
    "closed",
  ],
  [
    "the mechanisms behind a success",
    [auth("\0ann\0secret"), req("sasl-list"), req("noop")],
    "ok ok auth-error",
    "closed",
  ],
  ["another mechanism", [req("sasl-auth", "LOGIN", { value: "\0ann\0secret" })], "auth-error", "open"],
  ["a mechanism that is too long", [req("sasl-auth", "P".repeat(33), { value: "x" })], "invalid", "open"],
  [
    "a message that is too large",
    [auth("x".repeat(600_000)), auth("x".repeat(2_000_000))],
    "out-of-memory out-of-memory",
    "open",
  ],
  ["lengths that cannot be", [badLength], "unknown-command", "closed"],
  ["what nobody knows", [req("noop").replace("\n", "\x7f")], "auth-error", "closed"],
];

describe("SASL", () => {
  const connect = (): Party => new Bench(new ServerEngine(sasl)).connect();

  test.each(saslDialogues)("%s", (_, asked, wanted, then) => {
    const party = connect();
    const answers = asked.flatMap((request) => told(party.ask(request)).map(({ status }) => status));
    expect([answers.join(" "), party.state]).toEqual([wanted, then]);
  });

  test("one connection that came in lets in no other", () => {
    const bench = new Bench(new ServerEngine(sasl));
    const first = bench.connect();
    const second = bench.connect();
    expect(told(first.ask(auth("\0ann\0secret")))).toMatchObject([{ status: "ok", value: "Authenticated" }]);
    expect(statuses(first.ask(req("set", "k", { value: "v" })))).toEqual(["set ok"]);
    expect([statuses(second.ask(req("get", "k") + req("noop"))), second.state]).toEqual([
      ["get auth-error"],
      "closed",
    ]);
    expect(first.state).toBe("open");
    expect(bench.engine.counters).toMatchObject({ authCmds: 1, authErrors: 0, cmdGet: 0 });
  });

  test("what comes behind a failure in the same chunk is not carried out", () => {
    const bench = new Bench(new ServerEngine(sasl));
    const party = bench.connect();
    party.send(auth("\0ann\0wrong") + req("set", "k", { value: "v" }));
    expect([statuses(party.text), party.state]).toEqual([
      ["sasl-auth auth-error", "set auth-error"],
      "closed",
    ]);
    expect(bench.engine.store.counters.totalItems).toBe(0);
    expect(bench.engine.counters).toMatchObject({ authCmds: 1, authErrors: 1 });
  });

  test("a large value is taken from whoever is known, and no longer once that is over", () => {
    const party = connect();
    const large = req("set", "k", { value: "x".repeat(100_000) });
    expect(statuses(party.ask(auth("\0ann\0secret") + large))).toEqual(["sasl-auth ok", "set ok"]);
    expect(statuses(party.ask(req("sasl-list") + large.slice(0, 100)))).toEqual([
      "sasl-list ok",
      "set auth-error",
    ]);
    expect(party.state).toBe("closed");
  });

  test("a quiet command that is turned away is told so", () => {
    expect(statuses(connect().ask(req("getq", "k")))).toEqual(["getq auth-error"]);
  });

  test("a value that is too large is turned away before it comes, and takes nothing with it", () => {
    const bench = new Bench(new ServerEngine(sasl));
    const known = bench.connect();
    known.send(auth("\0ann\0secret") + req("set", "k", { value: "v" }));
    const party = bench.connect();
    party.send(req("set", "k", { value: "x".repeat(65_537) }).slice(0, 100));
    expect([statuses(party.text), party.state]).toEqual([["set auth-error"], "closed"]);
    known.text = "";
    expect(statuses(known.ask(req("get", "k")))).toEqual(["get ok"]);
  });

  test("a byte at a time is as good as all at once", () => {
    const party = connect();
    for (const byte of auth("\0ann\0secret") + req("noop")) party.send(byte);
    expect(statuses(party.text)).toEqual(["sasl-auth ok", "noop ok"]);
  });
});

describe("-Y", () => {
  const connect = (): Party => new Bench(new ServerEngine(ascii)).connect();

  test("a byte at a time is as good as all at once", () => {
    const party = connect();
    for (const byte of `get x\r\n${set("ann wrong")}${set("ann secret")}get x\r\n`) party.send(byte);
    expect(party.text).toBe(
      "CLIENT_ERROR unauthenticated\r\nCLIENT_ERROR authentication failure\r\nSTORED\r\nEND\r\n",
    );
  });

  test("each line is answered, and none carried out, until the client has come in; then the rest of the chunk is", () => {
    const bench = new Bench(new ServerEngine(ascii));
    const party = bench.connect();
    expect(party.ask(`add k 0 0 1\r\nx\r\n${set("ann secret")}get k\r\n`)).toBe(
      "CLIENT_ERROR unauthenticated\r\nCLIENT_ERROR unauthenticated\r\nSTORED\r\nEND\r\n",
    );
    expect(bench.engine.counters).toMatchObject({ authCmds: 1, authErrors: 0, cmdSet: 0, cmdGet: 1 });
  });

  test("a line or a value above its bound closes the connection, and nothing of it is kept", () => {
    const line = connect();
    line.send("x".repeat(2_048));
    expect(line.state).toBe("open");
    line.send("x");
    expect([line.text, line.state]).toEqual(["", "closed"]);
    const whole = connect();
    expect([whole.ask(`${"x".repeat(2_049)}\r\n`), whole.state]).toEqual(["", "closed"]);
    const value = connect();
    expect([value.ask("set x 0 0 16385\r\n"), value.state]).toEqual(["", "closed"]);
    const largest = connect();
    expect(largest.ask(set(`ann secret${" ".repeat(16_374)}`))).toBe("STORED\r\n");
  });

  test("a client that is refused 64 times is closed, whatever it is refused for, and is answered no more", () => {
    const refused: readonly (readonly [string, string])[] = [
      ["\n", "CLIENT_ERROR unauthenticated\r\n"],
      [set("ann wrong"), "CLIENT_ERROR authentication failure\r\n"],
    ];
    for (const [sent, answer] of refused) {
      const party = connect();
      for (let i = 0; i < 63; i++) party.send(sent);
      expect([party.text, party.state]).toEqual([answer.repeat(63), "open"]);
      party.send(sent.repeat(1_000) + set("ann secret"));
      expect([party.text, party.state]).toEqual([answer.repeat(64), "closed"]);
    }
  });

  test("a client that was refused 63 times may come in", () => {
    const party = connect();
    expect(party.ask(`${"\n".repeat(63)}${set("ann secret")}get x\r\n`)).toMatch(/STORED\r\nEND\r\n$/);
  });

  test("chunks that come while a client does not read are answered no further than that", () => {
    const { engine } = new Bench(new ServerEngine(ascii));
    const id = engine.accepted(START, 0);
    for (let i = 0; i < 32; i++) engine.received(id, new Uint8Array(65_536).fill(10), START);
    expect(engine.poll()).toMatchObject({ kind: "send", bytes: { length: 64 * 30 } });
    engine.drained(id, START);
    expect(engine.poll()).toEqual({ kind: "close", id });
  });

  test("a client that half-closes without having come in is closed", () => {
    const party = connect();
    party.send("set x 0 0 10\r\nann").end();
    expect([party.text, party.state]).toEqual(["", "closed"]);
  });
});

test("who is known may change while the server runs, and is told as bytes", () => {
  const asked: string[] = [];
  let password = "first";
  const check: UserCheck = (name, given) => {
    asked.push(`${String.fromCharCode(...name)} ${String.fromCharCode(...given)}`);
    return String.fromCharCode(...given) === password;
  };
  const bench = new Bench(new ServerEngine({ authentication: { kind: "ascii", users: check } }));
  expect(bench.connect().ask(set("\xe4 first"))).toBe("STORED\r\n");
  password = "second";
  expect(bench.connect().ask(set("ann first"))).toBe("CLIENT_ERROR authentication failure\r\n");
  expect(bench.connect().ask(set("ann second"))).toBe("STORED\r\n");
  expect(asked).toEqual(["\xe4 first", "ann first", "ann second"]);
});

test.each<readonly [authentication: unknown, message: string]>([
  [{ kind: "SASL", users }, 'authentication must be { kind: "sasl" or "ascii", users }, got kind "SASL"'],
  [{ users }, 'authentication must be { kind: "sasl" or "ascii", users }, got kind undefined'],
  ["sasl", 'authentication must be { kind: "sasl" or "ascii", users }, got kind undefined'],
  [null, 'authentication must be { kind: "sasl" or "ascii", users }, got kind undefined'],
  [false, 'authentication must be { kind: "sasl" or "ascii", users }, got kind undefined'],
  [
    { kind: "sasl", users: "ann:secret" },
    "users must be a list of { name, password } or a function, got string",
  ],
  [{ kind: "sasl" }, "users must be a list of { name, password } or a function, got undefined"],
  [
    { kind: "sasl", users: { ann: "x" } },
    "users must be a list of { name, password } or a function, got object",
  ],
  [
    { kind: "sasl", users: [{ name: "ann" }] },
    "users[0] must be { name, password }, each text or bytes, got undefined for one",
  ],
  [
    { kind: "ascii", users: [{ name: "ann", password: 1234 }] },
    "users[0] must be { name, password }, each text or bytes, got number for one",
  ],
  [
    { kind: "sasl", users: [["ann", "x"]] },
    "users[0] must be { name, password }, each text or bytes, got undefined for one",
  ],
  [
    { kind: "ascii", users: [null] },
    "users[0] must be { name, password }, each text or bytes, got undefined for one",
  ],
])("authentication by %j is refused: it lets nobody in by mistake", (authentication, message) => {
  expect(() => new ServerEngine({ authentication } as ServerOptions)).toThrow(new TypeError(message));
});

test("nothing that a function answers but true lets anybody in", () => {
  const partyOf = (kind: "sasl" | "ascii", answer: unknown): Party =>
    new Bench(new ServerEngine({ authentication: { kind, users: (() => answer) as UserCheck } })).connect();
  for (const answer of [undefined, null, 1, "no", {}, false]) {
    expect(statuses(partyOf("sasl", answer).ask(auth("\0ann\0x")))).toEqual(["sasl-auth auth-error"]);
    expect(partyOf("ascii", answer).ask(set("ann x"))).toBe("CLIENT_ERROR authentication failure\r\n");
  }
  const promise = new TypeError("users must answer true or false at once, got a promise");
  expect(() => partyOf("sasl", Promise.resolve(true)).ask(auth("\0ann\0x"))).toThrow(promise);
  expect(() => partyOf("ascii", Promise.resolve(true)).ask(set("ann x"))).toThrow(promise);
});

test("a protocol that does not go with the authentication is a mistake", () => {
  expect(() => new ServerEngine({ ...sasl, protocol: "auto" })).toThrow(
    new RangeError('protocol must be "binary" with authentication by sasl, got "auto"'),
  );
  expect(() => new ServerEngine({ ...ascii, protocol: "binary" })).toThrow(
    new RangeError('protocol must be "text" with authentication by ascii, got "binary"'),
  );
  expect(() => new ServerEngine(sasl).speaking(0, "text")).toThrow(
    new RangeError('protocol must be "binary" with authentication by sasl, got "text"'),
  );
  expect(new ServerEngine({ ...ascii, protocol: "text" }).settings.protocol).toBe("text");
  expect(new ServerEngine(sasl).settings.protocol).toBe("binary");
  expect(new ServerEngine().settings.protocol).toBe("auto");
});

test("stats settings tells which protocol is spoken, and how clients say who they are", () => {
  const settings = (party: Party): readonly string[] =>
    party.ask("stats settings\r\n").match(/(?:binding|auth)_\S+ \S+/g) ?? [];
  const party = new Bench(new ServerEngine(ascii)).connect();
  party.send(set("ann secret"));
  expect(settings(party)).toEqual([
    "binding_protocol ascii",
    "auth_enabled_sasl no",
    "auth_enabled_ascii yes",
  ]);
  const facts = { auth_enabled_ascii: "/etc/users" };
  const informed = new Bench(new ServerEngine({ ...ascii, facts })).connect();
  informed.send(set("ann secret"));
  expect(settings(informed)[2]).toBe("auth_enabled_ascii /etc/users");
  expect(settings(new Bench(new ServerEngine()).connect())).toEqual([
    "binding_protocol auto-negotiate",
    "auth_enabled_sasl no",
    "auth_enabled_ascii no",
  ]);
  const binary = new Bench(new ServerEngine(sasl)).connect();
  const stats = told(binary.ask(auth("\0ann\0secret") + req("stat", "settings")));
  expect(stats.filter(({ key }) => /^(?:binding|auth)_/.test(key)).map(({ value }) => value)).toEqual([
    "binary",
    "yes",
    "no",
  ]);
});
