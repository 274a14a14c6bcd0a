// Binary requests that are refused, for the table of what the codec makes of them and for the comparison with a real
// memcached.

import type { BinaryRefusal } from "@memwire/codec";

/** What headers here end in: opaque and cas. */
export const end = "deadbeef 0000000000000000";
const long = "k".repeat(251);

/** The wire, what is wrong with it, and where. */
export type RefusalRow = readonly [header: string, body: string, refusal: BinaryRefusal, at: number];

/** Refused by the header alone, and closed. */
export const closing: readonly RefusalRow[] = [
  // lengths that cannot be
  [`80 00 0003 00 00 0000 00000002 ${end}`, "abc", "bad-length", 2],
  [`80 01 0003 08 00 0000 0000000a ${end}`, `\0\0\0\0\0\0\0\0abc`, "bad-length", 4],
  [`80 0a 0000 01 00 0000 00000000 ${end}`, "", "bad-length", 4],
  [`80 50 0001 00 00 0000 00000000 ${end}`, "", "bad-length", 2],
  [`80 00 ffff 00 00 0000 00000000 ${end}`, "", "bad-length", 2],
  // keys
  [`80 00 00fb 00 00 0000 000000fb ${end}`, long, "key-too-long", 2],
  [`80 01 00fb 08 00 0000 00000104 ${end}`, `\0\0\0\0\0\0\0\0${long}v`, "key-too-long", 2],
  [`80 50 00fb 00 00 0000 000000fb ${end}`, long, "key-too-long", 2],
  [`80 00 0000 00 00 0000 00000000 ${end}`, "", "bad-key", 2],
  [`80 09 0000 00 00 0000 00000000 ${end}`, "", "bad-key", 2],
  [`80 01 0000 08 00 0000 00000009 ${end}`, "\0\0\0\0\0\0\0\0v", "bad-key", 2],
  [`80 05 0000 14 00 0000 00000014 ${end}`, "\0".repeat(20), "bad-key", 2],
  [`80 0e 0000 00 00 0000 00000001 ${end}`, "v", "bad-key", 2],
  [`80 1c 0000 04 00 0000 00000004 ${end}`, "\0\0\0\0", "bad-key", 2],
  [`80 21 0000 00 00 0000 00000004 ${end}`, "\0u\0p", "bad-key", 2],
  [`80 0a 0001 00 00 0000 00000001 ${end}`, "a", "bad-key", 2],
  [`80 07 0001 00 00 0000 00000001 ${end}`, "a", "bad-key", 2],
  [`80 08 0001 00 00 0000 00000001 ${end}`, "a", "bad-key", 2],
  [`80 0b 0001 00 00 0000 00000001 ${end}`, "a", "bad-key", 2],
  // extras
  [`80 00 0001 04 00 0000 00000005 ${end}`, "\0\0\0\0a", "bad-extras", 4],
  [`80 01 0001 00 00 0000 00000002 ${end}`, "av", "bad-extras", 4],
  [`80 01 0001 04 00 0000 00000006 ${end}`, "\0\0\0\0av", "bad-extras", 4],
  [`80 04 0001 04 00 0000 00000005 ${end}`, "\0\0\0\0a", "bad-extras", 4],
  [`80 06 0001 10 00 0000 00000011 ${end}`, `${"\0".repeat(16)}a`, "bad-extras", 4],
  [`80 08 0000 08 00 0000 00000008 ${end}`, "\0\0\0\0\0\0\0\0", "bad-extras", 4],
  [`80 0a 0000 04 00 0000 00000004 ${end}`, "\0\0\0\0", "bad-extras", 4],
  [`80 0e 0001 08 00 0000 0000000a ${end}`, "\0\0\0\0\0\0\0\0av", "bad-extras", 4],
  [`80 10 0000 04 00 0000 00000004 ${end}`, "\0\0\0\0", "bad-extras", 4],
  [`80 1c 0001 00 00 0000 00000001 ${end}`, "a", "bad-extras", 4],
  [`80 1e 0001 08 00 0000 00000009 ${end}`, "\0\0\0\0\0\0\0\0a", "bad-extras", 4],
  [`80 21 0001 04 00 0000 00000005 ${end}`, "\0\0\0\0a", "bad-extras", 4],
  // a value where none may be
  [`80 00 0001 00 00 0000 00000006 ${end}`, "ahello", "bad-body", 8],
  [`80 04 0001 00 00 0000 00000002 ${end}`, "av", "bad-body", 8],
  [`80 05 0001 14 00 0000 00000016 ${end}`, `${"\0".repeat(20)}av`, "bad-body", 8],
  [`80 08 0000 00 00 0000 00000001 ${end}`, "v", "bad-body", 8],
  [`80 0a 0000 00 00 0000 00000001 ${end}`, "v", "bad-body", 8],
  [`80 0b 0000 00 00 0000 00000001 ${end}`, "v", "bad-body", 8],
  [`80 10 0005 00 00 0000 00000006 ${end}`, "itemsv", "bad-body", 8],
  [`80 1c 0001 04 00 0000 00000006 ${end}`, "\0\0\0\0av", "bad-body", 8],
  [`80 1d 0001 04 00 0000 ffffffff ${end}`, "\0\0\0\0a", "bad-body", 8],
  [`80 17 0000 00 00 0000 00000001 ${end}`, "v", "bad-body", 8],
  [`80 20 0000 00 00 0000 00000001 ${end}`, "v", "bad-body", 8],
];

const VALUE_BYTES_MAX = 1_048_576;

/** Refused and skipped. */
export const goingOn: readonly RefusalRow[] = [
  ...["1b", "1f", "25", "30", "7f", "ff"].map((code): [string, string, BinaryRefusal, number] => [
    `80 ${code} 0000 00 00 0000 00000000 ${end}`,
    "",
    "unknown-command",
    1,
  ]),
  [`80 1b 0000 04 00 0000 00000004 ${end}`, "\0\0\0\0", "unknown-command", 1],
  [`80 50 0003 04 00 0000 00000011 ${end}`, "1234keysome value", "unknown-command", 1],
  [`80 50 0000 00 00 0000 00018000 ${end}`, "x".repeat(0x18000), "unknown-command", 1],
  [
    `80 01 0001 08 00 0000 0010000a ${end}`,
    `\0\0\0\0\0\0\0\0a${"v".repeat(VALUE_BYTES_MAX + 1)}`,
    "too-large",
    8,
  ],
  [
    `80 11 0001 08 00 0000 0010000a ${end}`,
    `\0\0\0\0\0\0\0\0a${"v".repeat(VALUE_BYTES_MAX + 1)}`,
    "too-large",
    8,
  ],
  [`80 0e 0001 00 00 0000 00100002 ${end}`, `a${"v".repeat(VALUE_BYTES_MAX + 1)}`, "too-large", 8],
  [`80 1a 0001 00 00 0000 00100002 ${end}`, `a${"v".repeat(VALUE_BYTES_MAX + 1)}`, "too-large", 8],
];
