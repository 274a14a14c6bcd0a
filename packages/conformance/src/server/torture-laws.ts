// Clients that do what clients should not, over a real connection.

import type { Endpoint } from "@memwire/engine";
import type { ServerHarness } from "../server-suite.ts";
import { WireClient } from "./wire-client.ts";

export interface TortureLaw {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Rejects if it does not hold. */
  holds(harness: ServerHarness, endpoint: Endpoint): Promise<void>;
}

export const tortureLaws: readonly TortureLaw[] = [
  {
    name: "answers 18,000 keys in one line",
    async holds(harness, endpoint) {
      const keys = Array.from({ length: 18_000 }, (_, i) => `key:${i}`);
      const stored = keys.filter((_, i) => i % 9 === 0);
      const sets = stored.map((key) => `set ${key} 0 0 2 noreply\r\nok\r\n`).join("");
      const values = stored.map((key) => `VALUE ${key} 0 2\r\nok\r\n`).join("");
      await expectReply(harness, endpoint, `${sets}get ${keys.join(" ")}\r\n`, `${values}END\r\n`);
    },
  },
  {
    name: "serves a client that sends a byte a second",
    async holds(harness, endpoint) {
      const client = WireClient.connect(harness.network, endpoint);
      for (const byte of "set slow 0 0 10\r\n0123456789\r\nget slow\r\n") {
        client.send(byte);
        await harness.sleep(harness.slowMs);
      }
      await expectText(harness, client, "STORED\r\nVALUE slow 0 10\r\n0123456789\r\nEND\r\n");
      client.close();
    },
  },
  {
    name: "refuses a value of 8 MB, throws it away and stays in step",
    async holds(harness, endpoint) {
      const value = "v".repeat(8_388_608);
      const reply = "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n";
      await expectReply(
        harness,
        endpoint,
        `set huge 0 0 1\r\nx\r\nset huge 0 0 8388608\r\n${value}\r\nget huge\r\n`,
        reply,
      );
    },
  },
  {
    name: "keeps no room for a value of 1 GB that was announced",
    async holds(harness, endpoint) {
      const clients = Array.from({ length: 20 }, () => WireClient.connect(harness.network, endpoint));
      for (const client of clients) client.send("set huge 0 0 1073741824\r\nonly the beginning");
      await harness.until(() => clients.every(({ hasSent }) => hasSent), "the beginnings to be sent");
      await expectReply(harness, endpoint, "get huge\r\n", "END\r\n");
      for (const client of clients) client.close();
    },
  },
  {
    name: "is not disturbed by a client that goes away in the middle of a value",
    async holds(harness, endpoint) {
      await expectReply(harness, endpoint, "set half 0 0 3\r\nold\r\n", "STORED\r\n");
      const client = WireClient.connect(harness.network, endpoint);
      client.send("set half 0 0 1000\r\nonly the beginning");
      await harness.until(() => client.hasSent, "the beginning to be sent");
      client.close();
      await harness.until(() => client.cause !== undefined, "the client to be gone");
      await expectReply(harness, endpoint, "get half\r\n", "VALUE half 0 3\r\nold\r\nEND\r\n");
    },
  },
  {
    name: "serves others while a client does not read, and that one when it does",
    async holds(harness, endpoint) {
      const value = "v".repeat(100_000);
      const asked = 200; // 20 MB of replies, more than any kernel keeps
      await expectReply(harness, endpoint, `set big 0 0 100000\r\n${value}\r\n`, "STORED\r\n");
      const client = WireClient.connect(harness.network, endpoint);
      await harness.until(() => client.isConnected, "the connection");
      client.pause();
      client.send("get big\r\n".repeat(asked));
      await expectReply(
        harness,
        endpoint,
        "set other 0 0 1\r\nx\r\nget other\r\n",
        "STORED\r\nVALUE other 0 1\r\nx\r\nEND\r\n",
      );
      client.resume();
      const reply = `VALUE big 0 100000\r\n${value}\r\nEND\r\n`;
      const bytes = reply.length * asked;
      await harness.until(() => client.receivedBytes >= bytes, `${bytes} bytes of replies`, 60_000);
      if (client.take() !== reply.repeat(asked))
        throw new Error("the replies are not those that were asked for");
      client.close();
    },
  },
  {
    name: "sends a value as it was when it was asked for, though others store it anew meanwhile",
    async holds(harness, endpoint) {
      const set = (letter: string): string => `set big 0 0 900000\r\n${letter.repeat(900_000)}\r\n`;
      await expectReply(harness, endpoint, set("a"), "STORED\r\n");
      const asked = 14; // 12 MB of replies, more than any kernel keeps
      const client = WireClient.connect(harness.network, endpoint);
      await harness.until(() => client.isConnected, "the connection");
      client.pause();
      client.send("get big\r\n".repeat(asked));
      for (const letter of "bcdef") await expectReply(harness, endpoint, set(letter), "STORED\r\n");
      client.resume();
      const bytes = asked * "VALUE big 0 900000\r\n\r\nEND\r\n".length + asked * 900_000;
      await harness.until(() => client.receivedBytes >= bytes, `${bytes} bytes of replies`, 60_000);
      const values = client
        .take()
        .split(/VALUE big 0 900000\r\n|\r\nEND\r\n/)
        .filter((value) => value !== "");
      if (values.length !== asked) throw new Error(`${values.length} values instead of ${asked}`);
      for (const value of values) {
        if (value !== value.charAt(0).repeat(900_000)) throw new Error("a reply that mixes two values");
      }
      client.close();
    },
  },
  {
    name: "lets go at once of clients that went away in the middle of anything",
    async holds(harness, endpoint) {
      const value = "v".repeat(100_000);
      const before = await connectionsAt(harness, endpoint);
      await expectReply(harness, endpoint, `set big 0 0 100000\r\n${value}\r\n`, "STORED\r\n");
      const beginnings = [
        "get a",
        `get ${"key ".repeat(20_000)}`,
        "set half 0 0 1000\r\nonly the beginning",
        "set huge 0 0 1073741824\r\nonly the beginning",
        "version\r\n".repeat(10_000),
        "get big\r\n".repeat(200),
      ];
      const clients = await Promise.all(
        beginnings.map(async (beginning) => {
          const client = WireClient.connect(harness.network, endpoint);
          await harness.until(() => client.isConnected, "the connection");
          client.pause();
          client.send(beginning);
          return client;
        }),
      );
      await expectReply(harness, endpoint, "get a\r\n", "END\r\n");
      for (const client of clients) client.close();
      while ((await connectionsAt(harness, endpoint)) > before) await harness.sleep(harness.slowMs);
      await expectReply(harness, endpoint, "get half huge\r\n", "END\r\n");
    },
  },
  {
    name: "answers a client beside one that asks for ten thousand things at once, and both in order",
    async holds(harness, endpoint) {
      const greedy = WireClient.connect(harness.network, endpoint);
      greedy.send(`set n 0 0 1\r\n0\r\n${"incr n 1\r\n".repeat(10_000)}`);
      await expectReply(harness, endpoint, "get none\r\n", "END\r\n");
      const numbers = Array.from({ length: 10_000 }, (_, i) => i + 1);
      await expectText(harness, greedy, `STORED\r\n${numbers.join("\r\n")}\r\n`);
      greedy.close();
    },
  },
  {
    name: "keeps a thousand requests sent at once in order",
    async holds(harness, endpoint) {
      const numbers = Array.from({ length: 1_000 }, (_, i) => i + 1);
      const asked = `set n 0 0 1\r\n0\r\n${"incr n 1\r\n".repeat(1_000)}`;
      await expectReply(harness, endpoint, asked, `STORED\r\n${numbers.join("\r\n")}\r\n`);
    },
  },
];

