/** The type of a mapping whose keys have other names. */
export type Renamed<T, Names> = {
  [Key in keyof T as Key extends keyof Names ? Names[Key] & string : Key]: T[Key];
};

/** The same values under the names that the code has for them; a key that `names` has not keeps its own. */
export function renameKeys<T extends object, const Names extends { readonly [Key in keyof T]?: string }>(
  values: T,
  names: Names,
): Renamed<T, Names> {
  const table = new Map(Object.entries<string | undefined>(names));
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [table.get(key) ?? key, value as unknown]),
  ) as Renamed<T, Names>;
}
