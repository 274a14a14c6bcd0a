// What is wrong in a configuration file, and how that is said.
//
//     proxy.yaml:12 beta.servers[2]: weight must be a whole number from 1, got "x"

/** One mistake of whoever wrote the file. */
export interface Mistake {
  /** The name of the file as it was given to the reader. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The way to the value, such as `beta.servers[2]`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, what was found, and what would be right. One line. */
  readonly message: string;
}

/** A mistake as one line of text. */
export function describeMistake({ file, line, path, message }: Mistake): string {
  return `${file}:${line}${path === "" ? "" : ` ${path}`}: ${message}`;
}

/** A step into a mapping (its key) or a list (its index). */
export type Step = string | number;

/** `["beta", "servers", 2]` as `beta.servers[2]`. Keys that are more than one word are quoted. */
export function describePath(steps: readonly Step[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else path += `${path === "" ? "" : "."}${/^[\w-]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return path;
}

/** What was found, for the end of a message: `got "x"`. Long texts are cut. */
export function got(value: unknown): string {
  return `got ${describeValue(value)}`;
}

const TEXT_MAX = 80;

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return String(value as number | boolean);
  return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}...` : value);
}
