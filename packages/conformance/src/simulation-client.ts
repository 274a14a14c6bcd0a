// One client of a simulated cluster: asks in bursts, checks every answer, connects again when it is cut off.
//
//     bursts --> [outstanding: asked, not answered] --> each reply is the next one's, or something is wrong
//
// It writes down what went against the laws: a reply that is wrong, that nobody asked for, that comes too late,
// and a connection that was closed for no reason.

import type { Chance } from "@memwire/adapter-memory";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import type {
  Clock,
  CloseCause,
  Endpoint,
  Millis,
  Network,
  Transport,
  TransportHandler,
} from "@memwire/engine";
import type { Reference } from "./simulation-reference.ts";
import { casPairs, judge, replyLength } from "./simulation-replies.ts";
import { BinaryRequests } from "./simulation-binary.ts";
import { type Request, type Requests, TextRequests } from "./simulation-requests.ts";

export interface ClientOptions {
  readonly name: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly endpoint: Endpoint;
  readonly reference: Reference;
  readonly protocol: "text" | "binary";
  /** Whether the servers are asked in binary, so that nothing else is asked than what that can say. */
  readonly inBinary: boolean;
  /** What becomes of the keys of a server that is down. */
  readonly whenDown: "fail" | "miss" | "rehash";
  /** Requests written at once, at most. */
  readonly burstMax: number;
  /** How long an answer may take, given how many were outstanding. */
  readonly answersWithinMs: (outstanding: number) => Millis;
  /** How long the client waits for an answer before it closes the connection. */
  readonly patienceMs: Millis;
}

/** What became of a client's requests. */
export interface ClientCounts {
  asked: number;
  /** Asked with `noreply`. */
  quiet: number;
  right: number;
  failed: number;
  missed: number;
  unsure: number;
  /** Without an answer when the connection was closed. */
  lost: number;
  connections: number;
}

interface Pending {
  readonly request: Request;
  readonly expected: string;
  readonly closes: boolean;
  readonly answerBy: Millis;
}

const RECONNECTS_MS = 50;
const BLIND_MS = 20;

