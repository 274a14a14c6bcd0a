// Which part of the server a text request goes to, and what a refused one is told. Hot path.

import { refusalReply } from "@memwire/codec";
import { type Millis, unreachable } from "@memwire/engine";
import {
  flushAll,
  moveTime,
  refreshCertificates,
  refuseCommand,
  setExtstore,
  setVerbosity,
  shutDown,
  tellVersion,
} from "./admin/admin-commands.ts";
import type { Connection } from "./connection.ts";
import type { Context } from "./context.ts";
import { countItem, deleteItem, touchItem } from "./classic/item-commands.ts";
import { metaArithmetic } from "./meta/meta-arithmetic.ts";
import { metaDebug, metaNoop } from "./meta/meta-debug.ts";
import { metaDelete } from "./meta/meta-delete.ts";
import { metaGet } from "./meta/meta-get.ts";
import { metaStore } from "./meta/meta-store.ts";
import { crawl, tuneLists } from "./admin/lru-commands.ts";
import { retrieve } from "./classic/retrieval.ts";
import { limitMemory, movePages } from "./admin/slab-commands.ts";
import { tellStats } from "./stats/stats.ts";
import { refuseChunk, refuseValue, storeValue } from "./classic/storage.ts";
import { watch } from "./admin/watch-command.ts";

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
      connection.rest = tellStats(context, connection, now);
      return;
    case "lru_crawler":
      connection.rest = crawl(context, connection, now);
      return;
    case "lru":
      return tuneLists(context, text, output);
    case "slabs":
      return movePages(context, text, output, now);
    case "cache_memlimit":
      return limitMemory(context, text, output);
    case "watch":
      return watch(context, connection);
    case "shutdown":
      return shutDown(context, connection);
    case "refresh_certs":
      return refreshCertificates(context, text, output);
    case "extstore":
      return setExtstore(text, output);
    case "debugtime":
      return moveTime(context, text, output);
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
    case "config":
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
  else if (refusal === "bad-data-chunk") refuseChunk(context, text);
  if (text.noreply) return;
  const reply = refusalReply(refusal);
  output.copy(reply, 0, reply.length);
}
