// Several engines that are one server: on one store, counting together.

import { latin1Bytes } from "@memwire/codec";
import {
  type ServerCounters,
  ServerEngine,
  type ServerOptions,
  type SharedCounters,
  WorkerCounters,
} from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { expect, test } from "vitest";
import { Bench, type Party, START } from "./party.ts";

const asRecord = (text: string): Record<string, string> =>
  Object.fromEntries(Array.from(text.matchAll(/^STAT (\S+) (.*)\r$/gm), ([, name, value]) => [name, value]));

interface Server {
  readonly shared: SharedCounters;
  readonly store: SlabStore;
  readonly benches: readonly [Bench, Bench];
}

function serverOfTwo(options: ServerOptions = {}): Server {
  const shared = WorkerCounters.shared(2);
  const store = SlabStore.shared({ bytesMax: 2_097_152 });
  return { shared, store, benches: [worker(0), worker(1)] };

  function worker(index: number): Bench {
    const workers = new WorkerCounters(shared, index);
    return new Bench(
      new ServerEngine({ ...options, workers, store: index === 0 ? store : SlabStore.join(store.share()) }),
    );
  }
}

const statsOf = (party: Party): Record<string, string> => asRecord(party.ask("stats\r\n"));

test("whoever is asked has what was stored, and counted, at another", () => {
  const { benches } = serverOfTwo();
  const [one, two] = [benches[0].connect(), benches[1].connect()];
  expect(one.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
  expect(two.ask("get a\r\nget b\r\n")).toBe("VALUE a 0 1\r\nx\r\nEND\r\nEND\r\n");
  const counted = {
    cmd_set: "1",
    cmd_get: "2",
    get_hits: "1",
    get_misses: "1",
    curr_items: "1",
    threads: "2",
  };
  expect(statsOf(one)).toMatchObject({ ...counted, curr_connections: "2", total_connections: "2" });
  expect(statsOf(two)).toMatchObject({ ...counted, curr_connections: "2", total_connections: "2" });
});

test("connections are those of all, and so are the structures for them, as in memcached", () => {
  const { benches } = serverOfTwo();
  const [one, two] = [benches[0].connect(), benches[1].connect()];
  benches[0].connect();
  const connections = { curr_connections: "3", connection_structures: "3" };
  for (const party of [one, two]) expect(statsOf(party)).toMatchObject(connections);
});

test("bytes are those of all", () => {
  const { benches } = serverOfTwo();
  const [one, two] = [benches[0].connect(), benches[1].connect()];
  two.ask("get a\r\n");
  expect(statsOf(one)).toMatchObject({ bytes_read: `${"get a\r\nstats\r\n".length}`, bytes_written: "5" });
});

test("what is carried out in the middle of a turn is seen by others before its reply leaves", () => {
  const { benches, shared } = serverOfTwo();
  const { engine } = benches[0];
  const totals = (): ServerCounters => new WorkerCounters(shared, 1).totals();
  const ask = (): void => engine.received(engine.accepted(START, 0), latin1Bytes("get a\r\n"), START);
  ask();
  expect([engine.poll()?.kind, totals().cmdGet]).toEqual(["send", 1]);
  ask();
  expect([engine.poll()?.kind, totals().cmdGet]).toEqual(["send", 2]);
  expect([engine.poll(), totals().bytesWritten]).toEqual([undefined, 10]);
});

test("the limit of connections is one for all, and a place that is freed anywhere can be taken anywhere", () => {
  const { benches } = serverOfTwo({ limits: { connectionsMax: 2 } });
  const one = benches[0].connect();
  const two = benches[1].connect();
  const third = benches[1].connect();
  expect([third.text, third.state]).toEqual(["ERROR Too many open connections\r\n", "closed"]);
  one.reset();
  expect(benches[1].connect().state).toBe("open");
  expect(benches[0].connect().state).toBe("closed");
  expect(statsOf(two)).toMatchObject({
    curr_connections: "2",
    total_connections: "3",
    rejected_connections: "2",
  });
});

test("the limit of watchers is one for all, too, and one that ends, or whose worker dies, makes room", () => {
  const { benches, shared } = serverOfTwo({ limits: { watchersMax: 2 } });
  const [one, two] = benches;
  const first = one.connect().send("watch\r\n");
  two.connect().send("watch\r\n");
  const tooMany = "WATCHER_TOO_MANY log watcher limit reached\r\n";
  for (const bench of benches) {
    expect(bench.connect().ask("watch\r\n")).toBe(tooMany);
    expect(statsOf(bench.connect())).toMatchObject({ log_watchers: "2" });
  }
  first.end();
  expect(two.connect().ask("watch\r\n")).toBe("OK\r\n");
  expect(one.connect().ask("watch\r\n")).toBe(tooMany);
  new WorkerCounters(shared, 0).forget(1);
  expect(statsOf(one.connect())).toMatchObject({ log_watchers: "0" });
  expect(one.connect().ask("watch\r\n")).toBe("OK\r\n");
});

test("stats reset is for all, and leaves what there is", () => {
  const { benches } = serverOfTwo();
  const [one, two] = [benches[0].connect(), benches[1].connect()];
  one.ask("set a 0 0 1\r\nx\r\n");
  two.ask("get a\r\n");
  expect(two.ask("stats reset\r\n")).toBe("RESET\r\n");
  const reset = { cmd_get: "0", cmd_set: "0", total_items: "0", curr_items: "1", curr_connections: "2" };
  expect(statsOf(one)).toMatchObject(reset);
  one.ask("get a\r\n");
  expect(statsOf(two)).toMatchObject({ ...reset, cmd_get: "1" });
});

test("verbosity and flush_all are for all", () => {
  const { benches } = serverOfTwo();
  const [one, two] = [benches[0].connect(), benches[1].connect()];
  one.ask("set a 0 0 1\r\nx\r\nverbosity 2\r\nflush_all\r\n");
  expect(asRecord(two.ask("stats settings\r\n"))).toMatchObject({ verbosity: "2", num_threads: "2" });
  expect(two.ask("get a\r\n")).toBe("END\r\n");
});

test("a worker that dies leaves its counts to the one in its place, and its connections to others", () => {
  const { benches, shared, store } = serverOfTwo({ limits: { connectionsMax: 2 } });
  const one = benches[0].connect();
  benches[1].connect().ask("get a\r\n");
  new WorkerCounters(shared, 0).forget(1);
  expect(statsOf(one)).toMatchObject({ curr_connections: "1", cmd_get: "1", total_connections: "2" });
  const workers = new WorkerCounters(shared, 1);
  const next = new Bench(
    new ServerEngine({ store: SlabStore.join(store.share()), workers, limits: { connectionsMax: 2 } }),
  );
  next.connect().ask("get a\r\n");
  expect(next.engine.counters.currConnections).toBe(1);
  expect(statsOf(one)).toMatchObject({ curr_connections: "2", cmd_get: "2", total_connections: "3" });
});

test.each([0, -1, 0.5, Number.NaN, "2" as unknown as number])(
  "there is no server of %s workers",
  (workers) => {
    expect(() => WorkerCounters.shared(workers)).toThrow(
      new RangeError(`workers must be a whole number from 1, got ${workers}`),
    );
  },
);

test.each([-1, 2, 0.5])("there is no worker %s of two", (worker) => {
  expect(() => new WorkerCounters(WorkerCounters.shared(2), worker)).toThrow(
    `worker must be a whole number from 0 to 1, got ${worker}`,
  );
});
