// Requests to bytes, as a client sends them.

import { checkBytes, shown } from "../bytes.ts";
import { toHalves } from "../decimal.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import {
  checkBase64Key,
  checkMetaFlags,
  isInBase64,
  writeMetaRequest,
} from "../meta/meta-request-encoder.ts";
import { COMMANDS } from "./command-name.ts";
import type { AdminRequest, TextRequest } from "./request.ts";
import type { SendBuffer } from "../send-buffer.ts";

/**
 * Writes one request.
 *
 * @throws RangeError, with nothing written, for what the protocol cannot say: a key that is empty, longer than
 * 250 bytes or with a blank, CR, LF or NUL in it; flags or a level that are not an unsigned 32-bit number; an
 * exptime that is not a whole number up to 2^53; a 64-bit number out of range; an argument with a line end in it, or
 * with a last word `noreply` that would be taken for one; meta flags that memcached refuses. TypeError for a command
 * that is none, and for a key or a value that is not bytes.
 */
export function writeRequest(out: SendBuffer, request: TextRequest): void {
  check(request);
  if (request.command === "mn" || "metaFlags" in request) return writeMetaRequest(out, request);
  out.latin1(request.command);
  switch (request.command) {
    case "get":
    case "gets":
      return writeKeys(out, request.keys);
    case "gat":
    case "gats":
      writeNumber(out, request.exptime);
      return writeKeys(out, request.keys);
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
      writeKey(out, request.key);
      writeNumber(out, request.flags);
      writeNumber(out, request.exptime);
      writeNumber(out, request.value.length);
      if (request.command === "cas") write64(out, request.cas);
      writeLineEnd(out, request.noreply);
      out.copy(request.value, 0, request.value.length);
      return out.latin1("\r\n");
    case "incr":
    case "decr":
      writeKey(out, request.key);
      write64(out, request.delta);
      return writeLineEnd(out, request.noreply);
    case "touch":
      writeKey(out, request.key);
      writeNumber(out, request.exptime);
      return writeLineEnd(out, request.noreply);
    case "delete":
      writeKey(out, request.key);
      return writeLineEnd(out, request.noreply);
    case "flush_all":
      if (request.exptime !== 0) writeNumber(out, request.exptime);
      return writeLineEnd(out, request.noreply);
    case "verbosity":
      writeNumber(out, request.level);
      return writeLineEnd(out, request.noreply);
    case "stats":
    case "shutdown":
      if (request.argument !== "") out.latin1(` ${request.argument}`);
      return writeLineEnd(out, false);
    case "version":
    case "quit":
      return writeLineEnd(out, false);
    default:
      if (request.argument !== "") out.latin1(` ${request.argument}`);
      return writeLineEnd(out, request.noreply);
  }
}

function writeKeys(out: SendBuffer, keys: readonly Uint8Array[]): void {
  for (const key of keys) writeKey(out, key);
  writeLineEnd(out, false);
}

function writeKey(out: SendBuffer, key: Uint8Array): void {
  out.byte(32);
  out.copy(key, 0, key.length);
}

function writeNumber(out: SendBuffer, value: number): void {
  out.latin1(value < 0 ? " -" : " ");
  out.decimal(Math.abs(value));
}

function write64(out: SendBuffer, value: bigint): void {
  const { high, low } = toHalves(value);
  out.byte(32);
  out.decimal64(high, low);
}

function writeLineEnd(out: SendBuffer, noreply: boolean): void {
  out.latin1(noreply ? " noreply\r\n" : "\r\n");
}

function check(request: TextRequest): void {
  if (!COMMANDS.has(request.command)) throw new TypeError(`no command ${request.command}`);
  if ("keys" in request) {
    if (request.keys.length === 0) throw new RangeError(`${request.command} needs at least one key`);
    for (const key of request.keys) checkKey(key);
  }
  if ("metaFlags" in request) {
    checkMetaFlags(request);
    if (isInBase64(request)) checkBase64Key(request.key);
    else checkKey(request.key);
  } else if ("key" in request) checkKey(request.key);
  if ("value" in request) checkBytes("a value", request.value);
  if ("value" in request && !("metaFlags" in request)) checkUnsigned("flags", request.flags);
  if ("level" in request) checkUnsigned("level", request.level);
  if ("exptime" in request && !Number.isSafeInteger(request.exptime)) {
    throw new RangeError(`exptime must be a whole number, got ${shown(request.exptime)}`);
  }
  if ("cas" in request) toHalves(request.cas);
  if ("delta" in request) toHalves(request.delta);
  if ("argument" in request) checkArgument(request.argument);
  if ("argument" in request && "noreply" in request) checkNoreply(request);
}

function checkNoreply({ command, argument, noreply }: AdminRequest): void {
  if (command === "watch" || command === "config") {
    if (noreply) throw new RangeError(`${command} has no noreply`);
  } else if (!noreply && /(^| )noreply$/.test(argument)) {
    throw new RangeError(`the last word of an argument of ${command} must not be noreply, got "${argument}"`);
  }
}

function checkArgument(argument: string): void {
  const isTrimmed = !argument.startsWith(" ") && !argument.endsWith(" ");
  if (isTrimmed && !/[\0\r\n\u0100-\uffff]/.test(argument)) return;
  throw new RangeError(
    `an argument must be one line of one-byte characters, no blank at its ends, got "${argument}"`,
  );
}

/** @throws RangeError for a number that is not unsigned 32-bit */
export function checkUnsigned(name: string, value: number): void {
  if (value >>> 0 === value) return;
  throw new RangeError(`${name} must be a whole number from 0 to 4294967295, got ${shown(value)}`);
}

/** @throws RangeError for a key that the text protocol cannot carry, TypeError for one that is not bytes */
export function checkKey(key: Uint8Array): void {
  checkBytes("a key", key);
  if (key.length === 0 || key.length > DEFAULT_LIMITS.keyBytesMax) {
    throw new RangeError(`a key must have 1 to ${DEFAULT_LIMITS.keyBytesMax} bytes, got ${key.length}`);
  }
  for (let i = 0; i < key.length; i++) {
    const byte = key[i];
    if (byte === 32 || byte === 10 || byte === 13 || byte === 0) {
      throw new RangeError(`a key must have no blank, CR, LF or NUL, got byte ${byte} at ${i}`);
    }
  }
}
