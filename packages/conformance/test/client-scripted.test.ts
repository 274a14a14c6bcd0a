// Servers that answer what no memwire server does: every answer there is, broken ones, late ones, and those of proxies.

import type { Client } from "@memwire/client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientScene, EXACT, type SceneOptions } from "../src/client-scene.ts";

function scene(name: string, options: SceneOptions, run: (scene: ClientScene) => Promise<void>): void {
  test(name, async () => {
    const made = new ClientScene({ scripted: 1, network: EXACT, ...options });
    await run(made);
    await made.close();
  });
}

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const hit = { value: bytes("hello"), flags: 4_294_967_295 };

/** What is called, what the server must then read, what it answers, and what that means. */
const dialogues: readonly [
  call: (client: Client) => Promise<unknown>,
  asked: string,
  answer: string,
  result: unknown,
][] = [
  [(client) => client.get("k"), "get k\r\n", "VALUE k 4294967295 5\r\nhello\r\nEND\r\n", hit],
  [(client) => client.get("k"), "get k\r\n", "END\r\n", undefined],
  [
    (client) => client.gets("k"),
    "gets k\r\n",
    "VALUE k 4294967295 5 18446744073709551615\r\nhello\r\nEND\r\n",
    { ...hit, cas: 18_446_744_073_709_551_615n },
  ],
  [(client) => client.gets("k"), "gets k\r\n", "END\r\n", undefined],
  [(client) => client.gat("k", -1), "gat -1 k\r\n", "VALUE k 4294967295 5\r\nhello\r\nEND\r\n", hit],
  [(client) => client.gat("k", 2_592_001), "gat 2592001 k\r\n", "END\r\n", undefined],
  [(client) => client.getFrom(0, "k"), "get k\r\n", "END\r\n", undefined],
  [
    (client) => client.set("k", "hello", { flags: 4_294_967_295, exptime: -1 }),
    "set k 4294967295 -1 5\r\nhello\r\n",
    "STORED\r\n",
    undefined,
  ],
  [(client) => client.add("k", "", { exptime: 9 }), "add k 0 9 0\r\n\r\n", "STORED\r\n", true],
  [(client) => client.add("k", "x"), "add k 0 0 1\r\nx\r\n", "NOT_STORED\r\n", false],
  [(client) => client.replace("k", "x"), "replace k 0 0 1\r\nx\r\n", "STORED\r\n", true],
  [(client) => client.replace("k", "x"), "replace k 0 0 1\r\nx\r\n", "NOT_STORED\r\n", false],
  [(client) => client.append("k", "x"), "append k 0 0 1\r\nx\r\n", "STORED\r\n", true],
  [(client) => client.append("k", "x"), "append k 0 0 1\r\nx\r\n", "NOT_STORED\r\n", false],
  [(client) => client.prepend("k", "x"), "prepend k 0 0 1\r\nx\r\n", "STORED\r\n", true],
  [(client) => client.prepend("k", "x"), "prepend k 0 0 1\r\nx\r\n", "NOT_STORED\r\n", false],
  [
    (client) => client.cas("k", "x", 18_446_744_073_709_551_615n, { flags: 1, exptime: 2 }),
    "cas k 1 2 1 18446744073709551615\r\nx\r\n",
    "STORED\r\n",
    "stored",
  ],
  [(client) => client.cas("k", "x", 0n), "cas k 0 0 1 0\r\nx\r\n", "EXISTS\r\n", "exists"],
  [(client) => client.cas("k", "x", 0n), "cas k 0 0 1 0\r\nx\r\n", "NOT_FOUND\r\n", "not-found"],
  [(client) => client.delete("k"), "delete k\r\n", "DELETED\r\n", true],
  [(client) => client.delete("k"), "delete k\r\n", "NOT_FOUND\r\n", false],
  [(client) => client.incr("k", 2n ** 64n - 1n), "incr k 18446744073709551615\r\n", "0\r\n", 0n],
  [(client) => client.incr("k", 0), "incr k 0\r\n", "NOT_FOUND\r\n", undefined],
  [(client) => client.decr("k", 1), "decr k 1\r\n", "99 \r\n", 99n],
  [(client) => client.touch("k", 60), "touch k 60\r\n", "TOUCHED\r\n", true],
  [(client) => client.touch("k", 60), "touch k 60\r\n", "NOT_FOUND\r\n", false],
];

