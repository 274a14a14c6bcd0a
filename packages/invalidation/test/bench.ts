// An invalidation on a table: clients and servers are this test's own hands, time is a number it sets.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { CloseCause, Command, ConnectionId } from "@memwire/engine";
import { InvalidationEngine, type InvalidationLimits, type InvalidationOptions } from "../src/mod.ts";

/** One end that the test holds: what the engine sent there, and what it asked of it. */
export class Hand {
  readonly id: ConnectionId;
  /** The port that the engine connected to; -1 for a client. */
  readonly port: number;
  sent = "";
  closed = false;
  /** Whether the network takes what is sent; if not, `drain()` does. */
  taking = true;

  constructor(id: ConnectionId, port: number) {
    this.id = id;
    this.port = port;
  }

  /** What was sent since the last look. */
  read(): string {
    const { sent } = this;
    this.sent = "";
    return sent;
  }

  /** The keys of the deletes that were sent since the last look. */
  readKeys(): string[] {
    return Array.from(this.read().matchAll(/delete (\S+)\r\n/g), ([, key = ""]) => key);
  }
}

/** Keys go to the server whose number they end in; any other to the first. */
export const byLastDigit: InvalidationOptions["distribution"] = {
  owner(bytes, _start, end) {
    const digit = (bytes[end - 1] as number) - 0x30;
    return digit >= 0 && digit <= 2 ? digit : 0;
  },
};

export class Table {
  readonly engine: InvalidationEngine;
  now = 1_000_000;
  readonly hands: Map<ConnectionId, Hand> = new Map();
  /** Servers that do not answer connects, by port. */
  readonly silent: Set<number> = new Set();
  /** Servers that refuse, by port. */
  readonly dead: Set<number> = new Set();

  constructor(limits: Partial<InvalidationLimits> = {}, options: Partial<InvalidationOptions> = {}) {
    this.engine = new InvalidationEngine({
      version: "1.2.3",
      servers: [0, 1, 2].map((port) => ({
        name: `s${port}`,
        endpoint: { kind: "tcp", host: "127.0.0.1", port },
      })),
      distribution: byLastDigit,
      limits,
      ...options,
    });
  }

  client(): Hand {
    const hand = new Hand(this.engine.accepted(this.now, 0), -1);
    this.hands.set(hand.id, hand);
    this.turn();
    return hand;
  }

  /** Every connection to a server so far. */
  connections(port: number): Hand[] {
    return [...this.hands.values()].filter((hand) => hand.port === port);
  }

  /** The newest connection to a server. */
  server(port: number): Hand {
    const hand = this.connections(port).at(-1);
    if (hand === undefined) throw new Error(`the engine never connected to server ${port}`);
    return hand;
  }

  /** Bytes arrive; the chunk is overwritten when the engine returns. */
  say(from: Hand, text: string): void {
    this.receive(from, text);
    this.turn();
  }

  /** The same, in a turn that is not over. */
  receive(from: Hand, text: string): void {
    const chunk = latin1Bytes(text);
    this.engine.received(from.id, chunk, this.now);
    chunk.fill(0xee);
  }

  /** Writes keys, one after the other, and answers what the client was told. */
  write(client: Hand, ...keys: string[]): string {
    this.say(client, keys.map((key) => `set ${key} 0 0 1\r\nx\r\n`).join(""));
    return client.read();
  }

  end(from: Hand): void {
    this.engine.ended(from.id, this.now);
    this.turn();
  }

  close(hand: Hand, cause: CloseCause): void {
    hand.closed = true;
    this.engine.closed(hand.id, cause, this.now);
    this.turn();
  }

  connect(hand: Hand): void {
    this.engine.connected(hand.id, this.now);
    this.turn();
  }

  /** Lets time go by, waking the engine when it asked for it and never later. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.engine.deadline <= until) {
      this.now = Math.max(this.now, this.engine.deadline);
      this.engine.elapsed(this.now);
      this.turn();
    }
    this.now = until;
  }

  /** Turn after turn, as long as the engine wants another one at once. */
  turn(): void {
    this.#poll();
    while (this.engine.deadline === -Infinity) {
      this.engine.elapsed(this.now);
      this.#poll();
    }
  }

  /** What `stats` says, by name. */
  stats(): Map<string, string> {
    const client = this.client();
    this.say(client, "stats\r\n");
    const lines = client.read().split("\r\n");
    this.close(client, "closed");
    if (lines.splice(-2).join() !== "END,") throw new Error("stats do not end in END");
    return new Map(
      lines.map((line) => {
        const [, name = "", value = ""] = /^STAT (\S+) (.+)$/.exec(line) ?? [];
        return [name, value];
      }),
    );
  }

  #poll(): void {
    const { engine } = this;
    for (let command = engine.poll(); command !== undefined; command = engine.poll()) this.#carryOut(command);
  }

  #carryOut(command: Command): void {
    const { engine, now } = this;
    if (command.kind === "connect") {
      if (command.endpoint.kind !== "tcp") throw new Error("only tcp on this table");
      const { port } = command.endpoint;
      const hand = new Hand(command.id, port);
      this.hands.set(hand.id, hand);
      if (this.dead.has(port)) {
        hand.closed = true;
        engine.closed(hand.id, "refused", now);
      } else if (!this.silent.has(port)) engine.connected(hand.id, now);
      return;
    }
    const hand = this.hands.get(command.id);
    if (hand === undefined) throw new Error(`${command.kind} for an unknown connection ${command.id}`);
    if (hand.closed) return;
    if (command.kind === "send") {
      hand.sent += latin1Text(command.bytes);
      if (hand.taking) engine.drained(hand.id, now);
    } else if (command.kind === "close") {
      hand.closed = true;
      engine.closed(hand.id, "closed", now);
    }
  }
}
