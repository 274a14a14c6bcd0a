// What a gateway may say to a memcached server, written down once more as a pattern over raw bytes: the codec that
// wrote them has no part in it.

const KEY = "(?:[\\x21-\\x24\\x26-\\x7e\\x80-\\xff]|%[0-9A-F]{2}){1,}";
const RETRIEVAL = new RegExp(`^get(?: ${KEY})+\r\n`);
const STORAGE = new RegExp(`^(?:set|add) (${KEY}) (?:0|[1-9]\\d{0,9}) (?:0|[1-9]\\d{0,9}) (0|[1-9]\\d*)\r\n`);
const DELETION = new RegExp(`^delete (${KEY})\r\n`);

export interface WireCommand {
  readonly name: string;
  readonly keys: readonly string[];
}

/**
 * Takes apart everything that was received on a connection.
 *
 * @throws Error at the first byte that belongs to no well-formed command
 */
export function commandsIn(received: string): readonly WireCommand[] {
  const commands: WireCommand[] = [];
  for (let rest = received; rest !== "";) {
    const [command, length] = commandAt(rest);
    for (const key of command.keys) {
      if (key.length > 250) throw new Error(`a key of ${key.length} bytes: ${JSON.stringify(rest)}`);
    }
    commands.push(command);
    rest = rest.slice(length);
  }
  return commands;
}

function commandAt(rest: string): readonly [WireCommand, number] {
  const retrieval = RETRIEVAL.exec(rest)?.[0];
  if (retrieval !== undefined) {
    const [name = "", ...keys] = retrieval.slice(0, -2).split(" ");
    return [{ name, keys }, retrieval.length];
  }
  const [deletion, deleted = ""] = DELETION.exec(rest) ?? [];
  if (deletion !== undefined) return [{ name: "delete", keys: [deleted] }, deletion.length];
  const [storage, stored = "", valueBytes] = STORAGE.exec(rest) ?? [];
  if (storage !== undefined) {
    const end = storage.length + Number(valueBytes);
    if (rest.slice(end, end + 2) === "\r\n") {
      return [{ name: rest.slice(0, 3), keys: [stored] }, end + 2];
    }
  }
  throw new Error(`no well-formed command: ${JSON.stringify(rest)}`);
}
