// How connections begin, and how they fail to.

import { describeEndpoint, type Endpoint } from "@memwire/engine";
import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import { once, onEveryKind, type Law } from "./law.ts";
import { dial, finish, host, pair, pass, settle } from "./pair.ts";
import { Peer } from "./peer.ts";
import { sendAll, sentReaches } from "./send.ts";

export const connectingLaws: readonly Law[] = [
  onEveryKind("only the side that connected is told that it is connected, once", async (harness, kind) => {
    const { near, far, finish: done } = await pair(harness, kind);
    await sendAll(harness, far, [10]);
    await sentReaches(harness, far, near);
    expect([near.events, far.events.filter((event) => event !== "drained")]).toEqual([["connected"], []]);
    await done();
  }),

  onEveryKind("a connect where nobody listens is refused, once", async (harness, kind) => {
    const near = dial(harness, await harness.vacant(kind));
    await harness.until(() => near.cause !== undefined, "the failure");
    expect(near.events).toEqual(["closed"]);
    // A unix socket that is gone has no file either.
    expect(kind === "tcp" ? ["refused"] : ["refused", "not-found"]).toContain(near.cause);
    await finish(harness, [near]);
  }),

  once("an unknown host name is not-found", async (harness) => {
    const near = dial(harness, { kind: "tcp", host: "nobody.invalid", port: 11211 });
    await harness.until(() => near.cause !== undefined, "the failure", 20_000);
    expect([near.cause, near.events]).toEqual(["not-found", ["closed"]]);
    await finish(harness, [near]);
  }),

  once("a pending connect ends when it is closed, and nothing comes after", async (harness) => {
    await onBlackhole(harness, async (endpoint) => {
      const near = dial(harness, endpoint);
      await pass(harness, 200);
      expect(near.events).toEqual([]);
      near.ask("close");
      await harness.until(() => near.cause !== undefined, "the close", 1000);
      await pass(harness, 50);
      expect([near.cause, near.events]).toEqual(["closed", ["closed"]]);
      await finish(harness, [near]);
    });
  }),

  once("a pending connect that is closed leaves no socket", async (harness) => {
    await onBlackhole(harness, async (endpoint) => {
      const before = harness.openSockets(endpoint);
      const near = dial(harness, endpoint);
      await harness.until(() => harness.openSockets(endpoint) > before, "a socket");
      near.ask("close");
      await harness.until(() => harness.openSockets(endpoint) === before, "the socket to be gone");
      await finish(harness, [near]);
    });
  }),

  onEveryKind("a connect that is closed in its own turn ends with that", async (harness, kind) => {
    const listening = await host(harness, kind);
    const near = dial(harness, listening.endpoint);
    near.ask("close");
    await harness.until(() => near.cause !== undefined, "the close", 1000);
    await pass(harness, 50);
    expect([near.cause, near.events]).toEqual(["closed", ["closed"]]);
    // Whether or not the peer has seen it come, it must see it go.
    await harness.until(
      () => listening.accepted.every((far) => far.events.length > 0),
      "the peer's end",
      1000,
    );
    await listening.close();
    await finish(harness, [near, ...listening.accepted]);
  }),

  once("port 0 becomes the port that the system chose", async (harness) => {
    const first = await host(harness, "tcp");
    const second = await host(harness, "tcp");
    expect(first.endpoint).toMatchObject({ kind: "tcp", port: expect.any(Number) });
    expect(first.endpoint).not.toMatchObject({ port: 0 });
    expect(second.endpoint).not.toEqual(first.endpoint);
    const near = dial(harness, first.endpoint);
    await harness.until(() => near.events.length > 0, "a connection to that port");
    expect(near.events).toEqual(["connected"]);
    await first.close();
    await second.close();
    await finish(harness, [near, ...first.accepted]);
  }),

  onEveryKind("an endpoint in use is not to be had, and the error says so", async (harness, kind) => {
    const listening = await host(harness, kind);
    const again = harness.network.listen(listening.endpoint, () => new Peer("nobody"));
    await expect(settle(harness, again, "the failure")).rejects.toThrow(
      `cannot listen on ${describeEndpoint(listening.endpoint)}: address already in use`,
    );
    // The one that listens was not harmed.
    const near = dial(harness, listening.endpoint);
    await harness.until(() => near.events.length > 0 && listening.accepted.length > 0, "a connection");
    expect(near.events).toEqual(["connected"]);
    await listening.close();
    await finish(harness, [near, ...listening.accepted]);
  }),

  onEveryKind("where a listener was, another one is as soon as it is closed", async (harness, kind) => {
    const listening = await host(harness, kind);
    let { endpoint } = listening;
    await listening.close();
    for (let i = 0; i < 5; i++) {
      const again = await harness.network.listen(endpoint, () => new Peer("nobody"));
      ({ endpoint } = again);
      await again.close();
    }
  }),

  onEveryKind("a closed listener takes nobody, and those it has go on", async (harness, kind) => {
    const listening = await host(harness, kind);
    const near = dial(harness, listening.endpoint);
    await harness.until(() => near.events.length > 0 && listening.accepted.length > 0, "a connection");
    const [far] = listening.accepted as [Peer];
    await listening.close();
    const late = dial(harness, listening.endpoint);
    await harness.until(() => late.cause !== undefined, "the late one to fail");
    expect(["refused", "not-found"]).toContain(late.cause);
    await sendAll(harness, near, [1000]);
    await sentReaches(harness, near, far);
    await sendAll(harness, far, [1000]);
    await sentReaches(harness, far, near);
    const again = await settle(
      harness,
      harness.network.listen(listening.endpoint, () => new Peer("nobody")),
      "listening again",
    );
    await settle(harness, again.close(), "the close");
    await finish(harness, [near, late, far]);
  }),
];

async function onBlackhole(
  harness: AdapterHarness,
  use: (endpoint: Endpoint) => Promise<void>,
): Promise<void> {
  const hole = await harness.blackhole();
  try {
    await use(hole.endpoint);
  } finally {
    await hole.close();
  }
}
