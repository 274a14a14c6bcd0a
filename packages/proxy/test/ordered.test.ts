// The values of a multi-get over several servers: in the order of its keys, whichever server says its part when.

import fc from "fast-check";
import { expect, test } from "vitest";
import { Table } from "./bench.ts";

const WHOLE_BYTES_MAX = 100;
const SERVERS = [0, 1, 2];

interface Item {
  readonly server: number;
  /** Bytes of its value; -1 for a miss. */
  readonly bytes: number;
}

const items: fc.Arbitrary<readonly Item[]> = fc.array(
  fc.record({
    server: fc.constantFrom(...SERVERS),
    bytes: fc.constantFrom(-1, 0, 1, 30, WHOLE_BYTES_MAX + 1, 3_000),
  }),
  { minLength: 2, maxLength: 30 },
);

/** Whose turn it is to say how much. */
const turns = fc.array(fc.tuple(fc.constantFrom(...SERVERS), fc.integer({ min: 1, max: 2_000 })));

const keyOf = ({ server }: Item, i: number): string => `key-${i}-${server}`;

const valueOf = (item: Item, i: number): string =>
  item.bytes < 0 ? "" : `VALUE ${keyOf(item, i)} 0 ${item.bytes}\r\n${"v".repeat(item.bytes)}\r\n`;

/** What each server answers, the end of its part included; nothing if it is not asked. */
function partsOf(all: readonly Item[]): string[] {
  return SERVERS.map((server) => {
    const values = all.map((item, i) => (item.server === server ? valueOf(item, i) : ""));
    return all.some((item) => item.server === server) ? `${values.join("")}END\r\n` : "";
  });
}

test("a client sees what one server would have said, however the answers of several come", () => {
  fc.assert(
    fc.property(items, turns, (all, order) => {
      const table = new Table({ wholeBytesMax: WHOLE_BYTES_MAX });
      const client = table.client();
      // Twice: what a request leaves behind is used again.
      for (const _ of ["the first", "the second"]) {
        table.say(client, `get ${all.map(keyOf).join(" ")}\r\nmn\r\n`);
        const left = partsOf(all);
        for (const [server, bytes] of [...order, ...SERVERS.map((each) => [each, Infinity] as const)]) {
          const text = (left[server] ?? "").slice(0, bytes);
          left[server] = (left[server] ?? "").slice(text.length);
          if (text !== "") table.say(table.server(server), text);
        }
        expect(client.read()).toBe(`${all.map(valueOf).join("")}END\r\nMN\r\n`);
      }
      expect(table.proxy.counters.bufferedBytesNow).toBe(0);
      expect(table.proxy.counters.requestsNow).toBe(0);
    }),
  );
});

test("of a server that fails what it said is told in its place, and all of the others", () => {
  fc.assert(
    fc.property(items, turns, fc.constantFrom(...SERVERS), (all, order, failing) => {
      fc.pre(SERVERS.every((server) => all.some((item) => item.server === server)));
      // A value that is broken off as it is told costs the connection: large-downloads.test.ts.
      fc.pre(all.every(({ bytes }) => bytes <= WHOLE_BYTES_MAX));
      const table = new Table();
      const client = table.client();
      table.say(client, `get ${all.map(keyOf).join(" ")}\r\n`);
      const left = partsOf(all);
      let saidBytes = 0;
      for (const [server, bytes] of order) {
        const text = (left[server] ?? "").slice(0, server === failing ? Math.min(bytes, 20) : bytes);
        if (text === "" || (server === failing && text.length === left[server]?.length)) continue;
        left[server] = (left[server] ?? "").slice(text.length);
        if (server === failing) saidBytes += text.length;
        table.say(table.server(server), text);
      }
      table.close(table.server(failing), "reset");
      for (const [server, text] of left.entries()) {
        if (server !== failing && text !== "") table.say(table.server(server), text);
      }
      let bytes = 0;
      const told = all.map((item, i) => {
        const value = valueOf(item, i);
        if (item.server !== failing) return value;
        bytes += value.length;
        return bytes <= saidBytes ? value : "";
      });
      expect(client.read()).toBe(`${told.join("")}SERVER_ERROR Connection reset by peer\r\n`);
    }),
  );
});

