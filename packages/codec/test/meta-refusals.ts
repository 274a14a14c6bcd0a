// What must come of meta commands that are not as they should be, as memcached 1.6.45 has it: rows of the table of
// refusals.

export const FORMAT = "CLIENT_ERROR bad command line format";
export const CHUNK = "CLIENT_ERROR bad data chunk";
export const LARGE = "SERVER_ERROR object too large for cache";
const TOKEN = "CLIENT_ERROR bad token in command line format";
const INITIAL = "CLIENT_ERROR invalid numeric initial value";
const DELTA = "CLIENT_ERROR invalid numeric delta value";
const DECODING = "CLIENT_ERROR error decoding key";
const INVALID = "CLIENT_ERROR invalid flag";
const DUPLICATE = "CLIENT_ERROR duplicate flag";
const MA_FLAGS = "CLIENT_ERROR invalid or duplicate flag";
const MS_MODE = "CLIENT_ERROR invalid mode for ms M token";
const MA_MODE = "CLIENT_ERROR invalid mode for ma M token";
const TOO_MANY = "CLIENT_ERROR options flags are too long";
const OPAQUE = "CLIENT_ERROR opaque token too long";

/** The wire, what is said to all that is on it, and where the first that is refused is wrong. */
export type RefusalRow = readonly [wire: string, said: readonly string[], at?: number];

const long = "k".repeat(251);
const opaque = `O${"o".repeat(32)}`;
const eighteen = "k s t c f v h l u q x I P L O M T0 N0";

