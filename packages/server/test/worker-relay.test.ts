// Several engines that are one server: what operators do at one of them holds for all.

import { latin1Bytes } from "@memwire/codec";
import { describe, expect, test } from "vitest";
import { type Bench, type Party, START } from "./party.ts";
import { Workers } from "./worker-party.ts";

test("a watcher sees what clients of all workers do", () => {
  const workers = new Workers(3);
  const [first, second, third] = workers.benches as [Bench, Bench, Bench];
  const watcher = first.connect().send("watch fetchers mutations\r\n");
  workers.pass();
  first.connect().send("get a\r\n");
  second.connect().send("set b 0 0 1\r\nx\r\n");
  third.connect().send("get b\r\n");
  workers.pass();
  const keys = Array.from(watcher.text.matchAll(/type=(\w+) key=(\w)/g), ([, type, key]) => `${type} ${key}`);
  expect(keys).toEqual(["item_get a", "item_get b", "item_store b", "item_get b"]);
  const gids = Array.from(watcher.text.matchAll(/gid=(\d+)/g), ([, gid]) => Number(gid));
  expect(gids).toEqual([2, 3, 4, 5]);
  // Nobody is told of what nobody watches.
  watcher.end();
  workers.pass();
  expect(second.connect().ask("stats\r\n")).toContain("STAT log_worker_written 2\r\n");
  second.connect().send("get c\r\n");
  expect(second.connect().ask("stats\r\n")).toContain("STAT log_worker_written 2\r\n");
});

test("a worker that comes later, in the place of a dead one, tells what is watched, too", () => {
  const workers = new Workers(2);
  const [first] = workers.benches as [Bench];
  const watcher = first.connect().send("watch\r\n");
  workers.pass();
  const late = workers.add();
  workers.pass();
  late.connect().send("get late\r\n");
  workers.pass();
  expect(watcher.text).toContain("key=late");
});

test("a worker that is dead watches nothing any more", () => {
  const workers = new Workers(2);
  const [first, second] = workers.benches as [Bench, Bench];
  first.connect().send("watch\r\n");
  workers.pass();
  second.engine.forgetWorker(0, second.now);
  second.connect().send("get a\r\n");
  expect(second.engine.counters.logWorkerWritten).toBe(0);
});

test("prefixes are counted, told, switched and forgotten by all workers alike", () => {
  const workers = new Workers(2);
  const [one, other] = workers.benches.map((bench) => bench.connect()) as [
    ReturnType<Bench["connect"]>,
    ReturnType<Bench["connect"]>,
  ];
  one.send("stats detail on\r\n");
  workers.pass();
  one.send("set a:1 0 0 1\r\nx\r\nget a:1\r\n");
  other.send("get a:1 b:2\r\ndelete a:1\r\n");
  workers.pass();
  const dumps = [one, other].map((client) => client.ask("stats detail dump\r\n").split("\r\n").toSorted());
  expect(dumps[0]).toEqual([
    "",
    "END",
    "PREFIX a get 2 hit 2 set 1 del 1",
    "PREFIX b get 1 hit 0 set 0 del 0",
  ]);
  expect(dumps[1]).toEqual(dumps[0]);
  other.send("stats reset\r\n");
  workers.pass();
  expect(one.ask("stats detail dump\r\n")).toBe("END\r\n");
  other.send("stats detail off\r\n");
  workers.pass();
  one.send("get a:1\r\n");
  expect(one.ask("stats detail dump\r\n")).toBe("END\r\n");
});

test("what is set at one worker is in the settings of all, and so is the time", () => {
  const workers = new Workers(2);
  const [one, other] = workers.benches.map((bench) => bench.connect()) as [
    ReturnType<Bench["connect"]>,
    ReturnType<Bench["connect"]>,
  ];
  one.send("lru_crawler sleep 7\r\nstats sizes_enable\r\nset a 0 100 1\r\nx\r\ndebugtime 100\r\n");
  workers.pass();
  expect(other.ask("stats settings\r\n")).toMatch(/STAT lru_crawler_sleep 7\r\n[^]*STAT track_sizes yes\r\n/);
  expect(other.ask("get a\r\n")).toBe("END\r\n");
  const late = workers.add();
  workers.pass();
  expect(late.connect().ask("stats settings\r\n")).toContain("STAT lru_crawler_sleep 7\r\n");
});

describe("a worker that takes nothing of what it is told", () => {
  const workerLinesMax = 1_000;
  const line = latin1Bytes(`get ${Array.from({ length: 100 }, (_, i) => `k${i}`).join(" ")}\r\n`);

  test.each([
    ["in one turn", 1],
    ["in many turns", 60],
  ])("is sent no more lines than may be under way to it, %s, and told how many it missed", (_, turns) => {
    const workers = new Workers(3, { limits: { workerLinesMax } });
    const [first, second, third] = workers.benches as [Bench, Bench, Bench];
    const watcher = first.connect().send("watch fetchers\r\n");
    const other = third.connect().send("watch mutations\r\n");
    workers.pass();
    for (const party of [watcher, other]) party.text = "";
    const clients = Array.from({ length: 60 }, () => second.connect());
    for (const [i, { id }] of clients.entries()) {
      second.engine.received(id, line, second.now);
      if ((i + 1) % (60 / turns) === 0) second.turn();
    }
    expect(workers.under("noted")).toBe(workerLinesMax);
    expect(second.engine.counters).toMatchObject({
      logWorkerWritten: 6_000,
      logWorkerDropped: 6_000 - workerLinesMax,
    });
    workers.pass();
    second.connect().send("get last\r\n");
    workers.pass();
    const lines = watcher.text.split("\n").slice(0, -1);
    expect(lines.slice(workerLinesMax)).toEqual([
      `[skipped=${6_000 - workerLinesMax}]`,
      expect.stringContaining("key=last"),
    ]);
    second.connect().send("set a 0 0 1\r\nx\r\n");
    workers.pass();
    // Of what it does not watch it has missed nothing.
    expect(other.text).toMatch(/^ts=\S+ gid=\d+ type=item_store key=a [^\n]+\n$/);
  });

  test("is told what was counted by prefix once it goes on, all of it", () => {
    const workers = new Workers(2);
    const [one, other] = workers.benches.map((bench) => bench.connect()) as [Party, Party];
    one.send("stats detail on\r\n");
    workers.pass();
    for (let i = 0; i < 1_000; i++) one.send(`get p${i % 10}:a\r\n`);
    expect(workers.under("counted")).toBe(1);
    workers.pass();
    const dump = other.ask("stats detail dump\r\n");
    for (let i = 0; i < 10; i++) expect(dump).toContain(`PREFIX p${i} get 100 hit 0 set 0 del 0\r\n`);
  });

  test("and is dead leaves nothing under way", () => {
    const workers = new Workers(3, { limits: { workerLinesMax } });
    const [first, second] = workers.benches as [Bench, Bench, Bench];
    first.connect().send("watch\r\nstats detail on\r\n");
    workers.pass();
    for (let i = 0; i < 20; i++) second.connect().send(line);
    workers.waiting.length = 0;
    for (const { engine } of workers.benches.slice(1)) engine.forgetWorker(0, START);
    const watcher = workers.add().connect().send("watch\r\n");
    workers.pass();
    second.connect().send("get late\r\n");
    workers.pass();
    expect(watcher.text).toMatch(/^OK\r\nts=\S+ gid=\d+ type=item_get key=late [^\n]+\n$/);
  });
});
