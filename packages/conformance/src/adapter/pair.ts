// Connections between two peers under test, and waiting for what they do.

import type { Endpoint, Listener, ListenOptions } from "@memwire/engine";
import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import type { Kind } from "./law.ts";
import { Peer } from "./peer.ts";

/** A connection, both ends of it. */
export interface Pair {
  /** The end that connected. */
  readonly near: Peer;
  /** The end that was accepted. */
  readonly far: Peer;
  /** Closes both ends if they are open, waits for that, and checks that no peer saw a fault. */
  readonly finish: () => Promise<void>;
}

/** A listener that makes a peer of each connection it accepts. */
export interface Host {
  readonly endpoint: Endpoint;
  readonly accepted: readonly Peer[];
  /** Accepts nothing more. */
  close(): Promise<void>;
}

/** Waits for a promise while the harness lets its world go on. */
export async function settle<T>(harness: AdapterHarness, promise: Promise<T>, what: string): Promise<T> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  await harness.until(() => settled, what);
  return promise;
}

/** Lets `ms` of the harness's clock go by. */
export async function pass(harness: AdapterHarness, ms: number): Promise<void> {
  let passed = false;
  harness.clock.at(harness.clock.now() + ms, () => {
    passed = true;
  });
  await harness.until(() => passed, `${ms} ms`, ms + 10_000);
}

export async function host(
  harness: AdapterHarness,
  kind: Kind,
  options: ListenOptions = {},
  endpoint: Endpoint = harness.fresh(kind),
): Promise<Host> {
  const accepted: Peer[] = [];
  const accept = (transport: Peer["transport"]): Peer => {
    const peer = new Peer(`far ${accepted.length}`);
    accepted.push(peer);
    return peer.start(() => transport);
  };
  const listening = harness.network.listen(endpoint, accept, options);
  const listener: Listener = await settle(harness, listening, "listening");
  return {
    endpoint: listener.endpoint,
    accepted,
    close: () => settle(harness, listener.close(), "the listener's close"),
  };
}

/** Connects a peer; it is not connected yet when this returns. */
export function dial(harness: AdapterHarness, endpoint: Endpoint): Peer {
  return new Peer("near").start((handler) => harness.network.connect(endpoint, handler));
}

/** Two peers, connected. */
export async function pair(harness: AdapterHarness, kind: Kind): Promise<Pair> {
  const listening = await host(harness, kind);
  const near = dial(harness, listening.endpoint);
  await harness.until(
    () => near.events.length > 0 && listening.accepted.length > 0,
    "a connection with both its ends",
  );
  expect(near.events).toEqual(["connected"]);
  await listening.close();
  const [far] = listening.accepted as [Peer];
  return {
    near,
    far,
    finish: () => finish(harness, [near, far]),
  };
}

/** Closes those of the peers that are open, waits until all are closed, and checks that none saw a fault. */
export async function finish(harness: AdapterHarness, peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) if (peer.cause === undefined) peer.ask("close");
  await harness.until(() => peers.every((peer) => peer.cause !== undefined), "every peer to be closed");
  await pass(harness, 5); // time for what must not come any more
  expect(peers.flatMap((peer) => peer.faults)).toEqual([]);
}
