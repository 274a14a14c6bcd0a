// Items as plain data, put into a store and taken out of it; snapshots as one array. A letter of a text is a byte.

import { Buffer } from "node:buffer";
import {
  type RestorableStore,
  type SnapshotResult,
  SnapshotReader,
  SnapshotWriter,
  type Store,
} from "../src/mod.ts";

export interface PlainItem {
  readonly key: string;
  readonly value: string;
  readonly flags: number;
  readonly expiresAt: number;
  readonly cas: bigint;
  readonly usedAt: number;
  readonly marks: number;
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

export const textOf = (bytes: Uint8Array, start = 0, end: number = bytes.length): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, end);

export function fill(store: RestorableStore, items: readonly PlainItem[], now: number): void {
  for (const { flags, expiresAt, cas, usedAt, marks, ...texts } of items) {
    const [key, value] = [bytesOf(texts.key), bytesOf(texts.value)];
    const [high, low] = [Number(cas >> 32n), Number(cas & 0xffff_ffffn)];
    const { length } = value;
    store.restore(key, 0, key.length, value, 0, length, flags, expiresAt, high, low, usedAt, marks, now);
  }
  store.restored(0, 0);
}

/** All that a store holds, by key. */
export function contents(store: Store, now: number): Map<string, PlainItem> {
  const items = new Map<string, PlainItem>();
  const scan = store.scan();
  while (scan.next(now)) {
    const { flags, expiresAt, usedAt, fetched, stale, claimed, keyInBase64, valueLength } = store;
    const marks = Number(fetched) + 2 * Number(stale) + 4 * Number(claimed) + 8 * Number(keyInBase64);
    const cas = (BigInt(store.casHigh) << 32n) | BigInt(store.casLow);
    const key = textOf(scan.keyBytes, scan.keyStart, scan.keyEnd);
    let value = "";
    do value += textOf(store.valueBytes, store.valueStart, store.valueEnd);
    while (store.nextPiece());
    if (value.length !== valueLength) throw new Error(`${value.length} bytes of a value of ${valueLength}`);
    items.set(key, { key, value, flags, expiresAt, cas, usedAt, marks });
  }
  return items;
}

/** The whole snapshot. @param between Runs after each piece. */
export function written(store: Store, now: number, between: () => void = () => {}): Uint8Array {
  const writer = new SnapshotWriter(store);
  const pieces: Uint8Array[] = [];
  for (let piece = writer.next(now); piece !== undefined; piece = writer.next(now)) {
    pieces.push(piece.slice());
    between();
  }
  const snapshot = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    snapshot.set(piece, at);
    at += piece.length;
  }
  return snapshot;
}

/** @param cuts Where the bytes are cut into chunks, in order. */
export function readInto(
  store: RestorableStore,
  snapshot: Uint8Array,
  now: number,
  cuts: readonly number[] = [],
): SnapshotResult {
  const reader = new SnapshotReader(store);
  let from = 0;
  for (const to of [...cuts, snapshot.length]) {
    const chunk = snapshot.slice(from, to);
    from = to;
    const answer = reader.receive(chunk, now);
    chunk.fill(0xee); // it is the caller's again
    if (answer === "refused") break;
  }
  return reader.ended(now);
}
