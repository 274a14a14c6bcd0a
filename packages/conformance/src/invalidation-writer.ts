// One client of a simulated invalidation: writes in bursts, checks every answer, connects again when it is cut off.
//
//     bursts --> [pending: sent, not answered] --> each line is the next one's answer, or something is wrong
//
// A write is known to be taken when it is answered so; one with `noreply`, when what was sent behind it is answered.

import type { Chance } from "@memwire/adapter-memory";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { Clock, CloseCause, Endpoint, Network, Transport, TransportHandler } from "@memwire/engine";

export interface WriterOptions {
  readonly name: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly endpoint: Endpoint;
  readonly keys: readonly string[];
  /** The data base is told first: answers which version of the key is the newest from now on. */
  readonly write: (key: string) => number;
  /** From now on nothing older than that version may stay cached. */
  readonly taken: (key: string, version: number) => void;
  /** Whether the queue may be full. */
  readonly mayBeFull: boolean;
  /** Bytes of a value that is refused. */
  readonly valueBytesMax: number;
  readonly burstMax: number;
  /** What `version` is answered. */
  readonly version: string;
}

/** What became of a writer's requests. */
export interface WriterCounts {
  sent: number;
  answered: number;
  /** Answered that the queue is full. */
  refused: number;
  /** Without an answer when the connection was closed. */
  lost: number;
}

interface Pending {
  /** Null: none comes. */
  readonly reply: string | null;
  /** The key of a write, and its version. */
  readonly key: string;
  readonly version: number;
}

const STORAGE = ["set", "set", "set", "add", "replace", "append", "prepend"] as const;
const FULL = "SERVER_ERROR invalidation queue is full";
const TOO_LARGE = "SERVER_ERROR object too large for cache";
const RECONNECTS_MS = 50;

const UNKNOWN =
  "ERROR unknown command: this program acknowledges set, add, replace, append, prepend and delete and deletes their " +
  "keys in the fleet";

const notTaken = (command: string): string =>
  `CLIENT_ERROR ${command} is not taken here: this program acknowledges set, add, replace, append, prepend ` +
  "and delete and deletes their keys in the fleet";

