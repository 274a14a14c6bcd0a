// Somebody who uses one client of a simulated cluster: calls of all kinds to keys of his own, some of which he gives
// up, and every answer held against a model.
//
//     calls to one key, in order:  [answered] [failed] [under way] [answered]
//                                   judged     ^ what is stored is unsure from here on, and the key is given up
//
// What went against the laws is a line in `violations`.

import type { Chance } from "@memwire/adapter-memory";
import { ClientError, type CallOptions, type Client, type Item, type Outcome } from "@memwire/client";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { Clock, Millis } from "@memwire/engine";
import { type Answer, changes, itemText, type KeyCall, KeyModel, MISS, NO_NUMBER } from "./client-model.ts";

export interface CallerOptions {
  readonly name: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Whether a key has one connection only, so that `getFrom` keeps its order too. */
  readonly oneConnection: boolean;
  /** How long a call may take. */
  readonly settlesWithinMs: Millis;
}

/** What became of calls; a call of several keys counts once for each. */
export interface CallCounts {
  right: number;
  /** Failed, or were aborted when they had been sent. */
  failed: number;
  /** Were certainly not carried out. */
  undone: number;
  /** Answered, of keys whose state cannot be known. */
  unsure: number;
  closed: number;
}

/** A call for one key; without an outcome while it is under way. */
interface Asked {
  readonly call: KeyCall;
  outcome: Answer | "unknown" | "undone" | undefined;
}

/** Keys of one call, at most. */
export const KEYS_MAX = 16;

const KEYS = 8;
const VALUE_BYTES_MAX = 1_000;
const EXPTIMES = [0, 0, 0, 3_600, -1] as const; // never close to a moment that goes by

/** Failures that a storm can cause. What else there is would be a lie of an honest server, or a mistake of ours. */
const WEATHER = new Set(["refused", "reset", "timed-out", "closed", "overflow", "aborted", "client-closed"]);

const COMMANDS = [
  ...Array.from({ length: 8 }, () => "get" as const),
  ...Array.from({ length: 5 }, () => "set" as const),
  ...(["gets", "gets", "gat", "add", "replace", "append", "prepend", "cas", "cas", "delete"] as const),
  ...(["incr", "incr", "decr", "touch", "getMany", "getMany", "getEach", "getFrom"] as const),
];

export class ClientCaller {
  readonly counts: CallCounts = { right: 0, failed: 0, undone: 0, unsure: 0, closed: 0 };
  readonly violations: string[] = [];
  /** Whether calls may fail. */
  mayFail = false;
  /** Calls under way. */
  pending = 0;
  readonly #options: CallerOptions;
  readonly #noise: string;
  #generation = 0;
  readonly #names: string[];
  readonly #models: Map<string, KeyModel> = new Map();
  readonly #asked: Map<string, Asked[]> = new Map();
  readonly #unsure: Set<string> = new Set();

  constructor(options: CallerOptions) {
    const { chance } = options;
    this.#options = options;
    this.#noise = String.fromCharCode(...Array.from({ length: VALUE_BYTES_MAX }, () => chance.below(256)));
    this.#names = Array.from({ length: KEYS }, () => this.#newName());
  }

  get client(): Client {
    return this.#options.client;
  }

