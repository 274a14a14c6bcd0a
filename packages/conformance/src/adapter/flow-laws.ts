// Bytes on their way: order, backpressure in both directions, half-close.

import { expect } from "vitest";
import fc from "fast-check";
import type { AdapterHarness } from "../adapter-suite.ts";
import { onEveryKind, type Law } from "./law.ts";
import { pair, pass } from "./pair.ts";
import type { Peer } from "./peer.ts";
import { fill, KIB, MIB, sendAll, sentReaches } from "./send.ts";

export const flowLaws: readonly Law[] = [
  onEveryKind("bytes arrive whole and in order, both ways at once", async (harness, kind) => {
    const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 200 * KIB }));
    const sizes = fc.array(size, { maxLength: 20 });
    const law = fc.asyncProperty(sizes, sizes, async (out, back) => {
      const { near, far, finish } = await pair(harness, kind);
      await Promise.all([sendAll(harness, near, out), sendAll(harness, far, back)]);
      await sentReaches(harness, near, far);
      await sentReaches(harness, far, near);
      await finish();
    });
    await fc.assert(law, { numRuns: 20 });
  }),

  onEveryKind("a reader that pauses holds back a writer of 8 MiB", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    far.ask("pause");
    await fill(harness, near, 64 * KIB, 8 * MIB);
    expect(near.waiting).toBe(true);
    // The rest is neither sent nor held by the writer's transport: what it took is in the network.
    expect(near.sentBytes).toBeLessThan(8 * MIB);
    expect(far.receivedBytes).toBe(0);
    far.ask("resume");
    await harness.until(() => !near.waiting, "drained after resume");
    while (near.sentBytes < 8 * MIB) await sendAll(harness, near, [64 * KIB]);
    await sentReaches(harness, near, far);
    await finish();
  }),

  onEveryKind("one send of 8 MiB is drained when the reader has let it through", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    far.ask("pause");
    expect(near.send(8 * MIB)).toBe(false);
    await pass(harness, 100);
    expect(near.events).toEqual(["connected"]);
    far.ask("resume");
    await sentReaches(harness, near, far);
    await harness.until(() => !near.waiting, "drained");
    expect(near.events).toEqual(["connected", "drained"]);
    await finish();
  }),

  onEveryKind("a part of memory that threads share is sent as any other", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    far.ask("pause");
    expect(near.send(8 * MIB, new SharedArrayBuffer(9 * MIB))).toBe(false);
    far.ask("resume");
    await sentReaches(harness, near, far);
    await harness.until(() => !near.waiting, "drained");
    await finish();
  }),

  onEveryKind("a pause from inside received takes hold at once", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    near.send(512 * KIB);
    expect(await receivedWhilePaused(harness, near, far)).toBe(0);
    await finish();
  }),

  onEveryKind(
    "a pause from inside received takes hold at once where much has piled up, too",
    async (harness, kind) => {
      const { near, far, finish } = await pair(harness, kind);
      far.ask("pause");
      await fill(harness, near, 1 * MIB, 8 * MIB);
      far.ask("resume");
      expect(await receivedWhilePaused(harness, near, far)).toBe(0);
      await harness.until(() => !near.waiting, "drained");
      await finish();
    },
  ),

  onEveryKind("of what has piled up no turn brings more than 4 MiB", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    let turnBegan = 0;
    let isTurn = false;
    let most = 0;
    far.onReceived = () => {
      most = Math.max(most, far.receivedBytes - turnBegan);
      if (isTurn) return;
      isTurn = true;
      harness.clock.defer(() => {
        isTurn = false;
        turnBegan = far.receivedBytes;
      });
    };
    // The system keeps more of a connection the more has gone over it.
    for (let times = 0; times < 2; times++) {
      await fill(harness, near, 1 * MIB, near.sentBytes + 8 * MIB);
      await sentReaches(harness, near, far);
      await harness.until(() => !near.waiting, "drained");
      far.ask("pause");
      await fill(harness, near, 1 * MIB, near.sentBytes + 8 * MIB);
      far.ask("resume");
      await sentReaches(harness, near, far);
      await harness.until(() => !near.waiting, "drained");
    }
    expect(most).toBeLessThanOrEqual(4 * MIB);
    await finish();
  }),

  onEveryKind("what comes while paused, and the end of it, waits for resume", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    far.ask("pause");
    await sendAll(harness, near, [10 * KIB]);
    near.ask("end");
    await pass(harness, 50);
    expect([far.receivedBytes, far.events]).toEqual([0, []]);
    far.ask("resume");
    await harness.until(() => far.events.includes("ended"), "the end after resume");
    expect(far.receivedBytes).toBe(10 * KIB);
    await finish();
  }),

  onEveryKind("pause and resume in one turn change nothing", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    far.onReceived = () => {
      far.ask("pause");
      far.ask("resume");
    };
    await sendAll(harness, near, [300 * KIB]);
    await sentReaches(harness, near, far);
    await finish();
  }),

  onEveryKind("who ended still gets an answer of 1 MiB, whole", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    await sendAll(harness, near, [100]);
    near.ask("end");
    await harness.until(() => far.events.includes("ended"), "the far side to see the end");
    expect(far.receivedBytes).toBe(100);
    await pass(harness, 20);
    await sendAll(harness, far, [1 * MIB]);
    await sentReaches(harness, far, near);
    expect(near.events).not.toContain("ended");
    await finish();
  }),

  onEveryKind("end delivers what was written before it", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    near.send(8 * MIB);
    near.ask("end");
    await harness.until(() => far.events.includes("ended"), "the end");
    expect(far.receivedBytes).toBe(8 * MIB);
    await finish();
  }),

  onEveryKind("when both sides have ended, both are closed", async (harness, kind) => {
    const { near, far, finish } = await pair(harness, kind);
    near.ask("end");
    await harness.until(() => far.events.includes("ended"), "the first end");
    far.send(100);
    far.ask("end");
    await harness.until(() => near.cause !== undefined && far.cause !== undefined, "both to be closed");
    expect([near.cause, far.cause]).toEqual(["closed", "closed"]);
    expect([near.receivedBytes, near.events]).toEqual([100, ["connected", "ended", "closed"]]);
    await finish();
  }),
];

/** Pauses at whatever is received, until all that was sent has come. @returns how often more came all the same */
async function receivedWhilePaused(harness: AdapterHarness, near: Peer, far: Peer): Promise<number> {
  let times = 0;
  let paused = false;
  far.onReceived = () => {
    if (paused) times++;
    paused = true;
    far.ask("pause");
  };
  while (far.receivedBytes < near.sentBytes) {
    const before = far.receivedBytes;
    await pass(harness, 5);
    paused = false;
    far.ask("resume");
    await harness.until(() => far.receivedBytes > before, "more after resume");
  }
  return times;
}
