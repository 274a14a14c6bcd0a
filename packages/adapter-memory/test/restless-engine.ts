// An engine that does whatever the contract allows, by chance, and notes every input that the contract does not.

import type { Chance } from "@memwire/adapter-memory";
import type { CloseCause, Command, ConnectionId, Endpoint, Engine, Millis } from "@memwire/engine";

interface Link {
  state: "connecting" | "open";
  sending: boolean;
  /** As ordered and carried out: an input may still come between the two. */
  paused: boolean;
  closing: boolean;
  /** No more orders: it is to be ended or closed. */
  ended: boolean;
  closed: boolean;
  peerEnded: boolean;
}

const LINKS_MAX = 10;
const RESTS_MS = 20;
const DEEDS = ["send", "send", "send", "pause", "resume", "end", "close", "none"] as const;

export class RestlessEngine implements Engine {
  /** What went against the contract. Stays empty. */
  readonly faults: string[] = [];
  readonly counts: { [kind in Command["kind"] | "accepted" | "closed" | "drained"]: number } = {
    connect: 0,
    send: 0,
    pause: 0,
    resume: 0,
    end: 0,
    close: 0,
    accepted: 0,
    closed: 0,
    drained: 0,
  };
  deadline: Millis;
  readonly #chance: Chance;
  readonly #others: readonly Endpoint[];
  readonly #timerLateMs: Millis;
  readonly #links: Map<ConnectionId, Link> = new Map();
  #idNext = 0;
  #commands: Command[] = [];

  /** @param others Where it may connect to. */
  constructor(now: Millis, chance: Chance, others: readonly Endpoint[], timerLateMs: Millis) {
    this.deadline = now;
    this.#chance = chance;
    this.#others = others;
    this.#timerLateMs = timerLateMs;
  }

  get links(): number {
    return this.#links.size;
  }

  accepted(now: Millis): ConnectionId {
    this.#checkTime(now);
    this.counts.accepted++;
    return this.#open("open");
  }

  connected(id: ConnectionId, now: Millis): void {
    const link = this.#link(id, now, "connected");
    if (link.state === "open" || link.closing) this.faults.push(`connected ${id}`);
    link.state = "open";
    this.#act(id, link, now);
  }

  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    const link = this.#link(id, now, "received");
    if (chunk.length === 0) this.faults.push(`received nothing on ${id}`);
    if (!hears(link)) this.faults.push(`received on ${id}`);
    this.#act(id, link, now);
  }

  ended(id: ConnectionId, now: Millis): void {
    const link = this.#link(id, now, "ended");
    if (!hears(link)) this.faults.push(`ended ${id}`);
    link.peerEnded = true;
    this.#act(id, link, now);
  }

  drained(id: ConnectionId, now: Millis): void {
    const link = this.#link(id, now, "drained");
    this.counts.drained++;
    if (link.closing || !link.sending) this.faults.push(`drained ${id}`);
    link.sending = false;
    this.#act(id, link, now);
  }

  closed(id: ConnectionId, _cause: CloseCause, now: Millis): void {
    this.#link(id, now, "closed");
    this.counts.closed++;
    this.#links.delete(id);
  }

  elapsed(now: Millis): void {
    this.#checkTime(now);
    if (now < this.deadline) return;
    this.deadline = now + this.#chance.below(RESTS_MS);
    if (this.#links.size < LINKS_MAX) {
      const endpoint = this.#chance.oneOf(this.#others);
      this.#commands.push({ kind: "connect", id: this.#open("connecting"), endpoint });
    }
    for (const [id, link] of this.#links) this.#act(id, link, now);
  }

  poll(): Command | undefined {
    const command = this.#commands.shift();
    if (command === undefined) return undefined;
    this.counts[command.kind]++;
    const link = this.#links.get(command.id);
    if (link === undefined) return command;
    if (command.kind === "pause") link.paused = true;
    if (command.kind === "resume") link.paused = false;
    if (command.kind === "close") link.closing = true;
    return command;
  }

  #open(state: "connecting" | "open"): ConnectionId {
    const id = this.#idNext++;
    this.#links.set(id, {
      state,
      sending: false,
      paused: false,
      closing: false,
      ended: false,
      closed: false,
      peerEnded: false,
    });
    return id;
  }

  #link(id: ConnectionId, now: Millis, input: string): Link {
    this.#checkTime(now);
    const link = this.#links.get(id);
    if (link === undefined) throw new TypeError(`${input} ${id}, which is not open`);
    return link;
  }

  #checkTime(now: Millis): void {
    if (now > this.deadline + this.#timerLateMs) {
      this.faults.push(`elapsed is ${now - this.deadline} ms late`);
    }
  }

  #act(id: ConnectionId, link: Link, now: Millis): void {
    if (this.#chance.happens(0.1)) this.deadline = Math.min(this.deadline, now + 1);
    if (link.closed) return;
    const kind = this.#chance.oneOf(DEEDS);
    if (kind === "none") return;
    if (kind === "send") {
      if (link.sending || link.ended || link.state === "connecting") return;
      link.sending = true;
      this.#commands.push({ kind, id, bytes: new Uint8Array(1 + this.#chance.skewed([0, 3_000])) });
      return;
    }
    if (kind === "end" || kind === "close") {
      if (this.#chance.happens(0.8) || link.sending) return;
      link.ended = true;
      link.closed = kind === "close";
    }
    this.#commands.push({ kind, id });
  }
}

function hears({ state, paused, closing, peerEnded }: Link): boolean {
  return state === "open" && !paused && !closing && !peerEnded;
}
