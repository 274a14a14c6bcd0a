// One memcached server as those see it who ask it: whether it can be asked, where to write, and how it is doing.
//
//     idle --request--> connecting --connected--> ready --lost, broken, too late--> idle, or left alone
//                           \--failed--> left alone until retryAt, failing fast; the next request tries again
//                                             \--failed too often--> down until a probe of its own is answered
//
// What it is asked goes over one of its connections (`Lanes`). While it is down or taken out, requests fail at once or
// are answered by an `AbsentServer`; none waits for a probe. Hot path: `refusal`, `push` and `get`.

import type { SendBuffer } from "@memwire/codec";
import { checkEndpoint, type Endpoint, type Millis } from "@memwire/engine";
import {
  Health,
  type Administered,
  type FailureKind,
  type FailureWeight,
  type HealthOptions,
  type HealthStatus,
} from "@memwire/router";
import { AbsentServer, type Taker } from "./absent-server.ts";
import type { ConnectionOwner } from "./connection-owner.ts";
import type { Crowd, ServerContext } from "./context.ts";
import { newServerCounters, type ServerCounters } from "./counters.ts";
import {
  failureOf,
  QUEUES_FULL,
  TAKEN_OUT,
  TOO_MANY,
  TOO_MANY_QUEUED,
  TOO_MUCH_QUEUED,
  type Failure,
} from "./failure.ts";
import type { Expected, Waiter } from "./fragment.ts";
import { checkCredentials, Greeting } from "./greeting.ts";
import { Lanes } from "./lanes.ts";
import { checkName, CONNECTIONS_MAX, type LinkOptions, type ServerLimits, type Timeouts } from "./limits.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ServerStatus } from "./server-status.ts";

const nothingLeftToChance = (): number => 0;

export class ServerLink implements ConnectionOwner, Crowd {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly counters: ServerCounters = newServerCounters();
  timeouts: Timeouts;
  /** The request that is being split, and why this server cannot take its part. */
  splitting: Waiter | null = null;
  refusing: Failure | null = null;
  inTrouble = false;

  readonly #context: ServerContext;
  readonly #options: LinkOptions;
  readonly #health: Health;
  readonly #lanes: Lanes;
  readonly #absent: AbsentServer | null;
  /** Those that want to know when it takes traffic and when it no longer does. */
  readonly #watchers: (() => void)[] = [];
  /** The connection of the request at hand, and where it is written: there, or nowhere. */
  #connection: ServerConnection;
  #taker: Taker;
  /** It takes no requests: it is down, or taken out. */
  #isShut = false;
  /** How many of its pools ask it even if it is down. */
  #openings = 0;
  #lastFailure: Failure = failureOf("refused");
  /** Connections are made that nobody asked for: it is down, or `preconnect`; and when those that are missing are. */
  #connectsUnasked: boolean;
  #preconnectAt: Millis;
  #preconnectWaitMs: Millis = 0;
  readonly #idleMs: Millis;
  #isReleased = false;

  /** @throws RangeError for a name, a number of connections or credentials that cannot be */
  constructor(
    context: ServerContext,
    name: string,
    endpoint: Endpoint,
    timeouts: Timeouts,
    options: LinkOptions = {},
  ) {
    checkName("server", name);
    checkEndpoint(`server ${name}: `, endpoint);
    const { connections = 1, preconnect, health, credentials } = options;
    if (!Number.isInteger(connections) || connections < 1 || connections > CONNECTIONS_MAX) {
      throw new RangeError(
        `connections must be a whole number from 1 to ${CONNECTIONS_MAX}, got ${connections}`,
      );
    }
    if (credentials !== undefined) checkCredentials(credentials);
    this.#context = context;
    this.name = name;
    this.endpoint = endpoint;
    this.timeouts = timeouts;
    this.#idleMs = timeouts.idleMs;
    this.#options = options;
    this.#health = new Health(health ?? neverDown(context.limits), context.random ?? nothingLeftToChance);
    this.#lanes = new Lanes(Array.from({ length: connections }, () => new ServerConnection(context, this)));
    this.#connection = this.#lanes.first;
    this.#taker = this.#connection;
    this.#absent = health?.whenDown === "miss" ? new AbsentServer(this.counters) : null;
    this.#connectsUnasked = preconnect === true;
    this.#preconnectAt = preconnect === true ? -Infinity : Infinity;
  }

  /** Of the connection that is furthest. */
  get state(): ServerStatus["state"] {
    const { state } = this.#lanes;
    return state === "idle" && this.isLeftAlone ? "left alone" : state;
  }

