// The binary protocol, as far as the recorded dialogues and the comparison with memcached (packages/conformance) do not
// have it.

import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { req, statuses, told } from "./binary-party.ts";
import { Bench, type Party } from "./party.ts";

const MIB = 1_048_576;

const connect = (options: ServerOptions = {}): Party => new Bench(new ServerEngine(options)).connect();

describe("which protocol a connection speaks", () => {
  test("its first byte says, for good", () => {
    const bench = new Bench(new ServerEngine());
    const binary = bench.connect();
    const text = bench.connect();
    expect(statuses(binary.ask(req("set", "k", { value: "v" })))).toEqual(["set ok"]);
    expect(text.ask("get k\r\n")).toBe("VALUE k 0 1\r\nv\r\nEND\r\n");
    expect(text.ask(`version\r\n\x80\r\n`)).toBe(
      "VERSION 1.6.45\r\nCLIENT_ERROR bad command line format\r\n",
    );
    expect([binary.ask("get k\r\n"), binary.state]).toEqual(["", "closed"]);
    expect(text.state).toBe("open");
  });

  test("a byte alone is enough to say it", () => {
    const party = connect();
    for (const byte of req("set", "k", { value: "v" }) + req("get", "k")) party.send(byte);
    expect(statuses(party.text)).toEqual(["set ok", "get ok"]);
  });

  test("with protocol binary text is closed without a word, with protocol text a binary request is a line", () => {
    const binary = connect({ protocol: "binary" });
    expect([binary.ask("version\r\n"), binary.state]).toEqual(["", "closed"]);
    expect(statuses(connect({ protocol: "binary" }).ask(req("noop")))).toEqual(["noop ok"]);
    const text = connect({ protocol: "text" });
    expect(text.ask(`${req("noop")}\r\n`)).toMatch(
      /^(?:CLIENT_)?ERROR[^\r\n]*\r\n(?:CLIENT_)?ERROR[^\r\n]*\r\n$/,
    );
    expect(text.ask("version\r\n")).toContain("VERSION");
  });
});

test("a listener may have a protocol of its own, whatever others speak", () => {
  const bench = new Bench(new ServerEngine({ protocol: "text" }));
  for (const [via, protocol] of (["binary", "auto", "text"] as const).entries()) {
    bench.engine.speaking(via + 100, protocol);
  }
  const heard = (via: number): readonly string[] =>
    [req("noop"), "version"].map((asked) => {
      const { text } = bench.connect(true, via).send(`${asked}\r\nquit\r\n`);
      return text.startsWith("\x81") ? "binary" : (/VERSION|ERROR/.exec(text)?.[0] ?? text);
    });
  expect([100, 101, 102, 103].map(heard)).toEqual([
    ["binary", ""],
    ["binary", "VERSION"],
    ["ERROR", "VERSION"],
    ["ERROR", "VERSION"],
  ]);
});

test("opaque and opcode come back as they were sent, also where the opcode is not known", () => {
  const party = connect();
  const unknown = `\x80\x7f${"\0".repeat(10)}\x01\x02\x03\x04${"\0".repeat(8)}`;
  const replies = told(
    party.ask(req("getkq", "k", { opaque: 7 }) + req("getk", "k", { opaque: 0xffff_fff0 }) + unknown),
  );
  expect(replies.map(({ what, status, opaque, key }) => [what, status, opaque, key])).toEqual([
    ["getk", "not-found", 0xffff_fff0, "k"],
    ["127", "unknown-command", 0x01020304, ""],
  ]);
});

test("quiet commands say what went wrong, and of a retrieval what is there", () => {
  const party = connect();
  expect(
    party.ask(
      req("setq", "k", { value: "1" }) +
        req("replaceq", "k", { value: "2" }) +
        req("appendq", "k", { value: "0" }) +
        req("prependq", "k", { value: "1" }) +
        req("incrq", "k") +
        req("decrq", "k") +
        req("addq", "n", { value: "x" }) +
        req("deleteq", "k") +
        req("getq", "k") +
        req("getkq", "k") +
        req("gatq", "k") +
        req("gatkq", "k") +
        req("flushq"),
    ),
  ).toBe("");
  party.send(req("setq", "s", { value: "x" }));
  expect(
    statuses(
      party.ask(
        req("addq", "s", { value: "2" }) +
          req("replaceq", "k", { value: "2" }) +
          req("appendq", "k", { value: "2" }) +
          req("prependq", "k", { value: "2" }) +
          req("setq", "s", { value: "2", cas: 99n }) +
          req("incrq", "s") +
          req("decrq", "k", { exptime: 0xffff_ffff }) +
          req("deleteq", "k") +
          req("getq", "s") +
          req("gatkq", "s"),
      ),
    ),
  ).toEqual([
    "addq exists",
    "replaceq not-found",
    "appendq not-stored",
    "prependq not-stored",
    "setq exists",
    "incrq non-numeric",
    "decrq not-found",
    "deleteq not-found",
    "getq ok",
    "gatkq ok",
  ]);
});

