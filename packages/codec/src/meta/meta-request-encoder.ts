// Meta requests to bytes, as a client sends them.

import { base64Length, encodeBase64 } from "../base64.ts";
import { checkBytes } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import type { SendBuffer } from "../send-buffer.ts";
import type { MetaRequest } from "./meta-message.ts";

/** All but `mn`. */
export type KeyedRequest = Exclude<MetaRequest, { readonly command: "mn" }>;

const LETTERS = "bcfhklqstuvxCDEFIJLMNOPRT";
const MODES: Readonly<Record<string, string>> = { ms: "EAPRS", ma: "I+D-" };

const INT_64_MAX = (1n << 63n) - 1n;
const UINT_64_MAX = (1n << 64n) - 1n;

/** The largest number behind these letters; T, N and R may be negative. */
const NUMBER_MAX: Readonly<Record<string, bigint>> = {
  T: INT_64_MAX,
  N: INT_64_MAX,
  R: INT_64_MAX,
  C: UINT_64_MAX,
  E: UINT_64_MAX,
  D: UINT_64_MAX,
  J: UINT_64_MAX,
  F: 0xffff_ffffn,
};

/** Writes one meta request that has been checked. */
export function writeMetaRequest(out: SendBuffer, request: MetaRequest): void {
  out.latin1(request.command);
  if (request.command === "mn") return out.latin1("\r\n");
  const key = isInBase64(request) ? encodeBase64(request.key) : request.key;
  out.byte(32);
  out.copy(key, 0, key.length);
  if (request.command === "ms") {
    out.byte(32);
    out.decimal(request.value.length);
  }
  for (const flag of request.metaFlags) out.latin1(` ${flag}`);
  out.latin1("\r\n");
  if (request.command !== "ms") return;
  out.copy(request.value, 0, request.value.length);
  out.latin1("\r\n");
}

/** Whether the key goes on the line in base64, and may have any byte. */
export function isInBase64({ metaFlags }: KeyedRequest): boolean {
  return metaFlags.some((flag) => flag.startsWith("b"));
}

/** @throws RangeError for an empty key, and for one that is too long in base64 */
export function checkBase64Key(key: Uint8Array): void {
  checkBytes("a key", key);
  const { keyBytesMax } = DEFAULT_LIMITS;
  const { length } = key;
  if (length > 0 && base64Length(length) <= keyBytesMax) return;
  throw new RangeError(
    `a key must have 1 to ${keyBytesMax} bytes in base64, got ${base64Length(length)} for ${length}`,
  );
}

/** @throws RangeError for flags that memcached refuses; what is behind `me` it does not look at */
export function checkMetaFlags({ command, metaFlags }: KeyedRequest): void {
  if (command === "me") {
    if (metaFlags.length === 0 || (metaFlags.length === 1 && metaFlags[0] === "b")) return;
    throw new RangeError(`me takes no flag but b, got "${metaFlags.join(" ")}"`);
  }
  const flagsMax = DEFAULT_LIMITS.metaWordsMax - (command === "ms" ? 3 : 2);
  if (metaFlags.length > flagsMax) {
    throw new RangeError(`${command} takes at most ${flagsMax} flags, got ${metaFlags.length}`);
  }
  for (const [i, flag] of metaFlags.entries()) {
    const letter = flag.charAt(0);
    if (metaFlags.findIndex((other) => other.charAt(0) === letter) < i) {
      throw new RangeError(`a flag may be there once, got "${metaFlags.join(" ")}"`);
    }
    const wrong = whatIsWrong(command, letter, flag.slice(1));
    if (wrong !== undefined) throw new RangeError(`${wrong}, got "${flag}"`);
  }
}

/** Of one flag, or nothing. */
function whatIsWrong(command: KeyedRequest["command"], letter: string, token: string): string | undefined {
  if (letter === "" || !LETTERS.includes(letter)) return `a flag must begin with one of ${LETTERS}`;
  if (/[\0\r\n \u0100-\uffff]/.test(token)) return "a flag must be one word of one-byte characters";
  const max = NUMBER_MAX[letter];
  if (max !== undefined) {
    const signed = max === INT_64_MAX;
    const digits = signed ? token.replace(/^-/, "") : token;
    if (!/^\d+$/.test(digits) || BigInt(digits) > max) {
      return `flag ${letter} must have a number up to ${max}${signed ? ", or as low" : ""}`;
    }
  }
  const { opaqueBytesMax } = DEFAULT_LIMITS;
  if (letter === "O" && token.length > opaqueBytesMax) return `an opaque has at most ${opaqueBytesMax} bytes`;
  const modes = MODES[command];
  if (letter === "M" && modes !== undefined && (token === "" || !modes.includes(token.charAt(0)))) {
    return `the mode of ${command} must be one of ${modes}`;
  }
  return undefined;
}
