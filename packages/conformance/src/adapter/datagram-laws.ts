// Datagrams: whole, apart from each other, with an address that can be answered.

import {
  DATAGRAM_PAYLOAD_BYTES_MAX,
  drive,
  type BindOptions,
  type DatagramAddress,
  type DatagramSocket,
} from "@memwire/engine";
import { expect } from "vitest";
import type { AdapterHarness } from "../adapter-suite.ts";
import { EchoEngine } from "./echo-engine.ts";
import { once, type Law } from "./law.ts";
import { pass, settle } from "./pair.ts";
import { patternBytes } from "./pattern.ts";

const somewhere: DatagramAddress = { host: "127.0.0.1", port: 0 };

export const datagramLaws: readonly Law[] = [
  once("a datagram arrives whole, with an address at which its sender is answered", async (harness) => {
    const [near, far] = [await mailbox(harness), await mailbox(harness)];
    far.onReceived = (from, bytes) => far.socket.send(from, bytes);
    // As a client's, as memcached's largest, as large as there are, and empty.
    for (const size of [9, 1_400, 9_000, DATAGRAM_PAYLOAD_BYTES_MAX, 0]) {
      const sent = patternBytes(size, size);
      const copy = sent.slice();
      near.socket.send(far.socket.address, sent);
      sent.fill(0xee); // the bytes are ours again
      await harness.until(() => near.received.length > 0, `the answer to ${size} bytes`);
      expect(near.received.splice(0)).toEqual([{ from: far.socket.address, bytes: copy }]);
      expect(far.received.splice(0)).toEqual([{ from: near.socket.address, bytes: copy }]);
    }
    await finish(harness, [near, far]);
  }),

  once("datagrams that are sent at once stay apart", async (harness) => {
    const [near, far] = [await mailbox(harness), await mailbox(harness)];
    const sizes = Array.from({ length: 50 }, (_, i) => 1 + i * 7);
    for (const size of sizes) near.socket.send(far.socket.address, patternBytes(0, size));
    await harness.until(() => far.received.length === sizes.length, "50 datagrams");
    // Which comes first is nobody's promise.
    const came = far.received.map(({ bytes }) => bytes).toSorted((one, other) => one.length - other.length);
    expect(came).toEqual(sizes.map((size) => patternBytes(0, size)));
    await finish(harness, [near, far]);
  }),

  once("a datagram that is too large, or to nobody's port, is nobody's error", async (harness) => {
    const [near, far] = [await mailbox(harness), await mailbox(harness)];
    near.socket.send(far.socket.address, new Uint8Array(DATAGRAM_PAYLOAD_BYTES_MAX + 1));
    expect(near.socket.drops).toBe(1);
    const { port } = far.socket.address;
    await settle(harness, far.socket.close(), "the close");
    near.socket.send({ host: "127.0.0.1", port }, Uint8Array.of(1));
    await pass(harness, 20);
    expect(far.received).toEqual([]);
    await finish(harness, [near, far]);
  }),

  once("a closed socket sends and hears nothing, and its port is free", async (harness) => {
    const [near, far] = [await mailbox(harness), await mailbox(harness)];
    const { address } = far.socket;
    await settle(harness, far.socket.close(), "the close");
    await settle(harness, far.socket.close(), "the close of what is closed");
    far.socket.send(near.socket.address, Uint8Array.of(1));
    near.socket.send(address, Uint8Array.of(2));
    await pass(harness, 20);
    expect([near.received, far.received]).toEqual([[], []]);
    const again = await mailbox(harness, {}, address);
    near.socket.send(address, Uint8Array.of(3));
    await harness.until(() => again.received.length > 0, "a datagram at the new socket");
    expect(again.received.map(({ bytes }) => [...bytes])).toEqual([[3]]);
    await finish(harness, [near, far, again]);
  }),

  once("an address for datagrams that is in use is not to be had, and the error says so", async (harness) => {
    const taken = await mailbox(harness);
    const { host, port } = taken.socket.address;
    await expect(mailbox(harness, {}, taken.socket.address)).rejects.toThrow(
      `cannot bind udp ${host}:${port}: address already in use`,
    );
    await finish(harness, [taken]);
  }),

  once("a port for datagrams is shared by all who say so, and each datagram reaches one", async (harness) => {
    const first = await mailbox(harness, { reusePort: true });
    const second = await mailbox(harness, { reusePort: true }, first.socket.address);
    const nears = await Promise.all(Array.from({ length: 64 }, () => mailbox(harness)));
    for (const near of nears) near.socket.send(first.socket.address, Uint8Array.of(1));
    const count = (): number => first.received.length + second.received.length;
    await harness.until(() => count() === nears.length, "64 datagrams");
    await pass(harness, 20);
    expect(count()).toBe(nears.length);
    // That one of them gets none of 64 senders has a chance of 1 in 2^63.
    expect([first.received.length, second.received.length]).not.toContain(0);
    await finish(harness, [first, second, ...nears]);
  }),

  once("an engine hears of datagrams and answers them, until its driver closes", async (harness) => {
    const driver = drive(new EchoEngine(), harness.network, harness.clock);
    const socket = await settle(harness, driver.bind(somewhere), "the socket");
    const near = await mailbox(harness);
    for (const size of [1, 100, 0]) {
      near.socket.send(socket.address, patternBytes(0, size));
      await harness.until(() => near.received.length > 0, "the echo");
      expect(near.received.splice(0)).toEqual([{ from: socket.address, bytes: patternBytes(0, size) }]);
    }
    await settle(harness, driver.close(), "the driver's close");
    near.socket.send(socket.address, Uint8Array.of(1));
    await pass(harness, 20);
    expect(near.received).toEqual([]);
    await finish(harness, [near]);
  }),
];

interface Mailbox {
  readonly socket: DatagramSocket;
  readonly received: { from: DatagramAddress; bytes: Uint8Array }[];
  onReceived: (from: DatagramAddress, bytes: Uint8Array) => void;
}

async function mailbox(
  harness: AdapterHarness,
  options: BindOptions = {},
  address: DatagramAddress = somewhere,
): Promise<Mailbox> {
  const box: Omit<Mailbox, "socket"> = { received: [], onReceived: () => {} };
  const received = (from: DatagramAddress, bytes: Uint8Array): void => {
    box.received.push({ from, bytes: bytes.slice() }); // lent
    box.onReceived(from, bytes);
  };
  const socket = await settle(harness, harness.network.bind(address, { received }, options), "the socket");
  return Object.assign(box, { socket });
}

async function finish(harness: AdapterHarness, boxes: readonly Mailbox[]): Promise<void> {
  for (const { socket } of boxes) await settle(harness, socket.close(), "the close");
}
