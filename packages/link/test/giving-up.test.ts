// A request that is given up before it is sent never is, and nobody else's notices.

import { latin1Bytes, latin1Text, TextRequestDecoder } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Bench, type Note } from "./bench.ts";

/** A connection that is made, and on which a send is under way: what is asked now waits. */
function busy(): Bench {
  const bench = new Bench();
  bench.taking = false;
  bench.get("first");
  bench.turn();
  expect(bench.read()).toBe("get first\r\n");
  return bench;
}

test("what was given up is not sent, wherever it stood in the queue", () => {
  const bench = busy();
  const notes = ["a", "b", "c", "d", "e"].map((key) => bench.set(key, key.repeat(3)));
  for (const given of [0, 2, 4]) expect(bench.link.giveUp(notes[given] as Note)).toBe(true);
  bench.drain();
  expect(bench.read()).toBe("set b 0 0 3\r\nbbb\r\nset d 0 0 3\r\nddd\r\n");
  bench.say("END\r\nSTORED\r\nNOT_STORED\r\n");
  expect(notes.map(({ heard }) => heard)).toEqual([
    "asked",
    "asked, stored, done",
    "asked",
    "asked, not-stored, done",
    "asked",
  ]);
  expect(bench.link.counters).toMatchObject({ givenUp: 3, queuedNow: 0, inFlightNow: 0, replies: 3 });
});

