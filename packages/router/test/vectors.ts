// The recorded vectors of this folder's `vectors/`, and how to compare with one: what real clients and proxies
// answered. Each file says how it was recorded.

import { readFileSync } from "node:fs";
import { TextEncoder } from "node:util";
import { createDistribution, type DistributionOptions, type RandomOptions, type Server } from "../src/mod.ts";

/** One implementation's answers for one list of servers: a character per key, the server's index in base 36. */
export interface Vector {
  readonly list: string;
  readonly map: string;
  readonly keys?: string | readonly string[];
  /** What was configured, in the words of who was asked. */
  readonly [said: string]: unknown;
}

export interface ServerList {
  readonly id: string;
  readonly servers: readonly Server[];
}

type KeyedOptions = Exclude<DistributionOptions, RandomOptions>;

/** A distribution by key that lacks only its servers. */
export type Unplaced = KeyedOptions extends infer Options
  ? Options extends KeyedOptions
    ? Omit<Options, "servers">
    : never
  : never;

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

const encoder = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

export const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export function place(options: Unplaced, servers: readonly Server[]): ReturnType<typeof createDistribution> {
  return createDistribution({ ...options, servers });
}

/** Our answers for as many keys as a map has, in its notation. */
export function mapOf(
  options: Unplaced,
  servers: readonly Server[],
  keys: readonly Uint8Array[],
  { length }: string,
): string {
  const distribution = place(options, servers);
  let map = "";
  for (const key of keys.slice(0, length)) map += distribution.owner(key, 0, key.length).toString(36);
  return map;
}
