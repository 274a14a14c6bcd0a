// Lines on stderr where nobody takes them.

import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StderrLines, WAITING_CHARACTERS_MAX, type Sink } from "../src/stderr-lines.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-proxy-"))));
afterAll(() => rm(folder, { recursive: true }));

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
  const lines = new StderrLines(sink);
  for (const line of ["one", "two", "three"]) lines.say(line);
  expect(written).toEqual(["memwire-proxy: one\n"]);
  end();
  expect(written.slice(1)).toEqual(["memwire-proxy: two\nmemwire-proxy: three\n"]);
  end();
  expect(written).toHaveLength(2);
  lines.say("four");
  expect(written.slice(2)).toEqual(["memwire-proxy: four\n"]);
});

test("what finds no room is dropped and counted, and told of once there is room", () => {
  const { sink, written, end } = heldSink();
  const lines = new StderrLines(sink);
  const line = "x".repeat(1_000);
  const room = 1 + Math.floor(WAITING_CHARACTERS_MAX / line.length);
  for (let i = 0; i < 10_000; i++) lines.say(line);
  expect([lines.dropped, written.length]).toEqual([10_000 - room, 1]);
  end();
  const [, second = ""] = written;
  expect(second).toMatch(/^memwire-proxy: stderr was not read: 9934 lines are lost\n/);
  expect(second.split("\n")).toHaveLength(1 + (room - 1) + 1);
  lines.say("again");
  end();
  expect(written.slice(2)).toEqual(["memwire-proxy: again\n"]);
});

test("what could not be written is dropped as well, and told of with the next that is", () => {
  const { sink, written, end } = heldSink();
  const lines = new StderrLines(sink);
  lines.say("one");
  end(new Error("EPIPE"));
  lines.say("two");
  end(new Error("EPIPE"));
  expect([lines.dropped, written.length]).toEqual([2, 2]);
  lines.say("three");
  expect(written.at(-1)).toBe("memwire-proxy: stderr was not read: 2 lines are lost\nmemwire-proxy: three\n");
  end();
  lines.say("four");
  expect(written.at(-1)).toBe("memwire-proxy: four\n");
});

/** A pipe that is full, and that is read when the test says so. */
class FullPipe implements Disposable {
  /** For the program: its own end, which waits when the pipe is full. */
  readonly end: number;
  readonly #own: number;

  constructor(path: string) {
    execFileSync("mkfifo", [path]);
    this.#own = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    while (orAgain(() => writeSync(this.#own, "-".repeat(4_096))) > 0);
    while (orAgain(() => writeSync(this.#own, "-")) > 0);
    this.end = openSync(path, constants.O_WRONLY);
  }

  /** All that is in it. */
  read(): string {
    const chunk = Buffer.alloc(65_536);
    let text = "";
    for (;;) {
      const length = orAgain(() => readSync(this.#own, chunk));
      if (length === 0) return text;
      text += chunk.toString("latin1", 0, length);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.end);
    closeSync(this.#own);
  }
}

/** 0 if it would have to wait. */
function orAgain(run: () => number): number {
  try {
    return run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}

test.each(RUNTIMES)(
  "a proxy whose stderr nobody reads serves on, and says it when somebody does, on %s",
  async (runtime) => {
    using pipe = new FullPipe(join(folder, `${runtime}.fifo`));
    const servers = Array.from({ length: 20 }, async () => `127.0.0.1:${await freePort()}`);
    const file = join(folder, `${runtime}.yml`);
    const list = (await Promise.all(servers)).map((server) => `'${server}'`).join(", ");
    writeFileSync(
      file,
      `pools: { alpha: { listen: '127.0.0.1:0', hash: md5, health: { failures: 1 }, servers: [${list}] } }`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file], { stderr: pipe.end });
    const [, address = ""] = await proxy.said(/^(\S+) pool alpha:/m);
    using client = await TextClient.connect(parseEndpoint(address));
    for (let i = 0; i < 200; i++) {
      expect(await client.ask(`get key:${i}\r\n`)).toBe("SERVER_ERROR Connection refused\r\n");
    }
    expect(await client.ask("stats\r\n", "END\r\n")).toContain("STAT log_lines_dropped 0\r\n");
    let said = "";
    while (!/is down since[^]*is down since/.test(said)) {
      said += pipe.read();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(said).toMatch(/^-+memwire-proxy: pool alpha: server \S+ is down since /);
  },
);

test.each(RUNTIMES)("no more than a bounded part of what nobody reads is kept, on %s", async (runtime) => {
  using pipe = new FullPipe(join(folder, `${runtime}-flood.fifo`));
  const flood = join(import.meta.dirname, "stderr-flood.ts");
  await using program = startProgram(runtime, flood, [], { stderr: pipe.end });
  // One is being written, and as many wait as there is room for.
  await program.said(
    new RegExp(`^${10_000 - 1 - Math.floor(WAITING_CHARACTERS_MAX / 1_000)} were dropped$`, "m"),
  );
  let said = "";
  while (!/lost\n(?:memwire-proxy: x+\n){65}$/.test(said)) {
    said += pipe.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(said).toMatch(
    /^-+memwire-proxy: x{1000}\nmemwire-proxy: stderr was not read: 9934 lines are lost\n/,
  );
});

test.each(RUNTIMES)("a proxy whose stderr nobody reads ends when it is asked to, on %s", async (runtime) => {
  using pipe = new FullPipe(join(folder, `${runtime}-end.fifo`));
  const server = `127.0.0.1:${await freePort()}`;
  await using proxy = startProgram(runtime, main, ["--port", "0", "--backend", server], { stderr: pipe.end });
  const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
  using client = await TextClient.connect(parseEndpoint(address));
  expect(await client.ask("get key\r\n")).toBe("SERVER_ERROR Connection refused\r\n");
  expect(await client.ask("version\r\n")).toBe("VERSION 1.6.45\r\n");
  expect(await proxy.stop()).toEqual({ code: 0, signal: null });
});
