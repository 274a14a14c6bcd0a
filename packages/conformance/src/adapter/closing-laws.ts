// How connections end: what was written arrives, nothing is said twice, nothing leaks.

import { FAREWELL_MS, LINGER_MS } from "@memwire/engine";
import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import { forgotten } from "./garbage.ts";
import { once, onEveryKind, type Kind, type Law } from "./law.ts";
import { dial, finish, host, pair, pass } from "./pair.ts";
import type { Peer } from "./peer.ts";
import { fill, KIB, MIB, sendAll, sentReaches } from "./send.ts";

export const closingLaws: readonly Law[] = [
  onEveryKind("close delivers what was written before it", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    near.send(8 * MIB);
    near.ask("close");
    await sentReaches(harness, near, far);
    await harness.until(() => far.events.includes("ended"), "the end");
    await done();
    expect([near.cause, far.cause]).toEqual(["closed", "closed"]);
    expect(near.events).toEqual(["connected", "closed"]);
  }),

  onEveryKind("close with unread input loses nothing and takes no longer", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    near.ask("pause");
    await sendAll(harness, far, [100 * KIB]);
    near.send(4 * MIB);
    near.ask("close");
    const start = harness.clock.now();
    await sentReaches(harness, near, far);
    await harness.until(() => far.events.includes("ended"), "the end");
    await done();
    expect([near.cause, far.cause]).toEqual(["closed", "closed"]);
    expect(harness.clock.now() - start).toBeLessThan(LINGER_MS - 500);
  }),

  onEveryKind("close from inside received is the last that the handler hears of", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    far.onReceived = () => far.ask("close");
    near.send(1 * MIB);
    await harness.until(() => far.receivedBytes > 0, "the first chunk");
    const { receivedBytes } = far;
    await done();
    expect(far.receivedBytes).toBe(receivedBytes);
    expect(far.cause).toBe("closed");
  }),

  onEveryKind(
    "close from inside received is the last also where much has piled up",
    async (harness, kind) => {
      const { near, far, finish: done } = await pair(harness, kind);
      far.ask("pause");
      await fill(harness, near, 1 * MIB, 8 * MIB);
      let times = 0;
      far.onReceived = () => {
        times++;
        far.ask("close");
      };
      far.ask("resume");
      await harness.until(() => times > 0, "the first chunk");
      await done();
      expect([times, far.cause]).toEqual([1, "closed"]);
    },
  ),

  onEveryKind("who closes hears no more of what the peer sends", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    near.ask("close");
    far.send(1 * MIB);
    far.ask("end");
    await harness.until(() => near.cause !== undefined, "the close");
    expect([near.receivedBytes, near.events]).toEqual([0, ["connected", "closed"]]);
    await done();
  }),

  once("a peer that neither reads nor ends is left within LINGER_MS", async (harness) => {
    // All at the same time: on a real clock this takes as long as it says.
    await Promise.all([
      leaveBehind(harness, "tcp", "unread"),
      leaveBehind(harness, "unix", "unread"),
      leaveBehind(harness, "tcp", "unended"),
      leaveBehind(harness, "unix", "unended"),
    ]);
  }),

  once("a write after the peer has reset is no error but one close with that cause", async (harness) => {
    const peer = await harness.resetting();
    const near = dial(harness, peer.endpoint);
    await harness.until(() => near.events.length > 0 && peer.connections > 0, "a connection");
    near.ask("pause"); // so that the write finds out, and not a read
    peer.reset();
    await pass(harness, 20);
    for (let sends = 0; sends < 10 && near.cause === undefined; sends++) {
      near.send(1000);
      await pass(harness, 5);
    }
    await harness.until(() => near.cause !== undefined, "the close");
    near.send(1000);
    expect(near.cause).toBe("reset");
    await peer.close();
    await finish(harness, [near]);
  }),

  once("a reset ends a write that was not all taken, though nothing is read", async (harness) => {
    const peer = await harness.resetting();
    const near = dial(harness, peer.endpoint);
    await harness.until(() => near.events.length > 0 && peer.connections > 0, "a connection");
    near.ask("pause");
    expect(near.send(16 * MIB)).toBe(false);
    await pass(harness, 20);
    peer.reset();
    await harness.until(() => near.cause !== undefined, "the close");
    // Through TLS on Deno it is a failure of some kind.
    expect(["reset", "failed"]).toContain(near.cause);
    expect(near.events.at(-1)).toBe("closed");
    await peer.close();
    await finish(harness, [near]);
  }),

  once("a reset is heard of though a write finds out first, and nothing is read", async (harness) => {
    const peer = await harness.resetting();
    const near = dial(harness, peer.endpoint);
    await harness.until(() => near.events.length > 0 && peer.connections > 0, "a connection");
    near.ask("pause");
    peer.reset();
    near.send(1000);
    await harness.until(() => near.cause !== undefined, "the close");
    expect(near.cause).toBe("reset");
    await peer.close();
    await finish(harness, [near]);
  }),

  once("a reset is heard without writing", async (harness) => {
    const peer = await harness.resetting();
    const near = dial(harness, peer.endpoint);
    await harness.until(() => near.events.length > 0 && peer.connections > 0, "a connection");
    peer.reset();
    await harness.until(() => near.cause !== undefined, "the close");
    expect([near.cause, near.events]).toEqual(["reset", ["connected", "closed"]]);
    await peer.close();
    await finish(harness, [near]);
  }),

  onEveryKind("a closed transport takes every order, and does nothing", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    near.ask("close");
    near.ask("close");
    far.ask("close");
    await done();
    for (const peer of [near, far]) {
      peer.send(1000);
      for (const order of ["pause", "resume", "end", "close"] as const) peer.ask(order);
    }
    await pass(harness, 20);
    expect([near.faults, far.faults]).toEqual([[], []]);
    expect(near.events).toEqual(["connected", "closed"]);
  }),

  onEveryKind("1,000 connections leave nothing behind", async (harness, kind) => {
    const listening = await host(harness, kind);
    expect(harness.openSockets(listening.endpoint)).toBe(1);
    const nears: Peer[] = [];
    for (let wave = 0; wave < 10; wave++) {
      const opened = Array.from({ length: 100 }, () => dial(harness, listening.endpoint));
      nears.push(...opened);
      await harness.until(
        () => opened.every((near) => near.events.length > 0) && listening.accepted.length === nears.length,
        "100 connections",
      );
      for (const [index, near] of opened.entries()) {
        near.send(10);
        // By turns either side closes first; the other closes when it sees the end.
        const far = listening.accepted[wave * 100 + index] as Peer;
        (index % 2 === 0 ? near : far).ask("close");
      }
      await finish(harness, [...opened, ...listening.accepted.slice(wave * 100)]);
    }
    await listening.close();
    const all = [...nears, ...listening.accepted];
    expect(all.length).toBe(2000);
    expect(all.filter((peer) => peer.cause !== "closed").map((peer) => peer.cause)).toEqual([]);
    await harness.until(() => harness.openSockets(listening.endpoint) === 0, "every socket to be gone");
  }),

  onEveryKind("of connections that are over no memory is kept", async (harness, kind) => {
    const handlers: WeakRef<Peer>[] = [];
    for (let i = 0; i < 60; i++) handlers.push(...(await overAndForgotten(harness, kind)));
    // The last of them may still lie on a stack, and a collector may take what looks like an address for one.
    await forgotten(handlers, 12);
  }),
];

