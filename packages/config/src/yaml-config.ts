// A configuration file in YAML or JSON: what it says, or every mistake in it by its line.

import { describePath, type Mistake, type Place, type Step } from "./mistake.ts";
import { stepsToText, type IsMeant } from "./steps-to-text.ts";
import { readYaml } from "./yaml-source.ts";

/** A configuration, or everything that is wrong with the file. */
export type ConfigReading<Config> =
  | { readonly ok: true; readonly config: Config; readonly placeOf: PlaceOf }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Where a key has that text, such as `cert` the name of a file, for who finds out later that there is none: the first
 * place; `undefined` if there is none. `isMeant` looks at the mapping that has the key, for a mistake that only some of
 * those places have, such as a `key` that is not that of the `cert` beside it.
 */
export type PlaceOf = (key: string, text: string, isMeant?: IsMeant) => Place | undefined;

/** Says a mistake in the value at the end of `steps`. */
export type AddMistake = (steps: readonly Step[], message: string) => void;

/**
 * Reads the text of a configuration file. Never throws, whatever the text.
 *
 * @param file What the file is called in messages.
 * @param read Makes a configuration of the file's value; what it answers counts unless there was a mistake.
 */
export function readConfig<Config>(
  text: string,
  file: string,
  read: (value: unknown, add: AddMistake) => Config | undefined,
): ConfigReading<Config> {
  const source = readYaml(text);
  const mistakes: Mistake[] = source.faults.map(({ line, steps, message }) => ({
    file,
    line,
    path: describePath(steps),
    message,
  }));
  const placeAt = (steps: readonly Step[]): Place => ({
    file,
    line: source.lineOf(steps),
    path: describePath(steps),
  });
  const add: AddMistake = (steps, message) => {
    mistakes.push({ ...placeAt(steps), message });
  };
  const placeOf: PlaceOf = (key, words, isMeant = () => true) => {
    const steps = stepsToText(source.value, key, words, isMeant);
    return steps === undefined ? undefined : placeAt(steps);
  };
  const config = source.value === undefined ? undefined : read(source.value, add);
  if (mistakes.length === 0 && config !== undefined) return { ok: true, config, placeOf };
  return { ok: false, mistakes: mistakes.toSorted((a, b) => a.line - b.line) };
}