test("a get that waits for its connection can be given up as any other request", () => {
  const bench = new Bench();
  bench.connects = false;
  const [a, b, c] = ["a", "b", "c"].map((key) => bench.get(key)) as [Note, Note, Note];
  bench.turn();
  expect(bench.link.giveUp(b)).toBe(true);
  bench.connect();
  expect(bench.read()).toBe("get a\r\nget c\r\n");
  bench.say("VALUE a 0 1\r\n1\r\nEND\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
  expect([a.heard, b.heard, c.heard]).toEqual(["asked, value 1, done", "asked", "asked, value 3, done"]);
});

test("a get that shares a line is taken out of it, and the others keep their answers", () => {
  const bench = new Bench();
  bench.get("warm");
  bench.turn();
  bench.say("END\r\n");
  bench.read();
  const notes = ["a", "bb", "a", "ccc"].map((key) => bench.get(key));
  const last = bench.set("d", "x");
  expect(bench.link.giveUp(notes[0] as Note)).toBe(true);
  expect(bench.link.giveUp(notes[1] as Note)).toBe(true);
  bench.turn();
  expect(bench.read()).toBe("get a ccc\r\nset d 0 0 1\r\nx\r\n");
  bench.say("VALUE ccc 0 1\r\n3\r\nEND\r\nSTORED\r\n");
  expect(notes.map(({ heard }) => heard)).toEqual(["asked", "asked", "asked, done", "asked, value 3, done"]);
  expect(last.heard).toBe("asked, stored, done");
});

test("a line can be given up key by key", () => {
  const bench = new Bench();
  bench.get("warm");
  bench.turn();
  bench.say("END\r\n");
  bench.read();
  const notes = ["long".repeat(9), "longer".repeat(9), "b", "a"].map((key) => bench.get(key));
  const lengths = notes.map((note) => bench.link.giveUp(note) && bench.link.length);
  expect(lengths).toEqual(["get  b a\r\n".length + 54, "get b a\r\n".length, "get a\r\n".length, 0]);
  bench.turn();
  expect(bench.read()).toBe("");
});

test("what was sent can no longer be given up, nor what was given up already", () => {
  const bench = busy();
  const note = bench.get("a");
  expect(bench.link.giveUp(note)).toBe(true);
  expect(bench.link.giveUp(note)).toBe(false);
  const sent = bench.get("b");
  bench.drain();
  expect(bench.link.giveUp(sent)).toBe(false);
  expect(bench.link.counters).toMatchObject({ givenUp: 1, inFlightNow: 2 });
});

test("when all is given up nothing is sent, and nothing has a deadline", () => {
  const bench = busy();
  const notes = [bench.get("a"), bench.set("b", "x"), bench.get("c")];
  for (const given of [1, 2, 0]) bench.link.giveUp(notes[given] as Note);
  expect([bench.link.length, bench.link.counters.queuedNow]).toEqual([0, 0]);
  bench.drain();
  expect(bench.read()).toBe("");
  bench.say("END\r\n");
  expect(bench.link.deadline).toBe(Infinity);
});

test("a request behind those that were given up still waits no longer than it may", () => {
  const bench = busy();
  const early = bench.set("a", "x");
  const between = bench.set("b", "x");
  bench.wait(400);
  bench.link.giveUp(between);
  const late = bench.set("c", "x");
  bench.say("END\r\n"); // so that the first one is not late
  bench.wait(600);
  expect([early.heard, late.heard]).toEqual(["asked, failed: timed-out", "asked"]);
  bench.wait(400);
  expect(late.heard).toBe("asked, failed: timed-out");
  bench.drain();
  expect(bench.read()).toBe("");
});

test("when the first is given up, the next one says when there is something to do", () => {
  const bench = busy();
  bench.say("END\r\n");
  const [first, second] = [bench.set("a", "x"), bench.set("b", "x")];
  bench.wait(400);
  bench.set("c", "long".repeat(100));
  expect(bench.link.deadline).toBe(bench.now + 600);
  bench.link.giveUp(first);
  bench.link.giveUp(second);
  expect(bench.link.deadline).toBe(bench.now + 1_000);
});

test("what is queued after all of a queue was lost can be given up, and the rest is sent whole", () => {
  const bench = new Bench();
  bench.connects = false;
  const lost = bench.set("lost", "x".repeat(20));
  bench.turn();
  bench.wait(1_000); // it does not connect in time
  expect(lost.heard).toBe("asked, failed: timed-out");
  bench.wait(1_000);
  const [first, second, third] = ["a", "b", "c"].map((key) => bench.set(key, "x")) as [Note, Note, Note];
  bench.turn();
  bench.link.giveUp(second);
  bench.link.giveUp(first);
  bench.connect();
  expect(bench.read()).toBe("set c 0 0 1\r\nx\r\n");
  bench.say("STORED\r\n");
  expect(third.heard).toBe("asked, stored, done");
});

test("what is asked and given up again and again takes no more room", () => {
  const bench = busy();
  const kept = bench.set("kept", "k");
  const value = "v".repeat(10_000);
  for (let i = 0; i < 1_000; i++) bench.link.giveUp(bench.set("a", value));
  bench.drain();
  expect(bench.read()).toBe("set kept 0 0 1\r\nk\r\n");
  expect(bench.lent.at(-1)?.buffer.byteLength).toBeLessThan(100_000);
  expect(kept.heard).toBe("asked");
});

/** What a server reads, one text a request: a line of several keys is as many. */
function requestsOf(text: string): string[] {
  const decoder = new TextRequestDecoder();
  decoder.receive(latin1Bytes(text));
  const requests: string[] = [];
  let end = 0;
  while (decoder.next() === "request") {
    ({ end } = decoder);
    const request = decoder.snapshot();
    if ("keys" in request) requests.push(...request.keys.map((key) => `get ${latin1Text(key)}`));
    else if ("value" in request) requests.push(`set ${latin1Text(request.value)}`);
  }
  expect(end).toBe(text.length);
  return requests;
}

/** Every key is there, and holds its own name. */
function answersTo(text: string): string {
  const values = (keys: readonly string[]): string =>
    keys.map((key) => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`).join("");
  const lines = text.split("\r\n").map((line) => {
    if (line.startsWith("set ")) return "STORED\r\n";
    return line.startsWith("get ") ? `${values(line.split(" ").slice(1))}END\r\n` : "";
  });
  return lines.join("");
}

interface Ask {
  /** As `requestsOf` has it. */
  readonly text: string;
  readonly note: Note;
  state: "queued" | "sent" | "given up";
}

/** An open line gets its end when it is sent. */
const LINE_END_BYTES = 2;

/** A link, and what must become of everything that it is asked. */
class Model {
  readonly bench = new Bench();
  readonly asks: Ask[] = [];
  #sends = 0;

  get(length: number): void {
    const key = "k".repeat(length);
    this.asks.push({ text: `get ${key}`, note: this.bench.get(key), state: "queued" });
  }

  set(length: number): void {
    const value = "v".repeat(length);
    this.asks.push({ text: `set ${value}`, note: this.bench.set("s", value), state: "queued" });
  }

  /** @param back How far back it was asked. */
  giveUp(back: number): void {
    const ask = this.asks.at(-1 - back);
    if (ask === undefined) return;
    expect(this.bench.link.giveUp(ask.note)).toBe(ask.state === "queued");
    if (ask.state === "queued") ask.state = "given up";
  }

  turn(): void {
    const { lent, link } = this.bench;
    const [sends, bytes] = [lent.length, link.length];
    this.bench.turn();
    if (lent.length > sends)
      expect((lent.at(-1) as Uint8Array).length - bytes).toBeOneOf([0, LINE_END_BYTES]);
    this.#look();
  }

  /** The network comes round. */
  advance(): void {
    const { bench } = this;
    if (!bench.connects && bench.connections > 0) bench.connect();
    else if (!bench.taking) bench.drain();
    this.#look();
  }

  /** A send takes everything that is queued. */
  #look(): void {
    if (this.bench.lent.length > this.#sends) {
      for (const ask of this.asks) if (ask.state === "queued") ask.state = "sent";
    }
    this.#sends = this.bench.lent.length;
  }

  of(state: Ask["state"]): Ask[] {
    return this.asks.filter((ask) => ask.state === state);
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant("get" as const), fc.integer({ min: 1, max: 6 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("set" as const), fc.integer({ min: 0, max: 60 })) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("giveUp" as const), fc.nat(10)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("turn" as const, "advance" as const), fc.constant(0)) },
);

test("what reaches the server is exactly what was not given up, in order, and each is answered", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), fc.boolean(), (steps, connects, taking) => {
      const model = new Model();
      const { bench } = model;
      Object.assign(bench, { connects, taking });
      model.get(1);
      model.turn();
      for (const [act, argument] of steps) {
        model[act](argument);
        const queued = model.of("queued").length;
        expect([bench.link.counters.queuedNow, bench.link.length > 0]).toEqual([queued, queued > 0]);
      }
      model.turn();
      model.advance();
      model.advance();
      expect([model.of("queued").length, bench.link.length]).toEqual([0, 0]);
      expect(requestsOf(bench.sent)).toEqual(model.of("sent").map(({ text }) => text));
      bench.say(answersTo(bench.sent));
      for (const { note, state, text } of model.asks) {
        const answer = text.startsWith("set") ? "stored, done" : `value ${text.slice(4)}, done`;
        expect(note.heard).toBe(state === "sent" ? `asked, ${answer}` : "asked");
      }
      expect(bench.link.counters).toMatchObject({ inFlightNow: 0, givenUp: model.of("given up").length });
    }),
  );
});
