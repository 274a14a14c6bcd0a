// What a worker does about what another one of the same server tells: worker-relay.ts.

import { unreachable } from "@memwire/engine";
import type { Context } from "../context.ts";
import { observe } from "../admin/observation.ts";
import type { WorkerMessage } from "./worker-relay.ts";

export function hearWorker(context: Context, worker: number, message: WorkerMessage): void {
  const { debugClock, prefixes, relay, remembered, watchers } = context;
  switch (message.kind) {
    case "began":
      if (watchers.count > 0) watchers.announce();
      if (prefixes.counting) relay.tell({ kind: "detail", counting: true });
      relay.tell({ kind: "remembered", values: remembered });
      return;
    case "watched":
      relay.watched(worker, message.kinds);
      watchers.changedElsewhere();
      return observe(context);
    case "noted":
      for (const [kind, text, time] of message.lines) watchers.notedElsewhere(kind, text, time);
      return;
    case "detail":
      prefixes.counting = message.counting;
      return observe(context);
    case "counted":
      for (const [prefix, counts] of message.prefixes) prefixes.add(prefix, counts);
      return;
    case "cleared":
      return prefixes.clear();
    case "remembered":
      Object.assign(remembered, message.values);
      return;
    case "time":
      debugClock?.change(message.move);
      return;
    default:
      return unreachable(message);
  }
}

/** A turn is over: what it did for the others to know is told. */
export function tellWorkers({ prefixes, relay }: Context): void {
  if (!relay.hasOthers) return;
  relay.flush();
  const fresh = prefixes.takeFresh();
  if (fresh.length > 0) relay.tell({ kind: "counted", prefixes: fresh });
}
