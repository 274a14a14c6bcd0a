// Every opcode with its number, and what a request of it must have: one table.
//
//     header, 24 bytes | extras | key | value
//
// What a request has beyond that, or has not, is refused as memcached does.

import type { Opcode } from "./binary-message.ts";

/**
 * What the extras of a request hold, big-endian: `storage` is flags and exptime, 4 bytes each; `arithmetic` delta and
 * initial value, 8 each, and exptime, 4; `exptime` that alone, and `delay` the same where it may also be missing.
 */
export type ExtrasKind = "none" | "storage" | "arithmetic" | "exptime" | "delay";

export interface OpcodeShape {
  readonly name: Opcode;
  readonly code: number;
  /** Whether memcached says nothing where all went well, or, of a retrieval, where there is nothing. */
  readonly quiet: boolean;
  readonly extras: ExtrasKind;
  readonly extrasBytes: number;
  readonly key: "none" | "some" | "any";
  readonly hasValue: boolean;
}

const EXTRAS_BYTES: Readonly<Record<ExtrasKind, number>> = {
  none: 0,
  storage: 8,
  arithmetic: 20,
  exptime: 4,
  delay: 4,
};

/** The exptime of `incr` and `decr` that says: nothing is to be created. */
export const NO_INITIAL = 0xffff_ffff;

type Row = readonly [code: number, extras: ExtrasKind, key: OpcodeShape["key"], value?: "value"];

const rows: Readonly<Record<Opcode, Row>> = {
  get: [0x00, "none", "some"],
  set: [0x01, "storage", "some", "value"],
  add: [0x02, "storage", "some", "value"],
  replace: [0x03, "storage", "some", "value"],
  delete: [0x04, "none", "some"],
  incr: [0x05, "arithmetic", "some"],
  decr: [0x06, "arithmetic", "some"],
  quit: [0x07, "none", "none"],
  flush: [0x08, "delay", "none"],
  getq: [0x09, "none", "some"],
  noop: [0x0a, "none", "none"],
  version: [0x0b, "none", "none"],
  getk: [0x0c, "none", "some"],
  getkq: [0x0d, "none", "some"],
  append: [0x0e, "none", "some", "value"],
  prepend: [0x0f, "none", "some", "value"],
  stat: [0x10, "none", "any"],
  setq: [0x11, "storage", "some", "value"],
  addq: [0x12, "storage", "some", "value"],
  replaceq: [0x13, "storage", "some", "value"],
  deleteq: [0x14, "none", "some"],
  incrq: [0x15, "arithmetic", "some"],
  decrq: [0x16, "arithmetic", "some"],
  quitq: [0x17, "none", "none"],
  flushq: [0x18, "delay", "none"],
  appendq: [0x19, "none", "some", "value"],
  prependq: [0x1a, "none", "some", "value"],
  touch: [0x1c, "exptime", "some"],
  gat: [0x1d, "exptime", "some"],
  gatq: [0x1e, "exptime", "some"],
  "sasl-list": [0x20, "none", "none"],
  "sasl-auth": [0x21, "none", "some", "value"],
  "sasl-step": [0x22, "none", "some", "value"],
  gatk: [0x23, "exptime", "some"],
  gatkq: [0x24, "exptime", "some"],
};

/** By name. */
export const OPCODES: Readonly<Record<Opcode, OpcodeShape>> = Object.fromEntries(
  (Object.entries(rows) as [Opcode, Row][]).map(
    ([name, [code, extras, key, value]]): [Opcode, OpcodeShape] => [
      name,
      {
        name,
        code,
        quiet: name.endsWith("q"),
        extras,
        extrasBytes: EXTRAS_BYTES[extras],
        key,
        hasValue: value !== undefined,
      },
    ],
  ),
) as Record<Opcode, OpcodeShape>;

const byCode: (OpcodeShape | undefined)[] = Array.from({ length: 256 });
for (const shape of Object.values(OPCODES)) byCode[shape.code] = shape;

/** By number; `undefined` for one that memcached does not know. */
export function shapeOf(code: number): OpcodeShape | undefined {
  return byCode[code];
}
