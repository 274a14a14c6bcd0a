// What is said of what clients ask and are answered: `-vv`.

import { describe, expect, test } from "vitest";
import { latin1Bytes, SendBuffer, writeDatagramHeader } from "@memwire/codec";
import { ServerEngine, type ServerOptions, WorkerCounters } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import { req } from "./binary-party.ts";
import { Bench } from "./party.ts";

function benchOf(options: ServerOptions = {}): { readonly bench: Bench; readonly said: string[] } {
  const said: string[] = [];
  const transcript = (line: string): void => void said.push(line);
  return { bench: new Bench(new ServerEngine({ verbosity: 2, transcript, ...options })), said };
}

describe("a transcript", () => {
  test("has the lines of requests and replies, and of values the keys", () => {
    const { bench, said } = benchOf();
    const client = bench.connect();
    client.send(
      "set a 0 0 1\r\nx\r\nset n 5 0 2 noreply\r\n12\r\ngets a n zz\r\nincr n 1\r\nmg a v\r\nmg zz\r\n",
    );
    client.send("stats\r\nbogus\r\nset a 0 0 abc\r\nlru_crawler metadump all\r\nquit\r\n");
    expect(said).toEqual([
      "<64 new auto-negotiating client connection",
      "<64 set a 0 0 1",
      ">64 STORED",
      "<64 set n 5 0 2 noreply",
      "<64 gets a n zz",
      ">64 sending key a",
      ">64 sending key n",
      ">64 END",
      "<64 incr n 1",
      ">64 13",
      "<64 mg a v",
      ">64 VA 1",
      "<64 mg zz",
      ">64 EN",
      "<64 stats",
      "<64 bogus",
      ">64 ERROR",
      "<64 set a 0 0 abc",
      ">64 CLIENT_ERROR bad command line format",
      "<64 lru_crawler metadump all",
      ">64 ERROR cannot pipeline other commands before metadump",
      "<64 quit",
      "<64 connection closed.",
    ]);
  });

  test("has large values that take several turns, and would be sent from where they lie, in their order", () => {
    const { bench, said } = benchOf({ lentBytesLeast: 10_000, limits: { unsentBytesMax: 100_000 } });
    const client = bench.connect().send(`set a 0 0 70000\r\n${"\r\nEND\r\n".repeat(10_000)}\r\n`);
    said.length = 0;
    client.send("get a b a a a\r\nget a\r\n");
    const keys = (count: number): string[] => Array.from({ length: count }, () => ">64 sending key a");
    expect(said).toEqual(["<64 get a b a a a", ...keys(4), ">64 END", "<64 get a", ...keys(1), ">64 END"]);
    expect(client.text.match(/VALUE a 0 70000\r\n/g)).toHaveLength(5);
  });

  test("has the headers of the binary protocol, and what they ask for", () => {
    const { bench, said } = benchOf();
    bench.connect().send(req("set", "k", { value: "value" }) + req("get", "k") + req("noop"));
    const words = (line: string): string => line.replace(/ .*/, "");
    expect(said.filter((line) => !line.includes("0x"))).toEqual([
      "<64 new auto-negotiating client connection",
      "<64 Read binary protocol data:",
      "<64 SET k",
      ">64 Writing bin response:",
      "<64 Read binary protocol data:",
      "<64 GET k",
      ">64 Writing bin response:",
      "<64 Read binary protocol data:",
      "<64 NOOP",
      ">64 Writing bin response:",
    ]);
    expect(said.slice(2, 8)).toEqual([
      "<64    0x80 0x01 0x00 0x01",
      "<64    0x08 0x00 0x00 0x00",
      "<64    0x00 0x00 0x00 0x0e",
      ...said.slice(5, 8),
    ]);
    expect(said.filter((line) => line.includes("0x")).map(words)).toHaveLength(6 * 6);
    expect(said).toContain(">64   0x81 0x00 0x00 0x00");
  });

  test("of a binary stream that cannot go on has the byte that is wrong, and nothing behind it", () => {
    const { bench, said } = benchOf();
    bench.connect().send(`${req("noop")}nonsense, or a password`);
    expect(said.slice(-3)).toEqual([
      "<64 Read binary protocol data:",
      "<64    0x6e",
      "<64 connection closed.",
    ]);
  });

  test("says of binary statistics that they were asked for", () => {
    const { bench, said } = benchOf();
    bench.connect().send(req("stat", "settings") + req("noop"));
    expect(said.filter((line) => !line.includes("0x"))).toEqual([
      "<64 new auto-negotiating client connection",
      "<64 Read binary protocol data:",
      "<64 STAT settings",
      "<64 Read binary protocol data:",
      "<64 NOOP",
      ">64 Writing bin response:",
    ]);
  });

  test("lets nobody write lines of his own, or long ones", () => {
    const { bench, said } = benchOf();
    bench.connect().send(`a\x1b[2J\rb\xff\r\nget ${"k".repeat(2_000)}\r\n`);
    expect(said[1]).toBe("<64 a\\x1b[2J\\x0db\\xff");
    expect(said[3]).toHaveLength("<64 ".length + 1_024);
  });

  test("has datagrams, too", () => {
    const { bench, said } = benchOf();
    bench.connect().send("set a 0 0 1\r\nx\r\n");
    said.length = 0;
    const out = new SendBuffer();
    writeDatagramHeader(out, 7, 0, 1);
    const request = latin1Bytes("get a b a\r\nincr a 1\r\n");
    out.copy(request, 0, request.length);
    bench.engine.arrived(3, { host: "client", port: 9 }, out.take(), bench.now);
    expect(said).toEqual([
      "<0 get a b a",
      ">0 sending key a",
      ">0 sending key a",
      ">0 END",
      "<0 incr a 1",
      ">0 CLIENT_ERROR cannot increment or decrement non-numeric value",
    ]);
  });

  test("of a datagram begins with the next one, and has what is sent", () => {
    const { bench, said } = benchOf({ verbosity: 0, limits: { unsentDatagramBytesMax: 1_000 } });
    const ask = (text: string): void => {
      const out = new SendBuffer();
      writeDatagramHeader(out, 7, 0, 1);
      out.latin1(text);
      bench.engine.arrived(3, { host: "client", port: 9 }, out.take(), bench.now);
    };
    // A value that looks like a reply, which is told from where the reply begins.
    bench.connect().send(`set a 0 0 7\r\nVA -9\r\n\r\nset b 0 0 2000\r\n${"b".repeat(2_000)}\r\n`);
    ask("verbosity 2\r\nget a\r\n");
    expect(said).toEqual([]);
    ask("get a\r\nverbosity 1\r\nget a\r\n");
    const told = ["<0 get a", ">0 sending key a", ">0 END"];
    expect(said).toEqual([...told, "<0 verbosity 1", ">0 OK", ...told]);
    ask("verbosity 2\r\n");
    ask("get b\r\n");
    expect(said.slice(8)).toEqual(["<0 get b", ">0 SERVER_ERROR reply too large for datagrams"]);
  });

  test("does not have what a client says who it is by", () => {
    const authentication = { kind: "ascii", users: [{ name: "name", password: "secret" }] } as const;
    const { bench, said } = benchOf({ authentication });
    const client = bench.connect();
    expect(client.ask("set x 0 0 11\r\nname secret\r\nget a\r\n")).toBe("STORED\r\nEND\r\n");
    expect(said).toEqual(["<64 new ascii client connection", "<64 get a", ">64 END"]);
  });
});

