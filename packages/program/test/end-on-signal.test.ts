// The order in which parts end, how long each may take, and what is said of what it leaves. That signals begin it is
// seen in the tests of the programs.

import type { Clock, Driver, Endpoint, Listener, Millis } from "@memwire/engine";
import { expect, test } from "vitest";
import { END_WITHIN_MS, endParts, type OtherPart, type Part } from "../src/end-on-signal.ts";

const endpoint: Endpoint = { kind: "tcp", host: "h", port: 1 };

/** Time that goes by when nothing else is left to happen. */
class HandClock implements Clock {
  readonly #tasks: { readonly at: Millis; readonly task: () => void }[] = [];
  #now: Millis = 0;

  now(): Millis {
    return this.#now;
  }

  at(deadline: Millis, task: () => void): () => void {
    if (deadline < Infinity) this.#tasks.push({ at: deadline, task });
    return () => {};
  }

  defer(task: () => void): void {
    this.at(this.#now, task);
  }

  nextTurn(task: () => void): void {
    this.at(this.#now, task);
  }

  /** Lets time go by until the promise has settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    for (;;) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      if (settled) return promise;
      const next = this.#tasks.sort((one, other) => one.at - other.at).shift();
      if (next === undefined) throw new Error("nothing is left to happen, and the promise is still pending");
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
  }
}

/** A part that writes down what is done to it, and by when. */
class ScriptedPart implements Part {
  readonly log: string[];
  readonly name: string;
  readonly #clock: HandClock;
  readonly #idleAfterMs: number;
  #drainedAt = Infinity;

  /** @param idleAfterMs When its last connection is closed, from `drain` on; never if `Infinity`. */
  constructor(clock: HandClock, log: string[], name: string, idleAfterMs: number) {
    this.#clock = clock;
    this.log = log;
    this.name = name;
    this.#idleAfterMs = idleAfterMs;
  }

  readonly engine: Part["engine"] = {
    drain: (now) => {
      this.#drainedAt = now;
      this.#note("drain");
    },
  };

  readonly listeners: readonly Listener[] = [
    {
      endpoint,
      close: () => {
        this.#note("stop listening");
        return Promise.resolve();
      },
    },
  ];

  readonly driver: Driver = {
    connections: 1,
    listen: () => Promise.reject(new Error("it listens already")),
    bind: () => Promise.reject(new Error("it listens already")),
    wake: () => this.#note("wake"),
    idle: () => this.#at(this.#drainedAt + this.#idleAfterMs),
    close: () => {
      this.#note("close");
      return Promise.resolve();
    },
  };

  #at(time: number): Promise<void> {
    const clock = this.#clock;
    return time <= clock.now() ? Promise.resolve() : new Promise((resolve) => clock.at(time, resolve));
  }

  #note(what: string): void {
    this.log.push(`${this.#clock.now()} ${this.name}: ${what}`);
  }
}

test("all stop listening, then each is drained, and closed when it is idle, one after the other", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const parts = [new ScriptedPart(clock, log, "proxy", 300), new ScriptedPart(clock, log, "server", 100)];
  expect(await clock.settle(endParts(parts, clock))).toEqual([]);
  expect(log).toEqual([
    "0 proxy: stop listening",
    "0 server: stop listening",
    "0 proxy: drain",
    "0 proxy: wake",
    "300 proxy: close",
    "300 server: drain",
    "300 server: wake",
    "400 server: close",
  ]);
});

test("parts that do not say how long they may take have five seconds together", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const parts = [new ScriptedPart(clock, log, "a", 2_000), new ScriptedPart(clock, log, "b", Infinity)];
  await clock.settle(endParts(parts, clock));
  expect(log.at(-1)).toBe(`${END_WITHIN_MS} b: close`);
});

