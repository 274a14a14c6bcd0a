// Locks in one thread, where each `SharedLocks` is a worker. What takes threads is in shared-locks-threads.test.ts.

import { afterEach, describe, expect, test, vi } from "vitest";
import { LINE_WORDS, TABLE_WORDS, WORKERS_MAX } from "../src/lock-workers.ts";
import { SharedLocks } from "../src/shared-locks.ts";

type Recover = (deadWorkerId: number) => void;

const LOCKS = 20;
const START = LINE_WORDS;
const NOBODY_RECOVERS: Recover = (deadWorkerId) => {
  throw new Error(`nobody was to die, but ${deadWorkerId} did`);
};

function wordsOf(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * length));
}

/** Workers of one memory, that take each other for dead at once. */
function memory(words = wordsOf(START + SharedLocks.wordsFor(LOCKS))): (recover?: Recover) => SharedLocks {
  return (recover = NOBODY_RECOVERS) => {
    const patience = { spinsMax: 10, sliceMs: 1, slicesMax: 3 };
    const locks = new SharedLocks({ words, start: START, locks: LOCKS, recover, patience });
    locks.join();
    return locks;
  };
}

/** The locks that nobody has. */
function free(locks: SharedLocks): number[] {
  return Array.from({ length: LOCKS }, (_, index) => index).filter((index) => {
    const isFree = locks.tryLock(index);
    if (isFree) locks.unlock(index);
    return isFree;
  });
}

const ALL = Array.from({ length: LOCKS }, (_, index) => index);
const TAKEN_FOR_DEAD = "worker 1 was taken for dead and lost its locks: it must join again";

afterEach(() => vi.restoreAllMocks());

describe("a lock", () => {
  test("is had by one worker until that one lets go", () => {
    const start = memory();
    const [a, b] = [start(), start()];
    a.lock(3);
    expect(b.tryLock(3)).toBe(false);
    expect(b.tryLock(4)).toBe(true);
    expect(free(b)).toEqual(ALL.filter((index) => index !== 3 && index !== 4));
    a.unlock(3);
    expect(b.tryLock(3)).toBe(true);
    expect(a.tryLock(3)).toBe(false);
  });

  test("is let go with a notice to one that waits, if somebody does", () => {
    const start = memory();
    const [owner, waiter] = [start(), start()];
    const notify = vi.spyOn(Atomics, "notify");
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      owner.unlock(3);
      return "ok";
    });
    owner.lock(3);
    owner.unlock(3);
    expect(notify).not.toHaveBeenCalled();
    owner.lock(3);
    waiter.lock(3);
    expect(notify.mock.calls.map(([, , waiters]) => waiters)).toEqual([1]);
  });

  test("is let go by nobody but its owner", () => {
    const start = memory();
    const [a, b] = [start(), start()];
    a.lock(3);
    expect(() => b.unlock(3)).toThrow("worker 2 does not have lock 3");
    expect(() => a.unlock(4)).toThrow("worker 1 does not have lock 4");
    expect(free(b)).not.toContain(3);
    a.unlock(3);
    expect(() => a.unlock(3)).toThrow("worker 1 does not have lock 3");
  });

  test("is not waited for by its owner", () => {
    const a = memory()();
    a.lock(3);
    expect(() => a.lock(3)).toThrow("worker 1 has lock 3 already");
    a.unlock(3);
    expect(free(a)).toEqual(ALL);
  });

  test.each([-1, LOCKS])("is one of those that there are: %i is not", (index) => {
    const a = memory()();
    expect(() => a.lock(index)).toThrow(RangeError);
    expect(() => a.tryLock(index)).toThrow(RangeError);
    expect(() => a.unlock(index)).toThrow(RangeError);
  });

  test("changes none of the words around", () => {
    const words = wordsOf(2 * START + SharedLocks.wordsFor(LOCKS));
    const locks = new SharedLocks({ words, start: START, locks: LOCKS, recover: NOBODY_RECOVERS });
    locks.join();
    for (const index of ALL) locks.lock(index);
    expect(words.slice(0, START)).toEqual(new Int32Array(START));
    expect(words.slice(-START)).toEqual(new Int32Array(START));
  });
});

