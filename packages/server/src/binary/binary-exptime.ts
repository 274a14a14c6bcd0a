// When an item expires, as the binary protocol has it: without a sign.

import type { Millis } from "@memwire/engine";
import { expiryOf, flushTimeOf } from "@memwire/store";

const SIGN = 0x8000_0000;

/**
 * As `expiryOf`, but from 2^31 on it is a Unix time as any other, where the text protocol has negative numbers: nothing
 * is born dead in the binary protocol.
 */
export function binaryExpiryOf(exptime: number, now: Millis): Millis {
  return exptime >= SIGN ? exptime * 1_000 : expiryOf(exptime, now);
}

/** As `flushTimeOf`, likewise. */
export function binaryFlushTimeOf(exptime: number, now: Millis): Millis {
  return exptime >= SIGN ? exptime * 1_000 : flushTimeOf(exptime, now);
}
