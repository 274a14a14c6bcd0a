// The gateway itself: who may ask, what is asked for, and one line for each request when it is over.
//
//     fetch --> closed? too many? --> who, how often --> method --> headers --> target --> item, multi, stream, stats
//
// Hot path: `fetch` of an item. What is not configured is not looked at.

import { Admission } from "./admission.ts";
import type { AccessLine } from "./access-line.ts";
import { jsonAnswer, refuse } from "./answer.ts";
import type { Context, Open } from "./context.ts";
import { type GatewayCounters, newCounters } from "./counters.ts";
import { Exchange, type Peer } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import { headerBytes } from "./header-bytes.ts";
import { serveItem } from "./item.ts";
import { serveMulti } from "./multi.ts";
import type { GatewayOptions, Method } from "./options.ts";
import { methodRefused, Refusal, retryAfter } from "./refusal.ts";
import { RouteTable } from "./route-table.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { serveStream } from "./stream.ts";
import { type Target, Targets } from "./target.ts";

export interface Gateway {
  /** Answers a request; never rejects. May be passed on without its gateway. */
  readonly fetch: (request: Request, peer?: Peer) => Promise<Response>;
  readonly counters: Readonly<GatewayCounters>;
  /**
   * Takes no more requests, which are 503 from now on, and ends open streams: nothing more is asked of any node, what
   * was asked for is still given. Resolves when nothing is being answered any more, which `drainMs` and the client's
   * deadlines bound.
   */
  close(): Promise<void>;
}

/** @throws RangeError, or TypeError for no client or clock, that says which option is wrong and what would be right */
export function createGateway(options: GatewayOptions): Gateway {
  return new HttpGateway(options);
}

const AGAIN_AFTER_MS = 1_000;
const READING: readonly Method[] = ["GET", "HEAD"];

class HttpGateway implements Gateway {
  readonly counters: GatewayCounters = newCounters();
  readonly fetch: Gateway["fetch"] = (request, peer) => this.#answer(request, peer);
  readonly #settings: Settings;
  readonly #context: Context;
  readonly #admission: Admission | undefined;
  readonly #targets: Targets;
  readonly #Response: typeof globalThis.Response;
  readonly #log: ((line: AccessLine) => void) | undefined;
  readonly #logsAll: boolean;
  readonly #open: Set<Open> = new Set();
  #closing: Promise<void> | undefined = undefined;
  #idle: () => void = () => {};

  constructor(options: GatewayOptions) {
    const settings = settingsOf(options);
    const { client, clock, routes = [], log } = options;
    const { counters } = this;
    const { limits } = settings;
    this.#settings = settings;
    this.#Response = options.Response ?? globalThis.Response;
    this.#log = log;
    this.#logsAll = options.logged !== "failures";
    this.#admission = Admission.isNeeded(options)
      ? new Admission(options, limits.addressesMax, counters)
      : undefined;
    this.#targets = new Targets(new RouteTable(routes), limits, counters);
    this.#context = {
      client,
      clock,
      settings,
      counters,
      open: this.#open,
      over: (exchange) => this.#over(exchange),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    for (const stream of this.#open) stream.finish();
    if (this.counters.requestsNow === 0) return;
    const { clock, settings } = this.#context;
    const stopWaiting = clock.at(clock.now() + settings.drainMs, () => {
      for (const stream of this.#open) stream.breakOff();
    });
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    stopWaiting();
  }

  async #answer(request: Request, peer: Peer | undefined): Promise<Response> {
    const { counters } = this;
    const startedAt = this.#log === undefined ? 0 : this.#context.clock.now();
    const exchange = new Exchange(request, peer, this.#Response, startedAt);
    counters.requests++;
    counters.requestsNow++;
    let response: Response;
    try {
      exchange.begin();
      const target = this.#turnedAway(exchange) ?? this.#targets.find(exchange.url);
      response = target instanceof Refusal ? refuse(exchange, target) : await this.#serve(exchange, target);
    } catch (error) {
      response = refuse(exchange, failureOf(error));
    }
    if (!exchange.isOpen) this.#over(exchange);
    return response;
  }

  /** Before it is looked at what is asked for. */
  #turnedAway(exchange: Exchange): Refusal | undefined {
    const { limits, methods } = this.#settings;
    if (this.#closing !== undefined)
      return new Refusal(503, "closed", "the gateway is closed", retryAfter(AGAIN_AFTER_MS));
    if (this.counters.requestsNow > limits.requestsMax) {
      const message = `at most ${limits.requestsMax} requests are answered at a time`;
      return new Refusal(503, "requestsTooMany", message, retryAfter(AGAIN_AFTER_MS));
    }
    const refusal = this.#admission?.refusal(exchange.address);
    if (refusal !== undefined) return refusal;
    if (!methods.includes(exchange.method as Method)) return methodRefused(exchange.method, methods);
    if (limits.headerBytesMax === Infinity) return undefined;
    const bytes = headerBytes(exchange.request.headers);
    if (bytes <= limits.headerBytesMax) return undefined;
    const message = `headers must have at most ${limits.headerBytesMax} bytes, got ${bytes}`;
    return new Refusal(431, "headersTooLarge", message);
  }

  #serve(exchange: Exchange, target: Target): Promise<Response> | Response {
    const { method } = exchange;
    switch (target.kind) {
      case "item":
        return target.methods.includes(method as Method)
          ? serveItem(this.#context, exchange, target)
          : refuse(exchange, methodRefused(method, this.#allowed(target.methods)));
      case "multi":
        return method === "GET"
          ? serveMulti(this.#context, exchange, target.query)
          : refuse(exchange, methodRefused(method, this.#allowed(["GET"])));
      case "stream":
        return method === "GET"
          ? serveStream(this.#context, exchange, target)
          : refuse(exchange, methodRefused(method, this.#allowed(["GET"])));
      case "stats":
        return READING.includes(method as Method)
          ? this.#stats(exchange)
          : refuse(exchange, methodRefused(method, this.#allowed(READING)));
    }
  }

  #allowed(methods: readonly Method[]): readonly Method[] {
    return methods.filter((method) => this.#settings.methods.includes(method));
  }

  #stats(exchange: Exchange): Response {
    const stats = { counters: this.counters, servers: this.#context.client.servers() };
    return jsonAnswer(exchange, 200, JSON.stringify(stats, null, 2), { "cache-control": "no-store" });
  }

  #over(exchange: Exchange): void {
    const { counters } = this;
    counters.requestsNow--;
    counters[exchange.outcome]++;
    if (this.#log !== undefined && (this.#logsAll || isFailure(exchange.status)))
      this.#tell(this.#log, exchange);
    if (this.#closing !== undefined && counters.requestsNow === 0) this.#idle();
  }

  /** A log that fails must not take the request with it. */
  #tell(log: (line: AccessLine) => void, exchange: Exchange): void {
    try {
      log(exchange.accessLine(this.#context.clock.now()));
    } catch {
      this.counters.logFailures++;
    }
  }
}

/** A miss, and a key that is there already, are everyday answers. */
function isFailure(status: number): boolean {
  return status >= 400 && status !== 404 && status !== 409;
}