describe("a worker", () => {
  test("gets the lowest id that is free, and never a ticket that another had", () => {
    const start = memory();
    const workers = [start(), start(), start()];
    expect(workers.map(({ workerId }) => workerId)).toEqual([1, 2, 3]);
    const { ticket } = workers[1] as SharedLocks;
    workers[1]?.leave();
    expect(workers[1]?.workerId).toBe(0);
    const next = start();
    expect(next.workerId).toBe(2);
    expect(next.ticket).not.toBe(ticket);
    expect(start().workerId).toBe(4);
  });

  test(`is one of ${WORKERS_MAX} at most`, () => {
    const start = memory();
    const workers = Array.from({ length: WORKERS_MAX }, () => start());
    expect(() => start()).toThrow(new RangeError("too many workers: 63 may share a memory"));
    workers[40]?.leave();
    expect(start().workerId).toBe(41);
  });

  test("uses locks from when it joins until it leaves", () => {
    const a = memory()();
    expect(() => a.join()).toThrow("worker 1 has joined already");
    a.leave();
    const calls: (() => unknown)[] = [
      () => a.lock(3),
      () => a.tryLock(3),
      () => a.unlock(3),
      () => a.leave(),
      () => a.beat(),
      () => a.forget(4),
    ];
    for (const call of calls)
      expect(call).toThrow("not a worker of this memory: it has not joined, or has left");
    a.join();
    expect(free(a)).toEqual(ALL);
  });

  test("does not leave with a lock", () => {
    const a = memory()();
    a.lock(3);
    expect(() => a.leave()).toThrow("worker 1 must not leave with lock 3");
    a.unlock(3);
    a.leave();
    expect(a.workerId).toBe(0);
  });

  test("has memory that is shared, and large enough", () => {
    const options = { start: 0, locks: 1, recover: NOBODY_RECOVERS };
    const plain = new Int32Array(4_096) as unknown as Int32Array<SharedArrayBuffer>;
    expect(() => new SharedLocks({ ...options, words: plain })).toThrow(
      new TypeError("the words of locks must be of a SharedArrayBuffer"),
    );
    const length = SharedLocks.wordsFor(1) - 1;
    expect(() => new SharedLocks({ ...options, words: wordsOf(length) })).toThrow(
      new RangeError(`no room for 1 locks from word 0 of ${length}`),
    );
  });
});

describe("a worker that died", () => {
  test("is found by whoever waits for its lock, who recovers with all locks and then has that one", () => {
    const start = memory();
    const [dead, other] = [start(), start()];
    const recover = vi.fn<Recover>(() => expect(free(other)).toEqual([]));
    const finder = start(recover);
    dead.lock(3);
    dead.lock(5);
    finder.lock(3);
    expect(recover.mock.calls).toEqual([[1]]);
    expect(free(other)).toEqual(ALL.filter((index) => index !== 3));
    finder.unlock(3);
    expect(finder.counters(3)).toEqual({ contended: 1, waits: expect.any(Number), recoveries: 1 });
    expect(finder.counters(3).waits).toBeGreaterThanOrEqual(3);
    expect(other.counters(1)).toEqual({ contended: 0, waits: 0, recoveries: 0 });
  });

  test("is found by one that has a lock, and keeps it", () => {
    const start = memory();
    const dead = start();
    const other = start();
    const finder = start(() => expect(free(other)).toEqual([]));
    finder.lock(7);
    dead.lock(3);
    finder.lock(3);
    expect(free(other)).toEqual(ALL.filter((index) => index !== 3 && index !== 7));
    finder.unlock(3);
    finder.unlock(7);
    expect(free(other)).toEqual(ALL);
  });

  test.each([[[]], [[3]], [[3, 5]]])("is forgotten with locks %j", (held) => {
    const start = memory();
    const dead = start();
    const other = start();
    const recover = vi.fn<Recover>(() => expect(free(other)).toEqual([]));
    const finder = start(recover);
    for (const index of held) dead.lock(index);
    finder.forget(dead.ticket);
    expect(free(other)).toEqual(ALL);
    finder.forget(dead.ticket);
    other.forget(dead.ticket);
    expect(recover.mock.calls).toEqual([[1]]);
  });

  test("makes its id free, and the next to have it is not mistaken for it", () => {
    const start = memory();
    const dead = start();
    const finder = start(() => {});
    dead.lock(3);
    finder.forget(dead.ticket);
    const next = start();
    expect(next.workerId).toBe(1);
    next.lock(3);
    finder.forget(dead.ticket);
    expect(() => dead.unlock(3)).toThrow(TAKEN_FOR_DEAD);
    expect(free(finder)).not.toContain(3);
    next.unlock(3);
    expect(free(next)).toEqual(ALL);
  });

  test("did not die if it left", () => {
    const start = memory();
    const [gone, other] = [start(), start()];
    const { ticket } = gone;
    gone.leave();
    other.forget(ticket);
    expect(other.counters(2).recoveries).toBe(0);
  });

  test("is found where threads must not sleep", () => {
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
    const start = memory();
    const dead = start();
    const recover = vi.fn<Recover>();
    const finder = start(recover);
    dead.lock(3);
    finder.lock(3);
    expect(recover.mock.calls).toEqual([[1]]);
  });

  test.each([0, 1, 3, 0x4000_0004, 4.5])("has a ticket, which %d is not", (ticket) => {
    const a = memory()();
    expect(() => a.forget(ticket)).toThrow(
      new RangeError(`only a worker's ticket can be forgotten, got ${ticket}`),
    );
  });

  test("is not the one who says so", () => {
    const a = memory()();
    expect(() => a.forget(a.ticket)).toThrow(new RangeError("worker 1 must not forget itself"));
  });
});

