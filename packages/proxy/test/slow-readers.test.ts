// Clients that do not take their answers, and how long their servers are read no further.

import { latin1Bytes } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

const limits = { wholeBytesMax: 100, unsentBytesPause: 1_000 };
const SIZE = 5_000;
const valueOf = (key: string, value: string): string => `VALUE ${key} 0 ${value.length}\r\n${value}\r\n`;
const A = `${valueOf("a0", "a".repeat(SIZE))}END\r\n`;

/** A client that takes nothing and has asked for a large value, and the server that was stopped in its middle. */
function stopped(
  table: Table,
  request = "get a0\r\n",
): { readonly slow: Hand; readonly server: Hand; readonly rest: string } {
  const slow = table.client();
  slow.taking = false;
  table.say(slow, "get z1\r\n");
  table.say(table.server(1), "END\r\n"); // with its network from now on
  table.say(slow, request);
  const server = table.server(0);
  server.read();
  table.say(server, A.slice(0, 1_100));
  expect([server.paused, slow.read()]).toEqual([true, "END\r\n"]);
  return { slow, server, rest: A.slice(1_100) };
}

/** The client's network takes what it has, and no more. */
function takeOnce(table: Table, client: Hand): void {
  table.proxy.drained(client.id, table.now);
  table.turn();
}

test("a server that only a slow client waits for is read no further until that client has taken half", () => {
  const table = new Table(limits);
  const { slow, server, rest } = stopped(table);
  takeOnce(table, slow);
  expect(server.paused).toBe(true);
  takeOnce(table, slow);
  expect(server.paused).toBe(false);
  table.drain(slow);
  table.say(server, rest);
  expect(slow.read()).toBe(A);
  expect(table.stat("alpha:s0:pauses")).toBe("1");
});

test("meanwhile no time runs out; behind it the server has as long as ever", () => {
  const table = new Table(limits, { replyTimeoutMs: 500 });
  const { slow, server } = stopped(table);
  table.wait(60_000);
  expect(server.closed).toBe(false);
  expect(table.proxy.deadline).toBe(Infinity);
  table.drain(slow);
  expect(server.paused).toBe(false);
  table.wait(499);
  expect(server.closed).toBe(false);
  table.wait(1);
  expect([server.closed, slow.closed]).toEqual([true, true]);
});

test("it is read on for whoever asks it next, who is answered whatever the slow client does", () => {
  const table = new Table(limits);
  const { slow, server, rest } = stopped(table);
  const other = table.client();
  table.say(other, "get b0\r\n");
  expect([server.paused, server.read()]).toEqual([false, "get b0\r\n"]);
  table.say(server, rest.slice(0, 2_000));
  expect(server.paused).toBe(false);
  table.say(server, `${rest.slice(2_000)}END\r\n`);
  expect(other.read()).toBe("END\r\n");
  table.drain(slow);
  expect(slow.read()).toBe(A);
});

test.each([true, false])(
  "nor is it stopped where another client waits already; whether that was sent: %s",
  (isSent) => {
    const table = new Table(limits);
    const [slow, other] = [table.client(), table.client()];
    slow.taking = false;
    table.say(slow, "get a0\r\n");
    const server = table.server(0);
    server.taking = isSent;
    table.say(slow, "gat 9 b0\r\n"); // with the server's network
    server.read();
    table.say(other, "get c0\r\n");
    expect(server.read()).toBe(isSent ? "get c0\r\n" : "");
    table.say(server, A.slice(0, 2_000));
    expect(server.paused).toBe(false);
    table.say(server, `${A.slice(2_000)}END\r\n`);
    if (!isSent) table.drain(server);
    table.say(server, "END\r\n");
    expect(other.read()).toBe("END\r\n");
    table.drain(slow);
    expect(slow.read()).toBe(`${A}END\r\n`);
  },
);

test("what the same client asked behind it is nobody else's", () => {
  const table = new Table(limits);
  const { slow, server, rest } = stopped(table, "get a0\r\ngat 9 b0\r\nmg c0 v\r\n");
  table.drain(slow);
  table.say(server, `${rest}END\r\nEN\r\n`);
  expect(slow.read()).toBe(`${A}END\r\nEN\r\n`);
});

