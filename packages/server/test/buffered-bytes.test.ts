// What clients have of memory outside of the store, all of them together: replies that they do not take, values that
// come slowly.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { latin1Bytes } from "@memwire/codec";
import { ServerEngine, type ServerLimits, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { req, statuses } from "./binary-party.ts";
import { Bench, type Party } from "./party.ts";

const MEBIBYTE = 1_048_576;
const NO_ROOM = "SERVER_ERROR out of memory writing get response\r\n";
/** Above `SMALL_BYTES`, and copied. */
const VALUE = "v".repeat(50_000);
const FOUND = `VALUE a 0 50000\r\n${VALUE}\r\nEND\r\n`;

function benchWith(limits: Partial<ServerLimits>, options: ServerOptions = {}): Bench {
  const store = new SlabStore({ bytesMax: 32 * MEBIBYTE });
  const bench = new Bench(new ServerEngine({ limits, store, ...options }));
  bench.connect().send(`set a 0 0 50000\r\n${VALUE}\r\nset b 0 0 1\r\nb\r\n`);
  return bench;
}

const poolsOf = ({ engine: { settings } }: Bench): readonly [replies: number, requests: number] => [
  settings.replyPool.usedBytes,
  settings.requestPool.usedBytes,
];

const many = (bench: Bench, count: number): readonly Party[] =>
  Array.from({ length: count }, () => bench.connect(false));

describe("replies that are not taken", () => {
  test("are bounded, large ones are refused above it, small ones never, and who is stuck goes", () => {
    const bench = benchWith({ bufferedBytesMax: 4 * MEBIBYTE });
    const stuck = many(bench, 100);
    for (const client of stuck) client.send("get a\r\n".repeat(100));
    expect(poolsOf(bench)[0]).toBeLessThanOrEqual(4 * MEBIBYTE + stuck.length * 8_192);
    expect(bench.engine.counters.repliesRefused).toBeGreaterThan(1_000);
    const client = bench.connect();
    expect(client.ask("get b\r\nget a\r\nget a b\r\nmg a v\r\nget b\r\n")).toBe(
      `VALUE b 0 1\r\nb\r\nEND\r\n${NO_ROOM.repeat(3)}VALUE b 0 1\r\nb\r\nEND\r\n`,
    );
    bench.elapse(500);
    bench.elapse(500);
    bench.elapse(500);
    expect(stuck.filter(({ state }) => state === "closed").length).toBeGreaterThan(1);
    expect(bench.engine.counters.sendTimeouts).toBe(stuck.filter(({ state }) => state === "closed").length);
    expect(client.ask("get a\r\n")).toBe(FOUND);
    for (const one of stuck) if (one.state !== "closed") one.reset();
    expect(poolsOf(bench)).toEqual([0, 0]);
    expect(client.ask("stats\r\n")).toContain(
      `STAT response_obj_oom ${bench.engine.counters.repliesRefused}\r\n`,
    );
  });

  test("of clients that take them nothing is refused, however many ask for how much", () => {
    const bench = benchWith({ bufferedBytesMax: 4 * MEBIBYTE });
    const clients = many(bench, 20);
    for (const client of clients) client.send("get a\r\n".repeat(20));
    for (let left = true; left;) left = clients.map((client) => client.take()).includes(true);
    for (const { text } of clients) expect(text === FOUND.repeat(20)).toBe(true);
    expect(bench.engine.counters).toMatchObject({ repliesRefused: 0, sendTimeouts: 0 });
    expect(poolsOf(bench)).toEqual([0, 0]);
  });

  test("a binary client is told that there is no memory", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    for (const client of many(bench, 100)) client.send("get a\r\n".repeat(100));
    expect(statuses(bench.connect().ask(`${req("get", "a")}${req("get", "b")}`))).toEqual([
      "get out-of-memory",
      "get ok",
    ]);
  });

  test("long statistics are refused above it, in both protocols, and short ones never", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE }, { detailEnabled: true });
    const client = bench.connect();
    const dump = Array.from({ length: 10_000 }, (_, i) => `PREFIX p${i} get 1 hit 0 set 0 del 0\r\n`);
    client.send(`get ${dump.map((_, i) => `p${i}:k`).join(" ")}\r\n`);
    const stuck = many(bench, 100);
    for (const one of stuck) one.send("stats detail dump\r\n");
    const bytes = dump.join("").length;
    expect(poolsOf(bench)[0]).toBeLessThanOrEqual(MEBIBYTE + 3 * bytes + stuck.length * 8_192);
    expect(bench.engine.counters.repliesRefused).toBeGreaterThan(90);
    const refusal = "SERVER_ERROR out of memory writing stats\r\n";
    expect(client.ask("stats detail dump\r\nstats conns\r\n")).toBe(refusal.repeat(2));
    expect(client.ask("stats\r\n")).toContain("STAT curr_items 2\r\n");
    const binary = bench.connect().ask(`${req("stat", "detail dump")}${req("stat", "conns")}`);
    expect(statuses(binary)).toEqual(["stat out-of-memory", "stat out-of-memory"]);
    for (const one of stuck) one.reset();
    expect(client.ask("stats detail dump\r\n").endsWith(`${dump.at(-1)}END\r\n`)).toBe(true);
  });

  test("an mg that is refused has claimed nothing", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    const stuck = many(bench, 30);
    for (const client of stuck) client.send("get a\r\n");
    const client = bench.connect();
    expect(client.ask("md a I T30\r\nmg a t v\r\n")).toBe(`HD\r\n${NO_ROOM}`);
    for (const one of stuck) one.reset();
    expect(client.ask("mg a t v\r\nmg a t\r\n")).toBe(`VA 50000 t30 X W\r\n${VALUE}\r\nHD t30 Z X\r\n`);
  });

  test("who is stuck and silent is closed, counted and told of once", () => {
    const lines: string[] = [];
    const limits = { bufferedBytesMax: MEBIBYTE, sendTimeoutMs: 1_000 };
    const bench = benchWith(limits, { log: (line) => void lines.push(line) });
    const stuck = many(bench, 20);
    for (const client of stuck) client.send("get a\r\n");
    bench.elapse(5_000); // late by both times in one turn
    for (const client of stuck) expect(client.state).toBe("closed");
    expect([bench.engine.counters.sendTimeouts, lines.length]).toEqual([20, 20]);
  });

  test("text that grows while a value of the store is under way is not counted for ever", () => {
    const bench = benchWith({});
    bench
      .connect()
      .send(`set big 0 0 200000\r\n${"v".repeat(200_000)}\r\nset c 0 0 10000\r\n${"c".repeat(10_000)}\r\n`);
    const client = bench.connect(false).send(`get big\r\n${"get c\r\n".repeat(40)}`);
    client.take(); // the line: now the value is under way
    client.send("get c\r\n".repeat(30));
    client.take();
    client.send("get c\r\n".repeat(60)).read();
    client.reset();
    expect(poolsOf(bench)).toEqual([0, 0]);
  });

  test("one value larger than all the room is sent where nothing else is", () => {
    const bench = benchWith({ bufferedBytesMax: 20_000 });
    expect(bench.connect().ask("get a\r\n")).toBe(FOUND);
  });

  test("a value that the store holds takes no room", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE }, { lentBytesLeast: 40_000 });
    const clients = many(bench, 50);
    for (const client of clients) client.send("get a\r\n");
    for (const client of clients) client.read();
    for (const { text } of clients) expect(text === FOUND).toBe(true);
    expect(bench.engine.counters.repliesRefused).toBe(0);
  });
});

