// What is answered to a request that a server with SASL cannot be asked, which has to be asked in binary.

import { latin1Bytes, type CommandName, type Untranslatable } from "@memwire/codec";

/** What the answer begins with, behind `CLIENT_ERROR`. The connection is in step: nothing was asked. */
export const UNSAYABLE = "cannot be asked of a server with SASL";

/** The whole line. */
export function unsayable(command: CommandName, { untranslatable, what }: Untranslatable): Uint8Array {
  return latin1Bytes(`CLIENT_ERROR ${UNSAYABLE}: ${words(command, untranslatable, what)}\r\n`);
}

function words(command: CommandName, reason: Untranslatable["untranslatable"], what: string): string {
  if (reason === "command") return what;
  return reason === "flag" ? `flag ${what}` : `${command} with ${what}`;
}
