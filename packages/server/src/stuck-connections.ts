// What becomes of connections that are stuck, or break off in the middle of something: a counter, a line in the log.

import type { CloseCause, Millis } from "@memwire/engine";
import type { Connection } from "./connection.ts";
import { type Context, say } from "./context.ts";
import { latenessOf } from "./quiet-connections.ts";

const LATENESS = {
  idle: { counter: "idleKicks", what: "it asked for nothing" },
  receive: { counter: "receiveTimeouts", what: "nothing came in the middle of a command" },
  send: { counter: "sendTimeouts", what: "it took nothing of its replies" },
} as const;

/** It was quiet for too long. Nothing more is said to it. */
export function giveUp(context: Context, connection: Connection, now: Millis): void {
  const { counters, outbox } = context;
  if (connection.port.state === "closed") return; // before, and the host has not said so yet
  const lateness = latenessOf(connection);
  counters[LATENESS[lateness].counter]++;
  connection.closing = lateness === "idle" ? "idle_timeout" : "error";
  outbox.abort(connection.port);
  const seconds = Math.round((now - connection.activeAt) / 1_000);
  say(context, `connection ${connection.port.id} closed: ${LATENESS[lateness].what} for ${seconds} s`);
}

/** It is gone, and nobody here has closed it. */
export function sayThatItLeft(context: Context, connection: Connection, cause: CloseCause): void {
  const lateness = latenessOf(connection);
  if (lateness === "idle") return;
  const middle = lateness === "send" ? "a reply" : "a command";
  say(context, `connection ${connection.port.id} went away in the middle of ${middle}: ${cause}`);
}