export const metaRefusals: readonly RefusalRow[] = [
  // too few words
  ["mg\r\n", [FORMAT], 2],
  ["mg \r\n", [FORMAT], 3],
  ["ms\r\nms a\r\n", [FORMAT, FORMAT], 2],
  ["md\r\nma\r\nme\r\n", [FORMAT, FORMAT, FORMAT], 2],
  ["mn\n", [FORMAT], 0],
  ["mget a\r\n", ["ERROR"], 0],
  ["MG a\r\n", ["ERROR"], 0],
  ["mz a\r\n", ["ERROR"], 0],
  // keys
  [`mg ${long} v\r\n`, [FORMAT], 3],
  [`md ${long} v v\r\n`, [FORMAT], 3],
  [`me ${long}\r\n`, [FORMAT], 3],
  [`ms ${long} 1 v v\r\nx\r\n`, [FORMAT], 3],
  [`ma ${long}\r\n`, [MA_FLAGS], 3],
  [`mg ${"a2tr".repeat(63)} b v\r\n`, [FORMAT], 3],
  ["mg a b\r\n", [DECODING], 3],
  ["mg YQ v b\r\n", [DECODING], 3],
  ["mg YQ= b\r\n", [DECODING], 3],
  ["mg Y=== b\r\n", [DECODING], 3],
  ["mg ==== b\r\n", [DECODING], 3],
  ["mg =A== b\r\n", [DECODING], 3],
  ["mg YWJjYQ b\r\n", [DECODING], 3],
  ["mg ! b\r\n", [DECODING], 3],
  ["ms YQ 1 b\r\nx\r\n", [DECODING], 3],
  ["md YQ b\r\n", [DECODING], 3],
  ["ma YQ b\r\n", [MA_FLAGS], 3],
  ["me a b\r\n", [FORMAT], 3],
  // letters
  ["mg a 5\r\n", [INVALID], 5],
  ["mg a v y k\r\n", [INVALID], 7],
  ["mg a W\r\n", [INVALID], 5],
  ["mg a {\r\n", [INVALID], 5],
  ["mg a \t\r\n", [INVALID], 5],
  ["mg a v noreply\r\n", [INVALID], 7],
  ["md a 5\r\n", [INVALID], 5],
  ["ma a y\r\n", [MA_FLAGS], 5],
  ["ms a 1 w\r\nx\r\n", [INVALID], 7],
  ["mg a v k v\r\n", [DUPLICATE], 9],
  ["mg a vx vy\r\n", [DUPLICATE], 8],
  ["mg a T1 T2\r\n", [DUPLICATE], 8],
  ["mg a \x7f\r\n", [DUPLICATE], 5],
  ["mg a v \xff\r\n", [DUPLICATE], 7],
  ["ma a v v\r\n", [MA_FLAGS], 7],
  ["ms a 1 T10 T20\r\nx\r\n", [DUPLICATE], 11],
  // how many
  [`mg a ${eighteen}\r\n`, ["mg"]],
  [`mg a ${eighteen} R0\r\n`, [TOO_MANY], 43],
  [`mg a ${eighteen} v v v v\r\n`, [TOO_MANY], 43],
  [`md a ${eighteen} R0\r\n`, [TOO_MANY], 43],
  [`ma a ${eighteen.replace("M ", "R0 ")}\r\n`, ["ma"]],
  [`ma a ${eighteen} R0\r\n`, [MA_FLAGS], 43],
  [`ms a 1 ${eighteen}\r\nx\r\n`, [TOO_MANY], 42],
  [`ms a 1 ${eighteen.replace("M ", "")}\r\nx\r\n`, ["ms"]],
  [`mg a${" v".repeat(500)}\r\n`, [TOO_MANY], 41],
  // tokens
  ["mg a T\r\n", [TOKEN], 5],
  ["mg a T v\r\n", [TOKEN], 5],
  ["mg a T-\r\n", [TOKEN], 5],
  ["mg a T30x\r\n", [TOKEN], 5],
  ["mg a v T9223372036854775808\r\n", [TOKEN], 7],
  ["mg a N\r\n", [TOKEN], 5],
  ["mg a Rx\r\n", [TOKEN], 5],
  ["mg a C\r\n", [TOKEN], 5],
  ["mg a C-1\r\n", [TOKEN], 5],
  ["mg a C18446744073709551616\r\n", [TOKEN], 5],
  ["md a Ex\r\n", [TOKEN], 5],
  ["mg a F\r\n", [FORMAT], 5],
  ["ms a 2 F4294967296\r\nhi\r\n", [FORMAT], 7],
  ["mg a Dx\r\n", [DELTA], 5],
  ["mg a Jx\r\n", [INITIAL], 5],
  ["ma a D-1\r\n", [MA_FLAGS], 5],
  ["ma a N0 Jx\r\n", [MA_FLAGS], 8],
  ["ms a 1 Cabc\r\nx\r\n", [TOKEN], 7],
  // several: a letter that is wrong at once, of tokens the last, but for F
  ["mg a Tx Jx\r\n", [INITIAL], 8],
  ["mg a Jx Tx\r\n", [TOKEN], 8],
  ["mg a Tx b\r\n", [DECODING], 3],
  ["mg a b Tx\r\n", [TOKEN], 7],
  ["mg a Tx Fx\r\n", [TOKEN], 5],
  ["mg a Fx Tx\r\n", [TOKEN], 8],
  ["mg a Tx v v\r\n", [DUPLICATE], 10],
  ["mg a Tx 5\r\n", [INVALID], 8],
  [`mg a ${opaque} Tx\r\n`, [TOKEN], 39],
  [`mg a ${opaque} v v\r\n`, [DUPLICATE], 41],
  // modes
  ["ms a 2 Ms\r\nhi\r\n", [MS_MODE], 7],
  ["ms a 2 v M\r\nhi\r\n", [MS_MODE], 9],
  ["ms a 2 M v\r\nhi\r\n", [MS_MODE], 7],
  ["ms a 2 Madd\r\nhi\r\n", [MS_MODE], 7],
  ["ms a 2 MI\r\nhi\r\n", [MS_MODE], 7],
  [`ms a 2 MX ${opaque}\r\nhi\r\n`, [MS_MODE], 7],
  ["ms a 2 MX Tx\r\nhi\r\n", [TOKEN], 10],
  ["ma a Mi\r\n", [MA_MODE], 5],
  ["ma a M\r\n", [MA_MODE], 5],
  ["ma a MS\r\n", [MA_MODE], 5],
  ["ma a MX v v\r\n", [MA_FLAGS], 10],
  // opaques
  [`mg a ${opaque}\r\n`, [OPAQUE], 5],
  [`md a k ${opaque}\r\n`, [OPAQUE], 7],
  [`ma a ${opaque}\r\n`, [OPAQUE], 5],
  [`ms a 1 ${opaque}\r\nx\r\n`, [OPAQUE], 7],
  // values: the data block is skipped once its length is known, and errors are told whatever q says
  ["ms a x\r\n", [FORMAT], 5],
  ["ms a q\r\n", [FORMAT], 5],
  ["ms a -1\r\n", [FORMAT], 5],
  ["ms a +1\r\nx\r\n", [FORMAT, FORMAT], 5],
  ["ms a S2\r\nhi\r\n", [FORMAT, "ERROR"], 5],
  ["ms a 1.5 v v\r\n", [FORMAT], 5],
  ["ms a 2147483646\r\n", [FORMAT], 5],
  ["ms a 4294967296\r\n", [FORMAT], 5],
  ["ms a 8 v v\r\nflush_al\r\n", [DUPLICATE], 9],
  ["ms a 8 q y\r\nflush_al\r\n", [INVALID], 9],
  ["ms a 1 q\r\nxyz\r\n", [CHUNK, FORMAT], 11],
  ["ms a 1\r\nx\n\n", [CHUNK], 9],
  [`ms a 1048577 q ${opaque}\r\n${"z".repeat(1_048_577)}\r\n`, [LARGE], 5],
  [`ms a 1048577 MX\r\n${"z".repeat(1_048_577)}\r\n`, [MS_MODE], 13],
];
