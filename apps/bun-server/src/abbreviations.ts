/**
 * Long flags as GNU's getopt takes them: as much of a name as only one flag begins with is that flag.
 *
 * @param names The long flags, with their dashes.
 */
export function withoutAbbreviations(args: readonly string[], names: readonly string[]): string[] {
  return args.map((arg) => {
    const [, given, rest = ""] = /^(--[\w-]+)(=.*)?$/s.exec(arg) ?? [];
    if (given === undefined || names.includes(given)) return arg;
    const [name, ...others] = names.filter((one) => one.startsWith(given));
    return name === undefined || others.length > 0 ? arg : `${name}${rest}`;
  });
}