  /** From now on every key is new, so that nothing about it is unsure. */
  forgetKeys(): void {
    for (const i of this.#names.keys()) this.#names[i] = this.#newName();
  }

  /** Makes so many calls in this turn, and gives some of them up. */
  burst(calls: number, aborts: number): void {
    for (let i = 0; i < calls; i++) {
      if (this.#options.chance.happens(aborts)) this.#callAndAbort();
      else this.#call(undefined, []);
    }
  }

  /** Asks for so many keys that every connection has some. @returns whether all were answered */
  async probe(keys: number): Promise<boolean> {
    const { client, chance } = this.#options;
    // Names that count up would all be of the same few servers, by some hashes.
    const names = Array.from({ length: keys }, () => `probe/${chance.uint32()}`);
    this.pending++;
    const { items, failures } = await client.getMany(names);
    this.pending--;
    if (items.size > 0) this.#violate("was given what was never stored");
    return failures.size === 0;
  }

  #callAndAbort(): void {
    const { chance, clock } = this.#options;
    const controller = new AbortController();
    const asked: Asked[] = [];
    this.#call(controller.signal, asked);
    const abort = (): void => {
      const before = this.#givenUp();
      controller.abort();
      // It was taken out of the queue, or it was under way: then nobody knows.
      const one = asked[0];
      if (asked.length === 1 && one !== undefined && this.#givenUp() > before) one.outcome ??= "undone";
    };
    switch (chance.below(4)) {
      case 0:
        return abort();
      case 1:
        return clock.defer(abort);
      default:
        clock.at(clock.now() + chance.skewed([0, 1_000]), abort);
    }
  }

  #givenUp(): number {
    return this.#options.client.servers().reduce((sum, { counters }) => sum + counters.givenUp, 0);
  }

  /** Makes one call. What it asks of each key is added to `asked`. */
  #call(signal: AbortSignal | undefined, asked: Asked[]): void {
    const { chance } = this.#options;
    const options = signal === undefined ? {} : { signal };
    const command = chance.oneOf(COMMANDS);
    if (command === "getMany" || command === "getEach") {
      const keys = Array.from({ length: chance.skewed([1, KEYS_MAX]) }, () => chance.oneOf(this.#names));
      for (const key of keys) asked.push(this.#ask({ command: "get", key }));
      const over =
        command === "getMany" ? this.#many(keys, asked, options) : this.#each(keys, asked, options);
      return this.#watch(over, asked);
    }
    const key = chance.oneOf(this.#names);
    const call = this.#keyCall(command === "getFrom" ? "get" : command, key);
    const one = this.#ask(call);
    asked.push(one);
    this.#watch(this.#one(one, command === "getFrom" && this.#options.oneConnection, options), asked);
  }

  async #one(asked: Asked, isFrom: boolean, options: CallOptions): Promise<void> {
    const { client } = this.#options;
    const { call } = asked;
    const answer = isFrom
      ? answerOf(await client.getFrom(client.ownerOf(call.key), call.key, options))
      : await perform(client, call, options);
    asked.outcome ??= answer;
  }

  #keyCall(
    command: Exclude<(typeof COMMANDS)[number], "getMany" | "getEach" | "getFrom">,
    key: string,
  ): KeyCall {
    const { chance } = this.#options;
    const exptime = chance.oneOf(EXPTIMES);
    switch (command) {
      case "get":
      case "gets":
      case "delete":
        return { command, key };
      case "gat":
      case "touch":
        return { command, key, exptime };
      case "incr":
      case "decr":
        return { command, key, delta: BigInt(chance.below(1_000)) };
      default: {
        const value = chance.happens(0.4) ? String(chance.uint32()) : `v${this.#bytes()}`;
        const stored = { key, value, flags: chance.uint32(), exptime };
        if (command !== "cas") return { command, ...stored };
        return { command, ...stored, cas: this.#model(key).cas };
      }
    }
  }

  async #many(keys: readonly string[], asked: readonly Asked[], options: CallOptions): Promise<void> {
    const { items, failures } = await this.#options.client.getMany(keys, options);
    for (const [i, key] of keys.entries()) this.#told(asked[i] as Asked, failures.get(key) ?? items.get(key));
  }

  async #each(keys: readonly string[], asked: readonly Asked[], options: CallOptions): Promise<void> {
    const told = new Set<number>();
    const each = (index: number, outcome: Outcome): void => {
      if (told.has(index)) this.#violate(`was told twice of key ${index}`);
      told.add(index);
      this.#told(asked[index] as Asked, outcome);
    };
    await this.#options.client.getEach(keys, each, options);
    if (told.size < keys.length) this.#violate(`was told of ${told.size} keys of ${keys.length}`);
  }

  /** What became of one key of several. */
  #told(asked: Asked, outcome: Outcome): void {
    if (!(outcome instanceof ClientError)) asked.outcome ??= answerOf(outcome);
    else {
      this.#failed(outcome);
      asked.outcome ??= "unknown";
    }
  }