/** Every key has its own item, or none. */
const named = dialogues.map(([call, asked, answer, result]) => ({ call, asked, answer, result }));

scene("every command is sent as the protocol has it, and every answer is understood", {}, async (made) => {
  for (const { call, asked, answer, result } of named) {
    const promise = call(made.client);
    made.simulation.advance(10);
    expect(made.script.connection.take()).toBe(asked);
    made.script.connection.say(answer);
    expect(await made.settle(promise), `${asked}${answer}`).toEqual(result);
  }
  expect(made.accepted("server-0")).toBe(1);
});

test("pipelined answers mean the same however they are cut", async () => {
  const drawn = fc.record({
    seed: fc.nat(),
    lines: fc.array(fc.constantFrom(...named), { minLength: 1, maxLength: 40 }),
    piece: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ seed, lines, piece }) => {
      const network = { segmentBytes: [1, piece], readBytes: [1, piece] } as const;
      const made = new ClientScene({ scripted: 1, seed, network });
      // Two of these in a row would leave as one line.
      const asked = lines.filter(
        (each, i) => each.asked !== "get k\r\n" || lines[i - 1]?.asked !== each.asked,
      );
      const length = asked.reduce((sum, each) => sum + each.asked.length, 0);
      const answers = asked.map(({ answer }) => answer).join("");
      made.script.answer = (text) => (text.length === length ? answers : "");
      const results = await made.settle(Promise.all(asked.map(({ call }) => call(made.client))));
      expect(results).toEqual(asked.map(({ result }) => result));
      await made.close();
    }),
  );
});

for (const size of [262_144, 2_097_153]) {
  scene(`a value of ${size} bytes goes there and comes back`, { network: {} }, async (made) => {
    const value = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);
    const stored = made.client.set("large", value);
    const head = `set large 0 0 ${size}\r\n`;
    made.script.answer = (text, connection) => {
      const end = head.length + size + 2;
      if (text.length < end) return "";
      connection.take();
      return `STORED\r\nVALUE large 0 ${size}\r\n${text.slice(head.length, end)}END\r\n`;
    };
    const item = made.client.get("large");
    await made.settle(stored);
    expect((await made.settle(item))?.value).toEqual(value);
  });
}

