// How the bytes of a snapshot are laid out. Numbers are little-endian.
//
//     head     "memwire-snapshot" | version u32 | written at f64 | checksum u32
//     block    bytes u32, from 1 | so many bytes of records | checksum u32             any number of them
//     end      0 u32 | number of records f64 | a flush to come f64 | last cas high u32, low u32 | checksum u32
//
//     record   bytes of the key u16 | marks u16 | flags u32 | bytes of the value u32
//              | cas high u32, low u32 | expires at f64 | used at f64 | key | value
//
// Times are milliseconds since the Unix epoch; Infinity is never. A value may go on in the next blocks, the rest of a
// record is within one. A checksum is that of all bytes of its part before it, with the number of the part as its
// seed, 0 for the head: so a block that is missing, twice there or in another's place is found as well as one
// that changed. Nothing is believed before its checksum was right: who reads needs room for one block.

/** As bytes, since there is no text on the way from a file. */
export const MAGIC: Readonly<Uint8Array> = Uint8Array.from("memwire-snapshot", (letter) =>
  letter.charCodeAt(0),
);
export const VERSION = 2;

export const VERSION_AT = 16;
export const WRITTEN_AT_AT = 20;
export const HEAD_BYTES = 32;

/** Bytes of records in a block, at most. */
export const RECORDS_BYTES_MAX = 65_536;
/** Before and behind them. */
export const LENGTH_BYTES = 4;
export const CHECKSUM_BYTES = 4;

export const COUNT_AT = 4;
export const FLUSH_AT_AT = 12;
export const LAST_CAS_HIGH_AT = 20;
export const LAST_CAS_LOW_AT = 24;
export const END_BYTES = 32;

/** Places in a record, counted from its start. */
export const MARKS_AT = 2;
export const FLAGS_AT = 4;
export const VALUE_BYTES_AT = 8;
export const CAS_HIGH_AT = 12;
export const CAS_LOW_AT = 16;
export const EXPIRES_AT_AT = 20;
export const USED_AT_AT = 28;
export const KEY_AT = 36;

/** Marks of an item: somebody asked for it; it is no longer right; somebody is to renew it; its key came in base64. */
export const FETCHED_MARK = 1;
export const STALE_MARK = 2;
export const CLAIMED_MARK = 4;
export const IN_BASE64_MARK = 8;
export const MARKS_MAX = 15;
