// Several engines that are one server: what operators do at one of them holds for all.

import { latin1Bytes } from "@memwire/codec";
import { ServerEngine, type WorkerMessage } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { expect, test } from "vitest";
import { Bench, START } from "./party.ts";

/** Engines on one store, whose messages wait until they are passed on, as between threads. */
class Workers {
  readonly benches: Bench[] = [];
  /** Each as it would arrive in another thread. */
  readonly #waiting: [from: number, message: WorkerMessage][] = [];
  readonly #store: SlabStore = SlabStore.shared({ bytesMax: 1_048_576 });

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.add();
    this.pass();
  }

  add(): Bench {
    const worker = this.benches.length;
    const store = worker === 0 ? this.#store : SlabStore.join(this.#store.share());
    const tellWorkers = (message: WorkerMessage): void => {
      this.#waiting.push([worker, structuredClone(message)]);
    };
    const bench = new Bench(
      new ServerEngine({ store, tellWorkers, startedAt: START, debugTimeEnabled: true }),
    );
    this.benches.push(bench);
    return bench;
  }

  pass(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const [from, message] = next;
      for (const [worker, bench] of this.benches.entries()) {
        if (worker === from) continue;
        bench.engine.toldByWorker(from, message);
        bench.turn();
      }
    }
  }
}

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
  second.engine.forgetWorker(0);
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

test("lines of a turn that are too many for one message are counted", () => {
  const workers = new Workers(2);
  const [first, second] = workers.benches as [Bench, Bench];
  first.connect().send("watch\r\n");
  workers.pass();
  const line = latin1Bytes(`get ${Array.from({ length: 100 }, (_, i) => `k${i}`).join(" ")}\r\n`);
  const clients = Array.from({ length: 60 }, () => second.connect());
  // All in one turn.
  for (const { id } of clients) second.engine.received(id, line, second.now);
  second.turn();
  expect(second.engine.counters).toMatchObject({ logWorkerWritten: 6_000, logWorkerDropped: 6_000 - 4_096 });
});
