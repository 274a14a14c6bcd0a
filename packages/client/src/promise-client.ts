// The engine with a network and a clock, and a promise for each call.

import { checkKey, utf8Bytes, type StorageCommand } from "@memwire/codec";
import { drive, refuseUnknown, shown, type Clock, type Driver, type Network } from "@memwire/engine";
import type { ServerStatus } from "@memwire/link";
import { Call, type Answer } from "./call.ts";
import { CallSignals } from "./call-signals.ts";
import type {
  CallOptions,
  Client,
  Item,
  ItemWithCas,
  Key,
  ManyItems,
  Outcome,
  StoreOptions,
  Value,
} from "./client.ts";
import { ClientEngine, type KeyRequest } from "./client-engine.ts";
import { ClientError } from "./client-error.ts";
import { ManyCall } from "./many-call.ts";
import type { CallOwner } from "./pending-call.ts";
import { ValueSlab } from "./value-slab.ts";
import { engineOptionsOf, type ClientOptions } from "./options.ts";
import { abortError } from "./pending-call.ts";

/**
 * A client that connects when it is first needed.
 *
 * @throws RangeError for no server, two of one name, or an option that is out of range
 */
export function createClient(options: ClientOptions): Client {
  return new PromiseClient(new ClientEngine(engineOptionsOf(options)), options.network, options.clock);
}

/** What is asked, made of the key's bytes; null is a plain `get`, which may share a line with others. */
type Making = ((key: Uint8Array) => KeyRequest) | null;

class PromiseClient implements Client, CallOwner {
  readonly slab: ValueSlab = new ValueSlab();
  readonly signals: CallSignals = new CallSignals();
  readonly #engine: ClientEngine;
  readonly #clock: Clock;
  readonly #driver: Driver;
  /** Calls that are not over. */
  #pending = 0;
  #closing: Promise<void> | undefined = undefined;
  #whenOver: () => void = () => {};

  constructor(engine: ClientEngine, network: Network, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#driver = drive(engine, network, clock);
  }

  callOver(): void {
    if (--this.#pending === 0) this.#whenOver();
  }

  get(key: Key, options?: CallOptions): Promise<Item | undefined> {
    return this.#call(key, null, itemOf, options);
  }

  gets(key: Key, options?: CallOptions): Promise<ItemWithCas | undefined> {
    return this.#call(key, (bytes) => ({ command: "gets", keys: [bytes] }), itemWithCasOf, options);
  }

  gat(key: Key, exptime: number, options?: CallOptions): Promise<Item | undefined> {
    return this.#call(key, (bytes) => ({ command: "gat", exptime, keys: [bytes] }), itemOf, options);
  }

  getFrom(server: number, key: Key, options?: CallOptions): Promise<Item | undefined> {
    return this.#call(key, (bytes) => ({ command: "get", keys: [bytes] }), itemOf, options, server);
  }

  async getMany<K extends Key>(keys: readonly K[], options?: CallOptions): Promise<ManyItems<K>> {
    checkKeys(keys);
    const asked = keys.slice(); // the caller's may change meanwhile
    const items = new Map<K, Item>();
    const failures = new Map<K, ClientError>();
    const each = (index: number, outcome: Outcome): void => {
      const key = asked[index] as K;
      if (outcome instanceof ClientError) failures.set(key, outcome);
      else if (outcome !== undefined) items.set(key, outcome);
    };
    await this.getEach(asked, each, options);
    return { items, failures };
  }

  getEach(
    keys: readonly Key[],
    each: (index: number, outcome: Outcome) => void,
    options?: CallOptions,
  ): Promise<void> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      checkKeys(keys);
      if (typeof each !== "function") {
        throw new TypeError(`each must be a function such as (index, outcome) => {}, got ${shown(each)}`);
      }
      checkCallOptions(options);
      const signal = options?.signal;
      this.#checkOpen();
      if (signal?.aborted === true) throw abortError(signal, "");
      const all = keys.map((key) => bytesOf(key));
      for (const key of all) checkKey(key);
      if (all.length === 0) return resolve();
      const engine = this.#engine;
      const clock = this.#clock;
      const call = new ManyCall(each, resolve, reject, this, signal);
      this.#pending++;
      for (const [index, key] of all.entries()) call.add(engine.linkOf(key), key, index);
      for (const part of call.parts) {
        const failure = engine.send(part.link, { command: "get", keys: part.keys }, part, clock.now());
        // Not from in here: the caller does not have the promise yet.
        if (failure !== null) clock.defer(() => part.fail(failure));
      }
      this.#driver.wake();
    });
  }

  async set(key: Key, value: Value, options?: StoreOptions): Promise<void> {
    if (await this.#store("set", key, value, options)) return;
    const { name } = this.#engine.linkOf(bytesOf(key));
    throw new ClientError("broken-reply", name, "a set was answered as if it had a condition");
  }

  add(key: Key, value: Value, options?: StoreOptions): Promise<boolean> {
    return this.#store("add", key, value, options);
  }

  replace(key: Key, value: Value, options?: StoreOptions): Promise<boolean> {
    return this.#store("replace", key, value, options);
  }

  append(key: Key, value: Value, options?: CallOptions): Promise<boolean> {
    return this.#store("append", key, value, options);
  }

  prepend(key: Key, value: Value, options?: CallOptions): Promise<boolean> {
    return this.#store("prepend", key, value, options);
  }

  cas(key: Key, value: Value, cas: bigint, options?: StoreOptions): Promise<CasOutcome> {
    const make = (bytes: Uint8Array): KeyRequest => {
      const { flags = 0, exptime = 0 } = options ?? {};
      return { command: "cas", key: bytes, flags, exptime, value: valueBytes(value), cas, noreply: false };
    };
    return this.#call(key, make, casOutcomeOf, options);
  }

  delete(key: Key, options?: CallOptions): Promise<boolean> {
    return this.#call(key, (bytes) => ({ command: "delete", key: bytes, noreply: false }), isFound, options);
  }

  incr(key: Key, by: number | bigint, options?: CallOptions): Promise<bigint | undefined> {
    return this.#count("incr", key, by, options);
  }

  decr(key: Key, by: number | bigint, options?: CallOptions): Promise<bigint | undefined> {
    return this.#count("decr", key, by, options);
  }

  touch(key: Key, exptime: number, options?: CallOptions): Promise<boolean> {
    const make = (bytes: Uint8Array): KeyRequest => {
      return { command: "touch", key: bytes, exptime, noreply: false };
    };
    return this.#call(key, make, isFound, options);
  }

  ownerOf(key: Key): number {
    return this.#engine.ownerOf(bytesOf(key));
  }

  servers(): readonly ServerStatus[] {
    return this.#engine.servers(this.#clock.now());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#whenOver = resolve;
      });
    }
    await this.#driver.close();
  }

  #store(command: StorageCommand, key: Key, value: Value, options?: StoreOptions): Promise<boolean> {
    const make = (bytes: Uint8Array): KeyRequest => {
      const { flags = 0, exptime = 0 } = options ?? {};
      return { command, key: bytes, flags, exptime, value: valueBytes(value), noreply: false };
    };
    return this.#call(key, make, isStored, options);
  }

  #count(
    command: "incr" | "decr",
    key: Key,
    by: number | bigint,
    options?: CallOptions,
  ): Promise<bigint | undefined> {
    const make = (bytes: Uint8Array): KeyRequest => {
      return { command, key: bytes, delta: deltaOf(by), noreply: false };
    };
    return this.#call(key, make, numberOf, options);
  }

  /** @param server Asked instead of the owner of the key. */
  #call<T>(
    key: Key,
    make: Making,
    finish: (answer: Answer) => T,
    options: CallOptions | undefined,
    server?: number,
  ): Promise<T> {
    // What is thrown in here rejects the promise.
    return new Promise((resolve, reject) => {
      this.#checkOpen();
      checkCallOptions(options);
      // A plain `get` copies the key where it is asked, and nothing is left here to be kept.
      const bytes = make === null ? lentBytes(key) : bytesOf(key);
      const engine = this.#engine;
      const link = server === undefined ? engine.linkOf(bytes) : engine.leastBusy(server);
      const signal = options?.signal;
      if (signal?.aborted === true) throw abortError(signal, "");
      const now = this.#clock.now();
      const call = new Call(link, make === null ? null : bytes, finish, resolve, reject, this, signal);
      this.#pending++;
      try {
        const failure =
          make === null ? engine.get(link, bytes, call, now) : engine.send(link, make(bytes), call, now);
        if (failure !== null) call.fail(failure);
      } catch (error) {
        call.reject(error);
      }
      this.#driver.wake();
    });
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ClientError("client-closed", "", "the client was closed");
  }
}

