// GET /multi?key=a&key=b: many items in one answer, as JSON when all are there, or as NDJSON as they come.
//
// A partial answer is 207 with `"complete":false`: each key has a status of its own, so the one of the whole cannot
// be any of theirs, and 206 would promise a byte range. NDJSON has said 200 before anybody knows: its last line tells.

import { acceptsType } from "./accept.ts";
import { jsonAnswer, refuse } from "./answer.ts";
import { utf8Text } from "./bytes.ts";
import { BROKEN_OFF, type Context, type Open } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { type AskedKey, Gather, type Gathered } from "./gather.ts";
import { decode, keyOf } from "./key-text.ts";
import { Outflow } from "./outflow.ts";
import { badRequest, Refusal, shown } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import type { Argument } from "./url.ts";

interface Asked {
  readonly keys: readonly AskedKey[];
  readonly timeoutMs: number;
}

const NDJSON = "application/x-ndjson";
const encoder = new TextEncoder();

export function serveMulti(
  context: Context,
  exchange: Exchange,
  query: readonly Argument[],
): Promise<Response> | Response {
  const asked = askedIn(query, context);
  if (asked instanceof Refusal) return refuse(exchange, asked);
  return acceptsType(exchange.request.headers.get("accept"), NDJSON)
    ? asLines(context, exchange, asked)
    : asDocument(context, exchange, asked);
}

function askedIn(query: readonly Argument[], context: Context): Asked | Refusal {
  const { settings, counters } = context;
  const { multiKeysMax } = settings.limits;
  const keys: AskedKey[] = [];
  let { multiTimeoutMs: timeoutMs } = settings;
  for (const { name, encoded } of query) {
    if (name === "key") {
      const key = keyOf(encoded, true);
      if (key instanceof Refusal) return key;
      keys.push({ key, name: nameOf(encoded) });
    } else if (name === "timeout") {
      const timeout = timeoutIn(encoded, settings);
      if (timeout instanceof Refusal) return timeout;
      timeoutMs = timeout;
    } else {
      return badRequest(`an argument of /multi must be key or timeout, got ${shown(name)}`);
    }
  }
  if (keys.length > multiKeysMax) {
    counters.multiKeysTooMany++;
    return badRequest(`/multi must have at most ${multiKeysMax} keys, got ${keys.length}`);
  }
  return keys.length === 0
    ? badRequest("/multi must have at least one key, such as /multi?key=a&key=b")
    : { keys, timeoutMs };
}

/** The key in an answer is what the client meant, or, if that is no text, what it wrote. */
function nameOf(encoded: string): string {
  const bytes = decode(encoded, true);
  return (bytes === undefined ? undefined : utf8Text(bytes)) ?? encoded;
}

function timeoutIn(text: string, { multiTimeoutMaxMs }: Settings): number | Refusal {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= multiTimeoutMaxMs) return value;
  return badRequest(
    `timeout must be a whole number of milliseconds from 1 to ${multiTimeoutMaxMs}, got ${shown(text)}`,
  );
}

function asDocument(context: Context, exchange: Exchange, { keys, timeoutMs }: Asked): Promise<Response> {
  const items: string[] = [];
  return new Promise((resolve) => {
    const answered = (index: number, line: string): void => {
      items[index] = line;
    };
    const done = ({ complete }: Gathered): void => {
      if (!complete) exchange.outcome = "partial";
      const text = `{"complete":${complete},"items":[${items.join(",")}]}`;
      resolve(jsonAnswer(exchange, complete ? 200 : 207, text));
    };
    void new Gather(context, keys, timeoutMs, { answered, done });
  });
}

/** Lines that the client has not taken yet wait here, as many as `multiBytesMax` allows. */
function asLines(context: Context, exchange: Exchange, { keys, timeoutMs }: Asked): Response {
  let waiting = "";
  let isDone = false;
  const flow = (): void => {
    if (!outflow.isWanted || waiting === "") return;
    const piece = encoder.encode(waiting);
    waiting = "";
    exchange.bytes += piece.length;
    if (!isDone) return outflow.give(piece);
    outflow.end(piece);
    over();
  };
  const over = (): void => {
    context.open.delete(open);
    context.over(exchange);
  };
  const gone = (reason: string): void => {
    gather.giveUp();
    exchange.lost(reason);
    over();
  };
  const open: Open = {
    finish: () => {}, // all is asked for already, and the deadline is near
    breakOff: () => {
      gather.giveUp();
      exchange.reason = BROKEN_OFF;
      outflow.breakOff(BROKEN_OFF);
      context.counters.streamsBrokenOff++;
      over();
    },
  };
  const outflow = new Outflow({ wanted: flow, gone }, exchange.signal);
  const answered = (_index: number, line: string): void => {
    waiting += `${line}\n`;
    flow();
  };
  const done = (gathered: Gathered): void => {
    if (!gathered.complete) exchange.outcome = "partial";
    waiting += `${JSON.stringify(gathered)}\n`;
    isDone = true;
    flow();
  };
  const gather = new Gather(context, keys, timeoutMs, { answered, done });
  exchange.open();
  context.open.add(open);
  outflow.check();
  return new exchange.Response(outflow.body, { headers: { "content-type": NDJSON } });
}
