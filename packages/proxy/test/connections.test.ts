// Several connections to a server, when they are made and closed, who shares them, and how they are introduced.

import fc from "fast-check";
import { expect, test } from "vitest";
import { serverAt, Table, type Hand } from "./bench.ts";

/** What was sent on each connection to a server since the last look. */
const read = (table: Table, port: number): string[] => table.connections(port).map((hand) => hand.read());

test("connections: one client's pipeline takes one, another client's the next", () => {
  const table = new Table({}, { connections: 2 });
  const one = table.client();
  const other = table.client();
  table.say(one, "set a0 0 0 1\r\nx\r\nget a0\r\n");
  table.say(other, "get b0\r\n");
  table.say(one, "incr a0 1\r\n");
  expect(read(table, 0)).toEqual(["set a0 0 0 1\r\nx\r\nget a0\r\nincr a0 1\r\n", "get b0\r\n"]);
});

test("connections: a client keeps to its own until all is answered, what it wants no reply for as well", () => {
  const table = new Table({}, { connections: 2 });
  const [one, other] = [table.client(), table.client()];
  table.say(one, "set a0 0 0 1 noreply\r\nx\r\n");
  table.say(other, "get b0\r\nget c0\r\nget d0\r\n");
  const [first, second] = table.connections(0) as [Hand, Hand];
  table.say(one, "get a0\r\n");
  table.say(first, "STORED\r\n");
  table.say(one, "get a0 e0\r\n");
  table.say(second, "END\r\n");
  expect(read(table, 0)[0]).toBe("set a0 0 0 1\r\nx\r\nget a0\r\nget a0 e0\r\n");
  table.say(first, "END\r\nEND\r\n");
  expect(one.read()).toBe("END\r\n".repeat(2));
  table.say(table.client(), "get f0\r\nget g0 h0\r\nget i0\r\n");
  table.say(one, "get a0\r\n");
  expect(read(table, 0).map((sent) => sent.slice(-8))).toEqual(["get i0\r\n", "get a0\r\n"]);
});

test("connections: no more are made than are needed at a time, and those that are there come first", () => {
  const table = new Table({}, { connections: 8 });
  for (let i = 0; i < 20; i++) {
    table.say(table.client(), "get a0 b0\r\n");
    table.say(table.server(0), "END\r\n");
  }
  expect(table.connects(0)).toBe(1);
  for (let i = 0; i < 20; i++) table.say(table.client(), "get a0\r\n");
  expect(read(table, 0).map((sent) => sent.split("get").length - 1)).toEqual([23, 3, 3, 3, 2, 2, 2, 2]);
});

test("connections: bounds are those of the server, whichever connection is used", () => {
  const table = new Table({ inFlightMax: 3 }, { connections: 4 });
  const clients = [0, 1, 2, 3].map(() => table.client());
  for (const client of clients) table.say(client, "get a0\r\n");
  expect(clients.map((client) => client.read())).toEqual([
    "",
    "",
    "",
    "SERVER_ERROR too many requests in flight\r\n",
  ]);
  table.close(table.server(0), "reset");
  expect(table.proxy.servers()[0]?.counters).toMatchObject({ inFlightNow: 2, queuedNow: 0 });
});

test("connections: one that is lost fails its own requests and no others", () => {
  const table = new Table({}, { connections: 2 });
  const [one, other] = [table.client(), table.client()];
  table.say(one, "get a0\r\n");
  table.say(other, "get b0\r\n");
  const [first, second] = table.connections(0) as [Hand, Hand];
  table.close(first, "reset");
  table.say(second, "END\r\n");
  expect([one.read(), other.read()]).toEqual(["SERVER_ERROR Connection reset by peer\r\n", "END\r\n"]);
  table.say(one, "get a0\r\n"); // the server is left alone, but that connection is there
  expect(second.read()).toBe("get b0\r\nget a0\r\n");
});

test("connections: when one fails, those that nobody waits for are made anew before they are used again", () => {
  const table = new Table({}, { connections: 3 });
  const [one, other, third] = [table.client(), table.client(), table.client()];
  for (const client of [one, other, third]) table.say(client, "get a0\r\nget b0\r\n");
  const [first, second, last] = table.connections(0) as [Hand, Hand, Hand];
  for (const hand of [first, second]) table.say(hand, "END\r\n");
  table.say(second, "END\r\n");
  table.close(first, "reset");
  expect([second.closed, last.closed]).toEqual([true, false]);
  table.say(other, "get c0\r\n");
  expect([table.connects(0), table.server(0).read()]).toEqual([4, "version\r\n"]);
});

// Each connection answers in order, but which one does so next is anybody's choice.

type Step = { readonly client: number } | { readonly connection: number };