test("a cas unique is asked for by every command that can have one", () => {
  const party = connect();
  const casOf = (text: string): bigint => told(text)[0]?.cas ?? 0n;
  let cas = casOf(party.ask(req("set", "k", { value: "1" })));
  for (const opcode of ["set", "add", "replace", "append", "prepend", "incr", "decr"] as const) {
    expect(statuses(party.ask(req(opcode, "k", { value: "1", cas: cas + 1n })))).toEqual([
      `${opcode} exists`,
    ]);
    const [reply] = told(party.ask(req(opcode, "k", { value: "1", cas })));
    expect([opcode, reply?.status]).toEqual([opcode, "ok"]);
    expect(reply?.cas).not.toBe(cas);
    cas = reply?.cas ?? 0n;
    expect(casOf(party.ask(req("get", "k")))).toBe(cas);
  }
  expect(statuses(party.ask(req("delete", "k", { cas: cas + 1n }) + req("delete", "k", { cas })))).toEqual([
    "delete exists",
    "delete ok",
  ]);
  expect(statuses(party.ask(req("delete", "k", { cas }) + req("append", "k", { cas, value: "x" })))).toEqual([
    "delete not-found",
    "append not-stored",
  ]);
});

test("what is counted begins where the client says, if it does", () => {
  const party = connect();
  const max = 0xffff_ffff_ffff_ffffn;
  const [none, made, next] = told(
    party.ask(
      req("incr", "n", { initial: 5n, exptime: 0xffff_ffff }) +
        req("incr", "n", { initial: max, cas: 99n }) +
        req("incr", "n", { delta: 2n }),
    ),
  );
  expect([none?.status, made?.number, next?.number]).toEqual(["not-found", max, 1n]);
  const [got] = told(party.ask(req("get", "n")));
  expect(got?.value).toBe(`1${" ".repeat(19)}`);
  expect(got?.flags).toBe(0);
  party.send(req("decr", "short", { initial: 3n, exptime: 10 }));
  expect(statuses(party.ask(req("get", "short")))).toEqual(["get ok"]);
});

test("a number that was made goes when its exptime says, and an exptime has no sign", () => {
  const bench = new Bench(new ServerEngine());
  const party = bench.connect();
  party.send(
    req("incr", "n", { exptime: 10 }) +
      req("set", "never", { value: "v", exptime: 0xffff_ffff }) +
      req("set", "past", { value: "v", exptime: 2_592_001 }) +
      req("set", "touched", { value: "v" }) +
      req("touch", "touched", { exptime: 5 }),
  );
  const ask = (): readonly string[] =>
    ["n", "never", "past", "touched"].map((key) => told(party.ask(req("get", key)))[0]?.status ?? "");
  expect(ask()).toEqual(["ok", "ok", "not-found", "ok"]);
  bench.elapse(5_000);
  expect(ask()).toEqual(["ok", "ok", "not-found", "not-found"]);
  bench.elapse(5_000);
  expect(ask()).toEqual(["not-found", "ok", "not-found", "not-found"]);
});

test("a flush with a delay takes place then", () => {
  const bench = new Bench(new ServerEngine());
  const party = bench.connect();
  party.send(req("set", "k", { value: "v" }) + req("flush", "", { exptime: 10 }));
  expect(statuses(party.ask(req("get", "k")))).toEqual(["get ok"]);
  bench.elapse(10_000);
  expect(statuses(party.ask(req("get", "k")))).toEqual(["get not-found"]);
  party.send(req("set", "k", { value: "v" }) + req("flush", "", { exptime: 0xffff_ffff }));
  expect(statuses(party.ask(req("get", "k")))).toEqual(["get ok"]);
  expect(bench.engine.counters.cmdFlush).toBe(2);
});

test("a flush that is not allowed is refused, quiet or not", () => {
  const party = connect({ flushEnabled: false });
  party.send(req("set", "k", { value: "v" }));
  party.text = "";
  expect(statuses(party.ask(req("flush") + req("flushq") + req("get", "k")))).toEqual([
    "flush auth-error",
    "flushq auth-error",
    "get ok",
  ]);
});

