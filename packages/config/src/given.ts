/** The type of an object without what is `undefined` in it. */
type Given<T> = { readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** What is there: a key whose value is `undefined` is left out. */
export function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
