// What an item holds: the content type kept with it taken off, and whether what is left is compressed.

import type { Item } from "@memwire/client";
import { type CompressedForm, formsOf, inflateAs } from "./compression.ts";
import { OCTET_STREAM, readType } from "./content-type.ts";
import type { Context } from "./context.ts";
import { Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

export interface Value {
  readonly type: string;
  /** The client's own. */
  readonly flags: number;
  readonly bytes: Uint8Array;
  /** How the bytes may be compressed; empty if they are not. */
  readonly forms: readonly CompressedForm[];
}

const NONE: readonly CompressedForm[] = [];

export function valueOf(item: Item, settings: Settings): Value {
  const { contentTypes, flagsMax, compressedFlags } = settings;
  const { type, start } = contentTypes ? readType(item.flags, item.value) : { type: OCTET_STREAM, start: 0 };
  const bytes = start === 0 ? item.value : item.value.subarray(start);
  const forms = (item.flags & compressedFlags) === 0 ? NONE : formsOf(bytes);
  return { type, flags: (item.flags & flagsMax) >>> 0, bytes, forms };
}

/** The bytes as they were before somebody compressed them. */
export async function plainBytes(value: Value, context: Context): Promise<Uint8Array | Refusal> {
  if (value.forms.length === 0) return value.bytes;
  const { inflatedBytesMax } = context.settings.limits;
  const plain = await inflateAs(value.forms, value.bytes, inflatedBytesMax);
  if (plain === "broken") return new Refusal(502, "compressedBroken", "the compressed value is broken");
  if (plain === "too-large") {
    const message = `a compressed value must have at most ${inflatedBytesMax} bytes when inflated, got more`;
    return new Refusal(502, "inflatedTooLarge", message);
  }
  context.counters.inflated++;
  return plain;
}
