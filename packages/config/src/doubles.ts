/** Each index whose name stands before it already, and where it stands first. */
export function doublesAmong(names: readonly string[]): readonly (readonly [index: number, first: number])[] {
  const firsts = new Map<string, number>();
  const doubles: [number, number][] = [];
  for (const [i, name] of names.entries()) {
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, i);
    else doubles.push([i, first]);
  }
  return doubles;
}
