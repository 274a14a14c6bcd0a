// Mappings whose keys are known. A key that is not known is a mistake: it may be one that is known, misspelt.

import * as v from "valibot";
import { jsonObjectOf, said } from "./json-schema.ts";
import { got, type Step } from "./mistake.ts";
import { nearest } from "./nearest.ts";
import { pathTo } from "./value-schema.ts";

/** What a mapping may hold. */
export interface MappingOptions<Entries extends v.ObjectEntries> {
  /** What has these keys, as in `is no key of a pool`. */
  readonly what: string;
  /** What the whole must be, as in `must be a mapping with listen and servers`. */
  readonly form: string;
  readonly entries: Entries;
  /** For each key that must be there, what its value is. */
  readonly required?: Readonly<Record<string, string>>;
  /** For keys that are none but are known elsewhere, what would be right here. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** A mistake in a value, and the way to it from the value. */
export interface Issue {
  readonly steps: readonly Step[];
  readonly message: string;
}

/** What a mapping says; with a wrong value nothing, with no more than unknown keys the rest of it. */
export interface MappingReading<T> {
  readonly output?: T;
  readonly issues: readonly Issue[];
}

/** Reads a mapping as YAML or JSON has it. */
export function mappingReader<const Entries extends v.ObjectEntries>({
  what,
  form,
  entries,
  required = {},
  hints = {},
}: MappingOptions<Entries>): (
  value: unknown,
) => MappingReading<v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  const schema = v.object(entries, ({ expected }) => `is missing: ${required[expected.slice(1, -1)]}`);
  const knownKeys = Object.keys(entries);
  const unknownKey = (key: string): string => {
    if (Object.hasOwn(hints, key)) return `is no key of ${what}: ${hints[key]}`;
    const meant = nearest(key, knownKeys);
    return `is no key of ${what}: ${meant === undefined ? knownKeys.join(", ") : `${meant}?`}`;
  };
  return (value) => {
    if (!isMapping(value)) return { issues: [{ steps: [], message: `must be ${form}, ${got(value)}` }] };
    const read = v.safeParse(schema, value);
    const issues: Issue[] = [];
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(entries, key)) issues.push({ steps: [key], message: unknownKey(key) });
    }
    for (const { path = [], message } of read.issues ?? []) {
      issues.push({ steps: path.map(({ key }) => key as Step), message });
    }
    return read.success ? { output: read.output, issues } : { issues };
  };
}

/** A mapping within another. */
export function mapping<const Entries extends v.ObjectEntries>(
  options: MappingOptions<Entries>,
): v.GenericSchema<unknown, v.InferOutput<v.ObjectSchema<Entries, undefined>>> {
  const read = mappingReader(options);
  return said(
    () => jsonObjectOf(options.entries, Object.keys(options.required ?? {})),
    v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const { output, issues } = read(dataset.value);
        for (const { steps, message } of issues) {
          addIssue({ message, path: pathTo(...steps) });
        }
        return output ?? NEVER;
      }),
    ),
  );
}

/** Whether YAML or JSON has a mapping there. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