test("a set that is too large takes the old value with it, whatever it compares; others leave it", () => {
  const store = (): SlabStore => new SlabStore({ bytesMax: MIB, itemBytesMax: 1_000 });
  for (const bytes of [990, 2_000]) {
    for (const opcode of ["set", "setq", "add", "replace", "append", "prependq"] as const) {
      for (const cas of [0n, 99n]) {
        const party = connect({ store: store() });
        party.send(req("set", "k", { value: "old" }));
        const [refused, got] = statuses(
          party.ask(req(opcode, "k", { value: "x".repeat(bytes), cas }) + req("get", "k")),
        );
        const isSet = opcode.startsWith("set");
        expect([opcode, cas, refused]).toEqual([opcode, cas, `${opcode} too-large`]);
        expect([opcode, cas, got]).toEqual([opcode, cas, isSet ? "get not-found" : "get ok"]);
      }
    }
  }
});

test("a full store that may not evict says so in memcached's words", () => {
  const store = new SlabStore({ bytesMax: 8_192, pageBytes: 4_096, itemBytesMax: 2_000, evictions: false });
  const party = connect({ store });
  const value = "v".repeat(1_000);
  let text = "";
  for (let i = 0; i < 100 && !text.includes("memory"); i++) text = party.ask(req("set", `k${i}`, { value }));
  expect(told(text)).toMatchObject([{ status: "out-of-memory", value: "Out of memory allocating item" }]);
  for (let i = 0; i < 100 && !text.includes("new item"); i++) text = party.ask(req("incr", `n${i}`));
  expect(told(text)).toMatchObject([{ status: "out-of-memory", value: "Out of memory allocating new item" }]);
});

test("stat tells what stats tells, a name and a value in each reply, and ends with an empty one", () => {
  const bench = new Bench(new ServerEngine({ facts: { pid: 42 } }));
  const text = bench.connect();
  const binary = bench.connect();
  text.send("set k 0 0 1\r\nv\r\n");
  const lines = (group: string): string =>
    told(binary.ask(req("stat", group)))
      .map(({ key, value }) => (key === "" ? `END${value}\r\n` : `STAT ${key} ${value}\r\n`))
      .join("");
  const traffic = /STAT bytes_(read|written) \d+\r\n/g;
  for (const group of ["", "settings", "items", "slabs"]) {
    const wanted = text.ask(`stats ${group}\r\n`);
    expect(lines(group).replace(traffic, "")).toBe(wanted.replace(traffic, ""));
    expect(wanted).toContain("STAT");
  }
  expect(told(binary.ask(req("stat", "reset", { opaque: 9 })))).toMatchObject([
    { status: "ok", key: "", opaque: 9 },
  ]);
  expect(bench.engine.counters.totalConnections).toBe(0);
  expect(told(binary.ask(req("stat", "nonsense")))).toMatchObject([
    { status: "not-found", value: "Not found" },
  ]);
});

test("stat detail switches counting by prefix on and off, and dumps it in one value", () => {
  const party = connect();
  expect(statuses(party.ask(req("stat", "detail") + req("stat", "detail nonsense")))).toEqual([
    "stat not-found",
    "stat not-found",
  ]);
  expect(told(party.ask(req("stat", "detail on")))).toMatchObject([{ status: "ok", key: "", value: "" }]);
  party.send(
    req("set", "p:a", { value: "v" }) +
      req("appendq", "p:b") +
      req("get", "p:a") +
      req("gatkq", "p:b") +
      req("delete", "p:a"),
  );
  party.send(req("stat", "detail off") + req("get", "p:a"));
  expect(told(party.ask(req("stat", "detail dump")))).toMatchObject([
    { key: "detailed", value: "PREFIX p get 2 hit 1 set 2 del 1\r\nEND\r\n" },
    { key: "", value: "" },
  ]);
});

test("whoever watches is told of binary requests", () => {
  const bench = new Bench(new ServerEngine());
  const watcher = bench.connect();
  watcher.send("watch fetchers mutations\r\n");
  bench
    .connect()
    .send(
      req("incr", "n", { initial: 10n, exptime: 100 }) +
        req("setq", "s", { value: "x".repeat(2 * MIB) }) +
        req("delete", "n"),
    );
  bench.turn();
  expect(watcher.text.split("\n").map((line) => line.replace(/^ts=\S+ gid=\d+ |cfd=\d+ /g, ""))).toEqual([
    "OK\r",
    "type=item_get key=n status=not_found clsid=0 size=0",
    "type=item_get key=n status=not_found clsid=0 size=0",
    "type=item_store key=n status=stored cmd=add ttl=100 clsid=1 size=2",
    "type=item_store key=s status=too_large cmd=set ttl=0 clsid=0 size=0",
    "type=item_get key=s status=not_found clsid=0 size=0",
    "type=item_get key=n status=found clsid=1 size=2",
    "",
  ]);
});

