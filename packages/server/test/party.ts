// A client of an engine in the same process: takes what it is sent at once, or only when told to.

import { Buffer } from "node:buffer";
import { latin1Bytes } from "@memwire/codec";
import type { Command, ConnectionId, SendTo } from "@memwire/engine";
import type { ServerEngine } from "@memwire/server";

export const START = 1_800_000_000_000;

/** An engine with its clients: carries out its commands as a driver would. */
export class Bench {
  readonly engine: ServerEngine;
  now: number = START;
  /** Turns that the engine asked for. */
  turns = 0;
  #yields = 0;
  /** Paused ones that have taken what they were sent, since the last turn. */
  readonly #relieved: Set<Party> = new Set();
  /** Everything that was sent in datagrams. */
  readonly datagrams: { readonly to: SendTo["to"]; readonly socket: number; readonly bytes: Uint8Array }[] =
    [];
  readonly #parties: Map<ConnectionId, Party> = new Map();

  constructor(engine: ServerEngine) {
    this.engine = engine;
  }

  /** @param reading Whether the client takes its replies by itself */
  connect(reading = true, via = 0): Party {
    const party = new Party(this, this.engine.accepted(this.now, via), reading);
    this.#parties.set(party.id, party);
    this.turn();
    return party;
  }

  elapse(ms: number): void {
    this.now += ms;
    if (this.now >= this.engine.deadline) this.engine.elapsed(this.now);
    this.turn();
  }

  /**
   * Carries out what the engine wants, and lets it go on as long as it wants the next turn; but time does not pass for
   * a store that has not begun its maintenance.
   */
  turn(): void {
    this.poll();
    while (
      this.engine.deadline === -Infinity &&
      (this.#hasYielded() || this.#relieved.size > 0 || this.engine.store.maintenanceAt > -Infinity)
    ) {
      this.turns++;
      this.#relieved.clear();
      this.engine.elapsed(this.now);
      this.poll();
    }
  }

  /** Whether a connection has since the last time. */
  #hasYielded(): boolean {
    const { connYields } = this.engine.counters;
    const yielded = connYields !== this.#yields;
    this.#yields = connYields;
    return yielded;
  }

  /** A client has taken what it was sent. */
  taken(party: Party): void {
    this.engine.drained(party.id, this.now);
    if (party.state === "paused") this.#relieved.add(party);
  }

  /** One turn. */
  poll(): void {
    for (let command = this.engine.poll(); command !== undefined; command = this.engine.poll()) {
      if (command.kind === "send-to") this.datagrams.push(datagramOf(command));
      else this.#parties.get(command.id)?.obey(command);
    }
  }
}

/** The bytes are lent. */
const datagramOf = ({ to, socket, bytes }: SendTo): Bench["datagrams"][number] => ({
  to,
  socket,
  bytes: bytes.slice(),
});

export class Party {
  readonly id: ConnectionId;
  /** Everything it was sent and took. */
  text = "";
  state: "open" | "paused" | "closed" = "open";
  /** Sent and not taken: at most one send. */
  untaken: Uint8Array | undefined = undefined;
  #reading: boolean;
  readonly #bench: Bench;

  constructor(bench: Bench, id: ConnectionId, reading: boolean) {
    this.#bench = bench;
    this.id = id;
    this.#reading = reading;
  }

  /** Sends bytes, each character one; the chunk is overwritten when the engine has seen it. */
  send(text: string | Uint8Array): this {
    const chunk = typeof text === "string" ? latin1Bytes(text) : text.slice();
    this.#bench.engine.received(this.id, chunk, this.#bench.now);
    chunk.fill(0xee);
    this.#bench.turn();
    return this;
  }

  /** Sends, and answers what came back for it. */
  ask(text: string): string {
    const before = this.text.length;
    this.send(text);
    return this.text.slice(before);
  }

  /** Sends nothing more. */
  end(): this {
    this.#bench.engine.ended(this.id, this.#bench.now);
    this.#bench.turn();
    return this;
  }

  /** Goes away without a word. */
  reset(): void {
    this.state = "closed";
    this.untaken = undefined;
    this.#bench.engine.closed(this.id, "reset", this.#bench.now);
    this.#bench.turn();
  }

  /** Takes the send that waits. @returns whether there was one */
  take(): boolean {
    if (this.untaken === undefined) return false;
    this.text += Buffer.from(this.untaken).toString("latin1");
    this.untaken = undefined;
    this.#bench.taken(this);
    this.#bench.turn();
    return true;
  }

  /** Takes everything from now on. */
  read(): void {
    this.#reading = true;
    while (this.take());
  }

  obey(command: Command): void {
    if (this.state === "closed") return;
    switch (command.kind) {
      case "send":
        if (this.untaken !== undefined) throw new Error("sent again before the last send was taken");
        this.untaken = command.bytes;
        if (this.#reading) this.take();
        return;
      case "pause":
        this.state = "paused";
        return;
      case "resume":
        this.state = "open";
        return;
      case "close":
        this.state = "closed";
        return this.#bench.engine.closed(this.id, "closed", this.#bench.now);
      default:
        throw new Error(`a server does not ${command.kind}`);
    }
  }
}
