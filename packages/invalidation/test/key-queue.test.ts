// The queue equals a naive model, and keeps its bounds, whatever is done with it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyHeap } from "../src/key-heap.ts";
import { KeyQueue } from "../src/key-queue.ts";
import { QueuedKey } from "../src/queued-key.ts";

test("a heap gives keys out by their place, smallest first", () => {
  const steps = fc.array(fc.oneof(fc.nat(50), fc.constant("pop" as const)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (steps) => {
      const heap = new KeyHeap();
      const model: QueuedKey[] = [];
      for (const [i, step] of steps.entries()) {
        if (step !== "pop") {
          const key = new QueuedKey(`${i}`, step);
          heap.push(key);
          model.push(key);
        } else if (model.length > 0) {
          const least = Math.min(...model.map(({ place }) => place));
          expect(heap.first?.place).toBe(least);
          const popped = heap.pop();
          expect(popped.place).toBe(least);
          model.splice(model.indexOf(popped), 1); // of equal places any may go first, but each only once
        }
        expect(heap.size).toBe(model.length);
      }
      expect(Array.from(model, () => heap.pop()).toSorted(byText)).toEqual(model.toSorted(byText));
    }),
  );
});

const byText = (one: QueuedKey, other: QueuedKey): number => (one.text < other.text ? -1 : 1);

type Step = { readonly after: number; readonly server: number } & (
  | { readonly does: "write"; readonly text: string }
  | { readonly does: "take" | "done" | "putBack" }
  | { readonly does: "postpone"; readonly ms: number }
);

const SERVERS = 2;
const after = fc.constantFrom(0, 0, 0, 0.25, 1, 7.5);
const server = fc.nat(SERVERS - 1);
// A key belongs to one server: the one that its last letter says.
const text = fc
  .tuple(fc.constantFrom("a", "b", "c", "dd", "ee", "long key"), server)
  .map(([a, b]) => `${a}${b}`);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant("write" as const), after, server, text }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant("take" as const), after, server }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("done" as const), after, server }) },
  fc.record({ does: fc.constant("putBack" as const), after, server }),
  fc.record({ does: fc.constant("postpone" as const), after, server, ms: fc.constantFrom(1, 5, 1_000) }),
);
const limits = fc.record({
  queueKeysMax: fc.integer({ min: 1, max: 9 }),
  queueBytesMax: fc.integer({ min: 1, max: 30 }),
});

/** A key as the model has it; those in flight are in the order in which they were taken. */
interface Modelled {
  readonly text: string;
  writtenAt: number;
  place: number;
  againAt: number | undefined;
}

/** The queue written down as one would without a thought for time: arrays, searched. */
class Model {
  readonly waiting: Modelled[] = [];
  readonly inFlight: Modelled[] = [];

  find(text: string): { key: Modelled; flies: boolean } | undefined {
    const waits = this.waiting.find((key) => key.text === text);
    if (waits !== undefined) return { key: waits, flies: false };
    const flies = this.inFlight.find((key) => key.text === text);
    return flies && { key: flies, flies: true };
  }

  get all(): Modelled[] {
    return [...this.waiting, ...this.inFlight];
  }

  get bytes(): number {
    return this.all.reduce((sum, { text }) => sum + text.length, 0);
  }
}

test("the queue equals its model", () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 150, size: "max" }), (limits, steps) => {
      const queue = new KeyQueue(SERVERS, limits);
      const models = Array.from({ length: SERVERS }, () => new Model());
      let now = 1_700_000_000_000.5;
      let began: number | undefined;
      const time = (): number => Math.floor(now - (began ??= now));
      for (const step of steps) {
        now += step.after;
        const at = step.does === "write" ? Number(step.text.at(-1)) : step.server;
        const model = models[at] as Model;
        const all = models.flatMap((each) => each.all);
        switch (step.does) {
          case "write": {
            const { text } = step;
            const known = model.find(text);
            const found = queue.find(text);
            expect(found !== undefined).toBe(known !== undefined);
            if (found !== undefined && known !== undefined) {
              const again = known.flies && known.key.againAt === undefined;
              if (again) known.key.againAt = time();
              expect(queue.rewrite(found, now)).toBe(again);
              break;
            }
            const bytes = models.reduce((sum, each) => sum + each.bytes, 0);
            const room = all.length < limits.queueKeysMax && bytes + text.length <= limits.queueBytesMax;
            expect(queue.hasRoom(text.length)).toBe(room);
            if (!room) break;
            queue.add(at, text, now);
            model.waiting.push({ text, writtenAt: time(), place: time(), againAt: undefined });
            break;
          }
          case "take": {
            if (model.waiting.length === 0) break;
            const { text } = (queue.servers[at] as KeyQueue["servers"][number]).take();
            const index = model.waiting.findIndex((key) => key.text === text);
            const [taken] = model.waiting.splice(index, 1) as [Modelled];
            expect(model.waiting.every(({ place }) => place >= taken.place)).toBe(true);
            model.inFlight.push(taken);
            break;
          }
          case "done": {
            const key = model.inFlight.shift();
            if (key === undefined) break;
            queue.done(at);
            if (key.againAt === undefined) break;
            model.waiting.push({ ...key, writtenAt: key.againAt, place: key.againAt, againAt: undefined });
            break;
          }
          case "putBack":
          case "postpone": {
            const key = model.inFlight.shift();
            if (key === undefined) break;
            const behind = step.does === "postpone" ? now + step.ms : undefined;
            expect(queue.putBack(at, behind)).toBe(key.againAt !== undefined);
            const place = behind === undefined ? key.writtenAt : Math.floor(behind - (began as number));
            model.waiting.push({ ...key, place, againAt: undefined });
          }
        }
        expectSame(queue, models, now, began ?? now);
      }
    }),
  );
});

function expectSame(queue: KeyQueue, models: readonly Model[], now: number, began: number): void {
  const all = models.flatMap((each) => each.all);
  expect(queue.size).toBe(all.length);
  expect(queue.bytes).toBe(models.reduce((sum, each) => sum + each.bytes, 0));
  expect(queue.size).toBeLessThanOrEqual(queue.limits.queueKeysMax);
  expect(queue.bytes).toBeLessThanOrEqual(queue.limits.queueBytesMax);
  for (const [at, model] of models.entries()) {
    const of = queue.servers[at] as KeyQueue["servers"][number];
    expect([of.waiting, of.inFlight, of.depth]).toEqual([
      model.waiting.length,
      model.inFlight.length,
      model.all.length,
    ]);
    const oldest = Math.min(...model.all.map(({ writtenAt }) => writtenAt));
    const age = oldest === Infinity ? 0 : Math.floor(now - began) - oldest;
    expect(queue.oldestAgeMs(at, now)).toBe(age);
  }
}
