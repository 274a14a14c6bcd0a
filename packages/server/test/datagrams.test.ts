import {
  DatagramJoiner,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  writeBinaryRequest,
  writeDatagramHeader,
} from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { expect, test } from "vitest";
import { Bench } from "./party.ts";

const HERE = { host: "client", port: 9 };

/** A client that asks by datagrams, each with an id of its own. */
class Asker {
  readonly bench: Bench;
  #requestId = 0xfff0; // so that it turns over

  constructor(options: ServerOptions = {}) {
    this.bench = new Bench(new ServerEngine(options));
  }

  get engine(): ServerEngine {
    return this.bench.engine;
  }

  /** The replies, in the order in which they came, joined. */
  ask(text: string): string[] {
    return this.tell(latin1Bytes(text));
  }

  tell(request: Uint8Array, total = 1): string[] {
    this.#requestId = (this.#requestId + 1) & 0xffff;
    const out = new SendBuffer();
    writeDatagramHeader(out, this.#requestId, 0, total);
    out.copy(request, 0, request.length);
    this.arrive(out.take().slice());
    return this.replies(this.#requestId);
  }

  /** Lends the engine a datagram. */
  arrive(lent: Uint8Array): void {
    this.engine.arrived(3, HERE, lent, this.bench.now);
    lent.fill(0xee);
    this.bench.turn();
  }

  replies(requestId: number): string[] {
    const joiner = new DatagramJoiner();
    const replies: string[] = [];
    for (const { to, socket, bytes } of this.bench.datagrams.splice(0)) {
      expect([to, socket]).toEqual([HERE, 3]);
      expect(bytes.length).toBeLessThanOrEqual(1_400);
      if (joiner.receive(bytes) !== "whole") continue;
      expect(joiner.requestId).toBe(requestId);
      replies.push(latin1Text(joiner.bytes, joiner.start, joiner.end));
    }
    expect(joiner.replies).toBe(0);
    return replies;
  }
}

/** Binary requests, one behind the other. */
function packets(
  ...requests: readonly (readonly ["get" | "getq", string] | readonly ["noop" | "quit"])[]
): Uint8Array {
  const out = new SendBuffer();
  const common = { opaque: 0, cas: 0n, vbucket: 0 };
  for (const [opcode, key] of requests) {
    if (opcode === "get" || opcode === "getq") {
      writeBinaryRequest(out, { ...common, opcode, key: latin1Bytes(key) });
    } else writeBinaryRequest(out, { ...common, opcode });
  }
  return out.take();
}

/** Recorded from memcached 1.6.18, with a and b stored. */
const dialogues: readonly (readonly [request: string, ...replies: string[]])[] = [
  ["get a\r\n", "VALUE a 0 3\r\nabc\r\nEND\r\n"],
  ["get a x\r\n", "VALUE a 0 3\r\nabc\r\n", "END\r\n"],
  ["get a b x\r\n", "VALUE a 0 3\r\nabc\r\n", "VALUE b 0 1\r\nB\r\n", "END\r\n"],
  ["get a x b\r\n", "VALUE a 0 3\r\nabc\r\n", "VALUE b 0 1\r\nB\r\nEND\r\n"],
  ["get x a\r\n", "VALUE a 0 3\r\nabc\r\nEND\r\n"],
  ["get x y\r\n", "END\r\n"],
  ["get a\r\nget b\r\n", "VALUE a 0 3\r\nabc\r\nEND\r\n", "VALUE b 0 1\r\nB\r\nEND\r\n"],
  ["mg a v\r\nmg x v\r\nmg b v\r\n", "VA 3\r\nabc\r\n", "EN\r\n", "VA 1\r\nB\r\n"],
  ["mg a v q\r\nmg x v q\r\nmn\r\n", "VA 3\r\nabc\r\n", "MN\r\n"],
  ["mg x v q\r\n"],
  ["set a 0 0 3 noreply\r\nabc\r\n"],
  ["nonsense\r\n", "ERROR\r\n"],
  [`get ${"k".repeat(251)}\r\n`, "CLIENT_ERROR bad command line format\r\n"],
  ["get a"],
  ["get a\r\nget", "VALUE a 0 3\r\nabc\r\nEND\r\n"],
  ["set a 0 0 10\r\nabc"],
  ["verbosity 1\r\n", "OK\r\n"],
  ["quit\r\n"],
];

function stocked(options: ServerOptions = {}): Asker {
  const asker = new Asker(options);
  expect(asker.ask("set a 0 0 3\r\nabc\r\nset b 0 0 1\r\nB\r\n")).toEqual(["STORED\r\n", "STORED\r\n"]);
  return asker;
}

test("each command and each value of a multi-get is a reply of its own, as memcached has it", () => {
  const asker = stocked();
  for (const [request, ...replies] of dialogues) expect(asker.ask(request), request).toEqual(replies);
});

test("debugtime holds for the commands behind it in the same datagram", () => {
  const asker = new Asker({ debugTimeEnabled: true });
  const asked = "set a 0 10 1\r\nx\r\ndebugtime 9\r\nget a\r\ndebugtime 1\r\nget a\r\n";
  expect(asker.ask(asked)).toEqual([
    "STORED\r\n",
    "OK\r\n",
    "VALUE a 0 1\r\nx\r\nEND\r\n",
    "OK\r\n",
    "END\r\n",
  ]);
});

test("what a datagram leaves unfinished is forgotten: the next is understood as if it were the first", () => {
  for (const [first] of dialogues) {
    for (const [second, ...replies] of dialogues) {
      const asker = stocked();
      asker.ask(first);
      expect(asker.ask(second), `${first} then ${second}`).toEqual(replies);
    }
  }
});

test("each datagram is text or binary by its first byte, and binary replies are apart as well", () => {
  const asker = stocked();
  const binary = packets(["getq", "a"], ["getq", "x"], ["noop"]);
  const [value = "", noop = "", ...more] = asker.tell(binary);
  expect([value.slice(24), noop.length, more]).toEqual(["\0\0\0\0abc", 24, []]);
  expect(asker.ask("get a\r\n")).toEqual(["VALUE a 0 3\r\nabc\r\nEND\r\n"]);
  // Half a packet, a packet that is none, and a quit leave the next one as it was.
  for (const spoilt of [
    binary.subarray(0, 20),
    Uint8Array.from({ length: 24 }, (_, i) => (i === 0 ? 0x80 : 0xff)),
  ]) {
    asker.tell(spoilt);
    expect(asker.tell(binary)).toEqual([value, noop]);
  }
  expect(asker.tell(packets(["quit"])).map((reply) => reply.length)).toEqual([24]);
  expect(asker.tell(binary)).toEqual([value, noop]);
});

test("a server that speaks text only takes a binary datagram for text", () => {
  const asker = stocked({ protocol: "text" });
  expect(asker.tell(packets(["get", "a"]))).toEqual([]); // half a line, for want of a line end
  expect(asker.ask("get b\r\n")).toEqual(["VALUE b 0 1\r\nB\r\nEND\r\n"]);
});

test("a reply of many datagrams is whole, up to the largest item", () => {
  const asker = new Asker();
  const value = "0123456789".repeat(100_000);
  asker.bench.connect().ask(`set big 7 0 ${value.length}\r\n${value}\r\n`);
  expect(asker.ask("get big\r\n")).toEqual([`VALUE big 7 ${value.length}\r\n${value}\r\nEND\r\n`]);
});

test("datagrams that are no request, as memcached sees it, are ignored and counted", () => {
  const asker = stocked();
  const get = latin1Bytes("get a\r\n");
  expect(asker.tell(get, 2)).toEqual([]);
  expect(asker.tell(get, 0)).toEqual([]);
  expect(asker.tell(new Uint8Array(0))).toEqual([]);
  asker.arrive(Uint8Array.of(0, 1, 0, 0, 0, 1, 0));
  expect(asker.bench.datagrams).toEqual([]);
  expect(asker.engine.counters.datagramsIgnored).toBe(4);
});

test("where clients have to say who they are, datagrams are ignored", () => {
  for (const kind of ["sasl", "ascii"] as const) {
    const asker = new Asker({ authentication: { kind, users: [{ name: "me", password: "secret" }] } });
    expect(asker.ask("version\r\n")).toEqual([]);
    expect(asker.ask("set me 0 0 9\r\nme secret\r\n")).toEqual([]);
    expect(asker.engine.counters.datagramsIgnored).toBe(2);
  }
});

test("what goes on after its request is refused", () => {
  const asker = stocked({ sizesEnabled: true });
  const refused = ["CLIENT_ERROR not over UDP\r\n"];
  for (const request of [
    "watch fetchers",
    "lru_crawler metadump all",
    "lru_crawler mgdump all",
    "stats sizes",
  ]) {
    expect(asker.ask(`${request}\r\n`), request).toEqual(refused);
  }
  expect(asker.ask("lru_crawler enable\r\n")).toEqual(["ERROR failed to start lru crawler thread\r\n"]);
});

test("a datagram that asks for more than a turn may send gets the first of it, and holds nobody up", () => {
  const asker = new Asker({ limits: { unsentDatagramBytesMax: 2_500_000 } });
  const value = "v".repeat(1_000_000);
  const other = asker.bench.connect();
  other.ask(`set v 0 0 ${value.length}\r\n${value}\r\n`);
  const looked = (): number => asker.engine.counters.cmdGet;
  for (const request of [
    `get ${"v ".repeat(30_000)}\r\n`,
    "get v\r\n".repeat(9_000),
    "get v v v v\r\n".repeat(99),
  ]) {
    const before = looked();
    expect(asker.ask(request).length).toBe(2);
    // No look-up comes after the one that was too much.
    expect(looked() - before).toBe(3);
  }
  expect(asker.engine.counters.datagramRepliesDropped).toBe(3);
  // Once that is sent there is room again, and it has cost the others nothing.
  expect(asker.ask("get v\r\n").length).toBe(1);
  expect(other.ask("get x\r\n")).toBe("END\r\n");
});

test("a reply that alone is too large is told to be", () => {
  const asker = new Asker({ limits: { unsentDatagramBytesMax: 1_000 } });
  asker.bench.connect().ask(`set v 0 0 2000\r\n${"v".repeat(2_000)}\r\n`);
  expect(asker.ask("get v\r\n")).toEqual(["SERVER_ERROR reply too large for datagrams\r\n"]);
  expect(asker.tell(packets(["get", "v"]))).toEqual([]);
  expect(asker.engine.counters.datagramRepliesDropped).toBe(1);
  expect(asker.ask("get x\r\n")).toEqual(["END\r\n"]);
});

test("what replies are sent from is used again", () => {
  const { bench, engine } = stocked();
  const out = new SendBuffer();
  writeDatagramHeader(out, 1);
  out.latin1("get a\r\n");
  const request = out.take();
  let sent = 0;
  const storages = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 2_000; turn++) {
    engine.arrived(0, HERE, request, bench.now);
    for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
      if (command.kind !== "send-to") continue;
      sent++;
      storages.add(command.bytes.buffer);
    }
  }
  expect([sent, storages.size]).toEqual([2_000, 1]);
});

