// The codec's datagrams beside real memcached, over UDP: what it drops, and what it answers in one datagram or many.

import { createSocket, type Socket } from "node:dgram";
import {
  type DatagramLimits,
  DatagramJoiner,
  datagramRequest,
  latin1Bytes,
  latin1Text,
  requestIdOf,
  SendBuffer,
  writeDatagramHeader,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { datagram } from "../../codec/test/datagrams.ts";
import { onFreePort, type RunningPeer, startMemcached, TextClient, withPeer } from "../src/mod.ts";

const ANSWERS_WITHIN_MS = 10_000;

/** memcached that takes datagrams on the port on which it takes connections. */
const startBoth = (): Promise<RunningPeer> =>
  onFreePort((port) => startMemcached({ port, args: ["-U", `${port}`] }));

/** Asks over UDP, and joins what comes back. */
class UdpClient implements Disposable {
  readonly joiner: DatagramJoiner;
  /** Datagrams that came. */
  received = 0;
  readonly #socket: Socket = createSocket("udp4");
  readonly #port: number;
  /** Whole replies, in the order in which they came. */
  readonly #replies: [requestId: number, text: string][] = [];
  #heard: () => void = () => {};

  constructor(peer: RunningPeer, limits: Partial<DatagramLimits> = {}) {
    this.joiner = new DatagramJoiner(limits);
    this.#port = peer.endpoint.kind === "tcp" ? peer.endpoint.port : 0;
    this.#socket.on("message", (bytes) => {
      this.received++;
      const { joiner } = this;
      if (joiner.receive(bytes) !== "whole") return;
      this.#replies.push([joiner.requestId, latin1Text(joiner.bytes, joiner.start, joiner.end)]);
      this.#heard();
    });
  }

  /** Resolves when it is out: on Deno one that was sent later may be out before. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, this.#port, "127.0.0.1", (error) => (error ? reject(error) : resolve()));
    });
  }

  request(requestId: number, text: string): Promise<void> {
    const out = new SendBuffer();
    writeDatagramHeader(out, requestId);
    out.latin1(text);
    return this.send(out.take());
  }

  /** The next reply. @throws Error if none comes */
  async reply(): Promise<[requestId: number, text: string]> {
    const until = Date.now() + ANSWERS_WITHIN_MS;
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (Date.now() > until) throw new Error(`no reply in ${this.received} datagrams`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, 100);
      });
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

withPeer("memcached", () => {
  test("a value of 100 KB comes back whole, in many datagrams", async () => {
    await using peer = await startBoth();
    const value = Array.from({ length: 100_000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join("");
    using client = await TextClient.connect(peer.endpoint);
    expect(await client.ask(`set big 7 0 100000\r\n${value}\r\n`)).toBe("STORED\r\n");
    using udp = new UdpClient(peer);
    await udp.request(0xfffe, "get big\r\n");
    expect(await udp.reply()).toEqual([0xfffe, `VALUE big 7 100000\r\n${value}\r\nEND\r\n`]);
    expect(udp.received).toBe(72);
    expect(udp.joiner.replies).toBe(0);
  });

  test("replies carry the id of their request, and a multi-get is answered with a reply a key", async () => {
    await using peer = await startBoth();
    using udp = new UdpClient(peer);
    const dialogue: readonly [requestId: number, request: string, ...replies: string[]][] = [
      [1, "set a 0 0 3\r\nabc\r\n", "STORED\r\n"],
      [2, "get a\r\n", "VALUE a 0 3\r\nabc\r\nEND\r\n"],
      [3, "get a b a\r\n", "VALUE a 0 3\r\nabc\r\n", "VALUE a 0 3\r\nabc\r\nEND\r\n"],
      [4, "mg a v\r\n", "VA 3\r\nabc\r\n"],
      [0, "nonsense\r\n", "ERROR\r\n"],
    ];
    for (const [requestId, request, ...replies] of dialogue) {
      await udp.request(requestId, request);
      for (const text of replies) expect(await udp.reply(), request).toEqual([requestId, text]);
    }
  });

  test("memcached answers those datagrams that the codec takes for requests, and no others", async () => {
    await using peer = await startBoth();
    using udp = new UdpClient(peer);
    const get = latin1Bytes("get a\r\n");
    const datagrams = [
      datagram(1, 0, 1, get),
      datagram(2, 5, 1, get),
      datagram(3, 0, 1, get, 7),
      datagram(4, 0, 0, get),
      datagram(5, 0, 2, get),
      datagram(5, 1, 2, get),
      datagram(6, 0, 257, get),
      datagram(7, 0, 1, []),
      datagram(8, 0, 1, get).subarray(0, 5),
      datagram(9, 65_535, 1, get),
    ];
    for (const bytes of datagrams) await udp.send(bytes);
    const taken = datagrams.filter((bytes) => datagramRequest(bytes) === "request").map(requestIdOf);
    expect(taken).toEqual([1, 2, 3, 9]);
    for (const requestId of taken) expect(await udp.reply()).toEqual([requestId, "END\r\n"]);
  });
});
