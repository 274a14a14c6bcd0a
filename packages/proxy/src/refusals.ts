// What a client of the text protocol is told where no server is asked.

import { latin1Bytes, refusalReply } from "@memwire/codec";

export const BAD_FORMAT: Uint8Array = latin1Bytes("CLIENT_ERROR bad command line format\r\n");
export const FLUSH_REFUSED: Uint8Array = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");
export const SHUTDOWN_REFUSED: Uint8Array = latin1Bytes("SERVER_ERROR: shutdown not enabled\r\n");

export const UNKNOWN: Uint8Array = refusalReply("unknown-command");

/** Groups of `stats` that a memcached has and a proxy has not. */
const GROUPS_OF_SERVERS: ReadonlySet<string> = new Set([
  "settings",
  "items",
  "slabs",
  "sizes",
  "sizes_enable",
  "sizes_disable",
  "conns",
  "cachedump",
  "detail",
  "extstore",
  "reset",
]);

/** The answer to `stats` of something that the proxy has no statistics of. */
export function statsRefusal(argument: string): Uint8Array {
  const [group = ""] = argument.split(" ", 1);
  return GROUPS_OF_SERVERS.has(group) ? notSupported(`stats ${group}`) : UNKNOWN;
}

/** The answer to a command that is well formed and means nothing to a proxy. */
export function notSupported(command: string): Uint8Array {
  return latin1Bytes(`CLIENT_ERROR ${command} is not supported by this proxy\r\n`);
}