test("nor are gets of its own that went in one line, while those of another are", () => {
  for (const isOwn of [true, false]) {
    const table = new Table(limits);
    const [slow, other] = [table.client(), table.client()];
    table.say(slow, "get z0\r\n");
    const server = table.server(0);
    table.say(server, "END\r\n");
    server.read();
    slow.taking = false;
    table.proxy.received(slow.id, latin1Bytes("get a0\r\n"), table.now);
    table.proxy.received((isOwn ? slow : other).id, latin1Bytes("get b0\r\n"), table.now);
    table.turn();
    expect(server.read()).toBe("get a0 b0\r\n");
    table.say(server, A.slice(0, 1_100));
    expect(server.paused).toBe(isOwn);
    table.drain(slow);
    expect(server.paused).toBe(false);
    table.say(server, A.slice(1_100));
    expect(other.read()).toBe(isOwn ? "" : "END\r\n");
    expect(slow.read()).toBe(`END\r\n${A}${isOwn ? "END\r\n" : ""}`);
  }
});

test("one that goes away leaves the rest to be swallowed, and the connection in step", () => {
  const table = new Table(limits);
  const { slow, server, rest } = stopped(table);
  table.close(slow, "reset");
  expect(server.paused).toBe(false);
  const other = table.client();
  table.say(other, "get b0\r\n");
  table.say(server, `${rest}END\r\n`);
  expect(other.read()).toBe("END\r\n");
  expect(server.closed).toBe(false);
});

test("a server that goes away while it is stopped cuts the client; the next connection is read", () => {
  const table = new Table(limits);
  const { slow, server } = stopped(table);
  table.close(server, "reset");
  expect(slow.closed).toBe(true);
  table.wait(100);
  const other = table.client();
  table.say(other, "get b0\r\n");
  expect(table.server(0)).not.toBe(server);
  table.say(table.server(0), "VERSION 1.6.45\r\n");
  table.say(table.server(0), "END\r\n");
  expect(other.read()).toBe("END\r\n");
});

test("what had come already when it was stopped is told, and nothing stays stopped behind the last answer", () => {
  const table = new Table(limits, { replyTimeoutMs: 500 });
  const slow = table.client();
  slow.taking = false;
  table.say(slow, "get a0\r\nmg b0 v\r\n");
  const server = table.server(0);
  const inOneTurn = (...pieces: string[]): void => {
    for (const piece of pieces) table.proxy.received(server.id, latin1Bytes(piece), table.now);
    table.turn();
  };
  inOneTurn(A.slice(0, 1_100), A.slice(1_100, 2_200), A.slice(2_200));
  expect(server.paused).toBe(true); // for what comes next
  table.wait(60_000);
  table.drain(slow);
  expect([server.paused, slow.read()]).toEqual([false, A]);
  slow.taking = false;
  inOneTurn("VA 5000\r\n", "b".repeat(5_000), "\r\n");
  expect(server.paused).toBe(false);
  table.drain(slow);
  expect(slow.read()).toBe(`VA 5000\r\n${"b".repeat(5_000)}\r\n`);
  table.say(slow, "mg c0 v\r\n");
  table.wait(500);
  expect(slow.read()).toBe("SERVER_ERROR Connection timed out\r\n");
});

test("small answers, too, are left unread when many were not taken", () => {
  const table = new Table({ ...limits, wholeBytesMax: 65_536 });
  const slow = table.client();
  table.say(slow, "get z0\r\n");
  const server = table.server(0);
  table.say(server, "END\r\n");
  slow.taking = false;
  table.say(slow, "mg a0 v\r\n".repeat(20));
  let answers = 0;
  for (; !server.paused && answers < 20; answers++) table.say(server, `VA 300\r\n${"v".repeat(300)}\r\n`);
  expect(answers).toBe(5);
  table.drain(slow);
  for (; answers < 20; answers++) table.say(server, `VA 300\r\n${"v".repeat(300)}\r\n`);
  expect(slow.read()).toBe(`END\r\n${`VA 300\r\n${"v".repeat(300)}\r\n`.repeat(20)}`);
});

