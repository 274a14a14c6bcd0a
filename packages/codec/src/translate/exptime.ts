// Exptimes: signed in the text protocol, unsigned 32-bit in the binary one.
//
// memcached 1.6.18 keeps 32 bits of what the text says, and takes the binary ones as they are: from 2^31 on the same
// number is gone at once there, and is the year 2038 and later here. Nothing from there on is translated.

const INT_32_END = 0x8000_0000;

/** A Unix time in the past, by a second more than counts from now: the binary way to say "already". */
const ALREADY = 2_592_001;

/** From text to binary; -1 if it cannot be said. */
export function binaryExptime(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds >= INT_32_END || seconds < -INT_32_END) return -1;
  return seconds < 0 ? ALREADY : seconds;
}

/** Whether a binary exptime means in text what it means in binary. */
export function isTextExptime(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 0 && seconds < INT_32_END;
}
