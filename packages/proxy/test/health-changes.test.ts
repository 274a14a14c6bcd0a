// What a host is told of servers that go down and come back, for its log.

import type { HealthChange } from "@memwire/proxy";
import type { HealthOptions } from "@memwire/router";
import { expect, test } from "vitest";
import { Table } from "./bench.ts";

const health = { failuresMax: 2, retryMinMs: 1_000, retryMaxMs: 1_000 } as const;

/** What is told, as `at what pool server failure downSince retryAt`. */
function watched(
  others: { name: string }[] = [],
  more: Partial<HealthOptions> = {},
): { table: Table; told: string[] } {
  const told: string[] = [];
  const line = ({ now, what, pool, server, failure, downSince, health: { retryAt } }: HealthChange): string =>
    [now, what, pool, server, failure, downSince, retryAt].join(" ");
  const table = new Table(
    { retryMinMs: 100, retryMaxMs: 100 },
    { health: { ...health, ...more } },
    others.map((other) => ({ ...other, health })),
    { healthChanged: (change) => void told.push(line(change)) },
  );
  return { table, told };
}

/** Fails twice, at 1,000,000 and 1,000,100. */
function goDown(table: Table): void {
  table.dead.add(0);
  const client = table.client();
  for (let i = 0; i < 2; i++) {
    table.say(client, "get a0\r\n");
    table.wait(100);
  }
}

test("a server that goes down, is probed in vain and comes back is told of once each, however many probes fail", () => {
  const { table, told } = watched();
  goDown(table);
  expect(told.splice(0, 1)).toEqual(["1000000 failed alpha s0 refused 1000000 1000100"]);
  expect(told).toEqual(["1000100 went-down alpha s0 refused 1000100 1001100"]);
  for (let i = 0; i < 50; i++) table.wait(100);
  expect(told.slice(1)).toEqual(["1001100 still-down alpha s0 refused 1000100 1002100"]);
  const failed = Number(table.stat("alpha:s0:probes"));
  expect(failed).toBeGreaterThan(3);
  table.dead.delete(0);
  table.wait(1_000);
  table.say(table.server(0), "VERSION 1\r\n");
  expect(told.slice(2)).toEqual([`${table.now} came-back alpha s0 refused 1000100 `]);
  table.wait(10_000);
  expect(told).toHaveLength(3);
});

test("of failures that do not take a server down the first since an answer is told of", () => {
  const { table, told } = watched([], { failuresMax: 5, flapWindowMs: 0 });
  const client = table.client();
  const failThenAnswer = (failures: number): void => {
    table.dead.add(0);
    for (let i = 0; i < failures; i++) {
      table.say(client, "get a0\r\n");
      table.wait(100);
    }
    table.dead.delete(0);
    table.say(client, "get a0\r\n");
    table.say(table.server(0), "VERSION 1\r\n");
    table.say(table.server(0), "END\r\n");
    table.close(table.server(0), "closed");
  };
  failThenAnswer(1);
  failThenAnswer(3);
  const refused = "SERVER_ERROR Connection refused\r\n";
  expect(client.read()).toBe(`${refused}END\r\n${refused.repeat(3)}END\r\n`);
  expect(told).toEqual([
    "1000000 failed alpha s0 refused 1000000 1000100",
    "1000100 failed alpha s0 refused 1000100 1000200",
  ]);
});

test("a server that can never be down is told of when it fails", () => {
  const { table, told } = watched([], { failuresMax: 0 });
  goDown(table);
  expect(told).toEqual(["1000000 failed alpha s0 refused 1000000 1001000"]);
});

test("a server that is down again after it came back is told of again", () => {
  const { table, told } = watched();
  goDown(table);
  table.dead.delete(0);
  table.wait(1_000);
  table.say(table.server(0), "VERSION 1\r\n");
  table.close(table.server(0), "reset");
  table.dead.add(0);
  goDown(table);
  expect(told.map((each) => each.split(" ")[1])).toEqual(["failed", "went-down", "came-back", "went-down"]);
});

test("each pool that shares a server's connections is told of, by its own name", () => {
  const { table, told } = watched([{ name: "beta" }]);
  goDown(table);
  expect(told).toEqual([
    "1000000 failed alpha s0 refused 1000000 1000100",
    "1000000 failed beta s0 refused 1000000 1000100",
    "1000100 went-down alpha s0 refused 1000100 1001100",
    "1000100 went-down beta s0 refused 1000100 1001100",
  ]);
});

test("an answer of before that is late while the first probe is under way is not the probe's", () => {
  const told: [number, string, string][] = [];
  const table = new Table(
    {},
    {
      replyTimeoutMs: 100,
      connectTimeoutMs: 500,
      connections: 2,
      health: { failuresMax: 1, retryMinMs: 20, retryMaxMs: 20 },
    },
    [],
    { healthChanged: ({ now, what, failure }) => void told.push([now, what, failure]) },
  );
  const clients = [table.client(), table.client()];
  for (const client of clients) table.say(client, "get a0\r\n");
  const [first, second] = table.connections(0);
  table.wait(60);
  if (first === undefined || second === undefined) throw new Error("there are not two connections");
  table.say(second, "END\r\n");
  table.say(clients[1] as (typeof clients)[number], "get a0\r\n");
  table.silent.add(0);
  table.wait(60);
  expect([table.now, told]).toEqual([1_000_120, [[1_000_100, "went-down", "timed-out"]]]);
  table.wait(50);
  expect([table.stat("alpha:s0:probes"), table.stat("alpha:s0:failures_timed_out")]).toEqual(["1", "2"]);
  expect(told).toHaveLength(1);
  table.wait(500);
  expect(told.slice(1).map(([, what]) => what)).toEqual(["still-down"]);
});
