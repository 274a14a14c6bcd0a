// The recorded vectors of this folder's `vectors/`, and how to compare with one: what real clients and proxies
// answered. Each file says how it was recorded.

import { readFileSync } from "node:fs";
import { TextEncoder } from "node:util";
import { createDistribution, type HashName, type Server } from "../src/mod.ts";

/** One implementation's answers for one list of servers: a character per key, the server's index in base 36. */
export interface Vector {
  readonly list: string;
  readonly map: string;
  readonly hash?: HashName;
  readonly distribution?: "ketama" | "modula";
  readonly hash_tag?: string;
  readonly keys?: string | readonly string[];
}

export interface ServerList {
  readonly id: string;
  readonly servers: readonly Server[];
}

export function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

const encoder = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

export const bytesOfHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Our answers for the keys of a vector, in its own notation. */
export function mapOf(vector: Vector, servers: readonly Server[], keys: readonly Uint8Array[]): string {
  const distribution = createDistribution({
    distribution: vector.distribution ?? "ketama",
    hash: vector.hash ?? "md5",
    servers,
    ...(vector.hash_tag === undefined ? {} : { hashTag: vector.hash_tag }),
  });
  let map = "";
  for (const key of keys.slice(0, vector.map.length)) {
    map += distribution.owner(key, 0, key.length).toString(36);
  }
  return map;
}
