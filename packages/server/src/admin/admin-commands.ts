// flush_all, version, verbosity, shutdown, refresh_certs, extstore, debugtime, and commands that this server does not
// have.

import {
  latin1Bytes,
  refusalReply,
  REPLY_BYTES,
  type TextRequestDecoder,
  type SendBuffer,
} from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import { flushTimeOf } from "@memwire/store";
import { answer, numberOf, wordsOf } from "./command-words.ts";
import type { Connection } from "../connection.ts";
import { type Context, remember, speakUp } from "../context.ts";

const FLUSH_REFUSED = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");

const VERBOSITY_MAX = 2;
/** memcached's clock starts two seconds before it does, and what was stored a second before a flush is gone. */
const OLDEST_AHEAD = 1;

/** What memcached lets an operator set of its storage on disk, with how many numbers. */
const EXTSTORE_SETTINGS: ReadonlyMap<string, number> = new Map([
  ["free_memchunks", 2],
  ["item_size", 1],
  ["item_age", 1],
  ["low_ttl", 1],
  ["recache_rate", 1],
  ["compact_under", 1],
  ["drop_under", 1],
  ["max_sleep", 1],
  ["max_frag", 1],
  ["drop_unread", 1],
]);

export function flushAll(
  context: Context,
  decoder: TextRequestDecoder,
  output: SendBuffer,
  now: Millis,
): void {
  const { flushEnabled } = context.settings;
  context.counters.cmdFlush++;
  if (flushEnabled) flushStore(context, flushTimeOf(decoder.exptime, now), now);
  if (!decoder.noreply) reply(output, flushEnabled ? REPLY_BYTES.ok : FLUSH_REFUSED);
}

/** What every protocol's flush does. */
export function flushStore(context: Context, at: Millis, now: Millis): void {
  context.store.flush(at, now);
  const { startedAt = now } = context;
  remember(context, { oldest: Math.floor((Math.max(at, now) - startedAt) / 1_000) + OLDEST_AHEAD });
}

export function tellVersion(context: Context, output: SendBuffer): void {
  reply(output, context.versionReply);
}

/** How much is said from now on, of all workers. */
export function setVerbosity(context: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  speakUp(context, Math.min(decoder.exptime, VERBOSITY_MAX));
  if (!decoder.noreply) reply(output, REPLY_BYTES.ok);
}

/** Where that is allowed the host is told, and the client hears no more. */
export function shutDown(context: Context, connection: Connection): void {
  const { output, decoder, port } = connection;
  const { shutdownEnabled, onShutdown } = context.settings;
  const words = wordsOf(decoder.text);
  const graceful = words.length === 1 && words[0] === "graceful";
  if (!shutdownEnabled) return answer(decoder.text, output, "SERVER_ERROR: shutdown not enabled");
  if (words.length > 0 && !graceful) {
    return answer(decoder.text, output, "CLIENT_ERROR invalid shutdown mode");
  }
  connection.closing = "shutdown";
  context.outbox.abort(port);
  onShutdown(graceful ? "graceful" : "at-once");
}

export function refreshCertificates(context: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  const wrong = context.settings.refreshCertificates();
  answer(decoder, output, wrong === undefined ? "OK" : `Error ${wrong}`);
}

/** There is nothing on disk: what is set right is taken, and changes nothing. */
export function setExtstore(decoder: TextRequestDecoder, output: SendBuffer): void {
  const [name = "", ...words] = wordsOf(decoder);
  const wanted = EXTSTORE_SETTINGS.get(name) ?? Infinity;
  const right = words.length >= wanted && words.slice(0, wanted).every((word) => (numberOf(word) ?? -1) >= 0);
  answer(decoder, output, right ? "OK" : "ERROR");
}

/** Where the time of the items may be moved: by seconds, or stopped (`p`) and let go again (`r`). */
export function moveTime(context: Context, decoder: TextRequestDecoder, output: SendBuffer): void {
  const [word] = wordsOf(decoder);
  const seconds = numberOf(word);
  const { debugClock, relay } = context;
  if (debugClock === undefined) return refuseCommand(decoder, output);
  let move: Millis | "pause" | "resume";
  if (word === "p") move = "pause";
  else if (word === "r") move = "resume";
  else if (seconds !== undefined && Number.isSafeInteger(seconds)) move = seconds * 1_000;
  else return answer(decoder, output, "ERROR");
  // What comes behind it in the same chunk is asked then.
  context.now = debugClock.change(move);
  relay.tell({ kind: "time", move });
  answer(decoder, output, "OK");
}

/** What the codec knows and this server does not is as unknown as any other word. */
export function refuseCommand(decoder: TextRequestDecoder, output: SendBuffer): void {
  if (!decoder.noreply) reply(output, refusalReply("unknown-command"));
}

function reply(output: SendBuffer, bytes: Uint8Array): void {
  output.copy(bytes, 0, bytes.length);
}
