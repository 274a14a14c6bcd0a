// Which part of the server a binary request goes to, and what a refused one is told. Hot path.

import {
  BINARY_REFUSALS,
  type BinaryRequestDecoder,
  binaryRefusalReply,
  latin1Text,
  type SendBuffer,
} from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { flushStore } from "../admin/admin-commands.ts";
import { binaryFlushTimeOf } from "./binary-exptime.ts";
import { countBinary, deleteBinary, retrieveBinary, tellNoRoom } from "./binary-items.ts";
import { writeBinaryHead, writeBinaryOk, writeBinaryStatus, writeBinaryText } from "./binary-replies.ts";
import { extendBinary, refuseBinaryValue, storeBinary } from "./binary-storage.ts";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import { countByPrefix } from "../admin/observation.ts";
import { authenticate, isForAnybody, isSasl, listMechanisms } from "../users/sasl.ts";
import type { SurveyReply } from "../stats/connection-survey.ts";
import { connectionStats } from "../stats/stats-connections.ts";
import { sendStats, type StatsSink, tell, tellConnections } from "../stats/stats.ts";

/** Answers the request that the connection's binary decoder is at. */
export function carryOutBinary(context: Context, connection: Connection, now: Millis): void {
  const { decoder, output } = connection;
  const { binary } = decoder;
  if (!connection.authenticated && !isForAnybody(binary.code)) return turnAway(context, connection);
  const { opcode } = binary;
  switch (opcode) {
    case "get":
    case "getq":
      return retrieveBinary(context, binary, output, false, false, true, now);
    case "getk":
    case "getkq":
      return retrieveBinary(context, binary, output, false, true, true, now);
    case "set":
    case "setq":
      return storeBinary(context, binary, output, "set", now);
    case "add":
    case "addq":
      return storeBinary(context, binary, output, "add", now);
    case "replace":
    case "replaceq":
      return storeBinary(context, binary, output, "replace", now);
    case "append":
    case "appendq":
      return extendBinary(context, binary, output, false, now);
    case "prepend":
    case "prependq":
      return extendBinary(context, binary, output, true, now);
    case "delete":
    case "deleteq":
      return deleteBinary(context, binary, output, now);
    case "incr":
    case "incrq":
      return countBinary(context, binary, output, true, now);
    case "decr":
    case "decrq":
      return countBinary(context, binary, output, false, now);
    case "touch":
      return retrieveBinary(context, binary, output, true, false, false, now);
    case "gat":
    case "gatq":
      return retrieveBinary(context, binary, output, true, false, true, now);
    case "gatk":
    case "gatkq":
      return retrieveBinary(context, binary, output, true, true, true, now);
    case "noop":
      return writeBinaryOk(output, binary, 0, 0);
    case "flush":
    case "flushq":
      return flush(context, binary, output, now);
    case "version":
      return writeBinaryText(output, binary, context.settings.version);
    case "stat":
      connection.rest = tellBinaryStats(context, connection, now);
      return;
    case "quit":
      writeBinaryOk(output, binary, 0, 0);
      return context.outbox.finish(connection.port);
    case "quitq":
      return context.outbox.finish(connection.port);
    case "sasl-list":
      return listMechanisms(context, connection);
    case "sasl-auth":
    case "sasl-step":
      return authenticate(context, connection);
    default:
      return unreachable(opcode);
  }
}

/** Tells a client what is wrong with the request that its binary decoder refused, and closes if nothing can follow. */
export function refuseBinary(context: Context, connection: Connection, now: Millis): void {
  const { decoder, output, port } = connection;
  const { binary } = decoder;
  const { refusal, code, opaque } = binary;
  // memcached looks at the lengths first, then at who asks, then at the rest.
  const isLost = refusal === "bad-magic" || refusal === "bad-length";
  if (!isLost && !connection.authenticated && !isForAnybody(code)) return turnAway(context, connection);
  if (refusal === "too-large") {
    if (isSasl(code)) return writeBinaryStatus(output, binary, "out-of-memory");
    refuseBinaryValue(context, binary, now);
  }
  const reply = binaryRefusalReply(refusal, code, opaque);
  output.copy(reply, 0, reply.length);
  if (BINARY_REFUSALS[refusal].closes) context.outbox.finish(port);
}

/** Whoever has not said who it is gets one answer, and has to begin anew. */
function turnAway({ outbox }: Context, { decoder, output, port }: Connection): void {
  writeBinaryStatus(output, decoder.binary, "auth-error");
  outbox.finish(port);
}

function flush(context: Context, decoder: BinaryRequestDecoder, output: SendBuffer, now: Millis): void {
  if (!context.settings.flushEnabled) return writeBinaryStatus(output, decoder, "auth-error");
  context.counters.cmdFlush++;
  flushStore(context, binaryFlushTimeOf(decoder.exptime, now), now);
  if (!decoder.quiet) writeBinaryOk(output, decoder, 0, 0);
}

/**
 * A reply for each, its name the key; one without key or value says that this was all.
 *
 * @returns what waits for other workers, if that was asked for
 */
function tellBinaryStats(context: Context, connection: Connection, now: Millis): SurveyReply | undefined {
  const { output } = connection;
  const decoder = connection.decoder.binary;
  const group = latin1Text(decoder.bytes, decoder.keyStart, decoder.keyEnd);
  const sink: StatsSink = (name, value) => {
    const text = String(value);
    writeBinaryHead(output, decoder, 0, 0, name.length, text.length, 0, 0);
    output.latin1(name);
    output.latin1(text);
  };
  if (group === "conns") {
    return tellConnections(context, connection, now, (elsewhere, at) => {
      if (!output.hasRoom) return tellNoRoom(context, decoder, output);
      tell(sink, undefined, connectionStats(context, elsewhere, at));
      writeBinaryOk(output, decoder, 0, 0);
    });
  }
  if (group === "detail dump" && !output.hasRoom) {
    tellNoRoom(context, decoder, output);
    return undefined;
  }
  const told = group.startsWith("detail")
    ? sendDetail(context, group, sink)
    : sendStats(context, group, sink, now);
  if (told === "unknown") writeBinaryStatus(output, decoder, "not-found");
  else writeBinaryOk(output, decoder, 0, 0);
  return undefined;
}

/** What is counted by prefix: all lines of text in one value. */
function sendDetail(context: Context, group: string, sink: StatsSink): "end" | "unknown" {
  const { prefixes } = context;
  switch (group) {
    case "detail on":
    case "detail off":
      countByPrefix(context, group === "detail on");
      return "end";
    case "detail dump":
      sink("detailed", `${[...prefixes.lines()].join("")}END\r\n`);
      return "end";
    default:
      return "unknown";
  }
}
