// An engine on the adapter, by drive(): what the whole contract is for.

import { drive, type Millis, type Network, type Transport } from "@memwire/engine";
import { expect } from "vitest";
import { EchoEngine } from "./echo-engine.ts";
import { onEveryKind, type Law } from "./law.ts";
import { dial, finish, pass, settle } from "./pair.ts";
import { KIB, sendAll } from "./send.ts";

export const drivingLaws: readonly Law[] = [
  onEveryKind("100 pipelined pieces are echoed in order, a write a turn", async (harness, kind) => {
    const { network, counts } = counting(harness.network);
    const driver = drive(new EchoEngine(), network, harness.clock);
    const listener = await settle(harness, driver.listen(harness.fresh(kind)), "listening");
    const near = dial(harness, listener.endpoint);
    await harness.until(() => near.events.length > 0, "a connection");
    await sendAll(
      harness,
      near,
      Array.from({ length: 100 }, (_, i) => 1 + i * 7),
    );
    near.ask("end"); // the engine answers all, then closes
    await harness.until(() => near.events.includes("ended"), "the echo and its end");
    expect(near.receivedBytes).toBe(near.sentBytes);
    expect(counts.writes).toBeGreaterThan(0);
    expect(counts.writes).toBeLessThanOrEqual(counts.chunks);
    await settle(harness, driver.close(), "the driver's close");
    await finish(harness, [near]);
  }),

  onEveryKind("two connections at once get a write each", async (harness, kind) => {
    const { network, counts } = counting(harness.network);
    const driver = drive(new EchoEngine(), network, harness.clock);
    const listener = await settle(harness, driver.listen(harness.fresh(kind)), "listening");
    const nears = [dial(harness, listener.endpoint), dial(harness, listener.endpoint)];
    await harness.until(
      () => driver.connections === 2 && nears.every((near) => near.events.length > 0),
      "both",
    );
    for (let round = 0; round < 20; round++) {
      for (const near of nears) near.send(100);
      await harness.until(
        () => nears.every((near) => near.receivedBytes === near.sentBytes && !near.waiting),
        "both echoes",
      );
    }
    expect(counts.writes).toBeLessThanOrEqual(40);
    await finish(harness, nears);
    await settle(harness, driver.close(), "the driver's close");
  }),

  onEveryKind("an engine that always has more to do answers in between", async (harness, kind) => {
    const engine = new BusyEngine();
    const driver = drive(engine, harness.network, harness.clock);
    const listener = await settle(harness, driver.listen(harness.fresh(kind)), "listening");
    const near = dial(harness, listener.endpoint);
    await harness.until(() => near.events.length > 0, "a connection");
    for (let round = 0; round < 5; round++) {
      near.send(100);
      await harness.until(() => near.receivedBytes === near.sentBytes && !near.waiting, "the echo");
    }
    expect(engine.deadline).toBe(-Infinity);
    await settle(harness, driver.close(), "the driver's close");
    await finish(harness, [near]);
  }),

  onEveryKind("closing a driver closes every connection and the listener", async (harness, kind) => {
    const driver = drive(new EchoEngine(), harness.network, harness.clock);
    const listener = await settle(harness, driver.listen(harness.fresh(kind)), "listening");
    const nears = Array.from({ length: 10 }, () => dial(harness, listener.endpoint));
    await harness.until(
      () => driver.connections === nears.length && nears.every((near) => near.events.length > 0),
      "ten connections",
    );
    for (const near of nears) near.send(10 * KIB);
    await pass(harness, 5);
    const closing = driver.close();
    await harness.until(() => nears.every((near) => near.events.includes("ended")), "the end everywhere");
    for (const near of nears) near.ask("close");
    await settle(harness, closing, "the driver's close");
    expect(driver.connections).toBe(0);
    await finish(harness, nears);
    await harness.until(() => harness.openSockets(listener.endpoint) === 0, "every socket to be gone");
  }),
];

/** After so long a busy engine gives up: on a clock whose next turn is none it would stop everything for good. */
const BUSY_MS = 2_000;

/** Wants to go on in every next turn. */
class BusyEngine extends EchoEngine {
  override deadline = -Infinity;
  #since = Infinity;

  override elapsed(now: Millis): void {
    this.#since = Math.min(this.#since, now);
    if (now - this.#since > BUSY_MS) this.deadline = Infinity;
  }
}

/** The network, with a count of the chunks that its accepted connections receive and of their writes. */
function counting(real: Network): { network: Network; counts: { chunks: number; writes: number } } {
  const counts = { chunks: 0, writes: 0 };
  const network: Network = {
    connect: (endpoint, handler) => real.connect(endpoint, handler),
    bind: (address, handler) => real.bind(address, handler),
    listen: (endpoint, accept) =>
      real.listen(endpoint, (transport) => {
        const handler = accept(counted(transport, counts));
        return {
          connected: () => handler.connected(),
          received(chunk) {
            counts.chunks++;
            handler.received(chunk);
          },
          ended: () => handler.ended(),
          drained: () => handler.drained(),
          closed: (cause) => handler.closed(cause),
        };
      }),
  };
  return { network, counts };
}

function counted(transport: Transport, counts: { writes: number }): Transport {
  return {
    write(bytes) {
      counts.writes++;
      return transport.write(bytes);
    },
    pause: () => transport.pause(),
    resume: () => transport.resume(),
    end: () => transport.end(),
    close: () => transport.close(),
  };
}
