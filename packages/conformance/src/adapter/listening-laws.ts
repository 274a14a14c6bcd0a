// Ways to listen: ListenOptions.

import type { Endpoint, ListenOptions } from "@memwire/engine";
import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import { once, onEveryKind, type Law } from "./law.ts";
import { dial, finish, host, settle } from "./pair.ts";
import { Peer } from "./peer.ts";

export const listeningLaws: readonly Law[] = [
  onEveryKind("a backlog is taken, and connections come", async (harness, kind) => {
    const listening = await host(harness, kind, { backlog: 7 });
    const nears = [dial(harness, listening.endpoint), dial(harness, listening.endpoint)];
    await harness.until(
      () => listening.accepted.length === 2 && nears.every((near) => near.events.length > 0),
      "two connections",
    );
    await listening.close();
    await finish(harness, [...nears, ...listening.accepted]);
  }),

  onEveryKind("a backlog that is none is refused, and nothing listens", async (harness, kind) => {
    for (const backlog of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
      const endpoint = harness.fresh(kind);
      await expect(refused(harness, endpoint, { backlog })).resolves.toMatch(
        new RegExp(
          `^cannot listen on .*: backlog must be a whole number from 1 to 2147483647, got ${backlog}$`,
        ),
      );
    }
  }),

  once("peers that are silent may be asked whether they are there, and connections come", async (harness) => {
    const listening = await host(harness, "tcp", { keepAlive: true });
    const near = dial(harness, listening.endpoint);
    await harness.until(() => listening.accepted.length === 1 && near.events.length > 0, "a connection");
    await listening.close();
    await finish(harness, [near, ...listening.accepted]);
  }),

  once("the peer of a unix socket is not asked, and the error says so", async (harness) => {
    await expect(refused(harness, harness.fresh("unix"), { keepAlive: true })).resolves.toMatch(
      /^cannot listen on .*: keepAlive is for tcp, the peer of a unix socket is on the same machine$/,
    );
  }),

  once("one port is shared by all who say so, and each gets connections", async (harness) => {
    const first = await host(harness, "tcp", { reusePort: true });
    const second = await host(harness, "tcp", { reusePort: true }, first.endpoint);
    expect(second.endpoint).toEqual(first.endpoint);
    const nears = Array.from({ length: 64 }, () => dial(harness, first.endpoint));
    await harness.until(
      () =>
        first.accepted.length + second.accepted.length === nears.length &&
        nears.every((near) => near.events.length > 0),
      "64 connections",
    );
    // That one of them gets none of 64 has a chance of 1 in 2^63.
    expect([first.accepted.length, second.accepted.length]).not.toContain(0);
    // When one has closed, the other gets them all.
    await second.close();
    const late = Array.from({ length: 8 }, () => dial(harness, first.endpoint));
    const before = first.accepted.length;
    await harness.until(() => first.accepted.length === before + late.length, "eight more");
    await harness.until(() => late.every((near) => near.events.length > 0), "eight more to know");
    await first.close();
    await finish(harness, [...nears, ...late, ...first.accepted, ...second.accepted]);
  }),

  once("a port is not shared with one who has not said so", async (harness) => {
    const alone = await host(harness, "tcp");
    await expect(refused(harness, alone.endpoint, { reusePort: true })).resolves.toMatch(
      /: address already in use$/,
    );
    await alone.close();
    const sharing = await host(harness, "tcp", { reusePort: true });
    await expect(refused(harness, sharing.endpoint, {})).resolves.toMatch(/: address already in use$/);
    await sharing.close();
  }),

  once("a unix socket cannot be shared, and the error says so", async (harness) => {
    await expect(refused(harness, harness.fresh("unix"), { reusePort: true })).resolves.toMatch(
      /^cannot listen on .*: reusePort is for tcp, a unix socket has one listener$/,
    );
  }),
];

/** The message with which listening is refused. */
async function refused(harness: AdapterHarness, endpoint: Endpoint, options: ListenOptions): Promise<string> {
  const listening = harness.network
    .listen(endpoint, () => new Peer("nobody"), options)
    .then(
      async (listener) => {
        await listener.close();
        return "it was not refused";
      },
      (error: unknown) => (error as Error).message,
    );
  return settle(harness, listening, "the refusal");
}
