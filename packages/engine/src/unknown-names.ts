// Options by name: one that is misspelt would be none, and what it was to keep would not be kept.

/** @throws RangeError for a name in `given` that is not in `known`. @param what What they are the options of. */
export function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RangeError(`${what} has no ${unknown}: there are ${known.toSorted().join(", ")}`);
}
