// Values of a file as valibot schemas, with messages that say what was found and what would be right.
//
// twemproxy reads every value as text: `timeout: "400"` and `redis: "false"` are what they are without quotes.

import * as v from "valibot";
import { jsonSchemaOf, said, type JsonSchema } from "./json-schema.ts";
import { got, type Step } from "./mistake.ts";

/**
 * A text that `parse` reads; what it throws becomes the message.
 *
 * @param pattern What every text that is read matches, for editors.
 */
export function text<T>(
  form: string,
  parse: (text: string) => T,
  pattern?: RegExp,
): v.GenericSchema<unknown, T> {
  return said(
    () => ({ type: "string", ...(pattern === undefined ? {} : { pattern: pattern.source }) }),
    v.pipe(
      v.unknown(),
      v.string(({ input }) => `must be ${form}, ${got(input)}`),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        try {
          return parse(dataset.value);
        } catch (error) {
          addIssue({ message: (error as RangeError).message });
          return NEVER;
        }
      }),
    ),
  );
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): v.GenericSchema<unknown, T> {
  return said(
    () => ({ enum: words }),
    v.pipe(
      v.unknown(),
      v.picklist(words, ({ input }) => `must be one of ${words.join(", ")}, ${got(input)}`),
    ),
  );
}

/** A whole number within bounds, with or without quotes. */
export function wholeNumber(what: string, min: number, max: number): v.GenericSchema<unknown, number> {
  const fits = (number: number): boolean => Number.isInteger(number) && number >= min && number <= max;
  const json = { type: ["integer", "string"], minimum: min, maximum: max, pattern: "^\\d+$" };
  return numberThat(fits, `${what} from ${min} to ${max}`, json);
}

/** The longest that a timer takes. */
export const TIMEOUT_MAX_MS = 2_147_483_647;

/** A time in milliseconds, with or without quotes. */
export function milliseconds(min = 1): v.GenericSchema<unknown, number> {
  return wholeNumber("a whole number of milliseconds", min, TIMEOUT_MAX_MS);
}

/** A number that fits, with or without quotes; `form` says which do. */
export function numberThat(
  fits: (number: number) => boolean,
  form: string,
  json: JsonSchema,
): v.GenericSchema<unknown, number> {
  return said(
    () => json,
    v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
        const number = typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
        if (typeof number === "number" && Number.isFinite(number) && fits(number)) return number;
        addIssue({ message: `must be ${form}, ${got(value)}` });
        return NEVER;
      }),
    ),
  );
}

/** True or false, with or without quotes. */
export function truth(): v.GenericSchema<unknown, boolean> {
  return said(
    () => ({ enum: [true, false, "true", "false"] }),
    v.pipe(
      v.unknown(),
      v.check(
        (value) => value === true || value === false || value === "true" || value === "false",
        ({ input }) => `must be true or false, ${got(input)}`,
      ),
      v.transform((value) => value === true || value === "true"),
    ),
  );
}

/** Two characters between which stands what is hashed of a key. */
export function hashTag(): v.GenericSchema<unknown, string> {
  const message = ({ input }: { input: unknown }): string =>
    `must be two characters in quotes, such as "{}", ${got(input)}`;
  const pattern = /^[\x21-\x7e]{2}$/;
  return said(
    () => ({ type: "string", pattern: pattern.source }),
    v.pipe(v.unknown(), v.string(message), v.regex(pattern, message)),
  );
}

/** A list of `min` values or more; `form` says of what. */
export function listOf<T>(
  form: string,
  value: v.GenericSchema<unknown, T>,
  min = 0,
): v.GenericSchema<unknown, T[]> {
  return said(
    () => ({ type: "array", items: jsonSchemaOf(value), minItems: min }),
    v.pipe(
      v.unknown(),
      v.array(value, ({ input }) => `must be ${form}, ${got(input)}`),
      v.minLength(min, `must be ${form}, got none`),
    ),
  );
}

/** The one value that is supported, with or without quotes, or none; `reason` says why no other. */
export function only(supported: boolean | number | string, reason: string): v.GenericSchema {
  return v.optional(
    said(
      () => ({ enum: [supported, String(supported)] }),
      v.custom(
        (value) => value === supported || value === String(supported),
        ({ input }) => `must be ${supported}: ${reason}, ${got(input)}`,
      ),
    ),
  );
}

/** Nothing: `reason` says why, and what would be right. What it was is not said: it may be a secret. */
export function never(reason: string): v.GenericSchema<unknown, undefined> {
  return v.optional(
    said(
      () => ({ not: {} }),
      v.custom<never>(() => false, `must be taken out: ${reason}`),
    ),
  );
}

/** A word, a mapping or a list, each read in its own way; `form` says what is right if it is none of those given. */
export function byKind<T>(
  form: string,
  kinds: {
    readonly scalar?: v.GenericSchema<unknown, T>;
    readonly mapping?: v.GenericSchema<unknown, T>;
    readonly list?: v.GenericSchema<unknown, T>;
  },
): v.GenericSchema<unknown, T> {
  const none = v.pipe(
    v.unknown(),
    v.custom<never>(
      () => false,
      ({ input }) => `must be ${form}, ${got(input)}`,
    ),
  );
  const kindOf = (value: unknown): v.GenericSchema<unknown, T> => {
    if (Array.isArray(value)) return kinds.list ?? none;
    if (typeof value === "object" && value !== null) return kinds.mapping ?? none;
    return kinds.scalar ?? none;
  };
  return said(() => ({ anyOf: Object.values(kinds).map((schema) => jsonSchemaOf(schema)) }), v.lazy(kindOf));
}

/** The way from a value to a mistake within it, as valibot has it. */
export function pathTo(...steps: readonly Step[]): [v.IssuePathItem, ...v.IssuePathItem[]] {
  const path = steps.map((key): v.UnknownPathItem => ({
    type: "unknown",
    origin: "value",
    input: undefined,
    key,
    value: undefined,
  }));
  return path as v.IssuePathItem[] as [v.IssuePathItem, ...v.IssuePathItem[]];
}
