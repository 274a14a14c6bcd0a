// Keeps answers open that are silent for longer than a connection may be idle.
//
// Bun's idle timeout does not tell a connection that waits for a request from one that waits for its answer: a stream
// on which nothing happens would be cut. Turned off for an answer it stays off for the connection, which then is
// never closed. So answers that take their time have it put off again and again, for as long as they are open; and
// whether one is open, Bun says by still knowing its client's address.

/** What it needs of a Bun.Server. */
interface Server {
  requestIP(request: Request): object | null;
  timeout(request: Request, seconds: number): void;
}

export class OpenAnswers {
  readonly #idleSeconds: number;
  /** Answered in this turn. Most are through by the next. */
  #answered: Request[] = [];
  readonly #open: Set<Request> = new Set();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(idleSeconds: number) {
    this.#idleSeconds = idleSeconds;
  }

  /** The handler may take its time. */
  add(request: Request, server: Server): void {
    this.#open.add(request);
    this.#timer ??= setInterval(() => this.#putOff(server), this.#idleSeconds * 250).unref();
  }

  /** The handler is through; the body may take its time. */
  answered(request: Request, server: Server): void {
    this.#open.delete(request);
    this.#answered.push(request);
    if (this.#answered.length === 1) setImmediate(() => this.#sift(server));
  }

  #sift(server: Server): void {
    for (const request of this.#answered) if (server.requestIP(request) !== null) this.add(request, server);
    this.#answered = [];
  }

  #putOff(server: Server): void {
    for (const request of this.#open) {
      if (server.requestIP(request) === null) this.#open.delete(request);
      else server.timeout(request, this.#idleSeconds);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