test("quit is answered and closes, quitq closes", () => {
  const quit = connect();
  expect(statuses(quit.ask(req("noop") + req("quit") + req("noop")))).toEqual(["noop ok", "quit ok"]);
  const quitq = connect();
  expect(statuses(quitq.ask(req("noop") + req("quitq") + req("noop")))).toEqual(["noop ok"]);
  expect([quit.state, quitq.state]).toEqual(["closed", "closed"]);
});

test("what came before a request that makes no sense is answered", () => {
  const party = connect();
  expect(
    statuses(party.ask(req("noop") + req("noop").replace("\x80\n", "\x80\x08\0\x01") + req("noop")))[0],
  ).toBe("noop ok");
  const wrong = connect();
  expect([statuses(wrong.ask(`${req("noop")}nonsense, as long as a header`)), wrong.state]).toEqual([
    ["noop ok"],
    "closed",
  ]);
});

test("a client that asks for large values and never reads holds a bounded number of bytes", () => {
  const bench = new Bench(new ServerEngine({ limits: { unsentBytesMax: 100_000 } }));
  const party = bench.connect(false);
  const value = "v".repeat(700_000); // in pieces
  party.send(req("set", "k", { value }));
  party.take();
  party.text = "";
  const gets = Array.from({ length: 300 }, (_, i) => req("getq", "k", { opaque: i })).join("");
  for (let at = 0; at < gets.length; at += 1_000) party.send(gets.slice(at, at + 1_000));
  expect(party.state).toBe("paused");
  expect(bench.engine.counters.cmdGet).toBe(1);
  // As it reads, all are answered, a few at a time.
  let bytes = 0;
  let largest = 0;
  for (; party.untaken !== undefined; party.take(), party.text = "") {
    largest = Math.max(largest, party.untaken.length);
    bytes += party.untaken.length;
  }
  expect(bytes).toBe(300 * (24 + 4 + value.length));
  expect(largest).toBeLessThan(2 * (value.length + 28) + 100_000);
  expect(party.state).toBe("open");
});

const key = fc.constantFrom("a", "b", "k".repeat(250));
const fields = fc.record({
  value: fc.oneof(
    fc.constantFrom("", "1", "10", "\x80\0"),
    fc.string({ unit: "binary-ascii", maxLength: 60 }),
  ),
  flags: fc.constantFrom(0, 1, 0xffff_ffff),
  exptime: fc.constantFrom(0, 0, 100, 2_592_001, 0xffff_ffff),
  delta: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  initial: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  cas: fc.constantFrom(0n, 0n, 0n, 1n, 2n, 3n),
  opaque: fc.nat(),
});
const withKey = fc.constantFrom(
  ...(["get", "getq", "getk", "getkq", "set", "setq", "add", "addq", "replace", "replaceq"] as const),
  ...([
    "append",
    "appendq",
    "prepend",
    "prependq",
    "delete",
    "deleteq",
    "incr",
    "incrq",
    "decr",
    "decrq",
  ] as const),
  ...(["touch", "gat", "gatq", "gatk", "gatkq", "sasl-auth", "sasl-step"] as const),
);
const request = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(withKey, key, fields).map((args) => req(...args)) },
  fc.constantFrom(
    req("noop"),
    req("version"),
    req("flush"),
    req("flushq"),
    req("sasl-list"),
    req("stat", "items"),
  ),
  fc.constantFrom(`\x80\x7f${"\0".repeat(9)}\x03${"\0".repeat(12)}abc`, "nonsense", req("quit")),
);

test("gives the same replies however the bytes are cut", () => {
  const small = (): ServerEngine => new ServerEngine({ store: new SlabStore({ bytesMax: MIB }) });
  fc.assert(
    fc.property(
      fc.array(request, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      (requests, places) => {
        const wire = `${req("noop")}${requests.join("")}`;
        const whole = new Bench(small()).connect().send(wire).end();
        const pieces = new Bench(small()).connect();
        const at = [0, ...places.map((place) => place % (wire.length + 1)), wire.length].toSorted(
          (a, b) => a - b,
        );
        for (const [i, end] of at.slice(1).entries()) pieces.send(wire.slice(at[i], end));
        pieces.end();
        expect(pieces.text).toBe(whole.text);
        expect([pieces.state, whole.state]).toEqual(["closed", "closed"]);
      },
    ),
  );
});
