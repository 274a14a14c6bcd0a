// What a pool or server may be called: `stats` says it in a line, where a blank would end it and a line end the line.

import { got } from "./mistake.ts";

const NAME_MAX = 200;

/** What such a name is. */
export const statsName: RegExp = new RegExp(`^[\\x21-\\x7e]{1,${NAME_MAX}}$`);

/**
 * What is wrong with a name, and what would be right; nothing if it can stand in `stats`.
 *
 * @param what What the name is, to begin the message with; empty if it is said elsewhere.
 */
export function statsNameMistake(what: string, name: string): string | undefined {
  if (statsName.test(name)) return undefined;
  return `${what}${what === "" ? "" : " "}must be 1 to ${NAME_MAX} printable ASCII characters without blanks, ${got(name)}`;
}
