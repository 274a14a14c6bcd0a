// What holds for datagrams in any order, lost, doubled, forged.

import { type DatagramLimits, DatagramJoiner, datagramRequest } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { datagram, receive, split, type Joined } from "./datagrams.ts";

const requestId = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 65_535 }));
const reply = fc.uint8Array({ minLength: 1, maxLength: 200, size: "max" });
const datagramBytesMax = fc.integer({ min: 9, max: 60 });
const replies = fc.uniqueArray(fc.record({ requestId, reply, datagramBytesMax }), {
  selector: (each) => each.requestId,
  maxLength: 8,
  size: "max",
});

/** The same ones in an order by chance. */
const shuffled = <Value>(values: readonly Value[]): fc.Arbitrary<Value[]> =>
  fc.shuffledSubarray([...values], { minLength: values.length });

const datagramsOf = (sent: readonly { requestId: number; reply: Uint8Array; datagramBytesMax: number }[]) =>
  sent.flatMap((each) => split(each.requestId, each.reply, each.datagramBytesMax));

const wholes = (joined: readonly Joined[]): Map<number, Uint8Array> =>
  new Map(joined.flatMap((one) => (one.found === "whole" ? [[one.requestId, one.reply] as const] : [])));

test("what was split comes back whole, in any order and among others", () => {
  fc.assert(
    fc.property(
      replies.chain((sent) => fc.tuple(fc.constant(sent), shuffled(datagramsOf(sent)))),
      ([sent, datagrams]) => {
        const joiner = new DatagramJoiner();
        const joined = datagrams.map((bytes) => receive(joiner, bytes));
        expect(wholes(joined)).toEqual(new Map(sent.map((each) => [each.requestId, each.reply])));
        expect(joined.filter(({ found }) => found === "dropped")).toEqual([]);
        expect(joiner.replies).toBe(0);
      },
    ),
  );
});

test("with datagrams lost and others doubled a reply is right or not there", () => {
  fc.assert(
    fc.property(
      replies.chain((sent) => {
        const datagrams = datagramsOf(sent);
        return fc.tuple(
          fc.constant(sent),
          fc
            .array(fc.nat(Math.max(0, datagrams.length - 1)), { maxLength: 80, size: "max" })
            .map((at) => at.flatMap((i) => datagrams[i] ?? [])),
        );
      }),
      ([sent, datagrams]) => {
        const joiner = new DatagramJoiner();
        const joined = datagrams.map((bytes) => receive(joiner, bytes));
        const asSent = new Map(sent.map((each) => [each.requestId, each.reply]));
        for (const [id, bytes] of wholes(joined)) expect(bytes).toEqual(asSent.get(id));
        const complete = sent.filter((each) =>
          datagramsOf([each]).every((bytes) => datagrams.some((other) => sameBytes(bytes, other))),
        );
        for (const each of complete) expect(wholes(joined).get(each.requestId)).toEqual(each.reply);
      },
    ),
  );
});

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Datagrams of somebody who wants to do harm: few ids, totals that contradict, claims of every size. */
const forged: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: forgedOf(fc.integer({ min: 0, max: 6 }), fc.constantFrom(2, 3, 4)) },
  forgedOf(requestId, fc.constantFrom(0, 1, 2, 16, 17, 2_049, 65_535)),
  fc.uint8Array({ maxLength: 20 }),
);

function forgedOf(id: fc.Arbitrary<number>, total: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> {
  const data = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 30, size: "max" }),
    fc.constantFrom(0, 1, 99, 100, 101, 1_392).map((length) => new Uint8Array(length).fill(120)),
  );
  const sequence = fc.oneof(fc.nat(4), fc.constantFrom(15, 16, 65_534, 65_535));
  const reserved = fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.constantFrom(1, 256));
  return fc.tuple(id, sequence, total, data, reserved).map((parts) => datagram(...parts));
}

const limits: fc.Arbitrary<Partial<DatagramLimits>> = fc
  .record({
    repliesMax: fc.integer({ min: 1, max: 8 }),
    replyBytesMax: fc.integer({ min: 1, max: 200 }),
    datagramsMax: fc.integer({ min: 1, max: 17 }),
    more: fc.integer({ min: 0, max: 1_000 }),
  })
  .map(({ more, ...rest }) => ({
    ...rest,
    heldBytesMax: rest.replyBytesMax + 8 * rest.datagramsMax + more,
  }));

test("never throws, and holds no more than its limits, whatever is sent", () => {
  fc.assert(
    fc.property(limits, fc.array(forged, { maxLength: 150, size: "max" }), (given, datagrams) => {
      const joiner = new DatagramJoiner(given);
      const { repliesMax = 0, replyBytesMax = 0, heldBytesMax = 0 } = given;
      let dropped = 0;
      for (const bytes of datagrams) {
        datagramRequest(bytes);
        const joined = receive(joiner, bytes);
        if (joined.found === "dropped") dropped++;
        if (joined.found === "whole") expect(joined.reply.length).toBeLessThanOrEqual(replyBytesMax);
        expect(joiner.replies).toBeLessThanOrEqual(repliesMax);
        expect(joiner.heldBytes).toBeLessThanOrEqual(
          heldBytesMax + (joined.found === "whole" ? replyBytesMax : 0),
        );
      }
      expect(Object.values(joiner.drops).reduce((sum, count) => sum + count)).toBe(dropped);
      for (let id = 0; joiner.replies > 0; id++) joiner.giveUp(id);
      receive(joiner, new Uint8Array(0));
      expect(joiner.heldBytes).toBe(0);
    }),
  );
});

test("answers as a model does that keeps everything", () => {
  fc.assert(
    fc.property(fc.array(forged, { maxLength: 100, size: "max" }), (datagrams) => {
      const joiner = new DatagramJoiner();
      const replies = new Map<number, Map<number, Uint8Array>>();
      const totals = new Map<number, number>();
      for (const bytes of datagrams) {
        const view = new DataView(bytes.buffer);
        const joined = receive(joiner, bytes);
        if (bytes.length < 9) {
          expect(joined).toEqual({ found: "dropped", fault: bytes.length < 8 ? "short" : "empty" });
          continue;
        }
        const [id, sequence, total] = [view.getUint16(0), view.getUint16(2), view.getUint16(4)];
        const parts = replies.get(id) ?? new Map<number, Uint8Array>();
        const wrong =
          view.getUint16(6) !== 0 ||
          sequence >= total ||
          total > 2_048 ||
          (parts.size > 0 && totals.get(id) !== total) ||
          parts.has(sequence);
        if (wrong) {
          expect(joined.found).toBe("dropped");
          continue;
        }
        totals.set(id, total);
        replies.set(id, parts.set(sequence, bytes.slice(8)));
        if (parts.size < total) expect(joined).toEqual({ found: "part" });
        else {
          const inOrder = [...parts.entries()].toSorted(([a], [b]) => a - b).flatMap(([, part]) => [...part]);
          expect(joined).toEqual({ found: "whole", requestId: id, reply: Uint8Array.from(inOrder) });
          replies.delete(id);
        }
      }
    }),
  );
});
