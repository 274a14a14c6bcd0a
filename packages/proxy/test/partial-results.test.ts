import { expect, test } from "vitest";
import { Table } from "./bench.ts";

test("a multi-get with a dead shard ends in one error by default, and the connection stays", () => {
  const table = new Table();
  table.dead.add(1);
  const client = table.client();
  table.say(client, "get a0 b1 c2\r\nversion\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\n");
  table.say(table.server(2), "END\r\n");
  expect(client.read()).toBe("VALUE a0 0 1\r\na\r\nSERVER_ERROR Connection refused\r\nVERSION 1.6.45\r\n");
  expect(client.closed).toBe(false);
});

test("a multi-get with a dead shard misses its keys where that is asked for, which is counted", () => {
  const table = new Table({}, { partialResults: "miss" });
  table.dead.add(1);
  const client = table.client();
  for (const _ of ["the connection fails", "it is left alone"]) {
    table.say(client, "gets a0 b1 c2\r\n");
    table.say(table.server(0), "VALUE a0 0 1 7\r\na\r\nEND\r\n");
    table.say(table.server(2), "END\r\n");
    expect(client.read()).toBe("VALUE a0 0 1 7\r\na\r\nEND\r\n");
  }
  table.say(client, "stats\r\n");
  expect(client.read()).toContain("STAT alpha:parts_missed 2\r\n");
});

test("what all shards cannot answer is an error all the same, and so is what one key is asked of", () => {
  const table = new Table({}, { partialResults: "miss" });
  for (const port of [0, 1, 2]) table.dead.add(port);
  const client = table.client();
  table.say(client, "get a0 b1 c2\r\nget b1\r\n");
  expect(client.read()).toBe("SERVER_ERROR Connection refused\r\n".repeat(2));
});

test("what a live server says instead of values is told, whatever is done about dead ones", () => {
  const table = new Table({}, { partialResults: "miss" });
  const client = table.client();
  table.say(client, "get a0 b1\r\n");
  table.say(table.server(0), "VALUE a0 0 1\r\na\r\nEND\r\n");
  table.say(table.server(1), "SERVER_ERROR out of memory writing get response\r\n");
  expect(client.read()).toBe("VALUE a0 0 1\r\na\r\nSERVER_ERROR out of memory writing get response\r\n");
});
