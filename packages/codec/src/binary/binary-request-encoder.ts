// Binary requests to bytes, as a client sends them.

import { checkBytes } from "../bytes.ts";
import { toHalves, type Halves } from "../decimal.ts";
import type { SendBuffer } from "../send-buffer.ts";
import type { BinaryRequest } from "./binary-message.ts";
import { checkBinaryKey, checkUint32, checkWhole } from "./check.ts";
import { REQUEST_MAGIC, writeBinaryHeader } from "./header.ts";
import { OPCODES } from "./opcode.ts";

const EMPTY: Uint8Array = new Uint8Array(0);
const NONE: Halves = { high: 0, low: 0 };

/**
 * Writes one request.
 *
 * @param valueBytes Bytes of its value, if those are the caller's to write behind it: then it has an empty one.
 * @throws RangeError, with nothing written, for what the protocol cannot say: a key longer than 250 bytes, or empty
 * but for `stat`; flags, an exptime or an opaque that is not an unsigned 32-bit number, a vbucket that is not an
 * unsigned 16-bit number, a data type that is not from 1 to 255; a 64-bit number out of range
 */
export function writeBinaryRequest(out: SendBuffer, request: BinaryRequest, valueBytes?: number): void {
  const { opcode, opaque, vbucket, dataType } = request;
  const shape = OPCODES[opcode];
  const key = "key" in request ? request.key : EMPTY;
  const value = "value" in request ? request.value : EMPTY;
  const flags = "flags" in request ? request.flags : 0;
  const exptime = "exptime" in request ? request.exptime : undefined;
  const delta = "delta" in request ? toHalves(request.delta) : NONE;
  const initial = "initial" in request ? toHalves(request.initial) : NONE;
  const cas = toHalves(request.cas);
  checkBytes("a value", value);
  if (shape.key !== "none") checkBinaryKey(key, shape.key === "some" ? 1 : 0);
  checkUint32("flags", flags);
  if (exptime !== undefined) checkUint32("exptime", exptime);
  checkUint32("opaque", opaque);
  checkWhole("vbucket", vbucket, 0, 0xffff);
  if (dataType !== undefined) checkWhole("dataType", dataType, 1, 0xff);
  if (valueBytes !== undefined) checkUint32("valueBytes", valueBytes);

  const extrasBytes = shape.extras === "delay" && exptime === undefined ? 0 : shape.extrasBytes;
  writeBinaryHeader(
    out,
    REQUEST_MAGIC,
    shape.code,
    key.length,
    extrasBytes,
    dataType ?? 0,
    vbucket,
    valueBytes ?? value.length,
    opaque,
    cas.high,
    cas.low,
  );
  if (shape.extras === "storage") out.uint32(flags);
  if (shape.extras === "arithmetic") {
    out.uint32(delta.high);
    out.uint32(delta.low);
    out.uint32(initial.high);
    out.uint32(initial.low);
  }
  if (exptime !== undefined) out.uint32(exptime);
  out.copy(key, 0, key.length);
  out.copy(value, 0, value.length);
}