scene("a multi-get behind a proxy has its values in any order", {}, async (made) => {
  const keys = Array.from({ length: 1_000 }, (_, i) => `key:${i}`);
  const value = (key: string): string => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`;
  const shuffled = keys.toSorted(
    (one, other) => ((Number(one.slice(4)) * 7) % 1_000) - ((Number(other.slice(4)) * 7) % 1_000),
  );
  const there = shuffled.filter((key) => !key.endsWith("3"));
  made.script.answer = (text) => (text.endsWith("\r\n") ? `${there.map(value).join("")}END\r\n` : "");
  const { items, failures } = await made.settle(made.client.getMany(keys));
  expect(failures.size).toBe(0);
  expect([...items.keys()].toSorted()).toEqual(there.toSorted());
  for (const [key, item] of items) expect(item.value).toEqual(bytes(key));
  expect(made.client.servers()[0]?.counters.disconnects).toBe(0);
});

scene("an answer in three pieces over a while is no late answer", {}, async (made) => {
  const { client, simulation, script } = made;
  const item = client.get("k");
  simulation.advance(10);
  for (const piece of ["VALUE k 0 1", "0\r\n01234", "56789\r\nEND\r"]) {
    script.connection.say(piece);
    simulation.advance(200);
  }
  script.connection.say("\n");
  expect((await made.settle(item))?.value).toEqual(bytes("0123456789"));
});

scene("many values that each come in time are no late answer", { replyTimeoutMs: 100 }, async (made) => {
  const { client, simulation, script } = made;
  const keys = ["a", "b", "c", "d"];
  const many = client.getMany(keys);
  simulation.advance(10);
  for (const key of keys) {
    script.connection.say(`VALUE ${key} 0 1\r\n${key}\r\n`);
    simulation.advance(80);
  }
  script.connection.say("END\r\n");
  expect((await made.settle(many)).items.size).toBe(4);
});

const BROKEN: readonly [name: string, answer: string][] = [
  ["garbage", "what is this\r\n"],
  ["a line without an end", "x".repeat(3_000)],
  ["an impossible length", "VALUE k 0 99999999999\r\n"],
  ["a length that is none", "VALUE k 0 -1\r\n"],
  ["a value longer than it says", "VALUE k 0 1\r\nxyz\r\nEND\r\n"],
  ["a value of another key", "VALUE other 0 1\r\nx\r\nEND\r\n"],
  ["a value twice", "VALUE k 0 1\r\nx\r\nVALUE k 0 1\r\nx\r\nEND\r\n"],
  ["the answer to a set", "STORED\r\n"],
  ["the answer to a delete", "NOT_FOUND\r\n"],
  ["a number", "5\r\n"],
  ["a version", "VERSION 1.6.45\r\n"],
  ["a statistic", "STAT pid 1\r\nEND\r\n"],
  ["an answer of the meta protocol", "HD\r\n"],
  ["the binary protocol", "\x81\0\0\0\0\0\0\0\0\0\0\0\n"],
];

scene(
  "a broken answer fails its call and those behind it, and the connection is replaced",
  {},
  async (made) => {
    const { client, simulation, script } = made;
    for (const [round, [name, answer]] of BROKEN.entries()) {
      const whole = client.set("warm", "x");
      const calls = [client.gets("k"), client.set("k", "x"), client.getMany(["a", "b"])] as const;
      simulation.advance(10);
      script.connection.say(`STORED\r\n${answer}`);
      const failures = Promise.all([made.failure(calls[0]), made.failure(calls[1])]);
      await made.settle(whole);
      for (const error of await failures) {
        expect(error, name).toMatchObject({
          code: "broken-reply",
          server: "server-0",
          message: "server-0: backend failure",
        });
      }
      expect([...(await calls[2]).failures.values()].map(({ code }) => code)).toEqual([
        "broken-reply",
        "broken-reply",
      ]);
      simulation.advance(10);
      expect([script.connection.isClosed, script.connections.length]).toEqual([true, round + 1]);
    }
  },
);

scene(
  "an END that never comes is a late answer",
  { replyTimeoutMs: 100, limits: { timeoutsMax: 1 } },
  async (made) => {
    const { client, simulation, script } = made;
    const [item, many] = [client.gets("k"), client.getMany(["k", "l"])];
    simulation.advance(10);
    script.connection.say("VALUE k 0 1 1\r\nx\r\n");
    expect(await made.failure(item)).toMatchObject({ code: "timed-out" });
    expect([...(await many).failures.values()]).toMatchObject([{ code: "timed-out" }, { code: "timed-out" }]);
    // It had begun, so it is not dead.
    expect(client.servers()[0]).toMatchObject({ state: "idle", counters: { disconnects: 1 } });
  },
);

scene("what comes behind a whole answer fails nobody, and the connection is replaced", {}, async (made) => {
  const { client, simulation, script } = made;
  const stored = client.set("k", "x");
  simulation.advance(10);
  script.connection.say("STORED\r\nSTORED\r\n");
  expect(await made.settle(stored)).toBe(undefined);
  simulation.advance(10);
  expect(script.connection.isClosed).toBe(true);
  const next = client.delete("k");
  simulation.advance(10);
  script.connection.say("DELETED\r\n");
  expect(await made.settle(next)).toBe(true);
});

const ERROR_LINES: readonly [line: string, code: string, staysOpen: boolean][] = [
  ["SERVER_ERROR out of memory storing object", "server-error", true],
  ["SERVER_ERROR", "server-error", true],
  ["CLIENT_ERROR cannot increment or decrement non-numeric value", "client-error", true],
  ["CLIENT_ERROR bad command line format", "client-error", false],
  ["ERROR", "error", false],
  ["ERROR: shutdown not enabled", "error", false],
];

for (const [line, code, staysOpen] of ERROR_LINES) {
  const what = staysOpen ? "keeps" : "replaces";
  scene(`a server's "${line}" is the answer of its call, and ${what} the connection`, {}, async (made) => {
    const { client, simulation, script } = made;
    for (const [call, asked] of named.map((each) => [each.call, each.asked] as const)) {
      const promise = call(client);
      simulation.advance(10);
      expect(script.connection.take()).toBe(asked);
      script.connection.say(`${line}\r\n`);
      expect(await made.failure(promise)).toMatchObject({
        code,
        server: "server-0",
        message: `server-0: ${line}`,
      });
      simulation.advance(10);
      expect(script.connection.isClosed).toBe(!staysOpen);
    }
    expect(script.connections.length).toBe(staysOpen ? 1 : named.length);
  });
}

