// Values of a pool as valibot schemas, with messages that say what was found and what would be right.
//
// twemproxy reads every value as text: `timeout: "400"` and `redis: "false"` are what they are without quotes.

import * as v from "valibot";
import { got } from "./mistake.ts";

/** A text that `parse` reads; what it throws becomes the message. */
export function text<T>(form: string, parse: (text: string) => T): v.GenericSchema<unknown, T> {
  return v.pipe(
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
  );
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.picklist(words, ({ input }) => `must be one of ${words.join(", ")}, ${got(input)}`),
  );
}

/** A whole number within bounds, with or without quotes. */
export function wholeNumber(what: string, min: number, max: number): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
      if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max)
        return number;
      addIssue({ message: `must be ${what} from ${min} to ${max}, ${got(value)}` });
      return NEVER;
    }),
  );
}

/** The one value that is supported, with or without quotes, or none; `reason` says why no other. */
export function only(supported: boolean | number, reason: string): v.GenericSchema {
  return v.optional(
    v.custom(
      (value) => value === supported || value === String(supported),
      ({ input }) => `must be ${supported}: ${reason}, ${got(input)}`,
    ),
  );
}
