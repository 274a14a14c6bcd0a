// Generators for the binary protocol, for the laws of this package and of those that speak through it.

import fc from "fast-check";
import {
  OPCODES,
  type BinaryReply,
  type BinaryRequest,
  type BinaryStatus,
  type Opcode,
} from "@memwire/codec";
import { latin1Bytes } from "@memwire/codec";
import { BINARY_STATUSES } from "../src/binary/status.ts";
import { unsigned64 } from "./arbitraries.ts";

const UINT_32_MAX = 0xffff_ffff;

const unsigned32: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 60, 0x7fff_ffff, 0x8000_0000, UINT_32_MAX - 1, UINT_32_MAX),
  fc.integer({ min: 0, max: UINT_32_MAX }),
);

/** 1 to 250 bytes, any of them. */
const key: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "n", "\x80\n\0\0", " \r\n").map(latin1Bytes) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20, size: "max" }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 249, maxLength: 250, size: "max" }) },
);

/** Likes to look like a message. */
const value: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom("", "x", "12", `\x80\n${"\0".repeat(22)}`, "\x81").map(latin1Bytes),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 60, size: "max" }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1000, maxLength: 3000, size: "max" }) },
);

/** Mostly 0, as everybody sends it. */
const dataType = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  fc.integer({ min: 1, max: 255 }).map((dataType) => ({ dataType })),
);
const vbucket = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff }));
const cas = fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, unsigned64);

function requestOf(opcode: Opcode): fc.Arbitrary<BinaryRequest> {
  const { extras, key: needs, hasValue } = OPCODES[opcode];
  const parts = fc.record({
    common: fc.record({ opaque: unsigned32, cas, vbucket }),
    dataType,
    key: needs === "any" ? fc.oneof(key, fc.constantFrom("", "reset", "items").map(latin1Bytes)) : key,
    value,
    flags: unsigned32,
    exptime: unsigned32,
    delta: unsigned64,
    initial: unsigned64,
    delayed: fc.boolean(),
  });
  return parts.map(({ common, dataType, key, value, flags, exptime, delta, initial, delayed }) => {
    const hasExptime = extras !== "none" && (extras !== "delay" || delayed);
    const request = {
      opcode,
      ...common,
      ...dataType,
      ...(needs === "none" ? {} : { key }),
      ...(hasValue ? { value } : {}),
      ...(extras === "storage" ? { flags } : {}),
      ...(extras === "arithmetic" ? { delta, initial } : {}),
      ...(hasExptime ? { exptime } : {}),
    };
    // Made by the same table that says what an opcode has.
    return request as BinaryRequest;
  });
}

const names = Object.keys(OPCODES) as Opcode[];

/** Any request that the protocol can say. */
export const binaryRequest: fc.Arbitrary<BinaryRequest> = fc.constantFrom(...names).chain(requestOf);

const statuses = Object.keys(BINARY_STATUSES) as BinaryStatus[];
const nameless = fc.constantFrom(0x1b, 0x1f, 0x25, 0x50, 0x7f, 0xff);

function replyOf(opcode: Opcode | number, status: BinaryStatus): fc.Arbitrary<BinaryReply> {
  const isNumber = status === "ok" && typeof opcode !== "number" && OPCODES[opcode].extras === "arithmetic";
  const parts = fc.record({
    opaque: unsigned32,
    cas,
    dataType,
    key: fc.oneof(key, fc.constant(latin1Bytes(""))),
    value,
    flags: fc.oneof(
      fc.constant({}),
      unsigned32.map((flags) => ({ flags })),
    ),
    number: unsigned64,
  });
  return parts.map(({ opaque, cas, dataType, key, value, flags, number }): BinaryReply => {
    const common = { opcode, status, opaque, cas, ...dataType, ...flags, key };
    return isNumber ? { ...common, number, value: eightBytes(number) } : { ...common, value };
  });
}

/** Any reply that the protocol can say. */
export const binaryReply: fc.Arbitrary<BinaryReply> = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constantFrom<Opcode | number>(...names) }, nameless),
    fc.oneof(fc.constant<BinaryStatus>("ok"), fc.constantFrom(...statuses)),
  )
  .chain(([opcode, status]) => replyOf(opcode, status));

/** Big-endian. */
function eightBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** What a header says beside what is there. */
interface Twist {
  readonly magic?: number;
  readonly code?: number;
  readonly keyBytes?: number;
  readonly extrasBytes?: number;
  readonly bodyBytes?: number;
}

/** The wire of one message with other numbers in its header. */
function twisted(wire: Uint8Array, twist: Twist): Uint8Array {
  const bytes = wire.slice();
  const view = new DataView(bytes.buffer);
  if (twist.magic !== undefined) view.setUint8(0, twist.magic);
  if (twist.code !== undefined) view.setUint8(1, twist.code);
  if (twist.keyBytes !== undefined) view.setUint16(2, twist.keyBytes);
  if (twist.extrasBytes !== undefined) view.setUint8(4, twist.extrasBytes);
  if (twist.bodyBytes !== undefined) view.setUint32(8, twist.bodyBytes);
  return bytes;
}

/** The same message with a key, there or not, that is longer by 250 bytes: they are all there. */
function withLongKey(wire: Uint8Array): Uint8Array {
  const view = new DataView(wire.buffer, wire.byteOffset, wire.byteLength);
  const keyBytes = view.getUint16(2);
  const keyEnd = 24 + view.getUint8(4) + keyBytes;
  const more = new Uint8Array(250).fill(107);
  const bytes = Uint8Array.from([...wire.subarray(0, keyEnd), ...more, ...wire.subarray(keyEnd)]);
  return twisted(bytes, { keyBytes: keyBytes + more.length, bodyBytes: view.getUint32(8) + more.length });
}

/** One message whose header is off by little, or says another opcode: each is refused for a reason of its own. */
export function nearly(wire: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const off = fc.constantFrom(-20, -8, -4, -1, 1, 4, 8, 20, 250);
  return wire.chain((bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const moved = (value: number, max: number): fc.Arbitrary<number> =>
      off.map((by) => Math.min(Math.max(value + by, 0), max));
    const code = fc.oneof(fc.integer({ min: 0, max: 0x26 }), fc.integer({ min: 0, max: 255 }));
    const twist: fc.Arbitrary<Twist> = fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 3, arbitrary: code.map((code) => ({ code })) },
      fc.constantFrom(0x00, 0x67, 0x7f, 0x80, 0x81, 0x82).map((magic) => ({ magic })),
      moved(view.getUint16(2), 0xffff).map((keyBytes) => ({ keyBytes })),
      moved(view.getUint8(4), 0xff).map((extrasBytes) => ({ extrasBytes })),
      moved(view.getUint32(8), UINT_32_MAX).map((bodyBytes) => ({ bodyBytes })),
      fc.record({
        keyBytes: moved(view.getUint16(2), 0xffff),
        bodyBytes: moved(view.getUint32(8), UINT_32_MAX),
      }),
    );
    return fc.oneof(
      { weight: 12, arbitrary: twist.map((each) => twisted(bytes, each)) },
      fc.constant(withLongKey(bytes)),
    );
  });
}