const steps = fc.array(fc.oneof(fc.record({ client: fc.nat(2) }), fc.record({ connection: fc.nat(7) })), {
  maxLength: 80,
});

test("connections: a client reads what it wrote, whichever connection answers first", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), steps, (connections, drawn: readonly Step[]) => {
      const table = new Table({}, { connections });
      const clients = [0, 1, 2].map(() => ({ hand: table.client(), wrote: 0, expected: "" }));
      const stored = new Map<string, string>();
      const pending = new Map<Hand, string>();
      const answerNext = (hand: Hand): boolean => {
        const asked = (pending.get(hand) ?? "") + hand.read();
        const [request] = /^(?:set .*\r\n.*|get .*)\r\n/.exec(asked) ?? [""];
        pending.set(hand, asked.slice(request.length));
        if (request === "") return false;
        const [line = "", value = ""] = request.split("\r\n");
        const [command, ...keys] = line.split(" ");
        if (command === "set") stored.set(keys[0] as string, value);
        const values = keys.map(
          (key) => `VALUE ${key} 0 ${stored.get(key)?.length}\r\n${stored.get(key)}\r\n`,
        );
        table.say(hand, command === "set" ? "STORED\r\n" : `${values.join("")}END\r\n`);
        return true;
      };
      for (const step of drawn) {
        if ("client" in step) {
          const client = clients[step.client] as (typeof clients)[0];
          const [key, value] = [`k${step.client}of0`, String(++client.wrote)];
          table.say(client.hand, `set ${key} 0 0 ${value.length} noreply\r\n${value}\r\nget ${key}\r\n`);
          client.expected += `VALUE ${key} 0 ${value.length}\r\n${value}\r\nEND\r\n`;
        } else {
          const hands = table.connections(0);
          const hand = hands[step.connection % hands.length];
          if (hand !== undefined) answerNext(hand);
        }
      }
      while (table.connections(0).some(answerNext));
      for (const { hand, expected } of clients) expect(hand.read()).toBe(expected);
      expect(table.connects(0)).toBeLessThanOrEqual(connections);
    }),
  );
});

test("preconnect: all connections are made at once, and made again soon after they are lost", () => {
  const table = new Table({ retryMinMs: 100 }, { preconnect: true, connections: 2 });
  table.wait(0);
  expect([0, 1, 2].map((port) => table.connects(port))).toEqual([2, 2, 2]);
  table.end(table.server(0));
  table.wait(99);
  expect(table.connects(0)).toBe(2);
  table.wait(1);
  expect(table.connects(0)).toBe(3);
  expect(table.stat("alpha:s0:state")).toBe("ready");
});

test("preconnect: a server that closes what nobody uses is not in trouble", () => {
  const table = new Table({ retryMinMs: 100 }, { preconnect: true });
  for (let i = 0; i < 10; i++) {
    table.wait(100);
    table.end(table.server(0));
  }
  expect(table.proxy.servers()[0]?.health).toMatchObject({ state: "up", failures: {} });
});

test("preconnect: a server that closes each connection at once is asked for one less and less often", () => {
  const table = new Table({ retryMinMs: 100, retryMaxMs: 1_000 }, { preconnect: true, connections: 2 });
  const start = table.now;
  table.wait(0);
  const times: number[] = [];
  for (let i = 0; i < 400; i++) {
    const open = table.connections(0).filter(({ closed }) => !closed);
    if (open.length > 0) times.push(table.now - start);
    for (const each of open) table.end(each);
    table.wait(10);
  }
  expect(times).toEqual([0, 100, 300, 700, 1500, 2500, 3500]);
  table.wait(60_000);
  table.end(table.server(0));
  const connects = table.connects(0);
  table.wait(100);
  expect(table.connects(0)).toBe(connects + 1);
});

test("preconnect: a server that refuses is down before anybody asks", () => {
  const table = new Table({}, { preconnect: true });
  table.dead.add(0);
  table.wait(1_000);
  expect(table.stat("alpha:s0:state")).toBe("down");
  table.dead.delete(0);
  table.wait(5_000);
  expect(table.server(0).read()).toBe("version\r\n");
});

test("preconnect: nothing is connected to any more when the proxy drains", () => {
  const table = new Table({ retryMinMs: 100 }, { preconnect: true });
  table.wait(0);
  table.proxy.drain(table.now);
  table.turn();
  table.wait(10_000);
  expect([...table.hands.values()].map(({ closed }) => closed)).toEqual([true, true, true]);
});

test("idleTimeoutMs: a connection that nobody uses is closed, and made again when it is needed", () => {
  const table = new Table({}, { idleTimeoutMs: 500, connections: 2 });
  const [one, other] = [table.client(), table.client()];
  table.say(one, "get a0\r\n");
  table.say(other, "get b0\r\n");
  const [first, second] = table.connections(0) as [Hand, Hand];
  table.wait(400);
  table.say(first, "END\r\n");
  table.wait(499);
  expect(first.closed).toBe(false);
  table.wait(1);
  expect([first.closed, second.closed]).toEqual([true, false]); // the other waits for an answer
  expect(table.stat("alpha:s0:idle_closes")).toBe("1");
});