test("a server that answers in no order has its values told all the same", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0 b1 c0 d1\r\n");
  table.say(table.server(1), "VALUE d1 0 1\r\nd\r\nVALUE b1 0 1\r\nb\r\nEND\r\n");
  table.say(table.server(0), "VALUE c0 0 1\r\nc\r\nVALUE a0 0 1\r\na\r\nEND\r\n");
  const values = client.read().split(/(?=VALUE|END)/);
  expect(values.toSorted()).toEqual([
    "END\r\n",
    "VALUE a0 0 1\r\na\r\n",
    "VALUE b1 0 1\r\nb\r\n",
    "VALUE c0 0 1\r\nc\r\n",
    "VALUE d1 0 1\r\nd\r\n",
  ]);
  expect(values.at(-1)).toBe("END\r\n");
});

const others: [request: string, answer: string, told: string][] = [
  ["get a0 b1", "VALUE z0 0 1\r\nz\r\nEND\r\n", "VALUE b1 0 1\r\nb\r\n"],
  ["get a0 b1", `VALUE z0 0 1000\r\n${"z".repeat(1_000)}\r\nEND\r\n`, "VALUE b1 0 1\r\nb\r\n"],
  ["get a0 b0", "VALUE a 0 1\r\nz\r\nEND\r\n", ""],
  ["get a0  b0", `VALUE b00 0 1000\r\n${"z".repeat(1_000)}\r\nEND\r\n`, ""],
  ["gets a0 b0", "VALUE z0 0 1 1\r\nz\r\nEND\r\n", ""],
  ["gets a0", "VALUE z0 0 1 1\r\nz\r\nEND\r\n", ""],
  ["gat 0 a0", "VALUE z0 0 1\r\nz\r\nEND\r\n", ""],
];

test.each(others)("%s is not answered by %j: the connection is out of step", (request, answer, told) => {
  const table = new Table({ wholeBytesMax: 100 });
  const client = table.client();
  table.say(client, `${request}\r\n`);
  if (told !== "") table.say(table.server(1), `${told}END\r\n`);
  table.say(table.server(0), answer);
  expect(client.read()).toBe(`${told}SERVER_ERROR backend failure\r\n`);
  expect(table.server(0).closed).toBe(true);
});

test("keys that were asked for twice are told twice, and in no order, by one server as well", () => {
  const table = new Table();
  const client = table.client();
  table.say(client, "get a0 a0 b0\r\nget a0  b0 a1 a0\r\nme a0\r\n");
  const [a, b] = ["VALUE a0 0 1\r\na\r\n", "VALUE b0 0 1\r\nb\r\n"];
  table.say(table.server(1), "END\r\n");
  table.say(table.server(0), `${b}${a}${a}END\r\n${a}${b}${a}END\r\nME YTA= exp=-1\r\n`);
  expect(client.read()).toBe(`${b}${a}${a}END\r\n${a}${b}${a}END\r\nME YTA= exp=-1\r\n`);
});

test("memcached is asked in lines that it takes in pieces, too, for however many keys a client wants touched", () => {
  for (const owners of ["one server", "several"]) {
    const table = new Table();
    const client = table.client();
    const keys = Array.from(
      { length: 300 },
      (_, i) => `a-key-of-some-length-${i}-${owners === "several" ? i % 3 : 0}`,
    );
    table.say(client, `gats 60 ${keys.join(" ")}\r\n`);
    const values = keys.map((key) => `VALUE ${key} 0 1 7\r\nv\r\n`);
    for (const server of owners === "several" ? SERVERS : [0]) {
      const lines = table.server(server).read().split("\r\n").slice(0, -1);
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) {
        expect(line).toMatch(/^gats 60( a-key-of-some-length-\d+-\d)+$/);
        expect(line.length).toBeLessThanOrEqual(2_046);
        const asked = line.split(" ").slice(2);
        table.say(table.server(server), `${asked.map((key) => values[keys.indexOf(key)]).join("")}END\r\n`);
      }
    }
    expect(client.read()).toBe(`${values.join("")}END\r\n`);
  }
});

test("a get is asked in one line, however long", () => {
  const table = new Table();
  const client = table.client();
  const keys = Array.from({ length: 300 }, (_, i) => `a-key-of-some-length-${i}-0`).join(" ");
  table.say(client, `get ${keys}\r\n`);
  expect(table.server(0).read()).toBe(`get ${keys}\r\n`);
});