test("replies to several clients in one turn go to each, by the socket it came to", () => {
  const { bench, engine } = stocked();
  const request = (requestId: number, text: string): Uint8Array => {
    const out = new SendBuffer();
    writeDatagramHeader(out, requestId);
    out.latin1(text);
    return out.take();
  };
  bench.datagrams.length = 0;
  engine.arrived(0, { host: "one", port: 1 }, request(7, "get a\r\n"), bench.now);
  engine.arrived(1, { host: "two", port: 2 }, request(7, "get b\r\n"), bench.now);
  engine.arrived(0, { host: "two", port: 3 }, request(8, "mn\r\n"), bench.now);
  bench.turn();
  expect(
    bench.datagrams.map(({ to, socket, bytes }) => [to.host, to.port, socket, latin1Text(bytes.subarray(8))]),
  ).toEqual([
    ["one", 1, 0, "VALUE a 0 3\r\nabc\r\nEND\r\n"],
    ["two", 2, 1, "VALUE b 0 1\r\nB\r\nEND\r\n"],
    ["two", 3, 0, "MN\r\n"],
  ]);
});

test("a draining server hears no datagrams, and shutdown is a host's affair as ever", () => {
  const asked: string[] = [];
  const asker = new Asker({ shutdownEnabled: true, onShutdown: (mode) => asked.push(mode) });
  expect(asker.ask("shutdown graceful\r\n")).toEqual([]);
  expect(asked).toEqual(["graceful"]);
  asker.engine.drain(asker.bench.now);
  expect(asker.ask("version\r\n")).toEqual([]);
});
