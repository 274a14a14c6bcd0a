import { BufferPool, SendBuffer } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Slot, type SlotOwner } from "../src/slot.ts";
import { SpareBuffers } from "../src/spare-buffers.ts";
import { Stage } from "../src/stage.ts";

const SLOTS_MAX = 6;

const owner: SlotOwner = {
  reply: () => undefined,
  settled: () => undefined,
  staged: () => undefined,
  mustWait: () => false,
  goOnReading: () => undefined,
  cut: () => undefined,
};

/** Counts the buffers that it has lent and not been given back. */
class CountedBuffers extends SpareBuffers {
  lent = 0;

  override lend(): SendBuffer {
    this.lent++;
    return super.lend();
  }

  override giveBack(buffer: SendBuffer): void {
    expect(buffer.length, "of a buffer that is given back").toBe(0);
    this.lent--;
    super.giveBack(buffer);
  }
}

/** A piece of a slot's reply, the turn of the first slot, or what was told so far is sent. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ slot: fc.nat(SLOTS_MAX - 1), bytes: fc.nat(200) }) },
  {
    weight: 2,
    arbitrary: fc.record({ slot: fc.nat(SLOTS_MAX - 1), bytes: fc.integer({ min: 3_900, max: 9_000 }) }),
  },
  { weight: 5, arbitrary: fc.constantFrom("turn" as const, "send" as const) },
);

test("each reply is told in its turn, whole, and no buffer is kept", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const buffers = new CountedBuffers(new BufferPool());
      const stage = new Stage(buffers);
      const waiting: { readonly slot: Slot; readonly said: number[] }[] = [];
      const told: number[] = [];
      let output: SendBuffer | null = null;
      let bytes = 0;
      for (const each of [...steps, ...Array<"turn">(SLOTS_MAX).fill("turn"), "send" as const]) {
        if (each === "turn") {
          const first = waiting.shift();
          if (first === undefined) continue;
          output = stage.tell(first.slot, output);
          told.push(...first.said);
        } else if (each === "send") {
          expect([...(output?.take() ?? [])]).toEqual(told.splice(0));
          output?.reclaim();
          if (output !== null) buffers.giveBack(output);
          output = null;
        } else {
          while (waiting.length <= each.slot)
            waiting.push({ slot: new Slot(owner, "line", false), said: [] });
          const { slot, said } = waiting[each.slot] as (typeof waiting)[number];
          const piece = Uint8Array.from({ length: each.bytes }, () => bytes++ & 0xff);
          stage.add(slot, piece, 0, piece.length);
          said.push(...piece);
        }
        expect(stage.bytes).toBe(waiting.reduce((sum, { said }) => sum + said.length, 0));
      }
      expect(buffers.lent).toBe(0);
    }),
  );
});

test("of a client that is gone no buffer that its slots shared is kept", () => {
  const buffers = new CountedBuffers(new BufferPool());
  const stage = new Stage(buffers);
  stage.add(new Slot(owner, "line", false), new Uint8Array(10), 0, 10);
  stage.forget();
  expect(stage.bytes).toBe(0);
  expect(buffers.lent).toBe(0);
});