/** How many connections the server says it has, that of this question included. */
async function connectionsAt(harness: ServerHarness, endpoint: Endpoint): Promise<number> {
  const client = WireClient.connect(harness.network, endpoint);
  client.send("stats\r\n");
  await harness.until(() => client.peek().endsWith("END\r\n") || client.isOver, "the statistics");
  client.close();
  const [, connections] = /^STAT curr_connections (\d+)\r$/m.exec(client.take()) ?? [];
  return Number(connections);
}

/** Sends on a connection of its own, half-closes, and wants exactly this back. */
async function expectReply(
  harness: ServerHarness,
  endpoint: Endpoint,
  asked: string,
  reply: string,
): Promise<void> {
  const client = WireClient.connect(harness.network, endpoint);
  client.send(asked);
  await expectText(harness, client, reply);
  client.close();
}

async function expectText(harness: ServerHarness, client: WireClient, text: string): Promise<void> {
  await harness.until(
    () => client.receivedBytes >= text.length || client.isOver,
    `${text.length} bytes of reply`,
  );
  const received = client.take();
  if (received === text) return;
  let same = 0;
  while (same < text.length && received[same] === text[same]) same++;
  const place = (whole: string): string => JSON.stringify(whole.slice(same, same + 60));
  throw new Error(`at byte ${same} expected ${place(text)}, received ${place(received)}`);
}
