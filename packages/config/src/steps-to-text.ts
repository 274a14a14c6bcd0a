import { isMapping } from "./mapping.ts";
import type { Step } from "./mistake.ts";

/** The way to the first place in what a file says where `key` has that text; `undefined` if there is none. */
export function stepsToText(
  value: unknown,
  key: string,
  text: string,
  above: ReadonlySet<unknown> = new Set(),
): readonly Step[] | undefined {
  if (above.has(value)) return undefined; // an alias of what it is in
  const entries: readonly (readonly [Step, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : isMapping(value)
      ? Object.entries(value)
      : [];
  for (const [step, inner] of entries) {
    if (step === key && inner === text) return [step];
    const further = stepsToText(inner, key, text, new Set([...above, value]));
    if (further !== undefined) return [step, ...further];
  }
  return undefined;
}
