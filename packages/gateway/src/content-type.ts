// The content type of an item, kept beside its value, which other memcached clients read unchanged.
//
//     flags   31..24 code | 23..0 the client's own
//     code 0         application/octet-stream, or nothing was said
//     code 1..254    a row of the table below, to the letter
//     code 255       the value begins with a line `Content-Type: <type>\r\n\r\n`
//
// Codes are in the memory of servers: rows are added at the end, and never moved.

import { badRequest, type Refusal, shown } from "./refusal.ts";

export const OCTET_STREAM = "application/octet-stream";

const inUtf8 = (type: string): readonly string[] => [
  type,
  `${type};charset=utf-8`,
  `${type};charset=UTF-8`,
  `${type}; charset=utf-8`,
  `${type}; charset=UTF-8`,
];

const TYPES: readonly string[] = [
  OCTET_STREAM,
  ...inUtf8("text/plain"),
  ...inUtf8("text/html"),
  ...inUtf8("application/json"),
  ...inUtf8("application/x-www-form-urlencoded"),
  ...inUtf8("application/xml"),
  ...inUtf8("text/xml"),
  ...inUtf8("text/css"),
  ...inUtf8("text/javascript"),
  ...inUtf8("application/javascript"),
  ...inUtf8("text/csv"),
  ...inUtf8("text/markdown"),
  ...inUtf8("application/xhtml+xml"),
  ...inUtf8("application/atom+xml"),
  ...inUtf8("application/rss+xml"),
  ...inUtf8("application/ld+json"),
  ...inUtf8("application/problem+json"),
  ...inUtf8("application/x-ndjson"),
  ...inUtf8("text/event-stream"),
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/svg+xml",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "image/bmp",
  "image/tiff",
  "audio/mpeg",
  "audio/ogg",
  "audio/wav",
  "video/mp4",
  "video/webm",
  "font/woff",
  "font/woff2",
  "font/ttf",
  "font/otf",
  "application/pdf",
  "application/zip",
  "application/gzip",
  "application/zstd",
  "application/wasm",
  "application/protobuf",
  "application/x-protobuf",
  "application/msgpack",
  "application/cbor",
  "application/yaml",
  "application/toml",
];

const CODES: ReadonlyMap<string, number> = new Map(TYPES.map((type, code) => [type, code]));
const WRITTEN_OUT = 255;
const TYPE_BYTES_MAX = 200;
/** `type/subtype` of token characters, then parameters of visible ones. */
const TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?: *;[\x20-\x7e]*)?$/;
const LINE_START = "Content-Type: ";
const LINE_END = "\r\n\r\n";

/** How a content type is kept. */
export interface KeptType {
  readonly code: number;
  /** What stands before the value; empty for a type of the table. */
  readonly line: string;
}

/** @param type As the header says it; `null` if it says nothing. */
export function keepType(type: string | null): KeptType | Refusal {
  const code = CODES.get(type ?? OCTET_STREAM);
  if (code !== undefined) return { code, line: "" };
  const text = type ?? "";
  if (text.length > TYPE_BYTES_MAX || !TYPE.test(text)) {
    return badRequest(
      `content-type must be type/subtype and parameters in at most ${TYPE_BYTES_MAX} visible characters, ` +
        `got ${shown(text)}`,
    );
  }
  return { code: WRITTEN_OUT, line: `${LINE_START}${text}${LINE_END}` };
}

/** The type of an item, and where its value begins. */
export interface ReadType {
  readonly type: string;
  readonly start: number;
}

const UNKNOWN: ReadType = { type: OCTET_STREAM, start: 0 };

/** A code without a row, or without the line that it promises, is of somebody else: octets, as they are. */
export function readType(flags: number, value: Uint8Array): ReadType {
  const code = flags >>> 24;
  if (code !== WRITTEN_OUT) return { type: TYPES[code] ?? OCTET_STREAM, start: 0 };
  const most = LINE_START.length + TYPE_BYTES_MAX + LINE_END.length;
  const head = String.fromCharCode(...value.subarray(0, most));
  const end = head.indexOf(LINE_END);
  if (end < 0 || !head.startsWith(LINE_START)) return UNKNOWN;
  const type = head.slice(LINE_START.length, end);
  return TYPE.test(type) ? { type, start: end + LINE_END.length } : UNKNOWN;
}
