// Checks of options that come from a configuration, and so may be anything.

const POINTS_MIN = 1;
const POINTS_MAX = 4_096;

/**
 * @throws TypeError for no options, RangeError for a name in them that is not in `known`: misspelt, it would leave keys where they were
 */
export function refuseUnknown(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`${what} takes an object of options, got ${String(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new RangeError(`${what} has no ${unknown}: there are ${known.toSorted().join(", ")}`);
}

/** @throws RangeError unless the value is one of those */
export function oneOf<T extends string>(option: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value;
  throw new RangeError(`${option} must be one of ${values.join(", ")}, got ${value as string}`);
}

/** @throws RangeError unless the value is a number of points of a server */
export function ringPoints(option: string, points: number): number {
  if (Number.isInteger(points) && points >= POINTS_MIN && points <= POINTS_MAX) return points;
  throw new RangeError(`${option} must be a whole number from ${POINTS_MIN} to ${POINTS_MAX}, got ${points}`);
}