export class SimulatedClient implements TransportHandler {
  readonly counts: ClientCounts = {
    asked: 0,
    quiet: 0,
    right: 0,
    failed: 0,
    missed: 0,
    unsure: 0,
    lost: 0,
    connections: 0,
  };
  /** What went against the laws. Stays empty. */
  readonly violations: string[] = [];
  /** Whether requests may fail and connections be lost. */
  mayFail = false;
  /** Whether a burst is one request, and the next waits until that is answered. */
  oneByOne = false;
  /** Requests that are still to be asked by and by. */
  toAsk = 0;
  readonly #options: ClientOptions;
  readonly #source: Requests;
  readonly #unsure: Set<string> = new Set();
  #transport: Transport | undefined;
  #state: "connecting" | "open" | "ending" | "closed" = "closed";
  #outstanding: Pending[] = [];
  #received = "";
  #unwritten = "";
  #writing = false;
  #finished = false;
  #restsMs: Millis = 1;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { chance, name, protocol, inBinary } = options;
    this.#source =
      protocol === "text" ? new TextRequests(chance, name, inBinary) : new BinaryRequests(chance, name);
  }

  get outstanding(): number {
    return this.#outstanding.length;
  }

  get isOpen(): boolean {
    return this.#state === "open";
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

  /** Asks so many requests, in bursts, over about so much time. */
  ask(requests: number, overMs: Millis): void {
    const bursts = this.oneByOne ? requests : (2 * requests) / (1 + this.#options.burstMax);
    this.toAsk = requests;
    this.#restsMs = 1 + Math.floor((2 * overMs) / bursts);
    this.#actSoon();
  }

  /** From now on every key is new, so that nothing about it is unsure. */
  forgetKeys(): void {
    this.#source.giveUpAll();
  }

  /** Asks a last burst, ends its side, and is closed when that is answered. */
  finish(): void {
    this.#finished = true;
    if (this.#state !== "open") return this.#violate(`is ${this.#state} at the end`);
    this.#burst();
    this.#state = "ending";
    this.#write();
  }

  // TransportHandler

  connected(): void {
    this.#state = "open";
    this.counts.connections++;
    this.#writing = false;
    this.#write();
  }

  received(chunk: Uint8Array): void {
    this.#received += latin1Text(chunk);
    let used = 0;
    for (;;) {
      const pending = this.#outstanding[0];
      if (pending === undefined || pending.expected === "") break;
      const text = this.#received.slice(used);
      const length = replyLength(text, pending.request, pending.expected);
      if (length === 0) break;
      used += length;
      this.#outstanding.shift();
      this.#answered(pending, text.slice(0, length));
    }
    this.#received = this.#received.slice(used);
    if (this.#received !== "" && (this.#outstanding[0]?.expected ?? "") === "") {
      this.#violate(`was told what it did not ask for: ${show(this.#received)}`);
      this.#received = "";
    }
  }

  ended(): void {
    this.#state = "ending";
    this.#transport?.close();
  }

  drained(): void {
    this.#writing = false;
    this.#write();
  }

  closed(cause: CloseCause): void {
    const [next, ...others] = this.#outstanding;
    const asAsked = next === undefined ? this.#finished : next.closes && others.length === 0;
    if (!asAsked && !this.mayFail) {
      this.#violate(`was cut off (${cause}) with ${this.#outstanding.length} outstanding`);
    }
    if (!asAsked) for (const pending of this.#outstanding) this.#lose(pending);
    this.#outstanding = [];
    this.#received = "";
    this.#unwritten = "";
    this.#state = "closed";
    const { clock, chance } = this.#options;
    if (!this.#finished) clock.at(clock.now() + chance.below(RECONNECTS_MS), () => this.connect());
  }

  #actSoon(): void {
    const { clock, chance } = this.#options;
    if (this.toAsk > 0) clock.at(clock.now() + chance.below(this.#restsMs), () => this.#act());
  }

  #act(): void {
    const { chance } = this.#options;
    if (this.#state === "open") {
      if (chance.happens(0.05)) this.#rest();
      if (!this.oneByOne || this.#outstanding.length === 0) this.#burst();
      if (this.mayFail && chance.happens(0.02)) this.#transport?.close();
    }
    this.#actSoon();
  }

  /** Reads nothing for a while. */
  #rest(): void {
    const { clock, chance } = this.#options;
    const transport = this.#transport;
    transport?.pause();
    clock.at(clock.now() + chance.below(BLIND_MS), () => transport?.resume());
  }

  #burst(): void {
    const { chance, burstMax, clock, reference, answersWithinMs } = this.#options;
    for (let left = this.oneByOne ? 1 : 1 + chance.below(burstMax); left > 0; left--) {
      const request = this.#source.next(this.mayFail);
      const { reply: expected, closes } = reference.ask(request.referenceText, clock.now());
      const answerBy = clock.now() + answersWithinMs(this.#outstanding.length);
      this.counts.asked++;
      this.toAsk = Math.max(0, this.toAsk - 1);
      this.#unwritten += request.text;
      if (expected !== "" || closes) this.#outstanding.push({ request, expected, closes, answerBy });
      else this.#askedQuietly(request);
      if (closes) {
        this.#state = "ending";
        break;
      }
    }
    this.#write();
    this.#losePatience();
  }

  #losePatience(): void {
    const newest = this.#outstanding.at(-1);
    const transport = this.#transport;
    const { clock, patienceMs } = this.#options;
    clock.at(clock.now() + patienceMs, () => {
      if (newest !== undefined && this.#outstanding.includes(newest)) transport?.close();
    });
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

  #answered({ request, expected, answerBy }: Pending, reply: string): void {
    const { clock, whenDown } = this.#options;
    // Where keys go to other servers and come back, what is found may be older than what was told last.
    const wanders = this.mayFail && whenDown === "rehash";
    const verdict = judge(reply, expected, request, {
      isUnsure: (key) => wanders || this.#unsure.has(key),
      mayMiss: this.mayFail && whenDown === "miss",
    });
    if (verdict === "wrong" || (verdict !== "right" && !this.mayFail)) {
      this.#violate(`asked ${show(request.text)} was told ${show(reply)}, not ${show(expected)}`);
    } else this.counts[verdict]++;
    if (clock.now() > answerBy) {
      this.#violate(`was answered ${clock.now() - answerBy} ms late: ${show(request.text)}`);
    }
    if (verdict === "failed" || verdict === "missed") this.#taint(request);
    if (verdict === "right" && request.answer === "values") {
      for (const [key, pair] of casPairs(reply, expected)) this.#source.seen(key, pair);
    }
  }

  #askedQuietly(request: Request): void {
    this.counts.quiet++;
    if (this.mayFail) this.#taint(request); // nobody will say whether it failed
  }

  #lose({ request }: Pending): void {
    this.counts.lost++;
    this.#taint(request);
  }

  #taint({ changes, keys }: Request): void {
    if (!changes) return;
    for (const key of keys) {
      this.#unsure.add(key);
      this.#source.giveUp(key);
    }
  }

  #violate(what: string): void {
    this.violations.push(`${this.#options.name} ${what}`);
  }
}

const SHOWN_MAX = 200;

/** As much of it as helps. */
function show(text: string): string {
  const more = text.length > SHOWN_MAX ? `... (${text.length} bytes)` : "";
  return JSON.stringify(text.slice(0, SHOWN_MAX)) + more;
}
