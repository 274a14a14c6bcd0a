// Why bytes are not taken for a snapshot, and how that is told to people.

import { MAGIC, RECORDS_BYTES_MAX, VERSION } from "./snapshot-format.ts";

/**
 * What is wrong with the bytes.
 *
 * - `foreign`: they are something else; `unknown-version`: a snapshot, but not one that this version can read
 * - `wrong-checksum`, `wrong-length`, `wrong-record`, `wrong-count`, `bytes-after-end`: damaged
 * - `cut-off`: the end is missing, as when the disk was full or the writing was interrupted
 */
export type SnapshotFault =
  | "foreign"
  | "unknown-version"
  | "wrong-checksum"
  | "wrong-length"
  | "wrong-record"
  | "wrong-count"
  | "bytes-after-end"
  | "cut-off";

/**
 * One line for people: what is wrong, where, and what would be right.
 *
 * @param at Where that is, counted from the first byte of the snapshot.
 * @param found The number that was there: a byte, a version, a checksum, a length, a count.
 * @param expected The number in place of which it was there.
 */
export function refusalText(fault: SnapshotFault, at: number, found: number, expected: number): string {
  return texts[fault](at, found, expected);
}

const texts: Readonly<Record<SnapshotFault, (at: number, found: number, expected: number) => string>> = {
  foreign: (at, found) =>
    `not a snapshot: byte ${at} is ${hex(found)}, and a snapshot begins with "${String.fromCharCode(...MAGIC)}"`,
  "unknown-version": (at, found) =>
    `a snapshot of version ${found}, at byte ${at}: must be version ${VERSION}`,
  "wrong-checksum": (at, found, expected) =>
    `damaged: the checksum at byte ${at} must be ${hex(expected)} for the bytes before it, got ${hex(found)}`,
  "wrong-length": (at, found) =>
    `damaged: the block at byte ${at} must have at most ${RECORDS_BYTES_MAX} bytes, got ${found}`,
  "wrong-record": (at) => `damaged: at byte ${at} there must be an item, got bytes that cannot be one`,
  "wrong-count": (at, found, expected) =>
    `damaged: the number of items at byte ${at} must be ${expected}, as many as there are, got ${found}`,
  "bytes-after-end": (at) => `damaged: the snapshot must end at byte ${at}, got more bytes`,
  "cut-off": (at) => `cut off at byte ${at}: the end of the snapshot must follow there`,
};

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}
