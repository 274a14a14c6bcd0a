// Binary replies to bytes, as a server sends them. Hot paths use `writeBinaryHeader` instead.

import { checkBytes } from "../bytes.ts";
import { toBigint, toHalves } from "../decimal.ts";
import type { SendBuffer } from "../send-buffer.ts";
import type { BinaryReply } from "./binary-message.ts";
import { checkBinaryKey, checkUint32, checkWhole } from "./check.ts";
import { readUint32 } from "../big-endian.ts";
import { REPLY_MAGIC, writeBinaryHeader } from "./header.ts";
import { OPCODES, shapeOf } from "./opcode.ts";
import { BINARY_STATUSES } from "./status.ts";

/**
 * Writes one reply.
 *
 * @throws RangeError, with nothing written, for what the protocol cannot say: an opcode that is a number and has a
 * name, or does not fit a byte; a key longer than 250 bytes; flags or an opaque that are not an unsigned 32-bit
 * number, a data type that is not from 1 to 255; a cas out of range; a `number` that is not the one in `value`, is
 * missing where `incr` or `decr` went well, or is there elsewhere
 */
export function writeBinaryReply(out: SendBuffer, reply: BinaryReply): void {
  const { opcode, status, dataType, opaque, flags, key, value } = reply;
  const code = codeOf(opcode);
  const cas = toHalves(reply.cas);
  checkBinaryKey(key, 0);
  checkBytes("a value", value);
  checkUint32("opaque", opaque);
  if (flags !== undefined) checkUint32("flags", flags);
  if (dataType !== undefined) checkWhole("dataType", dataType, 1, 0xff);
  checkNumber(reply);
  writeBinaryHeader(
    out,
    REPLY_MAGIC,
    code,
    key.length,
    flags === undefined ? 0 : 4,
    dataType ?? 0,
    BINARY_STATUSES[status].code,
    value.length,
    opaque,
    cas.high,
    cas.low,
  );
  if (flags !== undefined) out.uint32(flags);
  out.copy(key, 0, key.length);
  out.copy(value, 0, value.length);
}

function codeOf(opcode: BinaryReply["opcode"]): number {
  if (typeof opcode !== "number") return OPCODES[opcode].code;
  checkWhole("an opcode", opcode, 0, 0xff);
  const name = shapeOf(opcode)?.name;
  if (name !== undefined) throw new RangeError(`opcode ${opcode} must be given by its name, "${name}"`);
  return opcode;
}

function checkNumber({ opcode, status, number, value }: BinaryReply): void {
  const isNumber = status === "ok" && typeof opcode !== "number" && OPCODES[opcode].extras === "arithmetic";
  if (!isNumber) {
    if (number === undefined) return;
    throw new RangeError(`a number must answer incr or decr that went well, got ${number} for ${opcode}`);
  }
  const said = value.length === 8 ? toBigint(readUint32(value, 0), readUint32(value, 4)) : undefined;
  if (number !== undefined && said === number) return;
  throw new RangeError(`number must be the one in the value's 8 bytes, got ${number} and ${said}`);
}
