// What a worker does about what another one of the same server tells: worker-relay.ts.

import { type Millis, unreachable } from "@memwire/engine";
import { NOBODY } from "../connection.ts";
import type { Context } from "../context.ts";
import { observe } from "../admin/observation.ts";
import { connectionsOf } from "../stats/stats-connections.ts";
import type { WorkerMessage } from "./worker-relay.ts";

export function hearWorker(context: Context, worker: number, message: WorkerMessage, now: Millis): void {
  const { debugClock, prefixes, relay, remembered, watchers } = context;
  switch (message.kind) {
    case "began":
      relay.know(worker);
      if (watchers.count > 0) watchers.announce();
      if (prefixes.counting) relay.tell({ kind: "detail", counting: true }, worker);
      return relay.tell({ kind: "remembered", values: remembered }, worker);
    case "watched":
      relay.watched(worker, message.kinds);
      return changedElsewhere(context);
    case "noted":
      for (const [kind, lines] of message.missed) watchers.missedElsewhere(kind, lines);
      for (const [kind, text, time] of message.lines) watchers.notedElsewhere(kind, text, time);
      return relay.tell({ kind: "took", lines: message.lines.length }, worker);
    case "took":
      return relay.took(worker, message.lines);
    case "detail":
      prefixes.counting = message.counting;
      return observe(context);
    case "counted":
      for (const [prefix, counts] of message.prefixes) prefixes.add(prefix, counts);
      return relay.tell({ kind: "added" }, worker);
    case "added":
      return relay.added(worker);
    case "survey":
      return relay.tell({ kind: "surveyed", connections: connectionsOf(context, NOBODY) }, worker);
    case "surveyed":
      return context.survey.answered(worker, message.connections, now);
    case "cleared":
      return prefixes.clear();
    case "remembered":
      relay.know(worker);
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
  if (!relay.mayTellCounts) return;
  const fresh = prefixes.takeFresh();
  if (fresh.length > 0) relay.tellCounts(fresh);
}

/** A worker is dead: it watches nothing, and takes nothing, any more. */
export function forgetWorker(context: Context, worker: number, now: Millis): void {
  context.relay.forget(worker);
  context.survey.forget(worker, now);
  changedElsewhere(context);
}

function changedElsewhere(context: Context): void {
  context.watchers.changedElsewhere();
  observe(context);
}
