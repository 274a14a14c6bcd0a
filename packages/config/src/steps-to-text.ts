import { isMapping } from "./mapping.ts";
import type { Step } from "./mistake.ts";

/** Whether a key is the one that is meant, by what its mapping has. */
export type IsMeant = (mapping: Readonly<Record<string, unknown>>) => boolean;

/** The way to the first place in what a file says where `key` has that text and is meant; `undefined` if there is none. */
export function stepsToText(
  value: unknown,
  key: string,
  text: string,
  isMeant: IsMeant,
  above: ReadonlySet<unknown> = new Set(),
): readonly Step[] | undefined {
  if (above.has(value)) return undefined; // an alias of what it is in
  const entries: readonly (readonly [Step, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : isMapping(value)
      ? Object.entries(value)
      : [];
  for (const [step, inner] of entries) {
    if (step === key && inner === text && isMapping(value) && isMeant(value)) return [step];
    const further = stepsToText(inner, key, text, isMeant, new Set([...above, value]));
    if (further !== undefined) return [step, ...further];
  }
  return undefined;
}
