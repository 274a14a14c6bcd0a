// Who asks, and whether he is still there, at a price that only handlers pay that want to know.
//
// Deno's own `request.signal` costs as much as the rest of a small request (10 us), and aborts at the end of every
// answer. So a client has a signal of its own, made when it is asked for. Deno's is asked for only when the handler
// has been at it for a while (it aborts at once if the client has gone in the meantime), and listened to until the
// handler has answered. Deno gets the handler's own promise, and so hears first of what becomes of it:
//
//     fulfilled --> Deno takes the answer, and its signal aborts     --> here: answered --> that means nothing
//     rejected  --> Deno says what with, but not of which request    --> here: of this  --> no failure if it has gone
//
// What Deno says is therefore decided on a moment (a microtask) later.
//
// Hot path: one `Client` a request, and nothing else.

/** How often the clients that are watched are looked at: so late an abort may be. */
const LOOK_MS = 25;

/** Of one server: those whose handlers want to know, and have not answered yet. */
export class Clients {
  readonly #watched: Set<Client> = new Set();
  #isLooking = false;
  /** What Deno said last that a handler failed with. */
  #failure: { readonly error: unknown; isExcused: boolean } | undefined = undefined;

  watch(client: Client): void {
    this.#watched.add(client);
    if (!this.#isLooking) setTimeout(() => this.#look(), LOOK_MS);
    this.#isLooking = true;
  }

  unwatch(client: Client): void {
    this.#watched.delete(client);
  }

  /** To be asked when Deno says that a handler failed: whether it gave up because its client has gone. */
  async excuses(error: unknown): Promise<boolean> {
    const failure = { error, isExcused: false };
    this.#failure = failure;
    await aMoment();
    return failure.isExcused;
  }

  /** To be called next. */
  excuse(error: unknown): void {
    const failure = this.#failure;
    if (failure !== undefined && failure.error === error) failure.isExcused = true;
  }

  #look(): void {
    this.#isLooking = false;
    for (const client of this.#watched) client.listen();
    this.#watched.clear();
  }
}

/** Of one request. */
export class Client {
  readonly #request: Request;
  readonly #info: Deno.ServeHandlerInfo;
  readonly #clients: Clients;
  #own: AbortController | undefined = undefined;
  #answer: Promise<Response> | undefined = undefined;
  #isAnswered = false;

  /** @param request As Deno gave it. */
  constructor(request: Request, info: Deno.ServeHandlerInfo, clients: Clients) {
    this.#request = request;
    this.#info = info;
    this.#clients = clients;
  }

  /** Looking it up costs 0.7 us, and most requests need none. */
  get address(): string {
    return addressOf(this.#info.remoteAddr);
  }

  get signal(): AbortSignal {
    if (this.#own === undefined) {
      this.#own = new AbortController();
      if (!this.#isAnswered) this.#clients.watch(this);
      if (this.#answer !== undefined) void this.#follow(this.#answer);
    }
    return this.#own.signal;
  }

  /** The handler has returned. @param answer What it has promised; undefined if it is through. */
  returned(answer: Promise<Response> | undefined): void {
    this.#answer = answer;
    if (answer === undefined) this.#answered();
    else if (this.#own !== undefined) void this.#follow(answer);
  }

  async #follow(answer: Promise<Response>): Promise<void> {
    await aMoment(); // until Deno waits for it too
    try {
      await answer;
    } catch (error) {
      if (this.#own?.signal.aborted === true) this.#clients.excuse(error);
    }
    this.#answered();
  }

  /** From now on it is the body that is told. */
  #answered(): void {
    this.#isAnswered = true;
    if (this.#own !== undefined) this.#clients.unwatch(this);
  }

  /** Listens to Deno. */
  listen(): void {
    const { signal } = this.#request;
    if (signal.aborted) void this.#abort(signal);
    else signal.addEventListener("abort", () => void this.#abort(signal), { once: true });
  }

  async #abort({ reason }: AbortSignal): Promise<void> {
    await aMoment();
    if (!this.#isAnswered) this.#own?.abort(reason);
  }
}

const aMoment = (): Promise<void> => Promise.resolve();

function addressOf(address: Deno.Addr): string {
  if (!("hostname" in address)) return "";
  const { hostname } = address;
  return hostname.startsWith("::ffff:") && hostname.includes(".")
    ? hostname.slice("::ffff:".length)
    : hostname;
}
