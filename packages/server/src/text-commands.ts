// Which part of the server a text request goes to, and what a refused one is told. Hot path.

import { refusalReply } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import { flushAll, refuseCommand, refuseShutdown, setVerbosity, tellVersion } from "./admin-commands.ts";
import type { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import { countItem, deleteItem, touchItem } from "./item-commands.ts";
import { metaArithmetic } from "./meta-arithmetic.ts";
import { metaDebug, metaNoop } from "./meta-debug.ts";
import { metaDelete } from "./meta-delete.ts";
import { metaGet } from "./meta-get.ts";
import { metaStore } from "./meta-store.ts";
import { retrieve } from "./retrieval.ts";
import { tellStats } from "./stats.ts";
import { refuseValue, storeValue } from "./storage.ts";

/** Answers the request that the connection's text decoder is at. */
export function carryOutText(context: Context, connection: Connection, now: Millis): void {
  const { decoder, output } = connection;
  const { text } = decoder;
  const { command } = text;
  switch (command) {
    case "get":
    case "gets":
    case "gat":
    case "gats":
      connection.rest = retrieve(context, text, output, now);
      return;
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend":
    case "cas":
      return storeValue(context, text, output, now);
    case "delete":
      return deleteItem(context, text, output, now);
    case "incr":
    case "decr":
      return countItem(context, text, output, now);
    case "touch":
      return touchItem(context, text, output, now);
    case "flush_all":
      return flushAll(context, text, output, now);
    case "version":
      return tellVersion(context, output);
    case "verbosity":
      return setVerbosity(context, text, output);
    case "stats":
      return tellStats(context, text, output, now);
    case "shutdown":
      return refuseShutdown(output);
    case "quit":
      return context.outbox.finish(connection.port);
    case "mg":
      return metaGet(context, text, output, now);
    case "ms":
      return metaStore(context, text, output, now);
    case "md":
      return metaDelete(context, text, output, now);
    case "ma":
      return metaArithmetic(context, text, output, now);
    case "me":
      return metaDebug(context, text, output, now);
    case "mn":
      return metaNoop(output);
    case "lru_crawler":
    case "lru":
    case "slabs":
    case "cache_memlimit":
    case "watch":
    case "refresh_certs":
    case "extstore":
    case "config":
    case "debugtime":
      return refuseCommand(text, output);
    default:
      return unreachable(command);
  }
}

/** Tells a client what is wrong with the request that its text decoder refused. */
export function refuseText(context: Context, { decoder, output }: Connection, now: Millis): void {
  const { text } = decoder;
  const { refusal } = text;
  if (refusal === "too-large") refuseValue(context, text, now);
  else if (refusal === "bad-data-chunk") context.counters.cmdSet++;
  if (text.noreply) return;
  const reply = refusalReply(refusal);
  output.copy(reply, 0, reply.length);
}
