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

/** Where a mistake would be. */
export type Place = Omit<Mistake, "message">;

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
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}...` : value);
    case "number":
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "nothing";
      return Array.isArray(value) ? "a list" : "a mapping";
    default:
      return "nothing";
  }
}