  get health(): HealthStatus {
    return this.#health.status;
  }

  /** Whether it is up, and its operator wants it to be. */
  get takesTraffic(): boolean {
    return this.#health.takesTraffic;
  }

  /** Whether its operator wants it to be up. */
  get isWanted(): boolean {
    return this.#health.administered === "up";
  }

  /** Whether its operator wants it to be down at once. */
  get isTakenOut(): boolean {
    return this.#health.administered === "down";
  }

  /** Whether it failed too often, whatever its operator wants. */
  get isDown(): boolean {
    return this.#health.state === "down";
  }

  /** Whether it is not to be asked yet, as it failed. */
  get isLeftAlone(): boolean {
    return this.#context.now < this.#health.retryAt;
  }

  /** What it failed with last; says nothing of one that has never failed. */
  get lastFailure(): FailureKind {
    return this.#lastFailure.code as FailureKind;
  }

  /** The same in the words that clients are told. */
  get lastFailureText(): string {
    return this.#lastFailure.text;
  }

  /** Whether what it is asked is answered in its place, as it is down. */
  get isAbsent(): boolean {
    return this.#taker === this.#absent;
  }

  /** When a server that is left alone may be asked again; any time before now if it may be asked. */
  get retryAt(): Millis {
    return this.#lanes.state === "idle" ? this.#health.retryAt : -Infinity;
  }

