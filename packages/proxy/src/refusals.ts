// What a client of the text protocol is told where no server is asked.

import { latin1Bytes } from "@memwire/codec";

export const BAD_FORMAT: Uint8Array = latin1Bytes("CLIENT_ERROR bad command line format\r\n");
export const FLUSH_REFUSED: Uint8Array = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");
export const SHUTDOWN_REFUSED: Uint8Array = latin1Bytes("SERVER_ERROR: shutdown not enabled\r\n");

/** The answer to a command that is well formed and means nothing to a proxy. */
export function notSupported(command: string): Uint8Array {
  return latin1Bytes(`CLIENT_ERROR ${command} is not supported by this proxy\r\n`);
}
