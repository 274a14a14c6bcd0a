// Lines on stderr where nobody takes them.

import { expect, test } from "vitest";
import { type Sink, StderrLines, WAITING_CHARACTERS_MAX } from "../src/stderr-lines.ts";

/** What is written, and the end of the write that is under way. */
function heldSink(): { sink: Sink; written: string[]; end: (error?: Error) => void } {
  const written: string[] = [];
  let waiting: ((error?: Error) => void) | undefined;
  return {
    sink: (text, done) => {
      expect(waiting).toBeUndefined();
      written.push(text);
      waiting = done;
    },
    written,
    end: (error) => {
      const done = waiting;
      waiting = undefined;
      done?.(error);
    },
  };
}

test("a line is written at once, and those that come meanwhile together, when it is", () => {
  const { sink, written, end } = heldSink();
  const lines = new StderrLines(sink, "a-program");
  for (const line of ["one", "two", "three"]) lines.say(line);
  expect(written).toEqual(["a-program: one\n"]);
  end();
  expect(written.slice(1)).toEqual(["a-program: two\na-program: three\n"]);
  end();
  expect(written).toHaveLength(2);
  lines.say("four");
  expect(written.slice(2)).toEqual(["a-program: four\n"]);
  end();
  lines.write("as it is");
  expect(written.slice(3)).toEqual(["as it is\n"]);
});

test("what finds no room is dropped and counted, and told of once there is room", () => {
  const { sink, written, end } = heldSink();
  const lines = new StderrLines(sink, "a-program");
  const line = "x".repeat(1_000);
  const room = 1 + Math.floor(WAITING_CHARACTERS_MAX / `a-program: ${line}`.length);
  for (let i = 0; i < 10_000; i++) lines.say(line);
  expect([lines.dropped, written.length]).toEqual([10_000 - room, 1]);
  end();
  const [, second = ""] = written;
  expect(second).toMatch(/^a-program: stderr was not read in time: 9935 lines are lost\n/);
  expect(second.split("\n")).toHaveLength(1 + (room - 1) + 1);
  lines.say("again");
  end();
  expect(written.slice(2)).toEqual(["a-program: again\n"]);
});

test("what could not be written is dropped as well, and told of with the next that is", () => {
  const { sink, written, end } = heldSink();
  const lines = new StderrLines(sink, "a-program");
  lines.say("one");
  end(new Error("EPIPE"));
  lines.say("two");
  end(new Error("EPIPE"));
  expect([lines.dropped, written.length]).toEqual([2, 2]);
  lines.say("three");
  expect(written.at(-1)).toBe("a-program: stderr was not read in time: 2 lines are lost\na-program: three\n");
  end();
  lines.say("four");
  expect(written.at(-1)).toBe("a-program: four\n");
});