describe("a worker that was taken for dead", () => {
  const calls: readonly (readonly [name: string, call: (locks: SharedLocks) => unknown])[] = [
    ["lock", (locks) => locks.lock(4)],
    ["tryLock", (locks) => locks.tryLock(4)],
    ["unlock", (locks) => locks.unlock(3)],
    ["beat", (locks) => locks.beat()],
  ];
  test.each(calls)("finds out at %s, and may join again", (_, call) => {
    const start = memory();
    const slow = start();
    const finder = start(() => {});
    slow.lock(3);
    finder.lock(3);
    expect(() => call(slow)).toThrow(TAKEN_FOR_DEAD);
    expect(free(start())).toEqual(ALL.filter((index) => index !== 3));
    finder.unlock(3);
    slow.join();
    expect(free(slow)).toEqual(ALL);
  });

  test("finds out when it waits, too", () => {
    const start = memory();
    const slow = start();
    const finder = start(() => {});
    finder.lock(3);
    finder.forget(slow.ticket);
    expect(() => slow.lock(3)).toThrow(TAKEN_FOR_DEAD);
    expect(() => slow.forget(finder.ticket)).toThrow(TAKEN_FOR_DEAD);
    expect(free(finder)).toEqual(ALL.filter((index) => index !== 3));
    finder.unlock(3);
  });

  test("has time to let go of what it is at work under", () => {
    const start = memory();
    const slow = start();
    const recover = vi.fn<Recover>();
    const host = start(recover);
    slow.lock(3);
    let slices = 0;
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      expect(recover).not.toHaveBeenCalled();
      if (++slices === 5) slow.unlock(3);
      return "timed-out";
    });
    host.forget(slow.ticket);
    expect(slices).toBe(5);
    expect(recover.mock.calls).toEqual([[1]]);
    expect(() => slow.lock(3)).toThrow(TAKEN_FOR_DEAD);
  });

  test.each([
    ["a lock", START + TABLE_WORDS + 3],
    ["the recoverer's word", START],
  ])("and ended when it had just taken %s does not hold up others, even if its id is used again", (_, at) => {
    const words = wordsOf(START + SharedLocks.wordsFor(LOCKS));
    const start = memory(words);
    const slow = start();
    const { ticket } = slow;
    const other = start(() => {});
    other.forget(ticket);
    const next = start();
    expect(next.workerId).toBe(1);
    next.lock(3);
    words[at] = ticket;
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      expect(words[at]).toBe(at === START ? 0 : ticket);
      next.unlock(3);
      return "ok";
    });
    other.lock(3);
    other.unlock(3);
    expect(other.counters(2).recoveries).toBe(1);
  });

  test("leaves in silence", () => {
    const start = memory();
    const slow = start();
    start(() => {}).forget(slow.ticket);
    slow.leave();
    expect(slow.workerId).toBe(0);
    expect(start().workerId).toBe(1);
  });
});

