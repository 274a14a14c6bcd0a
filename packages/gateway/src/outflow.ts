// A response body that is made when it is asked for, piece by piece and never ahead, and that knows when its client
// went away.
//
//     the runtime reads --> source.wanted() ... give(piece) --> the runtime has it, and reads on when it is through
//     the client goes   --> source.gone()      whether the runtime cancels the body, aborts the request, or both
//
// Nothing is ever queued in the stream: it asks only while somebody waits for a piece, so a piece that was given has
// been taken.

export interface Source {
  /** A piece is waited for. Called again only after one was given. */
  wanted(): void;
  /** The client went away: once, and never after the end. */
  gone(reason: string): void;
}

export class Outflow {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #source: Source;
  readonly #signal: AbortSignal;
  readonly #aborted = (): void => {
    this.#lose("the request was aborted");
    this.#close();
  };
  #controller: ReadableStreamDefaultController | undefined;
  #isWanted = false;
  #isOver = false;

  /** @param signal Of the request. Some runtimes abort it after the end as well, which means nothing. */
  constructor(source: Source, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    this.body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          if (this.#isOver || this.#isWanted) return;
          this.#isWanted = true;
          source.wanted();
        },
        cancel: () => this.#lose("the client closed the connection"),
      },
      { highWaterMark: 0 },
    );
    signal.addEventListener("abort", this.#aborted);
  }

  /** Whether a piece is waited for now. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Gives the piece that is waited for. The next may be wanted before this returns. */
  give(piece: Uint8Array): void {
    this.#isWanted = false;
    this.#controller?.enqueue(piece);
  }

  /** Gives the last piece, which must be waited for. */
  end(piece: Uint8Array): void {
    if (!this.#finish()) return; // first, as giving it may ask for another
    this.#controller?.enqueue(piece);
    this.#close();
  }

  /** Ends without an end, so that the client sees that it has not got all. */
  breakOff(reason: string): void {
    if (this.#finish()) this.#controller?.error(new Error(reason));
  }

  /** If the request was aborted before anybody could listen. */
  check(): void {
    if (this.#signal.aborted) this.#aborted();
  }

  #lose(reason: string): void {
    if (this.#finish()) this.#source.gone(reason);
  }

  #finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#isWanted = false;
    this.#signal.removeEventListener("abort", this.#aborted);
    return true;
  }

  #close(): void {
    try {
      this.#controller?.close();
    } catch {
      // The runtime had cancelled it already.
    }
  }
}