test("parts that are to end at once are drained, and closed before anybody has taken anything", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const keeps = { end: () => Promise.resolve(void log.push(`${clock.now()} written`)), endWithinMs: 9_000 };
  const parts = [
    new ScriptedPart(clock, log, "a", 2_000),
    new ScriptedPart(clock, log, "b", Infinity),
    keeps,
  ];
  await clock.settle(endParts(parts, clock, 0));
  expect(log.slice(2)).toEqual([
    "0 a: drain",
    "0 a: wake",
    "0 a: close",
    "0 b: drain",
    "0 b: wake",
    "0 b: close",
    "0 written",
  ]);
});

test("a part that says how long it may take has that long, whatever the others take", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const slow = Object.assign(new ScriptedPart(clock, log, "slow", Infinity), { endWithinMs: 8_000 });
  const other = new ScriptedPart(clock, log, "other", Infinity);
  await clock.settle(endParts([slow, other], clock));
  expect(log.filter((line) => line.endsWith("close"))).toEqual(["8000 slow: close", "13000 other: close"]);
});

test("a part that is idle and not finished is given its time, and what it leaves is said", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const leaves = Object.assign(new ScriptedPart(clock, log, "leaves", 0), {
    endWithinMs: 1_000,
    unfinished: () => "12 keys are left",
  });
  expect(await clock.settle(endParts([leaves], clock))).toEqual(["12 keys are left"]);
  expect(log.at(-1)).toBe("1000 leaves: close");
});

test("a part that finishes while it is idle is closed soon after", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const part = Object.assign(new ScriptedPart(clock, log, "part", 0), {
    endWithinMs: 10_000,
    unfinished: () => (clock.now() < 700 ? "something" : undefined),
  });
  expect(await clock.settle(endParts([part], clock))).toEqual([]);
  expect(log.at(-1)).toMatch(/^7[0-2]\d part: close$/);
});

test("a part that has finished waits no longer than others for a client that does not take its answers", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const part = Object.assign(new ScriptedPart(clock, log, "part", Infinity), {
    endWithinMs: 3_600_000,
    unfinished: () => (clock.now() < 700 ? "something" : undefined),
  });
  expect(await clock.settle(endParts([part], clock))).toEqual([]);
  expect(log.at(-1)).toBe(`${END_WITHIN_MS} part: close`);
});

test("a part that finishes late, with a client that does not take its answers, is closed soon after", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const part = Object.assign(new ScriptedPart(clock, log, "part", Infinity), {
    endWithinMs: 3_600_000,
    unfinished: () => (clock.now() < 60_000 ? "something" : undefined),
  });
  expect(await clock.settle(endParts([part], clock))).toEqual([]);
  expect(log.at(-1)).toMatch(/^600[0-2]\d part: close$/);
});

test("a part of another kind is given what time is left, and is left as it is when it takes longer", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const other = {
    end(withinMs: Millis) {
      log.push(`${clock.now()} other: end within ${withinMs}`);
      return new Promise<void>(() => {});
    },
  };
  const parts = [new ScriptedPart(clock, log, "a", 2_000), other, new ScriptedPart(clock, log, "b", 100)];
  await clock.settle(endParts(parts, clock));
  expect(log).toContain("2000 other: end within 3000");
  expect(log.slice(-3)).toEqual(["5500 b: drain", "5500 b: wake", "5500 b: close"]);
});

test("a part of another kind may take its own time, and what it has not done is said", async () => {
  const clock = new HandClock();
  const log: string[] = [];
  const other = (tookMs: Millis): OtherPart => {
    let done = false;
    return {
      endWithinMs: 60_000,
      end: async () => {
        await new Promise<void>((resolve) => clock.at(clock.now() + tookMs, resolve));
        done = true;
      },
      unfinished: () => (done ? undefined : `nothing is done after ${clock.now()} ms`),
    };
  };
  const parts = [other(20_000), new ScriptedPart(clock, log, "a", Infinity), other(Infinity)];
  expect(await clock.settle(endParts(parts, clock))).toEqual(["nothing is done after 85500 ms"]);
  expect(log.at(-1)).toBe(`${20_000 + END_WITHIN_MS} a: close`);
});
