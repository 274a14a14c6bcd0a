// What a client was answered, held against what the reference answered to the same request.

import { binaryReplyLength, binaryStatusOf, opaqueOf, withoutCas } from "./simulation-binary.ts";
import { metaReplyLength } from "./simulation-meta.ts";
import type { CasPair, Request } from "./simulation-requests.ts";

/**
 * How a reply compares with the reference's.
 *
 * - `right`: the same, but for cas numbers and the order of values
 * - `failed`: a SERVER_ERROR instead, which some may be allowed
 * - `missed`: that something is not there, or was not stored, where a pool says so of a server that is down
 * - `unsure`: about keys whose state cannot be known
 * - `wrong`: anything else
 */
export type Verdict = "right" | "failed" | "missed" | "unsure" | "wrong";

interface Value {
  readonly key: string;
  /** Flags, length and data: all but the cas number. */
  readonly content: string;
  readonly cas: string;
}

interface Values {
  readonly values: readonly Value[];
  /** The line after the values. */
  readonly last: string;
}

/** How many characters the first reply takes in `text`; 0 if it is not all there. */
export function replyLength(text: string, request: Request, expected: string): number {
  if (request.answer === "binary") return binaryReplyLength(text);
  if (request.answer === "meta") return metaReplyLength(text);
  if (request.answer === "values") return valuesLength(text);
  // One line for a failure, whatever the reference said.
  let at = 0;
  for (
    let lines = text.startsWith("SERVER_ERROR") ? 1 : expected.split("\r\n").length - 1;
    lines > 0;
    lines--
  ) {
    const end = text.indexOf("\r\n", at);
    if (end < 0) return 0;
    at = end + 2;
  }
  return at;
}

/** What is known beside the reference. */
export interface Doubts {
  /** Whether what is stored under a key cannot be known. */
  readonly isUnsure: (key: string) => boolean;
  /** Whether a server that is down is answered for with misses. */
  readonly mayMiss: boolean;
}

export function judge(reply: string, expected: string, request: Request, doubts: Doubts): Verdict {
  if (reply === expected) return "right";
  const { keys, answer } = request;
  if (answer === "values") return judgeValues(valuesOf(reply), valuesOf(expected), keys, doubts);
  if (answer === "binary") return judgeBinary(reply, expected, keys, doubts);
  if (reply.startsWith("SERVER_ERROR ")) return "failed";
  const answers = answer === "meta" ? META_ANSWERS : ANSWERS;
  if (keys.some(doubts.isUnsure) && answers.test(reply)) return "unsure";
  return doubts.mayMiss && MISSES.test(reply) ? "missed" : "wrong";
}

/** The cas numbers that a right reply and the reference's have for the same values. */
export function* casPairs(reply: string, expected: string): Generator<[key: string, CasPair]> {
  const known = new Map(valuesOf(expected).values.map(({ key, cas }) => [key, cas]));
  for (const { key, cas } of valuesOf(reply).values) {
    const reference = known.get(key);
    if (reference !== undefined && cas !== "") yield [key, { cluster: cas, reference }];
  }
}

const ANSWERS =
  /^(STORED|NOT_STORED|EXISTS|NOT_FOUND|DELETED|TOUCHED|\d+ *|CLIENT_ERROR cannot increment or decrement non-numeric value)\r\n$/;

const META_ANSWERS =
  /^(VA \d+|HD|EN|NF|NS|EX|CLIENT_ERROR cannot increment or decrement non-numeric value)( [^\r\n]*)?\r\n/;

/** Of a request for a key that the server does not have, or is said not to have. */
const MISSES = /^(NOT_STORED|NOT_FOUND|(EN|NF|NS)( [^\r\n]*)?)\r\n$/;

function judgeValues(
  reply: Values,
  expected: Values,
  keys: readonly string[],
  { isUnsure, mayMiss }: Doubts,
): Verdict {
  if (!reply.values.every(({ key }) => keys.includes(key))) return "wrong";
  const sure = (values: readonly Value[]): string[] =>
    values.filter(({ key }) => !isUnsure(key)).map(({ key, content }) => `${key} ${content}`);
  const wanted = sure(expected.values).toSorted();
  const got = sure(reply.values).toSorted();
  const isPart = got.every((value) => wanted.includes(value));
  if (reply.last === expected.last) {
    const same = wanted.length === got.length && wanted.every((value, i) => value === got[i]);
    if (!same) return mayMiss && isPart ? "missed" : "wrong";
    return expected.values.length + reply.values.length === wanted.length + got.length ? "right" : "unsure";
  }
  if (!reply.last.startsWith("SERVER_ERROR ")) return "wrong";
  return isPart ? "failed" : "wrong";
}

const OUT_OF_MEMORY = 0x82; // for which a server's error has no other status
/** ok, not found, exists, not stored, not a number */
const BINARY_ANSWERS: ReadonlySet<number> = new Set([0, 1, 2, 5, 6]);
/** Of an `add` it is said that there is something. */
const BINARY_MISSES: ReadonlySet<number> = new Set([1, 2, 5]);

function judgeBinary(
  reply: string,
  expected: string,
  keys: readonly string[],
  { isUnsure, mayMiss }: Doubts,
): Verdict {
  if (withoutCas(reply) === withoutCas(expected)) return "right";
  // Whatever is answered, it is answered to this request.
  const isOthers = opaqueOf(reply) !== opaqueOf(expected) || reply.slice(0, 2) !== expected.slice(0, 2);
  if (isOthers) return "wrong";
  const status = binaryStatusOf(reply);
  if (status === OUT_OF_MEMORY) return "failed";
  if (keys.some(isUnsure) && BINARY_ANSWERS.has(status)) return "unsure";
  return mayMiss && BINARY_MISSES.has(status) ? "missed" : "wrong";
}

function valuesLength(text: string): number {
  for (let at = 0; ;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return 0;
    if (!text.startsWith("VALUE ", at)) return lineEnd + 2;
    const [, , , bytes] = text.slice(at, lineEnd).split(" ");
    at = lineEnd + 2 + Number(bytes) + 2;
    if (at > text.length) return 0;
  }
}

function valuesOf(text: string): Values {
  const values: Value[] = [];
  for (let at = 0; ;) {
    const lineEnd = text.indexOf("\r\n", at);
    const line = text.slice(at, lineEnd);
    if (!line.startsWith("VALUE ")) return { values, last: line };
    const [, key = "", flags = "", bytes = "", cas = ""] = line.split(" ");
    const end = lineEnd + 2 + Number(bytes) + 2;
    values.push({ key, content: `${flags} ${bytes} ${text.slice(lineEnd + 2, end)}`, cas });
    at = end;
  }
}
