// Sending as the contract wants it: the next send when the one before is with the network.

import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import type { Peer } from "./peer.ts";

export const KIB = 1024;
export const MIB: number = 1024 * KIB;

/** A send that waits this long is held back by the reader, and not just slow. */
const HELD_BACK_MS = 250;

/** Sends pieces of these sizes. */
export async function sendAll(harness: AdapterHarness, peer: Peer, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    peer.send(size);
    await harness.until(() => !peer.waiting, `${peer.name}'s send after ${peer.sentBytes} bytes`);
  }
}

/** Sends pieces until one of them is held back, or `bytesMax` were sent. */
export async function fill(
  harness: AdapterHarness,
  peer: Peer,
  piece: number,
  bytesMax: number,
): Promise<void> {
  while (peer.sentBytes < bytesMax) {
    peer.send(piece);
    let heldBack = false;
    const cancel = harness.clock.at(harness.clock.now() + HELD_BACK_MS, () => {
      heldBack = true;
    });
    await harness.until(() => !peer.waiting || heldBack, "a send to go out or to be held back");
    cancel();
    if (heldBack) return;
  }
}

/** Waits until everything `from` has sent is at `to`. */
export async function sentReaches(harness: AdapterHarness, from: Peer, to: Peer): Promise<void> {
  await harness.until(
    () => to.receivedBytes >= from.sentBytes || to.cause !== undefined,
    `${to.name} to receive ${from.sentBytes} bytes`,
  );
  expect(to.receivedBytes).toBe(from.sentBytes);
}
