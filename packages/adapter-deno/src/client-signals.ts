// Tells a request's signal that its client went away, at a price that only slow answers pay.
//
// Deno's own `request.signal` costs as much as the rest of a small request (10 us), and aborts at the end of every
// answer. So a request has a signal of its own. Deno's is asked for only when the handler has been at it for a while
// (it aborts at once if the client has gone in the meantime), and listened to until the handler has answered.

/** How often the requests that wait are looked at: so late an abort may be. */
const LOOK_MS = 25;

const CLIENT = Symbol("client");

/** Between a request and `Request.prototype`: a property of each request's own costs 3 us, this nothing. */
const watchedPrototype = Object.create(Request.prototype, {
  signal: {
    configurable: true,
    get(this: { readonly [CLIENT]: ClientSignal }): AbortSignal {
      return this[CLIENT].signal;
    },
  },
}) as object;

/** The requests whose handlers want to know, and have not answered yet. */
export class ClientSignals {
  readonly #waiting: Set<ClientSignal> = new Set();
  #isLooking = false;

  /**
   * Gives a request a signal of its own, which costs nothing until it is asked for.
   *
   * @param original As Deno gave it, if the request was made from that.
   */
  watch(request: Request, original: Request = request): ClientSignal {
    const own = new ClientSignal(original, this);
    Object.setPrototypeOf(request, watchedPrototype);
    (request as { [CLIENT]?: ClientSignal })[CLIENT] = own;
    return own;
  }

  add(signal: ClientSignal): void {
    this.#waiting.add(signal);
    if (!this.#isLooking) setTimeout(() => this.#look(), LOOK_MS);
    this.#isLooking = true;
  }

  delete(signal: ClientSignal): void {
    this.#waiting.delete(signal);
  }

  #look(): void {
    this.#isLooking = false;
    for (const signal of this.#waiting) signal.listen();
    this.#waiting.clear();
  }
}

/** Of one request. */
export class ClientSignal {
  readonly #original: Request;
  readonly #signals: ClientSignals;
  #own: AbortController | undefined;
  #isAnswered = false;

  constructor(original: Request, signals: ClientSignals) {
    this.#original = original;
    this.#signals = signals;
  }

  get signal(): AbortSignal {
    if (this.#own === undefined) {
      this.#own = new AbortController();
      if (!this.#isAnswered) this.#signals.add(this);
    }
    return this.#own.signal;
  }

  /** Whether the client went away before the handler had answered, and the handler wanted to know. */
  get isGone(): boolean {
    return this.#own?.signal.aborted === true;
  }

  /** From now on it is the body that is told. */
  answered(): void {
    this.#isAnswered = true;
    if (this.#own !== undefined) this.#signals.delete(this);
  }

  /** Listens to Deno. */
  listen(): void {
    const native = Reflect.get(Request.prototype, "signal", this.#original);
    if (native.aborted) return this.#abort(native);
    native.addEventListener("abort", () => this.#abort(native), { once: true });
  }

  #abort(native: AbortSignal): void {
    if (!this.#isAnswered) this.#own?.abort(native.reason);
  }
}
