// GET /stream/{topic}: the messages of all nodes in one answer, as they come.
//
//     the client reads --> every idle node is asked --> what they hold is given, in one piece
//     the client reads on --> the nodes whose messages it has taken are asked again
//     the client goes --> nothing is asked from that moment, what was asked and not sent is given up
//
// So of every node at most one message is under way: asked for, held here, or in the hands of the runtime. That many
// are lost when the client goes, and no more.

import { acceptsType } from "./accept.ts";
import { refuse } from "./answer.ts";
import { BROKEN_OFF, type Context, type Open } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import { ndjson, serverSentEvents } from "./message-text.ts";
import { NodeFeed, type Topic } from "./node-feed.ts";
import { Outflow, type Source } from "./outflow.ts";
import { badRequest, Refusal, retryAfter, shown } from "./refusal.ts";
import type { StreamTarget } from "./target.ts";
import type { Argument } from "./url.ts";

const AGAIN_AFTER_MS = 1_000;
const encoder = new TextEncoder();

export function serveStream(context: Context, exchange: Exchange, target: StreamTarget): Response {
  const follows = followIn(target.query);
  if (follows instanceof Refusal) return refuse(exchange, follows);
  const { streamsMax } = context.settings.limits;
  if (context.counters.streamsNow >= streamsMax) {
    const message = `at most ${streamsMax} streams are open at a time`;
    return refuse(exchange, new Refusal(503, "streamsTooMany", message, retryAfter(AGAIN_AFTER_MS)));
  }
  return new TopicStream(context, exchange, target.key, follows).answer();
}

function followIn(query: readonly Argument[]): boolean | Refusal {
  let follows = false;
  for (const { name, encoded } of query) {
    if (name !== "follow") return badRequest(`an argument of /stream must be follow, got ${shown(name)}`);
    if (["", "1", "true"].includes(encoded)) follows = true;
    else if (["0", "false"].includes(encoded)) follows = false;
    else return badRequest(`follow must be 1 or 0, got ${shown(encoded)}`);
  }
  return follows;
}

class TopicStream implements Source, Open {
  readonly #context: Context;
  readonly #exchange: Exchange;
  readonly #topic: Topic;
  readonly #feeds: readonly NodeFeed[];
  readonly #outflow: Outflow;
  readonly #abort: AbortController = new AbortController();
  #messages = 0;
  #isOver = false;
  #stopComment: (() => void) | undefined = undefined;

  constructor(context: Context, exchange: Exchange, key: Uint8Array, follows: boolean) {
    const isSse = acceptsType(exchange.request.headers.get("accept"), serverSentEvents.contentType);
    this.#context = context;
    this.#exchange = exchange;
    this.#topic = {
      key,
      follows,
      format: isSse ? serverSentEvents : ndjson,
      signal: this.#abort.signal,
      changed: () => this.#changed(),
    };
    this.#feeds = context.client
      .servers()
      .map(({ name }, server) => new NodeFeed(context, this.#topic, server, name));
    this.#outflow = new Outflow(this, exchange.signal);
  }

  answer(): Response {
    this.#exchange.open();
    this.#context.open.add(this);
    this.#context.counters.streamsNow++;
    this.#outflow.check();
    // Reading takes the messages away: nothing between here and the client may keep or repeat it.
    const headers = { "content-type": this.#topic.format.contentType, "cache-control": "no-store" };
    return new this.#exchange.Response(this.#outflow.body, { headers });
  }

  wanted(): void {
    this.#changed();
    if (this.#outflow.isWanted) this.#commentLater();
  }

  gone(reason: string): void {
    this.#exchange.lost(reason);
    this.#over();
  }

  finish(): void {
    for (const feed of this.#feeds) feed.finish();
    this.#flow();
  }

  breakOff(): void {
    if (this.#isOver) return;
    this.#context.counters.streamsBrokenOff++;
    this.#exchange.reason = BROKEN_OFF;
    this.#outflow.breakOff(BROKEN_OFF);
    this.#over();
  }

  #changed(): void {
    if (this.#isOver || !this.#outflow.isWanted) return;
    for (const feed of this.#feeds) if (feed.isIdle) feed.ask();
    this.#flow();
  }

  /** Gives what is held, or the end. */
  #flow(): void {
    if (!this.#outflow.isWanted) return;
    let text = "";
    for (const feed of this.#feeds) {
      if (!feed.isHeld) continue;
      const taken = feed.take();
      text += taken.text;
      if (!taken.isMessage) continue;
      this.#messages++;
      this.#context.counters.messages++;
    }
    if (text !== "") this.#give(text);
    else if (this.#feeds.every((feed) => feed.isEnded)) this.#end();
  }

  #end(): void {
    const complete = this.#feeds.every((feed) => feed.isEmpty);
    const piece = encoder.encode(this.#topic.format.end({ complete, messages: this.#messages }));
    this.#exchange.bytes += piece.length;
    this.#outflow.end(piece);
    this.#over();
  }

  #give(text: string): void {
    const piece = encoder.encode(text);
    this.#exchange.bytes += piece.length;
    this.#stopComment?.();
    this.#stopComment = undefined;
    this.#outflow.give(piece);
  }

  #commentLater(): void {
    const { clock, settings } = this.#context;
    const { comment } = this.#topic.format;
    if (comment === "" || this.#stopComment !== undefined) return;
    this.#stopComment = clock.at(clock.now() + settings.commentMs, () => {
      this.#stopComment = undefined;
      if (this.#outflow.isWanted) this.#give(comment);
    });
  }

  /** From here on nothing is asked of any node. */
  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const inFlight = this.#feeds.filter((feed) => feed.isInFlight).length;
    for (const feed of this.#feeds) feed.stop();
    this.#abort.abort();
    this.#stopComment?.();
    const { counters, open, over } = this.#context;
    open.delete(this);
    counters.streamsNow--;
    counters.messagesInFlight += inFlight;
    this.#exchange.messages = this.#messages;
    this.#exchange.inFlight = inFlight;
    over(this.#exchange);
  }
}
