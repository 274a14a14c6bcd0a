// Options by name: one that is misspelt would be none, and what it was to keep would not be kept.

import { shown } from "./check-has.ts";

/**
 * @param what What they are the options of.
 * @throws TypeError for no options, RangeError for a name in them that is not in `known`
 */
export function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`${what} takes an object of options, got ${shown(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RangeError(`${what} has no ${unknown}: there are ${known.toSorted().join(", ")}`);
}