  /** Why a request cannot be taken now; null if it can. A connection is made when it is pushed. */
  refusal(): Failure | null {
    const { counters } = this;
    if (this.#isShut) return this.#shutRefusal();
    const { now, limits, fleet, asker } = this.#context;
    if (this.#lanes.length > 1) this.#choose();
    const connection = this.#connection;
    if (connection.state === "idle" && now < this.#health.retryAt) {
      counters.failedFast++;
      return this.#lastFailure;
    }
    const { inFlightNow, queuedNow } = counters;
    // What is queued will be in flight all at once.
    if (
      inFlightNow + queuedNow >= limits.inFlightMax ||
      queuedNow >= limits.queuedMax ||
      connection.queuedBytes >= limits.queuedBytesMax
    ) {
      counters.overflows++;
      if (queuedNow >= limits.queuedMax) return TOO_MANY_QUEUED;
      return connection.queuedBytes >= limits.queuedBytesMax ? TOO_MUCH_QUEUED : TOO_MANY;
    }
    // Those that have little go on: the server that all wait for is another one.
    if (connection.hasMuch && fleet.queuedBytesNow >= limits.queuedBytesTotalMax) {
      counters.overflows++;
      fleet.requestsOverQueuedMax++;
      return QUEUES_FULL;
    }
    if (asker !== undefined && this.isCrowded) asker.crowd = this;
    return null;
  }

  get isCrowded(): boolean {
    const { inFlightNow, queuedNow } = this.counters;
    const { inFlightMax, queuedMax, queuedBytesMax } = this.#context.limits;
    return (
      (inFlightNow + queuedNow) * 2 >= inFlightMax ||
      queuedNow * 2 >= queuedMax ||
      this.#connection.queuedBytes * 2 >= queuedBytesMax
    );
  }

  /** Bytes that are queued on the connection of the request at hand. */
  get length(): number {
    return this.#connection.queuedBytes;
  }

  /** Where a request is written, whole, and then followed by a `push`. */
  get output(): SendBuffer {
    return this.#taker.output;
  }

  /** A whole request was written to `output`. */
  push(waiter: Waiter, expected: Expected): void {
    this.#taker.push(waiter, expected);
  }

  /** A `get` of one key, which may be sent together with others of this turn. */
  get(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void {
    this.#taker.get(waiter, bytes, start, end);
  }

  /**
   * Takes a waiter's request back. It hears nothing more of it.
   *
   * @returns false if it was sent already: then the answer still comes
   */
  giveUp(waiter: Waiter): boolean {
    return this.#lanes.giveUp(waiter);
  }

  /** When `elapsed` has something to do at the latest. Asked once a turn. */
  get deadline(): Millis {
    const { deadline } = this.#lanes;
    return this.#connectsUnasked ? Math.min(deadline, this.#connectAt()) : deadline;
  }

  elapsed(): void {
    const { now } = this.#context;
    this.#lanes.elapsed(now);
    if (!this.#connectsUnasked || this.#connectAt() > now) return;
    if (this.#health.state === "up") return this.#lanes.connect();
    this.counters.probes++;
    this.#lanes.probe(this.#lastFailure);
  }

  /** What an operator wants of it, whatever pool it was named in. */
  administer(wanted: Administered): void {
    this.#health.administer(wanted, this.#context.now);
    // What is under way is finished; then there is nothing that a connection waits for.
    this.timeouts = { ...this.timeouts, idleMs: wanted === "drain" ? 0 : this.#idleMs };
    this.#reconsider();
    if (wanted === "down") this.#lanes.release(TAKEN_OUT);
  }

  /** One of its pools asks it even if it is down, or no longer does. */
  open(isOpen: boolean): void {
    this.#openings += isOpen ? 1 : -1;
    this.#reconsider();
  }

  /** `watcher` is called whenever `takesTraffic`, `isWanted` or what a server in trouble failed with may have changed. */
  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }

  /** Closes its connections for good; what still waits, for clients that are gone, fails. */
  release(): void {
    this.#isReleased = true;
    this.#lanes.release(failureOf("closed"));
  }

  // ConnectionOwner

  get episode(): number {
    return this.#health.episode;
  }

  greeting(): Greeting | null {
    const { health, credentials } = this.#options;
    if (credentials !== undefined) return new Greeting(credentials);
    return health !== undefined && this.inTrouble ? new Greeting() : null;
  }

  welcomed(): void {
    if (!this.inTrouble) return;
    this.#health.verified(this.#context.now);
    this.#reconsider();
  }

  answered(): void {
    this.#health.answered(this.#context.now);
    this.#reconsider();
  }

  failed(failure: Failure, weight: FailureWeight | null, episode: number): void {
    const { now } = this.#context;
    if (now >= this.#preconnectAt) this.#postponePreconnect(now);
    if (weight === null) return;
    this.#lastFailure = failure;
    const before = this.#health.state;
    this.#health.failed(failure.code as FailureKind, weight, episode, now);
    this.#reconsider();
    const wentDown = before === "up" && this.#health.state === "down";
    if (wentDown) this.counters.downs++;
    // Of connections that nothing waits for nobody knows whether they still work when another has failed.
    if (wentDown || weight !== "late") this.#lanes.closeUnused(failure);
  }

  /** A server that closes what it has just taken is asked for connections less and less often. */
  #postponePreconnect(now: Millis): void {
    const { retryMinMs, retryMaxMs } = this.#context.limits;
    const isSoon = now - this.#preconnectAt < retryMaxMs;
    this.#preconnectWaitMs = isSoon ? Math.min(this.#preconnectWaitMs * 2, retryMaxMs) : retryMinMs;
    this.#preconnectAt = now + this.#preconnectWaitMs;
  }

  /** What has happened may have changed whether it takes requests. */
  #reconsider(): void {
    const { takesTraffic, administered } = this.#health;
    this.inTrouble = this.#health.inTrouble;
    this.#connectsUnasked = this.#options.preconnect === true || this.#health.state === "down";
    this.#isShut = !takesTraffic && (administered !== "up" || this.#openings === 0);
    if (!this.#isShut) this.#taker = this.#connection;
    for (const watcher of this.#watchers) watcher();
  }

  #shutRefusal(): Failure | null {
    if (this.#absent !== null) {
      this.#taker = this.#absent;
      return null;
    }
    this.counters.failedFast++;
    return this.#health.administered === "up" ? this.#lastFailure : TAKEN_OUT;
  }

  #choose(): void {
    const { asker, now } = this.#context;
    this.#connection = this.#lanes.choose(asker, now >= this.#health.retryAt);
    this.#taker = this.#connection;
  }

  /** When a connection is made that nobody asked for. */
  #connectAt(): Millis {
    if (this.#isReleased || !this.isWanted) return Infinity;
    if (this.#health.state === "down") return this.#lanes.isAnyConnecting ? Infinity : this.#health.retryAt;
    return this.#lanes.isAnyIdle ? Math.max(this.#preconnectAt, this.#health.retryAt) : Infinity;
  }
}

/** As the limits have it, and nothing else. */
function neverDown({ retryMinMs, retryMaxMs }: ServerLimits): HealthOptions {
  return {
    failuresMax: 0,
    whenDown: "fail",
    retryMinMs,
    retryMaxMs: Math.max(retryMinMs, retryMaxMs),
    trialMs: retryMinMs,
    retryJitter: 0,
    flapWindowMs: 0,
    flapRamp: 1,
    flapMaxMs: retryMinMs,
    failOpenBelow: 0,
  };
}
