// stats conns of several workers: whoever is asked tells of the connections of all.

import { latin1Bytes } from "@memwire/codec";
import { WorkerCounters } from "@memwire/server";
import { beforeEach, describe, expect, test } from "vitest";
import { req, told } from "./binary-party.ts";
import type { Bench, Party } from "./party.ts";
import { Workers } from "./worker-party.ts";

let workers: Workers;
let benches: [Bench, Bench, Bench];
let parties: readonly Party[];

beforeEach(() => {
  workers = new Workers(3, {}, WorkerCounters.shared(3));
  benches = workers.benches as [Bench, Bench, Bench];
  for (const bench of benches) {
    bench.engine.listening(0, { kind: "tcp", host: "127.0.0.1", port: 11_211 });
    // Its store has begun.
    bench.elapse(1);
  }
  parties = benches.map((bench) => bench.connect().send("get a\r\n"));
  for (const party of parties) party.text = "";
});

/** Connections it tells of, with what is done for each. */
const toldBy = (party: Party): Record<string, string> =>
  Object.fromEntries(
    Array.from(party.text.matchAll(/^STAT (\d+):state (.*)\r$/gm), ([, id, state]) => [id, state]),
  );

describe("stats conns", () => {
  test("tells of all connections, whichever worker is asked, and of the listeners once", () => {
    expect(new Set(parties.map(({ id }) => id)).size).toBe(3);
    for (const asking of parties) {
      asking.send("stats conns\r\nversion\r\n");
      expect(asking.text).toBe("");
      workers.pass();
      const others = parties.filter((party) => party !== asking).map(({ id }) => [id, "conn_read"]);
      expect(toldBy(asking)).toEqual({
        0: "conn_listening",
        [asking.id]: "conn_parse_cmd",
        ...Object.fromEntries(others),
      });
      expect(asking.text).toMatch(/\nEND\r\nVERSION [^\n]+\n$/);
      expect(asking.text.match(/:listen_addr tcp:127\.0\.0\.1:11211\r\n/g)).toHaveLength(3);
    }
  });

  test("tells the same in the binary protocol", () => {
    const [first] = benches;
    const asking = first.connect().send(req("stat", "conns", { opaque: 7 }) + req("noop"));
    workers.pass();
    const replies = told(asking.text);
    expect(replies.at(-1)?.what).toBe("noop");
    expect(replies.slice(0, -1).every(({ opaque }) => opaque === 7)).toBe(true);
    const states = replies.filter(({ key }) => key.endsWith(":state")).map(({ key }) => key);
    expect(states).toEqual([0, ...parties.map(({ id }) => id), asking.id].map((id) => `${id}:state`));
  });

  test("asks the others once at a time, and answers each who asks with what was so when it asked, or later", () => {
    const [first, second] = benches;
    const [one] = parties as [Party];
    one.send("stats conns\r\n");
    const two = first.connect().send("stats conns\r\n");
    const three = first.connect().send("stats conns\r\n");
    expect(workers.waiting.filter(([, { kind }]) => kind === "survey")).toHaveLength(1);
    const late = second.connect();
    workers.pass();
    expect(toldBy(one)).toHaveProperty(`${parties[2]?.id}`);
    for (const party of [two, three]) expect(toldBy(party)).toHaveProperty(`${late.id}`);
  });

  test("leaves out a worker that dies, or does not answer in a second", () => {
    const [first, second] = benches;
    const [one, two, three] = parties as [Party, Party, Party];
    one.send("stats conns\r\n");
    // What was asked of the others is lost.
    workers.waiting.length = 0;
    first.engine.toldByWorker(1, { kind: "surveyed", connections: [] }, first.now);
    first.engine.forgetWorker(2, first.now);
    first.turn();
    expect(Object.keys(toldBy(one))).toEqual(["0", `${one.id}`]);
    two.send("stats conns\r\n");
    workers.waiting.length = 0;
    second.elapse(999);
    expect(two.text).toBe("");
    second.elapse(1);
    second.elapse(0);
    expect(Object.keys(toldBy(two))).toEqual(["0", `${two.id}`]);
    three.send("stats conns\r\n");
    three.reset();
    workers.pass();
    expect(three.text).toBe("");
  });

  test("tells a datagram of the worker that it came to", () => {
    const [first] = benches;
    const datagram = latin1Bytes("\0\x01\0\0\0\x01\0\0stats conns\r\n");
    first.engine.arrived(1, { host: "127.0.0.1", port: 1 }, datagram, first.now);
    first.turn();
    expect(first.datagrams).toHaveLength(1);
  });
});
