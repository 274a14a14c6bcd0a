// What a ring's completions become, in orders that a kernel brings seldom. Nothing here needs Bun, or a kernel.

import type { TransportHandler } from "@memwire/engine";
import { expect, test } from "vitest";
import { RingListener } from "../src/ring/listener.ts";
import type { Ring } from "../src/ring/ring.ts";
import { RingTransport } from "../src/ring/transport.ts";

const F_BUFFER = 1;
const F_MORE = 2;

/** A ring that does nothing by itself and tells what it was asked for. */
function scriptedRing(): { ring: Ring; asked: string[]; endTurn: () => void; nextTurn: () => void } {
  const asked: string[] = [];
  const waiting: { receive(): void }[] = [];
  const next: (() => void)[] = [];
  const buffers = {
    bytes: 16,
    bytesOf: (buffer: number, length: number) => new Uint8Array(length).fill(buffer),
    give: () => {},
  };
  const ring = {
    small: buffers,
    large: buffers,
    system: { shutdown: () => asked.push("shutdown") },
    opened: () => {},
    closed: () => asked.push("closed"),
    accept: () => asked.push("accept"),
    receive: () => asked.push("receive"),
    receiveLater: (socket: { receive(): void }) => waiting.push(socket),
    receiveAtOnce: (socket: { receive(): void }) => waiting.push(socket),
    nextTurn: (task: () => void) => next.push(task),
  } as unknown as Ring;
  return {
    ring,
    asked,
    endTurn: () => waiting.splice(0).forEach((socket) => socket.receive()),
    nextTurn: () => next.splice(0).forEach((task) => task()),
  };
}

/** Notes the first byte of each chunk, which is the buffer's number. */
function noting(into: unknown[]): TransportHandler {
  return {
    connected: () => into.push("connected"),
    received: ([first]) => into.push(first),
    ended: () => into.push("ended"),
    drained: () => into.push("drained"),
    closed: () => into.push("closed"),
  };
}

const inBuffer = (buffer: number): number => (buffer << 16) | F_BUFFER;

test("what came when paused already comes before what comes after resume, in the same turn, too", () => {
  const { ring, asked, endTurn, nextTurn } = scriptedRing();
  const told: unknown[] = [];
  const transport = new RingTransport(ring, 9);
  transport.serve(noting(told));
  endTurn();
  transport.pause();
  transport.completed("receive", 3, inBuffer(1));
  transport.resume();
  endTurn();
  expect([told, asked]).toEqual([[], ["receive"]]);
  nextTurn();
  endTurn();
  transport.completed("receive", 3, inBuffer(2));
  endTurn();
  transport.completed("receive", 0, 0);
  expect(told).toEqual([1, 2, "ended"]);
});

test("a listener that is closed by whom it tells of its last connection is closed once", async () => {
  const { ring, asked } = scriptedRing();
  let closing: Promise<void> | undefined;
  const listener: RingListener = new RingListener(ring, 7, () => {
    closing = listener.close();
    return noting([]);
  });
  listener.completed("accept", 8, 0);
  await closing;
  expect(asked.filter((what) => what === "closed")).toHaveLength(1);
});

test("a listener that is closed while it accepts takes what has come, and is closed when the kernel has done", async () => {
  const { ring, asked } = scriptedRing();
  let accepted = 0;
  const listener = new RingListener(ring, 7, () => {
    accepted++;
    return noting([]);
  });
  const closed = listener.close();
  listener.completed("accept", 8, F_MORE);
  expect(asked).toEqual(["accept", "shutdown"]);
  listener.completed("accept", -22, 0);
  await closed;
  expect([accepted, asked.at(-1)]).toEqual([1, "closed"]);
});
