/** Ends an exhaustive switch: a case that the types rule out was reached. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
}