export class InvalidationWriter implements TransportHandler {
  readonly counts: WriterCounts = { sent: 0, answered: 0, refused: 0, lost: 0 };
  /** What went against the laws. Stays empty. */
  readonly violations: string[] = [];
  /** Whether the connection may be lost. */
  mayFail = false;
  /** Requests that are still to be sent by and by. */
  toSend = 0;
  readonly #options: WriterOptions;
  #transport: Transport | undefined;
  /** `cut`: closed by this side in the middle of it. */
  #state: "connecting" | "open" | "ending" | "cut" | "closed" = "closed";
  #pending: Pending[] = [];
  #received = "";
  #unwritten = "";
  #writing = false;
  #restsMs = 1;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get isDone(): boolean {
    return this.toSend === 0 && this.#pending.length === 0 && this.#state === "open";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  connect(): void {
    const { network, endpoint } = this.#options;
    this.#state = "connecting";
    this.#transport = network.connect(endpoint, this);
    this.#writing = true;
  }

  /** Sends so many requests, in bursts, over about so much time. */
  send(requests: number, overMs: number): void {
    this.toSend = requests;
    this.#restsMs = 1 + Math.floor((overMs * (1 + this.#options.burstMax)) / requests);
    this.#actSoon();
  }

  /** Ends its side; the other side then closes. */
  finish(): void {
    this.#state = "ending";
    this.#write();
  }

  // TransportHandler

  connected(): void {
    this.#state = "open";
    this.#writing = false;
    this.#write();
  }

  received(chunk: Uint8Array): void {
    const lines = (this.#received + latin1Text(chunk)).split("\r\n");
    this.#received = lines.pop() as string;
    for (const line of lines) this.#answered(line);
  }

  ended(): void {
    if (this.#state === "open") this.#state = "cut";
    this.#transport?.close();
  }

  drained(): void {
    this.#writing = false;
    this.#write();
  }

  closed(cause: CloseCause): void {
    const lost = this.#pending.length;
    if (!this.mayFail && (lost > 0 || this.#state !== "ending")) {
      this.violations.push(`${this.#options.name} was cut off (${cause}) with ${lost} requests not answered`);
    }
    const finished = this.#state === "ending";
    this.counts.lost += lost;
    this.#pending = [];
    this.#received = "";
    this.#unwritten = "";
    this.#state = "closed";
    const { clock, chance } = this.#options;
    if (!finished) clock.at(clock.now() + chance.below(RECONNECTS_MS), () => this.connect());
  }

  #actSoon(): void {
    const { clock, chance } = this.#options;
    if (this.toSend > 0) clock.at(clock.now() + chance.below(this.#restsMs), () => this.#act());
  }

  #act(): void {
    if (this.#state === "open") {
      const burst = 1 + this.#options.chance.below(this.#options.burstMax);
      for (let i = 0; i < burst; i++) this.#next();
      this.toSend = Math.max(0, this.toSend - burst);
      // What it is answered says that all before it, answered or not, was taken.
      this.#send("version\r\n", `VERSION ${this.#options.version}`);
      this.#write();
    }
    this.#actSoon();
  }

  #next(): void {
    const { chance, keys, write, mayBeFull, valueBytesMax } = this.#options;
    const key = chance.oneOf(keys);
    const drawn = chance.below(20);
    if (drawn === 0) return this.#send(`get ${key}\r\n`, notTaken("get"));
    if (drawn === 1) return this.#send(`incr ${key} 1\r\n`, notTaken("incr"));
    if (drawn === 2) return this.#send("nonsense\r\n", UNKNOWN);
    const version = write(key);
    const quiet = chance.happens(0.15);
    const noreply = quiet ? " noreply" : "";
    if (drawn === 3) {
      const value = "v".repeat(valueBytesMax + 1);
      const text = `set ${key} 0 0 ${value.length}${noreply}\r\n${value}\r\n`;
      // Refused either way: whether its key found room nobody says.
      return this.#send(text, quiet ? null : TOO_LARGE, mayBeFull ? "" : key, version);
    }
    const taken = quiet && mayBeFull ? "" : key;
    if (drawn < 9) return this.#send(`delete ${key}${noreply}\r\n`, quiet ? null : "DELETED", taken, version);
    const value = "x".repeat(chance.below(valueBytesMax));
    const text = `${chance.oneOf(STORAGE)} ${key} 0 0 ${value.length}${noreply}\r\n${value}\r\n`;
    this.#send(text, quiet ? null : "STORED", taken, version);
  }

  #send(text: string, reply: string | null, key = "", version = 0): void {
    this.#unwritten += text;
    this.#pending.push({ reply, key, version });
    this.counts.sent++;
  }

  #write(): void {
    if (this.#writing || this.#transport === undefined) return;
    if (this.#unwritten !== "") {
      const bytes = latin1Bytes(this.#unwritten);
      this.#unwritten = "";
      this.#writing = !this.#transport.write(bytes);
      if (this.#writing) return;
    }
    if (this.#state === "ending") this.#transport.end();
  }

  #answered(line: string): void {
    let next = this.#pending.shift();
    for (; next?.reply === null; next = this.#pending.shift()) this.#taken(next);
    const { name, mayBeFull, chance } = this.#options;
    if (next === undefined) {
      this.violations.push(`${name} was told what it did not ask for: ${line}`);
      return;
    }
    this.counts.answered++;
    if (line === next.reply) this.#taken(next);
    else if (line === FULL && mayBeFull && /^(STORED|DELETED)$/.test(next.reply)) this.counts.refused++;
    else this.violations.push(`${name} was told ${line}, not ${next.reply}`);
    if (this.mayFail && chance.happens(0.01)) {
      this.#state = "cut";
      this.#transport?.close();
    }
  }

  #taken({ key, version }: Pending): void {
    if (key !== "") this.#options.taken(key, version);
  }
}