type CasOutcome = "stored" | "exists" | "not-found";

/** Bytes that nobody else writes to until the call is over. */
function bytesOf(key: Key): Uint8Array {
  const bytes = lentBytes(key);
  return bytes === key ? new Uint8Array(bytes) : bytes;
}

function lentBytes(key: Key): Uint8Array {
  if (typeof key === "string") return utf8Bytes(key);
  if (key instanceof Uint8Array) return key;
  throw new TypeError(`a key must be a string or a Uint8Array, got ${shown(key)}`);
}

/** A `Set` has neither order nor indexes, and of a text each character would be a key. */
function checkKeys(keys: readonly Key[]): void {
  if (Array.isArray(keys)) return;
  throw new TypeError(`keys must be an array such as ["a", "b"], got ${shown(keys)}`);
}

/** Lent: they are copied when the request is written. */
function valueBytes(value: Value): Uint8Array {
  if (typeof value === "string") return utf8Bytes(value);
  if (value instanceof Uint8Array) return value;
  const right = "a string or a Uint8Array, such as JSON.stringify(object) or new Uint8Array(arrayBuffer)";
  throw new TypeError(`a value must be ${right}, got ${shown(value)}`);
}

const CALL_OPTIONS: readonly string[] = Object.keys({
  signal: true,
  exptime: true,
  flags: true,
} satisfies Record<keyof StoreOptions, true>);

/**
 * A number, which is where other clients have the time to expire, would store for ever, as would the names that they
 * have for it. One that only means nothing to this call, such as `exptime` for a `get`, may be there.
 */
function checkCallOptions(options: CallOptions | undefined): void {
  if (options === undefined || options === null) return;
  if (typeof options !== "object") {
    throw new TypeError(`options must be an object such as { exptime: 60 }, got ${String(options)}`);
  }
  refuseUnknown("a call", options, CALL_OPTIONS);
}

function deltaOf(by: number | bigint): bigint {
  if (typeof by === "bigint") return by;
  if (Number.isSafeInteger(by)) return BigInt(by);
  throw new RangeError(`a number to count by must be whole, got ${String(by)}`);
}

const itemOf = ({ item }: Answer): Item | undefined => item;
const isStored = ({ kind }: Answer): boolean => kind === "stored";
const isFound = ({ kind }: Answer): boolean => kind !== "not-found";
const numberOf = ({ kind, number }: Answer): bigint | undefined => (kind === "number" ? number : undefined);

function itemWithCasOf({ item }: Answer): ItemWithCas | undefined {
  return item === undefined ? undefined : { ...item, cas: item.cas ?? 0n };
}

function casOutcomeOf({ kind }: Answer): CasOutcome {
  return kind === "stored" || kind === "exists" ? kind : "not-found";
}