test("pools that name one server share its connections, its bounds and its counters", () => {
  const table = new Table({ inFlightMax: 2 }, {}, [
    { name: "beta", servers: [{ ...serverAt(0), name: "other" }] },
  ]);
  const [one, other] = [table.client(0), table.client(1)];
  table.say(one, "get a0\r\n");
  table.say(other, "get b0\r\nget c0\r\n");
  expect(read(table, 0)).toEqual(["get a0\r\nget b0\r\n"]);
  table.say(table.server(0), "END\r\nEND\r\n");
  expect([one.read(), other.read()]).toEqual([
    "END\r\n",
    "END\r\nSERVER_ERROR too many requests in flight\r\n",
  ]);
  expect([table.stat("alpha:s0:requests"), table.stat("beta:other:requests")]).toEqual(["2", "2"]);
});

test.each([
  ["a time-out", { replyTimeoutMs: 50 }],
  ["connections", { connections: 2 }],
  ["health", { health: { failuresMax: 1 } }],
  ["credentials", { credentials: { kind: "text", user: "u", password: "p" } as const }],
  ["how they are said", { credentials: { kind: "sasl", user: "u", password: "p" } as const }],
  ["a socket", { servers: [{ name: "s0", endpoint: { kind: "tcp", host: "127.0.0.2", port: 0 } as const }] }],
])("pools that differ in %s share nothing", (_what, pool) => {
  const table = new Table({}, {}, [{ name: "beta", ...pool }]);
  table.say(table.client(0), "get a0\r\n");
  table.say(table.client(1), "get b0\r\n");
  const tcp = [...table.hands.values()].filter(({ to }) => to !== "");
  expect(tcp.length).toBe(2);
});

test("one that is taken out of a pool is taken out of those that share it, and one broken server fails its own keys", () => {
  const table = new Table({}, {}, [{ name: "beta" }]);
  table.administer("s0", "down");
  const client = table.client(1);
  table.say(client, "get a0\r\nget b1\r\n");
  table.say(table.server(1), "END\r\n");
  expect(client.read()).toBe("SERVER_ERROR backend taken out by its operator\r\nEND\r\n");
});

const credentials = { kind: "text", user: "пользователь", password: "pass-word" } as const;

test("credentials are said before anything else, on every new connection", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  for (let i = 1; i < 3; i++) {
    table.say(client, "get a0\r\n");
    const said = new TextDecoder().decode(Uint8Array.from(table.server(0).read(), (c) => c.charCodeAt(0)));
    expect(said).toBe("set x 0 0 34\r\nпользователь pass-word\r\n");
    table.say(table.server(0), "STORED\r\n");
    expect(table.server(0).read()).toBe("get a0\r\n");
    table.say(table.server(0), "END\r\n");
    expect(client.read()).toBe("END\r\n");
    table.end(table.server(0));
    expect(table.connects(0)).toBe(i);
  }
});

test("credentials that a server does not take are a failure of their own kind, which says so", () => {
  const table = new Table({}, { credentials });
  const client = table.client();
  for (let i = 0; i < 3; i++) {
    table.say(client, "get a0\r\n");
    table.say(table.server(0), "CLIENT_ERROR authentication failure\r\n");
    expect(client.read()).toBe("SERVER_ERROR backend authentication failed\r\n");
    table.wait(200 * (i + 1) - 1);
  }
  expect(table.proxy.servers()[0]?.health).toMatchObject({ state: "down", failures: { denied: 3 } });
});

test("credentials that nobody could say are refused with the reason", () => {
  const made = (given: object): unknown => new Table({}, { credentials: { ...credentials, ...given } });
  expect(() => made({ kind: "sasl", password: "two words" })).not.toThrow();
  expect(() => made({ kind: "SASL" })).toThrow(
    'the kind of credentials must be "text" or "sasl", got "SASL"',
  );
  expect(() => made({ user: "two words" })).toThrow('a user must be one word, got "two words"');
  expect(() => made({ password: "" })).toThrow("a password must not be empty or have control characters");
  expect(() => made({ password: "two words" })).toThrow(
    "a password must be without blanks: memcached -Y reads it up to the first one",
  );
  expect(() => new Table({}, { connections: 65 })).toThrow(
    "connections must be a whole number from 1 to 64, got 65",
  );
  expect(() => new Table({}, { idleTimeoutMs: 0 })).toThrow(
    "idleTimeoutMs must be a whole number from 1, got 0",
  );
});