test("an owner that lets go and takes the lock again between two looks of a waiter is not dead", () => {
  const start = memory();
  const [owner, waiter, third] = [start(), start(), start()];
  owner.lock(3);
  let slices = 0;
  const wait = vi.spyOn(Atomics, "wait").mockImplementation(() => {
    if (slices < 0) throw new Error("the third waits as well");
    slices++;
    owner.unlock(3);
    if (slices === 10) return "ok";
    owner.lock(3);
    // Another waiter sets the flag again, so that the word is what it was.
    const before = slices;
    slices = -1;
    expect(() => third.lock(3)).toThrow("the third waits as well");
    slices = before;
    return "timed-out";
  });
  waiter.lock(3);
  expect(wait).toHaveBeenCalledTimes(19);
  expect(owner.tryLock(3)).toBe(false);
});

test("a slice that ended with a notice does not count", () => {
  const start = memory();
  const [owner, waiter] = [start(), start()];
  owner.lock(3);
  let slices = 0;
  vi.spyOn(Atomics, "wait").mockImplementation(() => {
    if (++slices === 10) owner.unlock(3);
    return slices % 3 === 0 ? "ok" : "timed-out";
  });
  waiter.lock(3);
  expect(slices).toBe(10);
});

describe("a recovery", () => {
  test("that takes too long is taken over, with both deaths, by one that waits for its end", () => {
    const start = memory();
    const dead = start();
    const asked: number[] = [];
    const third = start((deadWorkerId) => {
      expect(free(other)).toEqual([]);
      asked.push(deadWorkerId);
    });
    const other = start();
    const slow = start(() => {
      third.lock(5);
      third.unlock(5);
    });
    dead.lock(3);
    slow.lock(7);
    expect(() => slow.lock(3)).toThrow("worker 4 was taken for dead");
    expect(asked).toEqual([1, 4]);
    expect(free(third)).toEqual(ALL);
    expect(start().workerId).toBe(1);
    expect(start().workerId).toBe(4);
  });

  test("whose worker died is taken over at once by one that knows", () => {
    const start = memory();
    const dead = start();
    const asked: number[] = [];
    const host = start((deadWorkerId) => asked.push(deadWorkerId));
    const dying = start(() => {
      const { waits } = host.counters(2);
      host.forget(dying.ticket);
      expect(host.counters(2).waits).toBe(waits);
      dying.beat();
    });
    dead.lock(3);
    expect(() => dying.lock(3)).toThrow("worker 3 was taken for dead");
    expect(asked).toEqual([1, 3]);
    expect(free(host)).toEqual(ALL);
  });

  test.each([
    ["lock", (locks: SharedLocks) => locks.lock(4), "a recovery must not wait"],
    ["forget", (locks: SharedLocks, next: number) => locks.forget(next), "a recovery must not wait"],
    ["leave", (locks: SharedLocks) => locks.leave(), "worker 2 must not leave with lock 0"],
  ])("does not use %s", (_, call, message) => {
    const start = memory();
    const dead = start();
    const finder = start(() => call(finder, next));
    const next = start().ticket;
    dead.lock(3);
    expect(() => finder.lock(3)).toThrow(message);
    expect(finder.tryLock(3)).toBe(true);
  });

  test("that throws lets go of all locks, and the next one is asked again", () => {
    const start = memory();
    const [first, second] = [start(), start()];
    const finder = start(() => {
      throw new Error("beyond repair");
    });
    const asked: number[] = [];
    const next = start((deadWorkerId) => asked.push(deadWorkerId));
    first.lock(3);
    expect(() => finder.lock(3)).toThrow("beyond repair");
    expect(free(next)).toEqual(ALL);
    expect(() => first.lock(3)).toThrow(TAKEN_FOR_DEAD);
    second.lock(4);
    next.lock(4);
    expect(asked).toEqual([1, 2]);
    expect(start().workerId).toBe(1);
  });
});