/** Opens a connection and closes it. @returns its two ends, not held */
async function overAndForgotten(harness: AdapterHarness, kind: Kind): Promise<WeakRef<Peer>[]> {
  const { near, far, finish: done } = await pair(harness, kind);
  near.send(10);
  await harness.until(() => far.receivedBytes === 10, "what was sent");
  await done();
  return [new WeakRef(near), new WeakRef(far)];
}

/** Closes a connection whose peer does not do its part; near must be through with it in time. */
async function leaveBehind(harness: AdapterHarness, kind: Kind, how: "unread" | "unended"): Promise<void> {
  const { near, far, finish: done } = await pair(harness, kind);
  if (how === "unread") {
    far.ask("pause");
    await fill(harness, near, 256 * KIB, 32 * MIB);
    expect(near.waiting).toBe(true);
  }
  const start = harness.clock.now();
  near.ask("close");
  await harness.until(
    () => near.cause !== undefined,
    `near to leave a peer that is ${how}`,
    LINGER_MS + 1000,
  );
  const tookMs = harness.clock.now() - start;
  expect(near.cause).toBe("closed");
  // Not at once either: it is the peer's time to take what was sent, or to say that it has.
  expect(tookMs).toBeGreaterThanOrEqual((how === "unread" ? LINGER_MS : FAREWELL_MS) - 100);
  // A simulated machine does not know when its last byte was read.
  if (how === "unended" && harness.name !== "memory") expect(tookMs).toBeLessThan(LINGER_MS - 1_000);
  // Of what waited nothing leaves any more: near has written over it by now, and far looks at each byte.
  far.ask("resume");
  await pass(harness, 50);
  await done();
}
