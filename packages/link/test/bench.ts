// A link to a server on a table: the server is this test's own hands, time is a number it sets.

import { latin1Bytes, latin1Text, type TextReplyDecoder } from "@memwire/codec";
import { Outbox, type ConnectionId } from "@memwire/engine";
import {
  DEFAULT_SERVER_LIMITS,
  LinkEngine,
  newFleetCounters,
  ServerLink,
  type ErrorKind,
  type Failure,
  type ServerContext,
  type ServerLimits,
  type Timeouts,
  type Waiter,
} from "@memwire/link";

class OneLink extends LinkEngine {
  accepted(): ConnectionId {
    throw new Error("nobody connects to a link");
  }
}

/** Somebody who waits, and notes what it is told. */
export class Note implements Waiter {
  heard = "";

  asked(): void {
    this.heard += "asked";
  }

  value({ bytes, valueStart, valueEnd }: TextReplyDecoder): boolean {
    this.heard += `, value ${latin1Text(bytes, valueStart, valueEnd)}`;
    return true;
  }

  line({ kind }: TextReplyDecoder): void {
    this.heard += `, ${kind}`;
  }

  refuse(_line: Uint8Array, kind: ErrorKind): void {
    this.heard += `, refused: ${kind}`;
  }

  done(): void {
    this.heard += ", done";
  }

  fail({ code }: Failure): void {
    this.heard += `, failed: ${code}`;
  }
}

export class Bench {
  readonly link: ServerLink;
  now = 1_000_000;
  /** Whether a connect succeeds at once, and whether the network takes at once what is sent. */
  connects = true;
  taking = true;
  connections = 0;
  /** What was sent and not read. */
  sent = "";
  /** Every send, as it is lent: whether the link still owns it is for the test to say. */
  readonly lent: Uint8Array[] = [];
  readonly #engine: OneLink;
  readonly #context: ServerContext;
  #id: ConnectionId = 0;

  constructor(limits: Partial<ServerLimits> = {}, timeouts: Partial<Timeouts> = {}) {
    this.#context = {
      outbox: new Outbox(),
      parties: new Map(),
      nextId: 1,
      now: this.now,
      limits: { ...DEFAULT_SERVER_LIMITS, ...limits },
      fleet: newFleetCounters(),
      replies: {},
    };
    this.link = new ServerLink(
      this.#context,
      "one",
      { kind: "tcp", host: "127.0.0.1", port: 11_211 },
      { queuedMs: 1_000, connectMs: 1_000, replyMs: 1_000, idleMs: Infinity, ...timeouts },
    );
    this.#engine = new OneLink(this.#context, [this.link]);
  }

  /** Asks without ending the turn. */
  get(key: string): Note {
    const note = new Note();
    const bytes = latin1Bytes(key);
    if (this.#isTaken()) this.link.get(note, bytes, 0, bytes.length);
    return note;
  }

  /** The same with a request in a line of its own. */
  set(key: string, value: string): Note {
    const note = new Note();
    if (!this.#isTaken()) return note;
    this.link.output.latin1(`set ${key} 0 0 ${value.length}\r\n${value}\r\n`);
    this.link.push(note, "stored");
    return note;
  }

  #isTaken(): boolean {
    this.#context.now = this.now;
    return this.link.refusal() === null;
  }

  say(text: string): void {
    const chunk = latin1Bytes(text);
    this.#engine.received(this.#id, chunk, this.now);
    chunk.fill(0xee);
    this.turn();
  }

  /** The connect succeeds that was left open. */
  connect(): void {
    this.connects = true;
    this.#engine.connected(this.#id, this.now);
    this.turn();
  }

  /** The network has taken what was sent. */
  drain(): void {
    this.taking = true;
    this.#engine.drained(this.#id, this.now);
    this.turn();
  }

  wait(ms: number): void {
    const until = this.now + ms;
    while (this.#engine.deadline <= until) {
      this.now = Math.max(this.now, this.#engine.deadline);
      this.#engine.elapsed(this.now);
      this.turn();
    }
    this.now = until;
  }

  turn(): void {
    for (let command = this.#engine.poll(); command !== undefined; command = this.#engine.poll()) {
      switch (command.kind) {
        case "connect":
          this.#id = command.id;
          this.connections++;
          if (this.connects) this.#engine.connected(command.id, this.now);
          break;
        case "send":
          this.sent += latin1Text(command.bytes);
          this.lent.push(command.bytes);
          if (this.taking) this.#engine.drained(command.id, this.now);
          break;
        case "close":
          this.#engine.closed(command.id, "closed", this.now);
          break;
        default:
          throw new Error(`a link does not say ${command.kind}`);
      }
    }
  }

  read(): string {
    const { sent } = this;
    this.sent = "";
    return sent;
  }
}
