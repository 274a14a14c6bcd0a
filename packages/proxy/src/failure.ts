// What a client is told when a server cannot answer. The texts are twemproxy's where it has one, so that users who
// moved from it find what they look for; which server it was is in `stats`.

import { latin1Bytes } from "@memwire/codec";
import type { CloseCause } from "@memwire/engine";

const line = (text: string): Uint8Array => latin1Bytes(`SERVER_ERROR ${text}\r\n`);

/** A connection that could not be made or was lost. */
const causes: Readonly<Record<CloseCause, Uint8Array>> = {
  refused: line("Connection refused"),
  reset: line("Connection reset by peer"),
  closed: line("Connection reset by peer"),
  "timed-out": line("Connection timed out"),
  unreachable: line("No route to host"),
  "not-found": line("Host not found"),
  denied: line("Permission denied"),
  exhausted: line("Too many open files"),
  failed: line("backend failure"),
};

/** The whole reply line, shared and read only. */
export const failureOf = (cause: CloseCause): Uint8Array => causes[cause];

export const TIMED_OUT: Uint8Array = failureOf("timed-out");

/** A server sent what is no answer to what it was asked. */
export const BROKEN_REPLY: Uint8Array = failureOf("failed");

/** `inFlightMax` or `queuedMax` is reached. */
export const TOO_MANY: Uint8Array = line("too many requests in flight");
