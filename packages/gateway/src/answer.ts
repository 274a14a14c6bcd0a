// Answers that are not an item: every one is JSON with a line end, and a refusal is `{"error":"..."}`.

import type { Exchange } from "./exchange.ts";
import type { HeaderPairs, Refusal } from "./refusal.ts";

const encoder = new TextEncoder();

export function jsonAnswer(
  exchange: Exchange,
  status: number,
  text: string,
  headers?: HeaderPairs,
): Response {
  const bytes = encoder.encode(`${text}\n`); // or a terminal's prompt would stand behind it
  exchange.status = status;
  const all = { "content-type": "application/json", "content-length": String(bytes.length), ...headers };
  if (exchange.method === "HEAD") return new exchange.Response(null, { status, headers: all });
  exchange.bytes = bytes.length;
  return new exchange.Response(bytes, { status, headers: all });
}

export function refuse(exchange: Exchange, refusal: Refusal): Response {
  exchange.outcome = refusal.outcome;
  exchange.reason = refusal.reason;
  return jsonAnswer(exchange, refusal.status, JSON.stringify({ error: refusal.message }), refusal.headers);
}

/** An answer without a body: 201 and 204. */
export function bareAnswer(exchange: Exchange, status: number): Response {
  exchange.status = status;
  return new exchange.Response(null, { status });
}