scene("an error in the middle of many keys is the outcome of those that have no value", {}, async (made) => {
  const { client, simulation, script } = made;
  const many = client.getMany(["a", "b", "c"]);
  simulation.advance(10);
  script.connection.say("VALUE b 0 1\r\nx\r\nSERVER_ERROR out of memory writing get response\r\n");
  const { items, failures } = await made.settle(many);
  expect([[...items.keys()], [...failures.keys()]]).toEqual([["b"], ["a", "c"]]);
  expect(failures.get("c")).toMatchObject({ code: "server-error", server: "server-0" });
});

scene(
  "a server may refuse a value that it has not read yet",
  { network: { windowBytes: [4_096, 4_096] } },
  async (made) => {
    const { client, simulation, script } = made;
    simulation.faults.slowReaders("server-0", 1_024, 1);
    let isRefused = false;
    script.answer = () => {
      const answer = isRefused ? "" : "SERVER_ERROR object too large for cache\r\n";
      isRefused = true;
      return answer;
    };
    const stored = client.set("k", "x".repeat(100_000));
    expect(await made.failure(stored)).toMatchObject({ code: "server-error" });
    expect(script.connection.text.length).toBeLessThan(50_000);
    const next = client.get("k");
    script.answer = (text) => (text.endsWith("get k\r\n") ? "END\r\n" : "");
    expect(await made.settle(next)).toBe(undefined);
    expect(script.connections.length).toBe(1);
  },
);

scene("a set that is answered as if it had a condition is no success", {}, async (made) => {
  for (const answer of ["NOT_STORED", "EXISTS", "NOT_FOUND"]) {
    made.script.answer = () => `${answer}\r\n`;
    expect(await made.failure(made.client.set("k", "x"))).toMatchObject({
      code: "broken-reply",
      server: "server-0",
    });
  }
});

scene(
  "a value larger than the client takes costs its connection",
  { replies: { valueBytesMax: 100 } },
  async (made) => {
    made.script.answer = () => `VALUE k 0 101\r\n${"x".repeat(101)}\r\nEND\r\n`;
    expect(await made.failure(made.client.get("k"))).toMatchObject({ code: "broken-reply" });
    made.simulation.advance(200); // it had not served yet, so it is left alone
    made.script.answer = () => `VALUE k 0 100\r\n${"x".repeat(100)}\r\nEND\r\n`;
    expect((await made.settle(made.client.get("k")))?.value.length).toBe(100);
  },
);

scene("a server that takes connections and drops them is left alone", {}, async (made) => {
  made.script.answer = (_text, connection) => {
    connection.transport.close();
    return "";
  };
  for (let i = 0; i < 20; i++) {
    expect(await made.failure(made.client.get("k"))).toMatchObject({ code: "reset" });
    made.simulation.advance(10);
  }
  expect(made.accepted("server-0")).toBe(2);
  expect(made.client.servers()[0]?.counters.failedFast).toBe(18);
});

scene(
  "a server at its limit of connections is one that cannot be reached, and the error says why",
  {},
  async (made) => {
    const call = made.client.get("k");
    made.script.answer = (_text, connection) => {
      connection.say("ERROR Too many open connections\r\n");
      connection.transport.close();
      return "";
    };
    expect(await made.failure(call)).toMatchObject({
      code: "refused",
      message: "server-0: Too many open connections",
    });
  },
);
