// The files that memcached reads its users from, as bytes: -Y and MEMCACHED_SASL_PWDB.
//
// What memcached would pass over in silence, and would leave somebody unable to come in, is a mistake here, told with
// its line, never with what is on it: that may be a password.

import { latin1Bytes, latin1Text } from "@memwire/codec";
import type { User } from "./users.ts";

/** Lines of a -Y file; memcached stops reading there. */
export const ASCII_USERS_MAX = 8;

/** Bytes of a line, without its end: memcached reads so many. */
const LINE_BYTES_MAX = 254;

/**
 * Reads the file of `-Y`: each line `name:password`, where the password may have colons.
 *
 * @param file What to call it.
 * @throws RangeError that names the first line with a mistake: one that is not `name:password`, is longer than 254
 * bytes, has a blank or a NUL in it, which no client could say, or is the ninth
 */
export function parseAsciiUsers(bytes: Uint8Array, file: string): readonly User[] {
  const users: User[] = [];
  for (const [i, line] of linesOf(bytes).entries()) {
    const mistake = mistakeIn(line);
    if (mistake !== undefined) throw wrong(file, i, mistake);
    if (line.includes(" ")) {
      throw wrong(
        file,
        i,
        "name and password must be without blanks, which part them where a client says them",
      );
    }
    if (users.length === ASCII_USERS_MAX)
      throw wrong(file, i, `there may be ${ASCII_USERS_MAX} users, no more`);
    users.push(userOf(line, line.length));
  }
  return nobodyIs(users, file);
}

/**
 * Reads the file that MEMCACHED_SASL_PWDB names: each line `name:password` or `name:password:...`, of which the rest
 * means nothing. A line that is empty or begins with `#` is passed over. Of several lines for a name the first counts,
 * as in memcached.
 *
 * @param file What to call it.
 * @throws RangeError that names the first line with a mistake: one that is neither of these, is longer than 254 bytes,
 * or has a NUL in it
 */
export function parseSaslUsers(bytes: Uint8Array, file: string): readonly User[] {
  const users = new Map<string, User>();
  for (const [i, line] of linesOf(bytes).entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const mistake = mistakeIn(line);
    if (mistake !== undefined) throw wrong(file, i, mistake);
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const end = line.indexOf(":", colon + 1);
    if (end === colon + 1) throw wrong(file, i, "the password must not be empty");
    if (!users.has(name)) users.set(name, userOf(line, end < 0 ? line.length : end));
  }
  return nobodyIs([...users.values()], file);
}

/** One character a byte, so that no byte of a password is lost. */
function linesOf(bytes: Uint8Array): readonly string[] {
  const lines = latin1Text(bytes).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function mistakeIn(line: string): string | undefined {
  if (!/^[^:]+:./s.test(line)) return "must be name:password, neither of them empty";
  if (line.length > LINE_BYTES_MAX) return `must have at most ${LINE_BYTES_MAX} bytes, got ${line.length}`;
  return line.includes("\0") ? "must be without NUL" : undefined;
}

function userOf(line: string, end: number): User {
  const colon = line.indexOf(":");
  return { name: latin1Bytes(line.slice(0, colon)), password: latin1Bytes(line.slice(colon + 1, end)) };
}

function nobodyIs(users: readonly User[], file: string): readonly User[] {
  if (users.length > 0) return users;
  throw new RangeError(`${file}: must have a line name:password, or nobody could use the server`);
}

function wrong(file: string, index: number, mistake: string): RangeError {
  return new RangeError(`${file}:${index + 1}: ${mistake}`);
}