test("what would only be staged is left unread until its turn comes", () => {
  const table = new Table(limits);
  const client = table.client();
  table.say(client, "get b1\r\nget a0\r\n");
  table.say(table.server(0), A.slice(0, 1_100));
  expect(table.server(0).paused).toBe(true);
  table.say(table.server(1), "END\r\n");
  expect(table.server(0).paused).toBe(false);
  table.say(table.server(0), A.slice(1_100));
  expect(client.read()).toBe(`END\r\n${A}`);
});

test("of several servers that send for one multi-get, the one whose value is told is not stopped for the others", () => {
  const table = new Table(limits);
  const client = table.client();
  const [b, c] = ["b1", "c2"].map((key) => valueOf(key, key.slice(0, 1).repeat(SIZE)));
  table.say(client, "get a0 b1 c2\r\n");
  const [first, second, third] = [0, 1, 2].map((port) => table.server(port));
  table.say(first!, A.slice(0, 200));
  table.say(second!, b!.slice(0, 100));
  table.say(third!, c!.slice(0, 1_100));
  table.say(second!, b!.slice(100, 200));
  table.say(first!, A.slice(200, 400));
  expect([first, second, third].map((each) => each!.paused)).toEqual([false, true, true]);
  table.say(first!, A.slice(400));
  expect([second, third].map((each) => each!.paused)).toEqual([false, true]);
  table.say(second!, `${b!.slice(200)}END\r\n`);
  expect(third!.paused).toBe(false);
  table.say(third!, `${c!.slice(1_100)}END\r\n`);
  expect(client.read()).toBe(`${A.slice(0, -5)}${b}${c}END\r\n`);
});

test("one that was stopped before its values for a multi-get began is read on when those of another are told", () => {
  const table = new Table(limits);
  const client = table.client();
  const b = valueOf("b1", "b".repeat(SIZE));
  table.say(client, "get b1 a0\r\nget c2\r\n");
  const [first, second, third] = [0, 1, 2].map((port) => table.server(port));
  table.say(second!, b.slice(0, 200));
  table.say(third!, valueOf("c2", "c".repeat(SIZE)).slice(0, 1_100));
  table.say(first!, "V");
  expect([first, second, third].map((each) => each!.paused)).toEqual([true, false, true]);
  table.say(second!, `${b.slice(200)}END\r\n`);
  expect([first, third].map((each) => each!.paused)).toEqual([false, true]);
  table.say(first!, A.slice(1));
  expect(third!.paused).toBe(false);
  expect(client.read()).toBe(`${b}${A}${valueOf("c2", "c".repeat(SIZE)).slice(0, 1_100)}`);
});

/** Clients that take nothing, each with a large value that is all in the proxy. */
function stuck(table: Table, count: number, size = 150_000): Hand[] {
  return Array.from({ length: count }, () => {
    const client = table.client();
    client.taking = false;
    table.say(client, "get a0\r\n");
    table.say(table.client(), "get b0\r\n"); // so that it is read on
    table.say(table.server(0), `${valueOf("a0", "a".repeat(size))}END\r\nEND\r\n`);
    return client;
  });
}

test("one that takes nothing of much for `sendTimeoutMs` is closed; one that takes some is not", () => {
  const table = new Table({ ...limits, sendTimeoutMs: 10_000 });
  const [dead, slow, little] = [...stuck(table, 2), ...stuck(table, 1, 10_000)] as [Hand, Hand, Hand];
  table.wait(9_400);
  expect(dead.closed).toBe(false);
  takeOnce(table, slow);
  table.wait(1_100);
  expect([dead.closed, slow.closed, little.closed]).toEqual([true, false, false]);
  table.drain(slow);
  table.wait(60_000);
  expect([slow.closed, little.closed, table.proxy.deadline]).toEqual([false, false, Infinity]);
  expect(slow.read()).toHaveLength(150_000 + "VALUE a0 0 150000\r\n\r\nEND\r\n".length);
  expect(table.stat("clients_too_slow")).toBe("1");
});

