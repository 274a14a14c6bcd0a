// The graceful end: what has come, and what has begun to come, is sent to its server and answered; nothing else is.

import { latin1Bytes, RequestDecoder } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";

const allClosed = (table: Table): boolean => [...table.hands.values()].every((hand) => hand.closed);

function drain(table: Table): void {
  table.proxy.drain(table.now);
  table.turn();
}

test("requests under way are answered, then every connection is closed", () => {
  const table = new Table();
  const busy = table.client();
  const idle = table.client();
  table.say(busy, "get a0\r\n");
  drain(table);
  expect(idle.closed).toBe(true);
  expect(busy.closed).toBe(false);
  table.say(busy, "get b0\r\n");
  table.say(table.server(0), "END\r\n");
  expect(busy.read()).toBe("END\r\n");
  expect(allClosed(table)).toBe(true);
});

test("a request that has begun to come is waited for, sent and answered, and its client asked for no other", () => {
  for (const begun of ["set k0 0 0 10\r\nhalf ", "set k0 0 0 10\r\n", "set k0", "s"]) {
    const whole = "set k0 0 0 10\r\nhalf a way\r\n";
    const table = new Table();
    const client = table.client();
    table.say(client, begun);
    drain(table);
    table.wait(3_000);
    expect(client.closed).toBe(false);
    table.say(client, whole.slice(begun.length));
    table.say(client, "get other0\r\n");
    const server = table.server(0);
    expect(server.read()).toBe(whole);
    expect(client.closed).toBe(false);
    table.say(server, "STORED\r\n");
    expect(client.read()).toBe("STORED\r\n");
    expect(allClosed(table)).toBe(true);
  }
});

test("who never stops sending is heard for a second, and then asked for no more than what it has begun", () => {
  for (const wholeBytesMax of [5, 100]) {
    const table = new Table({ wholeBytesMax });
    const client = table.client();
    const set = "set k0 0 0 10\r\nsome value\r\n";
    table.say(client, set.slice(0, 18));
    drain(table);
    let stored = 0;
    for (const time of [900, 99, 1, 1, 1]) {
      table.wait(time);
      table.say(client, `${set.slice(18)}${set.slice(0, 18)}`);
      stored += serve(table);
    }
    expect(stored).toBe(4);
    expect(client.sent).toBe("STORED\r\n".repeat(4));
    expect(allClosed(table)).toBe(true);
  }
});

test("so is the rest of a value that is handed on as it comes", () => {
  const table = new Table({ wholeBytesMax: 5 });
  const client = table.client();
  table.say(client, "set k0 0 0 10\r\nhalf ");
  drain(table);
  table.wait(3_000);
  table.say(client, "a way");
  table.say(client, "\r\n");
  const server = table.server(0);
  expect(server.read()).toBe("set k0 0 0 10\r\nhalf a way\r\n");
  table.say(server, "STORED\r\n");
  expect(client.read()).toBe("STORED\r\n");
  expect(allClosed(table)).toBe(true);
});

test("who goes away in the middle of one is waited for no longer", () => {
  for (const wholeBytesMax of [5, 100]) {
    for (const how of ["end", "close"] as const) {
      const table = new Table({ wholeBytesMax });
      const client = table.client();
      table.say(client, "set k0 0 0 10\r\nhalf ");
      drain(table);
      if (how === "end") table.end(client);
      else table.close(client, "reset");
      expect(allClosed(table)).toBe(true);
    }
  }
});

test("requests without replies beyond pipelineMax reach their server before it is let go", () => {
  const table = new Table({ pipelineMax: 2 });
  const client = table.client();
  const sets = Array.from({ length: 9 }, (_, i) => `set k${i}0 0 0 1 noreply\r\nx\r\n`);
  table.say(client, sets.join(""));
  expect(client.paused).toBe(true);
  drain(table);
  let stored = 0;
  for (let asked = serve(table); asked > 0; asked = serve(table)) stored += asked;
  expect(stored).toBe(sets.length);
  expect(client.sent).toBe("");
  expect(allClosed(table)).toBe(true);
});

test("however a client's requests are cut, each that it began is sent to its server once, and answered in order", () => {
  const set = fc.record({ bytes: fc.nat(40), noreply: fc.boolean() });
  const options = fc.record({ pipelineMax: fc.integer({ min: 1, max: 4 }), wholeBytesMax: fc.constant(20) });
  const pieces = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 });
  fc.assert(
    fc.property(
      options,
      fc.array(set, { minLength: 1, maxLength: 12 }),
      pieces,
      fc.nat(),
      (limits, sets, cuts, at) => {
        const table = new Table(limits);
        const client = table.client();
        const ends: number[] = [];
        let stream = "";
        for (const [i, { bytes, noreply }] of sets.entries()) {
          stream += `set k${i}:0 0 0 ${bytes}${noreply ? " noreply" : ""}\r\n${"v".repeat(bytes)}\r\n`;
          ends.push(stream.length);
        }
        const drainAt = at % stream.length;
        let sent = 0;
        let isDrained = false;
        let stored = 0;
        for (let i = 0; !client.closed && i < 10_000; i++) {
          stored += serve(table);
          if (!isDrained && sent >= drainAt) {
            isDrained = true;
            drain(table);
          }
          if (client.paused || client.closed) continue;
          const isOver = isDrained && (sent === 0 || ends.includes(sent));
          if (isOver) table.say(client, "get late\r\n"); // nobody reads it any more
          if (isOver || sent === stream.length) continue;
          const next = Math.min(stream.length, sent + (cuts[i % cuts.length] as number));
          table.say(client, stream.slice(sent, next));
          sent = next;
        }
        stored += serve(table);
        const begun = ends.filter((_, i) => (i === 0 ? sent > 0 : (ends[i - 1] as number) < sent));
        expect(sent).toBe(begun.at(-1) ?? 0);
        expect(stored).toBe(begun.length);
        expect(client.sent).toBe(
          "STORED\r\n".repeat(sets.slice(0, begun.length).filter((one) => !one.noreply).length),
        );
        expect(allClosed(table)).toBe(true);
      },
    ),
  );
});

const decoders: WeakMap<Hand, RequestDecoder> = new WeakMap();

/** Server 0 says `STORED` to whatever is whole by now. @returns to how much */
function serve(table: Table): number {
  let asked = 0;
  for (const hand of table.connections(0)) {
    const decoder = decoders.get(hand) ?? new RequestDecoder();
    decoders.set(hand, decoder);
    decoder.receive(latin1Bytes(hand.read()));
    let here = 0;
    while (decoder.next() === "request") here++;
    asked += here;
    if (here > 0) table.say(hand, "STORED\r\n".repeat(here));
  }
  return asked;
}
