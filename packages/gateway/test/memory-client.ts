// A memcached client over a Map: what the gateway is told is what a test put there, at once and always the same.

import {
  ClientError,
  type CallOptions,
  type Item,
  type Key,
  type Outcome,
  type Value,
} from "@memwire/client";
import { latin1Text } from "@memwire/codec";
import type { GatewayOptions } from "../src/mod.ts";

export interface StoredItem {
  readonly value: Uint8Array;
  readonly flags: number;
  readonly exptime: number;
}

export type NodeAnswer = Item | undefined;

export class MemoryClient implements Record<keyof GatewayOptions["client"], unknown> {
  /** By key, a character a byte. */
  readonly items: Map<string, StoredItem> = new Map();
  /** What a call with this key rejects with instead. */
  readonly failures: Map<string, Error> = new Map();
  /** Keys that `getEach` never answers. */
  readonly silent: Set<string> = new Set();
  /** Every key that was asked for, in order, with its command. */
  readonly calls: string[] = [];
  names: readonly string[] = ["node-0", "node-1", "node-2"];
  /** What `getFrom` answers. */
  node: (server: number, key: string, options: CallOptions) => Promise<NodeAnswer> = () =>
    Promise.resolve(undefined);

  put(key: string, value: string | Uint8Array, flags = 0): void {
    this.items.set(key, { value: bytesOf(value), flags, exptime: 0 });
  }

  async get(key: Key): Promise<Item | undefined> {
    return this.#find("get", key);
  }

  async getEach(
    keys: readonly Key[],
    each: (index: number, outcome: Outcome) => void,
    { signal }: CallOptions = {},
  ): Promise<void> {
    await Promise.resolve();
    const silent: number[] = [];
    for (const [index, key] of keys.entries()) {
      const text = textOf(key);
      this.calls.push(`get ${text}`);
      const failure = this.failures.get(text);
      if (this.silent.has(text)) silent.push(index);
      else each(index, (failure as ClientError | undefined) ?? this.items.get(text));
    }
    if (silent.length === 0) return;
    await new Promise<void>((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new ClientError("aborted", "", "given up")));
    });
  }

  getFrom(server: number, key: Key, options: CallOptions = {}): Promise<NodeAnswer> {
    return this.node(server, textOf(key), options);
  }

  async set(key: Key, value: Value, options: { flags?: number; exptime?: number } = {}): Promise<void> {
    this.#find("set", key);
    this.#store(key, value, options);
  }

  async add(key: Key, value: Value, options: { flags?: number; exptime?: number } = {}): Promise<boolean> {
    if (this.#find("add", key) !== undefined) return false;
    this.#store(key, value, options);
    return true;
  }

  async delete(key: Key): Promise<boolean> {
    this.#find("delete", key);
    return this.items.delete(textOf(key));
  }

  servers(): ReturnType<GatewayOptions["client"]["servers"]> {
    return this.names.map((name) => ({ name, state: "ready" as const, counters: {} as never }));
  }

  #find(command: string, key: Key): StoredItem | undefined {
    const text = textOf(key);
    this.calls.push(`${command} ${text}`);
    const failure = this.failures.get(text);
    if (failure !== undefined) throw failure;
    return this.items.get(text);
  }

  #store(key: Key, value: Value, { flags = 0, exptime = 0 }: { flags?: number; exptime?: number }): void {
    this.items.set(textOf(key), { value: bytesOf(value), flags, exptime });
  }
}

const encoder = new TextEncoder();

export const bytesOf = (value: Value): Uint8Array =>
  typeof value === "string" ? encoder.encode(value) : value;

const textOf = (key: Key): string => latin1Text(bytesOf(key));
