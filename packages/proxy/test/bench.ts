// A proxy on a table: clients and servers are this test's own hands, time is a number it sets.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { CloseCause, Command, ConnectionId } from "@memwire/engine";
import {
  ProxyEngine,
  type PoolOptions,
  type ProxyLimits,
  type ProxyOptions,
  type ServerOptions,
} from "@memwire/proxy";
import { expect } from "vitest";

/** One end that the test holds: what the proxy sent there, and what it asked of it. */
export class Hand {
  readonly id: ConnectionId;
  /** Host and port that the proxy connected to; empty for a client. */
  readonly to: string;
  sent = "";
  closed = false;
  paused = false;
  /** Whether the network takes what is sent; if not, `drain()` does. */
  taking = true;
  sends = 0;

  constructor(id: ConnectionId, to: string) {
    this.id = id;
    this.to = to;
  }

  /** What was sent since the last look. */
  read(): string {
    const { sent } = this;
    this.sent = "";
    return sent;
  }
}

/** Keys go to the server whose number they end in; any other to the first. */
export const byLastDigit: PoolOptions["distribution"] = {
  owner(bytes, _start, end) {
    const digit = (bytes[end - 1] as number) - 0x30;
    return digit >= 0 && digit <= 2 ? digit : 0;
  },
};

export const serverAt = (port: number): ServerOptions => ({
  name: `s${port}`,
  endpoint: { kind: "tcp", host: "127.0.0.1", port },
});

export class Table {
  readonly proxy: ProxyEngine;
  now = 1_000_000;
  readonly hands: Map<ConnectionId, Hand> = new Map();
  /** Servers that do not answer connects, by port. */
  readonly silent: Set<number> = new Set();
  /** Servers that refuse, by port. */
  readonly dead: Set<number> = new Set();

  /** @param others Pools beside it, of the same servers unless they say otherwise. */
  constructor(
    limits: Partial<ProxyLimits> = {},
    pool: Partial<PoolOptions> = {},
    others: readonly Partial<PoolOptions>[] = [],
    proxy: Partial<ProxyOptions> = {},
  ) {
    this.proxy = new ProxyEngine({
      version: "1.6.45",
      limits,
      pools: [pool, ...others].map((each) => ({
        name: "alpha",
        servers: [0, 1, 2].map(serverAt),
        distribution: byLastDigit,
        ...each,
      })),
      ...proxy,
    });
  }

  /** @param via The pool. */
  client(via = 0): Hand {
    const hand = new Hand(this.proxy.accepted(this.now, via), "");
    this.hands.set(hand.id, hand);
    this.turn();
    return hand;
  }

  /** The newest connection to a server. */
  server(port: number): Hand {
    const hand = this.connections(port).at(-1);
    if (hand === undefined) throw new Error(`the proxy never connected to server ${port}`);
    return hand;
  }

  /** All connections to a server, oldest first. */
  connections(port: number): Hand[] {
    return [...this.hands.values()].filter((each) => each.to === `127.0.0.1:${port}`);
  }

  /** How often the proxy connected to a server. */
  connects(port: number): number {
    return this.connections(port).length;
  }

  /** An operator says what is to become of a server. */
  administer(server: string, wanted: "up" | "down" | "drain"): void {
    this.proxy.setServer("alpha", server, wanted, this.now);
    this.turn();
  }

  /** What `stats` says under that name; `undefined` if it does not. */
  stat(name: string): string | undefined {
    const client = this.client();
    this.say(client, "stats\r\n");
    const value = new RegExp(`STAT ${name} (\\S+)`).exec(client.read())?.[1];
    this.close(client, "closed");
    return value;
  }

  /** Bytes arrive; the chunk is overwritten when the engine returns. */
  say(from: Hand, text: string): void {
    const chunk = latin1Bytes(text);
    this.proxy.received(from.id, chunk, this.now);
    chunk.fill(0xee);
    this.turn();
  }

  end(from: Hand): void {
    this.proxy.ended(from.id, this.now);
    this.turn();
  }

  close(hand: Hand, cause: CloseCause): void {
    hand.closed = true;
    this.proxy.closed(hand.id, cause, this.now);
    this.turn();
  }

  drain(hand: Hand): void {
    hand.taking = true;
    this.proxy.drained(hand.id, this.now);
    this.turn();
  }

  /** Lets time go by, waking the proxy when it asked for it and never later. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.proxy.deadline <= until) {
      this.now = Math.max(this.now, this.proxy.deadline);
      this.proxy.elapsed(this.now);
      this.turn();
    }
    this.now = until;
  }

  /** Turn after turn, as long as the proxy wants another one at once. */
  turn(): void {
    this.#poll();
    while (this.proxy.deadline === -Infinity) {
      this.proxy.elapsed(this.now);
      this.#poll();
    }
  }

  #poll(): void {
    for (let command = this.proxy.poll(); command !== undefined; command = this.proxy.poll()) {
      this.#carryOut(command);
    }
  }

  #carryOut(command: Command): void {
    if (command.kind === "connect") {
      if (command.endpoint.kind !== "tcp") throw new Error("only tcp on this table");
      const { host, port } = command.endpoint;
      const hand = new Hand(command.id, `${host}:${port}`);
      this.hands.set(hand.id, hand);
      if (this.dead.has(port)) {
        hand.closed = true;
        this.proxy.closed(hand.id, "refused", this.now);
      } else if (!this.silent.has(port)) this.proxy.connected(hand.id, this.now);
      return;
    }
    const hand = this.hands.get(command.id);
    if (hand === undefined) throw new Error(`${command.kind} for an unknown connection ${command.id}`);
    if (hand.closed) return;
    switch (command.kind) {
      case "send":
        hand.sent += latin1Text(command.bytes);
        hand.sends++;
        if (hand.taking) this.proxy.drained(hand.id, this.now);
        return;
      case "close":
        hand.closed = true;
        return this.proxy.closed(hand.id, "closed", this.now);
      default:
        hand.paused = command.kind === "pause";
    }
  }
}

/** A request goes to the server as `forwarded`, whose answer is the client's, and the connection stays. */
export function expectPassedOn(request: string, forwarded: string, answer: string): void {
  const table = new Table();
  const client = table.client();
  table.say(client, request);
  expect(table.server(0).read()).toBe(forwarded);
  table.say(table.server(0), answer);
  expect(client.read()).toBe(answer);
  expect(table.server(0).closed).toBe(false);
}