describe("values that come slowly", () => {
  const HALF = VALUE.slice(0, 25_000);
  const begin = (client: Party, i: number): Party => client.send(`set k${i} 0 0 50000\r\n${HALF}`);

  test("are bounded, and all of them are stored in the end", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    const clients = many(bench, 100);
    clients.forEach(begin);
    expect(poolsOf(bench)[1]).toBeLessThanOrEqual(MEBIBYTE + clients.length * 40_000);
    expect(clients.filter(({ state }) => state === "paused").length).toBeGreaterThan(50);
    const left = new Set(clients);
    for (let rounds = 0; left.size > 0 && rounds < 10_000; rounds++) {
      for (const client of left) {
        if (client.state === "paused") continue;
        left.delete(client.send(`${HALF}\r\n`));
      }
      bench.elapse(20);
    }
    for (const client of clients) {
      client.read();
      expect(client.text).toBe("STORED\r\n");
    }
    expect(poolsOf(bench)[1]).toBe(0);
  });

  test("however long it takes: who is held up is not late", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE, receiveTimeoutMs: 2_000 });
    const filling = many(bench, 12);
    for (const [i, client] of filling.entries()) client.send(`set f${i} 0 0 400000\r\n${VALUE}`);
    const client = bench.connect().send(`set k 0 0 400000\r\n${VALUE}`);
    expect(client.state).toBe("paused");
    for (let ms = 0; ms < 200_000 && client.state === "paused"; ms += 20) {
      if (ms % 1_000 === 0) for (const one of filling) if (one.state === "open") one.send("v");
      bench.elapse(20);
    }
    expect(client.state).toBe("open");
    expect(client.ask(`${VALUE.repeat(7)}\r\n`)).toBe("STORED\r\n");
  });

  test("of those that have memory already, and send a byte now and then, there is never more than the bound has room for", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    const clients = many(bench, 50);
    for (const [i, client] of clients.entries())
      client.send(`set k${i} 0 0 1000000\r\n${"v".repeat(60_000)}`);
    for (let ms = 0; ms < 120_000; ms += 20) {
      if (ms % 5_000 === 0) for (const client of clients) if (client.state === "open") client.send("v");
      bench.elapse(20);
    }
    expect(poolsOf(bench)[1]).toBeLessThanOrEqual(2 * MEBIBYTE + 50 * 2 * 73_728);
    expect(bench.engine.counters.receiveTimeouts).toBeGreaterThan(5); // favoured, and too slow
  });

  test("in datagrams take no room once these are refused", () => {
    const bench = benchWith({});
    const bytes = latin1Bytes(`\0\x01\0\0\0\x01\0\0set k 0 0 100000\r\n${VALUE}`);
    for (let i = 0; i < 10; i++) bench.engine.arrived(1, { host: "::1", port: 1 }, bytes, bench.now);
    expect(poolsOf(bench)).toEqual([0, 0]);
  });

  test("one of which nothing comes goes where others wait, and small ones go on meanwhile", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    const clients = many(bench, 100);
    clients.forEach(begin);
    expect(bench.connect().ask("set c 0 0 1\r\nc\r\nget c\r\n")).toBe(
      "STORED\r\nVALUE c 0 1\r\nc\r\nEND\r\n",
    );
    for (let ms = 0; ms < 11_000; ms += 20) bench.elapse(20);
    expect(bench.engine.counters.receiveTimeouts).toBeGreaterThan(5);
    for (const client of clients) if (client.state !== "closed") client.reset();
    expect(poolsOf(bench)[1]).toBe(0);
  });

  test("one that was held up before and went on is no exception", () => {
    const bench = benchWith({ bufferedBytesMax: MEBIBYTE });
    const fill = (): Party[] => many(bench, 30).map((one, i) => one.send(`set f${i} 0 0 400000\r\n${VALUE}`));
    const filling = fill();
    const client = bench.connect().send(`set k 0 0 400000\r\n${VALUE}`);
    expect(client.state).toBe("paused");
    for (const one of filling) one.reset();
    bench.elapse(20);
    expect(client.send(VALUE).state).toBe("open");
    fill();
    for (let ms = 0; ms < 9_900; ms += 20) bench.elapse(20);
    expect(client.state).toBe("open");
    for (let ms = 0; ms < 200; ms += 20) bench.elapse(20);
    expect(client.state).toBe("closed");
  });
});

