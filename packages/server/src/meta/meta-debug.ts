// me, which tells all that there is to know of an item, and mn, which tells that all before it was answered.

import { latin1Bytes, type SendBuffer, type TextRequestDecoder } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Context } from "../context.ts";
import { writeRemaining } from "./meta-reply.ts";
import { logFetch } from "../admin/observation.ts";

const EN = latin1Bytes("EN\r\n");
const MN = latin1Bytes("MN\r\n");

export function metaDebug(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { counters, key, store } = context;
  counters.cmdMeta++;
  key.read(decoder);
  const found = store.inspect(key.bytes, key.start, key.end, now);
  if (context.observed) logFetch(context, key.bytes, key.start, key.end, found, now);
  if (!found) return output.copy(EN, 0, EN.length);
  output.latin1("ME ");
  key.write(output, key.goesInBase64(store.keyInBase64));
  output.latin1(" exp=");
  writeRemaining(output, store.expiresAt, now);
  output.latin1(" la=");
  output.decimal(Math.max(0, Math.floor((now - store.usedAt) / 1_000)));
  output.latin1(" cas=");
  output.decimal64(store.casHigh, store.casLow);
  output.latin1(store.fetched ? " fetch=yes cls=" : " fetch=no cls=");
  output.decimal(store.slabClass);
  output.latin1(" size=");
  output.decimal(store.itemBytes);
  output.latin1("\r\n");
}

export function metaNoop(output: SendBuffer): void {
  output.copy(MN, 0, MN.length);
}
