// Bounds of what is held of replies whose datagrams are not all there.

import { checkLimits } from "../limits.ts";

/** All are inclusive. Above `repliesMax` and `heldBytesMax` the oldest replies are given up. */
export interface DatagramLimits {
  /** Replies in reassembly. */
  readonly repliesMax: number;
  /** Bytes of one reply, without headers. */
  readonly replyBytesMax: number;
  /** Datagrams of one reply. */
  readonly datagramsMax: number;
  /** Bytes of memory for all replies in reassembly; at least what one may need. */
  readonly heldBytesMax: number;
}

// A value of 1 MiB with the lines around it takes 757 datagrams of memcached's.
export const DEFAULT_DATAGRAM_LIMITS: DatagramLimits = {
  repliesMax: 256,
  replyBytesMax: 1_052_672,
  datagramsMax: 2_048,
  heldBytesMax: 16_777_216,
};

/** Where the data of a datagram is kept: start and end, 32 bits each. */
const PLACE_BYTES = 8;

/**
 * The defaults with some replaced.
 *
 * @throws RangeError for a limit that there is not, or that is not a whole number from 1, and for a `heldBytesMax`
 * below what one reply may need, `replyBytesMax` and 8 for each of `datagramsMax`
 */
export function datagramLimitsOf(given: Partial<DatagramLimits> = {}): DatagramLimits {
  const limits = { ...DEFAULT_DATAGRAM_LIMITS, ...given };
  checkLimits(limits, DEFAULT_DATAGRAM_LIMITS);
  const { replyBytesMax, datagramsMax, heldBytesMax } = limits;
  const neededBytes = replyBytesMax + datagramsMax * PLACE_BYTES;
  if (heldBytesMax < neededBytes) {
    throw new RangeError(
      `heldBytesMax must be at least ${neededBytes}, which one reply may need, got ${heldBytesMax}`,
    );
  }
  return limits;
}
