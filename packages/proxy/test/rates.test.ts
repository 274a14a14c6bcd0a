// How often a pool may be asked: by one client, and by all of them.

import { latin1Bytes } from "@memwire/codec";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";
import { COMMON, repliesIn, requestText } from "./binary-text.ts";

const OVER = "SERVER_ERROR request rate limit reached\r\n";
const CLIENT_OVER = "SERVER_ERROR request rate limit of this client reached\r\n";
const SET = "set a0 0 0 1\r\nx\r\n";

/** What server 0 is asked, all of which it answers as if nothing were stored. */
function answered(table: Table): string {
  const asked = table.connects(0) === 0 ? "" : table.server(0).read();
  const replies = asked
    .split("\r\n")
    .filter((line) => /^(?:get|set|mg)/.test(line))
    .map((line) => (line.startsWith("set") ? "STORED\r\n" : line.startsWith("mg") ? "EN\r\n" : "END\r\n"));
  if (replies.length > 0) table.say(table.server(0), replies.join(""));
  return asked;
}

function told(table: Table, client: Hand, request: string): string {
  table.say(client, request);
  answered(table);
  return client.read();
}

test("rateTotal: what is above fails at once in its slot, and passes again as time goes by", () => {
  const table = new Table({}, { rateTotal: { perSecond: 10, burst: 3 } });
  const client = table.client();
  expect(told(table, client, `${SET.repeat(5)}version\r\n`)).toBe(
    `${"STORED\r\n".repeat(3)}${OVER.repeat(2)}VERSION 1.6.45\r\n`,
  );
  expect(table.stat("alpha:requests_over_rate")).toBe("2");
  table.wait(201);
  expect(told(table, client, SET.repeat(3))).toBe(`STORED\r\nSTORED\r\n${OVER}`);
  table.wait(10_000);
  expect(told(table, client, SET.repeat(4))).toBe(`${"STORED\r\n".repeat(3)}${OVER}`);
});

test("rateTotal is of all clients of a pool, and of no other", () => {
  const table = new Table({}, { rateTotal: { perSecond: 1, burst: 1 } }, [{ name: "beta" }]);
  expect(told(table, table.client(), SET)).toBe("STORED\r\n");
  expect(told(table, table.client(), SET)).toBe(OVER);
  expect(told(table, table.client(1), SET.repeat(3))).toBe("STORED\r\n".repeat(3));
  expect(table.stat("beta:requests_over_rate")).toBe("0");
});

test("ratePerClient leaves the others alone, and what one is refused is not taken from all", () => {
  const table = new Table(
    {},
    { ratePerClient: { perSecond: 1, burst: 2 }, rateTotal: { perSecond: 1, burst: 3 } },
  );
  const [greedy, other] = [table.client(), table.client()];
  expect(told(table, greedy, SET.repeat(9))).toBe(`${"STORED\r\n".repeat(2)}${CLIENT_OVER.repeat(7)}`);
  expect(told(table, other, SET.repeat(2))).toBe(`STORED\r\n${OVER}`);
  // What was refused for all was not taken from the client either.
  table.wait(1_001);
  expect(told(table, other, SET)).toBe("STORED\r\n");
  expect([table.stat("alpha:requests_over_client_rate"), table.stat("alpha:requests_over_rate")]).toEqual([
    "7",
    "1",
  ]);
});

test("each key of a multi-get counts: it passes if there is room for one, and the next one waits for all", () => {
  const table = new Table({}, { rateTotal: { perSecond: 10, burst: 2 } });
  const client = table.client();
  expect(told(table, client, "get a0 b0 c0 d0 e0 f0\r\n")).toBe("END\r\n");
  expect(told(table, client, "get a0\r\n")).toBe(OVER);
  table.wait(499);
  expect(told(table, client, "get a0\r\n")).toBe(OVER);
  table.wait(2);
  expect(told(table, client, "get a0\r\n")).toBe("END\r\n");
});

test("whatever it is asked in: meta, binary, quiet, and a value that comes in parts", () => {
  const table = new Table({ wholeBytesMax: 10 }, { ratePerClient: { perSecond: 1, burst: 1 } });
  const client = table.client();
  expect(told(table, client, "mg a0 v\r\n")).toBe("EN\r\n");
  const value = "v".repeat(100);
  expect(
    told(
      table,
      client,
      `mg a0 v\r\nset a0 0 0 1 noreply\r\nx\r\nms a0 100\r\n${value}\r\nset a0 0 0 100\r\n${value}\r\nmn\r\n`,
    ),
  ).toBe(`${CLIENT_OVER.repeat(3)}MN\r\n`);
  const binary = table.client();
  const get = { opcode: "get", key: latin1Bytes("a0"), ...COMMON } as const;
  table.say(binary, requestText(get, get));
  expect(table.server(0).read()).toBe("gets a0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(repliesIn(binary.read()).map(({ status }) => status)).toEqual(["not-found", "out-of-memory"]);
  expect(table.stat("alpha:requests_over_client_rate")).toBe("5");
});

test("a value that comes in parts is one request, as one that comes whole", () => {
  const table = new Table({ wholeBytesMax: 10 }, { rateTotal: { perSecond: 1, burst: 2 } });
  const client = table.client();
  table.say(client, `${`set a0 0 0 100\r\n${"v".repeat(100)}\r\n`.repeat(2)}get a0\r\n`);
  for (let i = 0; i < 2; i++) table.say(table.server(0), "STORED\r\n");
  expect(client.read()).toBe(`STORED\r\nSTORED\r\n${OVER}`);
});

test("what the proxy answers itself does not count", () => {
  const table = new Table({}, { rateTotal: { perSecond: 1, burst: 1 } });
  const client = table.client();
  expect(told(table, client, "version\r\nmn\r\nverbosity 1\r\n".repeat(5))).not.toContain(OVER);
  expect(told(table, client, SET)).toBe("STORED\r\n");
});

test("a rate at which nothing passes is refused", () => {
  const wrong = (rate: { perSecond: number; burst: number }): unknown => new Table({}, { rateTotal: rate });
  expect(() => wrong({ perSecond: 0, burst: 1 })).toThrow(
    "rateTotal.perSecond must be a number above 0, got 0",
  );
  expect(() => wrong({ perSecond: 1, burst: 0.5 })).toThrow(
    "rateTotal.burst must be a whole number from 1, got 0.5",
  );
});
