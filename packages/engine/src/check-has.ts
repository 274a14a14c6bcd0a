// What an engine or a driver is handed, such as a clock: without it the first input would throw, where nobody can catch.

/** @throws TypeError unless `given` has that method. @param right What would be right. */
export function checkHas(name: string, given: unknown, method: string, right: string): void {
  if (typeof (given as Readonly<Record<string, unknown>> | null | undefined)?.[method] === "function") return;
  throw new TypeError(`${name} must be ${right}, got ${shown(given)}`);
}

/** What was given, for an error: text in quotes, an object by what it is, such as `Set`. */
export function shown(given: unknown): string {
  if (typeof given === "string") return JSON.stringify(given);
  if (typeof given === "function") return "a function";
  if (typeof given !== "object" || given === null) return String(given);
  const { constructor } = given;
  return typeof constructor === "function" ? constructor.name : "Object";
}
