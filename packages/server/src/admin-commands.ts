// flush_all, version, verbosity, shutdown, and commands that this server does not have.

import {
  latin1Bytes,
  refusalReply,
  REPLY_BYTES,
  type TextRequestDecoder,
  type SendBuffer,
} from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { flushTimeOf } from "@memwire/store";
import type { Context } from "./context.ts";

const FLUSH_REFUSED = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");
const SHUTDOWN_REFUSED = latin1Bytes("SERVER_ERROR: shutdown not enabled\r\n");

export function flushAll(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { flushEnabled } = context.settings;
  if (flushEnabled) {
    context.counters.cmdFlush++;
    context.store.flush(flushTimeOf(decoder.exptime, now), now);
  }
  if (!decoder.noreply) reply(output, flushEnabled ? REPLY_BYTES.ok : FLUSH_REFUSED);
}

export function tellVersion(context: Context, output: SendBuffer): void {
  reply(output, context.versionReply);
}

/** Only remembered: `stats settings` tells it. A server without I/O has no log to make verbose. */
export function setVerbosity(context: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  context.verbosity = decoder.exptime;
  if (!decoder.noreply) reply(output, REPLY_BYTES.ok);
}

/** A client cannot end the server, as memcached has it by default. */
export function refuseShutdown(output: SendBuffer): void {
  reply(output, SHUTDOWN_REFUSED);
}

/** What the codec knows and this server does not is as unknown as any other word. */
export function refuseCommand(decoder: TextRequestDecoder, output: SendBuffer): void {
  if (!decoder.noreply) reply(output, refusalReply("unknown-command"));
}

function reply(output: SendBuffer, bytes: Uint8Array): void {
  output.copy(bytes, 0, bytes.length);
}
