// YAML text as plain values, and on which line of it each value stands.
//
// Nothing that the text holds makes this throw. JSON is YAML, so it is read too.

import { LineCounter, parseDocument, visit, type Document } from "yaml";
import type { Step } from "./mistake.ts";
import { sizeMistake } from "./text-size.ts";
import { nestedTooDeeply } from "./yaml-nesting.ts";
import { offsetOf, stepsTo } from "./yaml-position.ts";

/** A text that was read, as far as it could be. */
export interface YamlSource {
  /** Mappings as objects, lists as arrays; `undefined` if there is a fault that leaves it open what was meant. */
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** On which line the value at the end of `steps` stands, or as much of the way to it as there is. */
  lineOf(steps: readonly Step[]): number;
}

/** What YAML does not allow. */
interface YamlFault {
  readonly line: number;
  /** The way to it, if it is a value that could be read. */
  readonly steps: readonly Step[];
  readonly message: string;
}

export function readYaml(text: string): YamlSource {
  const tooLong = sizeMistake(text);
  if (tooLong !== undefined) return unreadable(tooLong);
  if (nestedTooDeeply(text)) return unreadable("is nested too deeply");

  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const lineAt = (offset = 0): number => Math.max(1, lines.linePos(offset).line);
  const lineOf = (steps: readonly Step[]): number => lineAt(offsetOf(document, steps));

  const doubles: YamlFault[] = [];
  const fatal: YamlFault[] = [];
  for (const { code, message, pos } of document.errors) {
    const line = lineAt(pos[0]);
    if (code === "DUPLICATE_KEY") {
      doubles.push({ line, steps: stepsTo(document, pos[0]), message: "is there twice: take one out" });
    } else if (fatal.length === 0 || !consequences.has(code)) {
      fatal.push({ line, steps: [], message: messages[code] ?? `is not YAML: ${oneLine(message)}` });
    }
  }
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return;
      const message = `there is no &${alias.source} before this: a text that starts with * stands in quotes`;
      fatal.push({ line: lineAt(alias.range?.[0]), steps: [], message });
    },
  });
  if (fatal.length > 0) return { value: undefined, faults: [...doubles, ...fatal], lineOf };
  const { value, faults } = plain(document);
  return { value, faults: [...doubles, ...faults], lineOf };
}

function unreadable(message: string): YamlSource {
  return { value: undefined, faults: [{ line: 1, steps: [], message }], lineOf: () => 1 };
}

const SECOND_KEY = "BLOCK_AS_IMPLICIT_KEY";

/** What the parser says of every line that follows, once one was wrong. */
const consequences: ReadonlySet<string> = new Set([SECOND_KEY, "MULTILINE_IMPLICIT_KEY"]);

const messages: Readonly<Record<string, string>> = {
  [SECOND_KEY]:
    "is not YAML: a second `key:` in one value: is the next line indented further than its neighbours, or are quotes missing?",
  TAB_AS_INDENT: "is indented with a tab: YAML takes spaces only",
  MULTIPLE_DOCS: "a second document starts here: take out the --- and what follows",
};

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function plain(document: Document): { readonly value: unknown; readonly faults: readonly YamlFault[] } {
  try {
    return { value: document.toJS() as unknown, faults: [] };
  } catch (error) {
    // Aliases of aliases that would grow without bounds.
    const message = `is not YAML: ${oneLine((error as Error).message)}`;
    return { value: undefined, faults: [{ line: 1, steps: [], message }] };
  }
}
