// From the bytes of a command word to its name. Hot path: a switch on the length, then on the bytes as a number.

import type { CommandName } from "./request.ts";
import { startsWith } from "../bytes.ts";

const word = (text: string): number => {
  let code = 0;
  for (let i = 0; i < text.length; i++) code = (code << 8) | text.charCodeAt(i);
  return code;
};

const MG = word("mg");
const MS = word("ms");
const MD = word("md");
const MA = word("ma");
const MN = word("mn");
const ME = word("me");
const GET = word("get");
const SET = word("set");
const ADD = word("add");
const CAS = word("cas");
const GAT = word("gat");
const LRU = word("lru");
const GETS = word("gets");
const GATS = word("gats");
const INCR = word("incr");
const DECR = word("decr");
const QUIT = word("quit");

/** The command that `bytes[start]` to `bytes[end - 1]` name, in lower case as memcached wants them. */
export function commandName(bytes: Uint8Array, start: number, end: number): CommandName | undefined {
  const length = end - start;
  if (length < 2) return undefined;
  const two = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
  if (length === 2) {
    switch (two) {
      case MG:
        return "mg";
      case MS:
        return "ms";
      case MD:
        return "md";
      case MA:
        return "ma";
      case MN:
        return "mn";
      case ME:
        return "me";
      default:
        return undefined;
    }
  }
  const three = (two << 8) | (bytes[start + 2] as number);
  if (length === 3) {
    switch (three) {
      case GET:
        return "get";
      case SET:
        return "set";
      case ADD:
        return "add";
      case CAS:
        return "cas";
      case GAT:
        return "gat";
      case LRU:
        return "lru";
      default:
        return undefined;
    }
  }
  if (length === 4) {
    switch ((three << 8) | (bytes[start + 3] as number)) {
      case GETS:
        return "gets";
      case GATS:
        return "gats";
      case INCR:
        return "incr";
      case DECR:
        return "decr";
      case QUIT:
        return "quit";
      default:
        return undefined;
    }
  }
  if (length >= longNames.length) return undefined;
  for (const name of longNames[length] as readonly CommandName[]) {
    if (startsWith(bytes, start, end, name)) return name;
  }
  return undefined;
}

const longNames: readonly (readonly CommandName[])[] = [
  [],
  [],
  [],
  [],
  [],
  ["touch", "stats", "slabs", "watch"],
  ["delete", "append", "config"],
  ["replace", "prepend", "version"],
  ["shutdown", "extstore"],
  ["flush_all", "verbosity", "debugtime"],
  [],
  ["lru_crawler"],
  [],
  ["refresh_certs"],
  ["cache_memlimit"],
];

const names: Readonly<Record<CommandName, true>> = {
  get: true,
  gets: true,
  gat: true,
  gats: true,
  set: true,
  add: true,
  replace: true,
  append: true,
  prepend: true,
  cas: true,
  delete: true,
  incr: true,
  decr: true,
  touch: true,
  flush_all: true,
  version: true,
  verbosity: true,
  stats: true,
  shutdown: true,
  quit: true,
  mg: true,
  ms: true,
  md: true,
  ma: true,
  me: true,
  mn: true,
  lru_crawler: true,
  lru: true,
  slabs: true,
  cache_memlimit: true,
  watch: true,
  refresh_certs: true,
  extstore: true,
  config: true,
  debugtime: true,
};

/** Every command of the text protocol. */
export const COMMANDS: ReadonlySet<string> = new Set(Object.keys(names));