  #ask(call: KeyCall): Asked {
    const asked: Asked = { call, outcome: undefined };
    const before = this.#asked.get(call.key);
    if (before === undefined) this.#asked.set(call.key, [asked]);
    else before.push(asked);
    return asked;
  }

  /** Waits for the end of a call. */
  #watch(promise: Promise<void>, asked: readonly Asked[]): void {
    const { clock, settlesWithinMs } = this.#options;
    const settleBy = clock.now() + settlesWithinMs;
    this.pending++;
    const over = (): void => {
      this.pending--;
      if (clock.now() > settleBy)
        this.#violate(`waited ${clock.now() - settleBy} ms too long: ${show(asked)}`);
      for (const { call } of asked) this.#judge(call.key);
    };
    promise.then(over, (error: unknown) => {
      const isUndone = this.#failed(error);
      for (const each of asked) each.outcome ??= isUndone ? "undone" : "unknown";
      over();
    });
  }

  /** @returns whether the call was certainly not carried out */
  #failed(error: unknown): boolean {
    const code = error instanceof ClientError ? error.code : "";
    if (code === "client-closed") this.counts.closed++;
    else if (!WEATHER.has(code) || (!this.mayFail && code !== "aborted"))
      this.#violate(`was told ${String(error)}`);
    return code === "client-closed" || code === "overflow";
  }

  /** Judges the calls to a key as far as they are over, in the order they were made. */
  #judge(key: string): void {
    const asked = this.#asked.get(key) ?? [];
    for (let first = asked[0]; first?.outcome !== undefined; first = asked[0]) {
      asked.shift();
      this.#judgeOne(first.call, first.outcome);
    }
    if (asked.length === 0) this.#asked.delete(key);
  }

  #judgeOne(call: KeyCall, outcome: Answer | "unknown" | "undone"): void {
    const { key } = call;
    if (outcome === "undone") this.counts.undone++;
    else if (outcome === "unknown") {
      this.counts.failed++;
      if (changes(call)) this.#giveUp(key);
    } else if (this.#unsure.has(key)) this.counts.unsure++;
    else {
      const expected = this.#model(key).apply(call, outcome);
      if (outcome.text === expected) this.counts.right++;
      else this.#violate(`asked ${show(call)} was told ${outcome.text}, not ${expected}`);
    }
  }

  /** Nobody can know any more what that key holds. */
  #giveUp(key: string): void {
    this.#unsure.add(key);
    const index = this.#names.indexOf(key);
    if (index >= 0) this.#names[index] = this.#newName();
  }

  #model(key: string): KeyModel {
    const known = this.#models.get(key) ?? new KeyModel();
    this.#models.set(key, known);
    return known;
  }

  #newName(): string {
    const name = `${this.#options.name}/${this.#generation++}`;
    return this.#options.chance.happens(0.05) ? name.padEnd(250, "x") : name;
  }

  #bytes(): string {
    const { chance } = this.#options;
    const length = chance.skewed([0, VALUE_BYTES_MAX - 1]);
    const start = chance.below(VALUE_BYTES_MAX - length);
    return this.#noise.slice(start, start + length);
  }

  #violate(what: string): void {
    this.violations.push(`${this.#options.name} ${what.slice(0, SHOWN_MAX)}`);
  }
}

/** Makes the call. What a server answers to it is a text; failures reject. */
async function perform(client: Client, call: KeyCall, options: CallOptions): Promise<Answer> {
  const { command, key } = call;
  switch (command) {
    case "get":
      return answerOf(await client.get(key, options));
    case "gets":
      return answerOf(await client.gets(key, options));
    case "gat":
      return answerOf(await client.gat(key, call.exptime, options));
    case "delete":
      return { text: String(await client.delete(key, options)) };
    case "touch":
      return { text: String(await client.touch(key, call.exptime, options)) };
    case "incr":
    case "decr":
      return { text: await counted(client[command](key, call.delta, options)) };
    case "append":
    case "prepend":
      return { text: String(await client[command](key, latin1Bytes(call.value), options)) };
    case "cas": {
      const { flags, exptime } = call;
      return {
        text: await client.cas(key, latin1Bytes(call.value), call.cas, { ...options, flags, exptime }),
      };
    }
    default: {
      const { flags, exptime } = call;
      const stored: Promise<unknown> = client[command](key, latin1Bytes(call.value), {
        ...options,
        flags,
        exptime,
      });
      return { text: String(await stored) };
    }
  }
}

/** That a value is no number is an answer, too. */
async function counted(promise: Promise<bigint | undefined>): Promise<string> {
  try {
    return String((await promise) ?? MISS);
  } catch (error) {
    if (error instanceof ClientError && error.code === NO_NUMBER) return NO_NUMBER;
    throw error;
  }
}

function answerOf(item: Item | undefined): Answer {
  if (item === undefined) return { text: MISS };
  const text = itemText(item.flags, latin1Text(item.value));
  return item.cas === undefined ? { text } : { text, cas: item.cas };
}

/** Characters of what went wrong: as much of it as helps. */
const SHOWN_MAX = 400;

function show(what: unknown): string {
  return JSON.stringify(what, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}