test("where memory gets scarce those who take nothing make room in a second, before others are refused", () => {
  const table = new Table({ ...limits, bufferedBytesMax: 800_000 });
  const [first, second] = stuck(table, 2) as [Hand, Hand];
  table.wait(5_000);
  expect([first.closed, second.closed]).toEqual([false, false]);
  const more = stuck(table, 2);
  takeOnce(table, second);
  table.wait(500);
  // The longest first, and no more than need be.
  expect([first, second, ...more].map(({ closed }) => closed)).toEqual([true, false, false, false]);
  const other = table.client();
  table.say(other, "get c0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(other.read()).toBe("END\r\n");
  expect(table.stat("requests_over_buffered_max")).toBe("0");
});

test("there who has less has ten seconds", () => {
  const table = new Table({ ...limits, unsentBytesPause: 150_100, bufferedBytesMax: 800_000 });
  const clients = stuck(table, 3);
  table.wait(9_400);
  expect(clients.map(({ closed }) => closed)).toEqual([false, false, false]);
  table.wait(1_100);
  expect(clients.map(({ closed }) => closed)).toEqual([true, false, false]);
});

/** Of what comes at once; and how much there may be of one client: a small value is told when all of it has come. */
const PIECE_BYTES_MAX = 200;
const HELD_BYTES_MAX = 2 * 300 + 4 * (PIECE_BYTES_MAX + 150);

const requests = fc.array(
  fc.uniqueArray(fc.constantFrom("a0", "b1", "c2", "d0", "e1", "f2"), { minLength: 1 }),
  { minLength: 1, maxLength: 8 },
);
const sizes = fc.infiniteStream(fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 3_000 })));
const choices = fc.infiniteStream(fc.nat());
const next = (stream: fc.Stream<number>): number => Number(stream.next().value);

test("a client that is alone is never closed however slow it is, nothing comes to a stop, and it is told everything", () => {
  fc.assert(
    fc.property(requests, sizes, choices, (asked, sizeOf, chosen) => {
      const table = new Table({
        wholeBytesMax: 100,
        unsentBytesPause: 300,
        unsentBytesMax: HELD_BYTES_MAX,
      });
      const values = new Map<string, string>();
      for (const key of "a0 b1 c2 d0 e1 f2".split(" ")) {
        values.set(key, valueOf(key, key.slice(0, 1).repeat(next(sizeOf))));
      }
      const client = table.client();
      client.taking = false;
      table.say(client, asked.map((keys) => `get ${keys.join(" ")}\r\n`).join(""));
      const answers = new Map<number, string>();
      let drained = 0;
      for (;;) {
        const steps: (() => void)[] = [];
        if (client.sends > drained) {
          steps.push(() => {
            drained++;
            takeOnce(table, client);
          });
        }
        for (const port of [0, 1, 2]) {
          const server = table.connections(port).at(-1);
          if (server === undefined) continue;
          for (const [, keys = ""] of server.read().matchAll(/^get (.+)\r$/gm)) {
            const found = keys.split(" ").map((key) => values.get(key));
            answers.set(port, `${answers.get(port) ?? ""}${found.join("")}END\r\n`);
          }
          const answer = answers.get(port) ?? "";
          if (answer === "" || server.paused) continue;
          steps.push(() => {
            const bytes = 1 + (next(chosen) % PIECE_BYTES_MAX);
            answers.set(port, answer.slice(bytes));
            table.say(server, answer.slice(0, bytes));
          });
        }
        if (steps.length === 0) break;
        steps[next(chosen) % steps.length]?.();
        expect(client.closed).toBe(false);
      }
      const told = client.read().split("END\r\n").slice(0, -1);
      const sorted = (values: readonly string[]): string => values.toSorted().join("");
      expect(told.map((values) => sorted(values.split(/(?=VALUE)/)))).toEqual(
        asked.map((keys) => sorted(keys.map((key) => values.get(key) as string))),
      );
    }),
  );
});
