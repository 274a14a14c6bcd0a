// A store of 64 pages of 4 KiB, and its commands with text.

import { encodeUtf8, SlabStore, type StoreOptions } from "../src/mod.ts";
import { valueOf } from "./store-laws.ts";

export const set = (
  store: SlabStore,
  key: string,
  length: number,
  now: number,
  expiresAt = Infinity,
): string => {
  const name = encodeUtf8(key);
  const value = encodeUtf8(`${key} `.repeat(Math.ceil(length / (key.length + 1))).slice(0, length));
  return store.set(name, 0, name.length, value, 0, length, 0, expiresAt, now);
};
export const get = (store: SlabStore, key: string, now: number): string | undefined => {
  const name = encodeUtf8(key);
  return store.find(name, 0, name.length, now) ? valueOf(store) : undefined;
};
/** Lets time pass as an engine does: `maintain` whenever the store asks for it. */
export const pass = (store: SlabStore, from: number, ms: number): number => {
  for (let now = from; now < from + ms; now = Math.min(from + ms, Math.max(now + 1, store.maintenanceAt))) {
    store.maintain(now);
  }
  return from + ms;
};
export const small = (options: StoreOptions = {}): SlabStore =>
  new SlabStore({ bytesMax: 262_144, pageBytes: 4_096, chunkBytesMax: 2_048, ...options });