describe("verbosity", () => {
  test("is what a client says, and what is said then", () => {
    const { bench, said } = benchOf({ verbosity: 0 });
    const client = bench.connect();
    expect(client.ask("get a\r\nstats settings\r\n")).toContain("STAT verbosity 0\r\n");
    expect(said).toEqual([]);
    client.send("verbosity 2\r\n");
    client.send("get b\r\nverbosity 1\r\n");
    client.send("get c\r\n");
    expect(said).toEqual(["<64 get b", ">64 END", "<64 verbosity 1", ">64 OK"]);
  });

  test("is 1 where there is a log, and 0 says nothing there", () => {
    const lines: string[] = [];
    const bench = new Bench(new ServerEngine({ log: (line) => void lines.push(line) }));
    const client = bench.connect();
    expect(client.ask("stats settings\r\n")).toContain("STAT verbosity 1\r\n");
    bench.connect().send("set a 0 0 1\r\n").reset();
    expect(lines).toEqual(["connection 65 went away in the middle of a command: reset"]);
    client.send("verbosity 0\r\n");
    bench.connect().send("set a 0 0 1\r\n").reset();
    expect(lines).toHaveLength(1);
  });

  test("is one of all workers, and the first says what it begins with", () => {
    const shared = WorkerCounters.shared(2);
    const store = SlabStore.shared({ bytesMax: 2_097_152 });
    const one = benchOf({ workers: new WorkerCounters(shared, 0), store });
    const client = one.bench.connect().send("verbosity 1\r\n");
    const two = benchOf({ workers: new WorkerCounters(shared, 1), store: SlabStore.join(store.share()) });
    two.bench.connect().send("get a\r\n");
    expect(two.said).toEqual([]);
    client.send("verbosity 2\r\n");
    two.bench.connect().send("get a\r\n");
    expect(two.said).toEqual(["<67 new auto-negotiating client connection", "<67 get a", ">67 END"]);
  });

  test.each([-1, 0.5, Number.NaN])("of %s is refused", (verbosity) => {
    expect(() => new ServerEngine({ verbosity })).toThrow(
      `verbosity must be a whole number from 0, got ${verbosity}`,
    );
  });
});
