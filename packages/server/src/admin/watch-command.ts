// watch: the connection becomes one that is told what the others do, for good. What it asks from then on is not heard.

import { answer, wordsOf } from "./command-words.ts";
import type { Connection } from "../connection.ts";
import type { Context } from "../context.ts";
import { observe } from "./observation.ts";
import { FETCHES, WATCHED } from "./watchers.ts";

export function watch(context: Context, connection: Connection): void {
  const { settings, watchers } = context;
  const { output, decoder } = connection;
  const words = wordsOf(decoder.text);
  let kinds = words.length === 0 ? FETCHES : 0;
  let refusal: string | undefined;
  if (!settings.watchEnabled) refusal = "CLIENT_ERROR watch commands not allowed";
  else if (output.length > 0) refusal = "ERROR cannot pipeline other commands before watch";
  else {
    for (const word of words) {
      const kind = WATCHED.get(word);
      if (kind === undefined) refusal = "ERROR";
      else kinds |= kind;
    }
    if (refusal === undefined && !watchers.add(connection, kinds)) {
      refusal = "WATCHER_TOO_MANY log watcher limit reached";
    }
  }
  if (refusal !== undefined) return answer(decoder.text, output, refusal);
  output.latin1("OK\r\n");
  connection.rest = "watching";
  observe(context);
}
