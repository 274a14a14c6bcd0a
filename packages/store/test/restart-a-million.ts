// A warm restart of the size that people have: how many of a million items came back byte for byte, with their flags,
// times and cas uniques, said on stdout.
//
//     node -C @memwire/source packages/store/test/restart-a-million.ts

import { SlabStore, SnapshotReader, SnapshotWriter, type Store } from "@memwire/store";

const ITEMS = 1_000_000;
const KEY_BYTES = 14;
const VALUE_BYTES = 100;
const BYTES_MAX = 512 * 1_048_576;
const START = 1_800_000_000_000;
const USED_AT_ERROR_MS = 100;

const key = new Uint8Array(KEY_BYTES);
const value = new Uint8Array(VALUE_BYTES);
const keyView = new DataView(key.buffer);
const valueView = new DataView(value.buffer);

/** Makes `key` and `value` those of an item. */
function sample(number: number): void {
  keyView.setUint32(0, Math.imul(number, 0x9e37_79b1));
  keyView.setUint32(10, number);
  for (let at = 0; at < VALUE_BYTES; at += 4) valueView.setUint32(at, Math.imul(number + at, 0x85eb_ca77));
}

function hasValue({ valueBytes, valueStart, valueLength }: Store): boolean {
  if (valueLength !== VALUE_BYTES) return false;
  for (let i = 0; i < VALUE_BYTES; i++) if (valueBytes[valueStart + i] !== value[i]) return false;
  return true;
}

function isAsBefore(store: Store, before: Store): boolean {
  return (
    store.flags === before.flags &&
    store.expiresAt === before.expiresAt &&
    store.casHigh === before.casHigh &&
    store.casLow === before.casLow &&
    store.fetched === before.fetched &&
    Math.abs(store.usedAt - before.usedAt) < USED_AT_ERROR_MS
  );
}

const before = new SlabStore({ bytesMax: BYTES_MAX });
for (let i = 0; i < ITEMS; i++) {
  sample(i);
  const expiresAt = i % 3 === 0 ? Infinity : START + 10_000_000 + i;
  before.set(key, 0, KEY_BYTES, value, 0, VALUE_BYTES, i % 5, expiresAt, START + i);
  if (i % 7 === 0) before.find(key, 0, KEY_BYTES, START + i);
}

const now = START + ITEMS;
const after = new SlabStore({ bytesMax: BYTES_MAX });
const writer = new SnapshotWriter(before);
const reader = new SnapshotReader(after);
for (let piece = writer.next(now); piece !== undefined; piece = writer.next(now)) reader.receive(piece, now);
const result = reader.ended(now);

let alike = 0;
for (let i = 0; i < ITEMS; i++) {
  sample(i);
  const there = before.inspect(key, 0, KEY_BYTES, now) && after.inspect(key, 0, KEY_BYTES, now);
  if (there && hasValue(before) && hasValue(after) && isAsBefore(after, before)) alike++;
}
console.log(JSON.stringify({ ...result, there: after.counters.currItems, alike }));