test("whatever clients do, what is counted is what they have, and nothing once they are gone", () => {
  const step = fc.record({
    client: fc.nat(9),
    what: fc.constantFrom(
      "get a\r\n",
      "get a a a a b\r\n",
      "mg a v\r\n",
      "get big a\r\n",
      `set c 0 0 50000\r\n${VALUE}\r\n`,
      "set d 0 0 50000\r\n",
      VALUE,
      "take",
      "reset",
      "wait",
    ),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 60_000, max: 400_000 }),
      (steps, bufferedBytesMax) => {
        const bench = benchWith({ bufferedBytesMax });
        const clients: Party[] = [];
        for (const { client: i, what } of steps) {
          const before = clients[i];
          const client =
            before === undefined || before.state === "closed" ? (clients[i] = bench.connect(false)) : before;
          if (what === "take") client.take();
          else if (what === "reset") client.reset();
          else if (what === "wait") bench.elapse(500);
          else client.send(what);
          expect(poolsOf(bench)[0]).toBeLessThanOrEqual(bufferedBytesMax + 10 * 90_000);
          expect(Math.min(...poolsOf(bench))).toBeGreaterThanOrEqual(0);
        }
        for (const client of clients) if (client !== undefined && client.state !== "closed") client.reset();
        expect(poolsOf(bench)).toEqual([0, 0]);
      },
    ),
  );
});
