import fc from "fast-check";
import { expect, test } from "vitest";
import { Bench } from "./bench.ts";

const key = fc.integer({ min: 0, max: 9 });

test("gets of one line have their own answers, in whatever order the values come", () => {
  const drawn = fc.array(key, { minLength: 2, maxLength: 64 }).chain((keys) =>
    fc.record({
      keys: fc.constant(keys),
      order: fc.shuffledSubarray([...keys.keys()], { minLength: keys.length, maxLength: keys.length }),
      there: fc.uniqueArray(key),
    }),
  );
  fc.assert(
    fc.property(drawn, ({ keys, order, there }) => {
      const bench = new Bench();
      bench.get("warm");
      bench.turn();
      bench.say("END\r\n");
      bench.read();
      const notes = keys.map((each) => bench.get(`key-${each}`));
      bench.turn();
      expect(bench.read()).toBe(`get ${keys.map((each) => `key-${each}`).join(" ")}\r\n`);
      const hits = order.map((at) => keys[at] as number).filter((each) => there.includes(each));
      bench.say(`${hits.map((each) => `VALUE key-${each} 0 1\r\n${each}\r\n`).join("")}END\r\n`);
      expect(notes.map(({ heard }) => heard)).toEqual(
        keys.map((each) => (there.includes(each) ? `asked, value ${each}, done` : "asked, done")),
      );
      expect(bench.link.counters).toMatchObject({ inFlightNow: 0, disconnects: 0 });
    }),
  );
});

test("the one that has the last value of a line is answered by its end, the others by their values", () => {
  for (const [end, told] of [
    ["END\r\n", "done"],
    ["SERVER_ERROR out of memory\r\n", "refused: server-error, done"],
    ["nonsense\r\n", "failed: broken-reply"],
  ] as const) {
    const bench = new Bench();
    bench.get("warm");
    bench.turn();
    bench.say("END\r\n");
    const [a, b] = [bench.get("a"), bench.get("b")];
    bench.turn();
    bench.say("VALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n1\r\n");
    expect([a.heard, b.heard]).toEqual(["asked, value 1", "asked, value 2, done"]);
    bench.say(end);
    expect(a.heard).toBe(`asked, value 1, ${told}`);
    expect(bench.link.counters.inFlightNow).toBe(0);
  }
});

test.each([
  ["a key that nobody asked for", "VALUE x 0 1\r\nx\r\n"],
  ["a key that was answered already", "VALUE a 0 1\r\n1\r\nVALUE a 0 1\r\n1\r\n"],
])("a value of %s breaks the connection, and all that have no answer fail", (_what, text) => {
  const bench = new Bench();
  bench.get("warm");
  bench.turn();
  bench.say("END\r\n");
  const [a, b] = [bench.get("a"), bench.get("b")];
  bench.turn();
  bench.say(text);
  expect(a.heard).toMatch(/^asked, (value 1, done|failed: broken-reply)$/);
  expect(b.heard).toBe("asked, failed: broken-reply");
  expect(bench.link.counters).toMatchObject({ disconnects: 1, inFlightNow: 0 });
});
