// What a client was answered, held against what the reference answered to the same request.

import type { CasPair, Request } from "./simulation-requests.ts";

/**
 * How a reply compares with the reference's.
 *
 * - `right`: the same, but for cas numbers and the order of values
 * - `failed`: a SERVER_ERROR instead, which some may be allowed
 * - `unsure`: about keys whose state cannot be known
 * - `wrong`: anything else
 */
export type Verdict = "right" | "failed" | "unsure" | "wrong";

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

/** @param isUnsure Whether what is stored under a key cannot be known. */
export function judge(
  reply: string,
  expected: string,
  request: Request,
  isUnsure: (key: string) => boolean,
): Verdict {
  if (reply === expected) return "right";
  if (request.answer === "values") return judgeValues(valuesOf(reply), valuesOf(expected), isUnsure);
  if (reply.startsWith("SERVER_ERROR ")) return "failed";
  return request.keys.some(isUnsure) && ANSWERS.test(reply) ? "unsure" : "wrong";
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

function judgeValues(reply: Values, expected: Values, isUnsure: (key: string) => boolean): Verdict {
  const sure = (values: readonly Value[]): string[] =>
    values.filter(({ key }) => !isUnsure(key)).map(({ key, content }) => `${key} ${content}`);
  const wanted = sure(expected.values).toSorted();
  const got = sure(reply.values).toSorted();
  if (reply.last === expected.last) {
    const same = wanted.length === got.length && wanted.every((value, i) => value === got[i]);
    if (!same) return "wrong";
    return expected.values.length + reply.values.length === wanted.length + got.length ? "right" : "unsure";
  }
  if (!reply.last.startsWith("SERVER_ERROR ")) return "wrong";
  return got.every((value) => wanted.includes(value)) ? "failed" : "wrong";
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
