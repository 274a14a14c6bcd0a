// A request's body as a stream that never holds more than one chunk, nor gives more than `bytesMax`.
//
// srvx and `Readable.toWeb` destroy the connection when a body is cancelled or found too long, and with it the answer
// that says so. Here whoever is not interested any more just stops reading; the rest is for `discard`.

import type { IncomingMessage } from "node:http";

/** A body goes on beyond what was allowed. */
export class BodyTooLarge extends RangeError {
  constructor(bytesMax: number) {
    super(`a request body must have at most ${bytesMax} bytes, got more`);
  }
}

/** Reads when it is read. Its error is `BodyTooLarge`, or Node's for a client that went away. */
export function bodyOf(message: IncomingMessage, bytesMax: number): ReadableStream<Uint8Array> {
  let reading: BodyReader | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (reading === undefined) {
          if (isUntouched(message)) reading = new BodyReader(message, controller, bytesMax);
          else controller.error(new TypeError("the request was answered, and its body thrown away"));
        }
        message.resume();
      },
      cancel: () => reading?.stop(),
    },
    { highWaterMark: 0 },
  );
}

class BodyReader {
  readonly #message: IncomingMessage;
  readonly #controller: ReadableStreamDefaultController;
  readonly #bytesMax: number;
  #receivedBytes = 0;

  constructor(message: IncomingMessage, controller: ReadableStreamDefaultController, bytesMax: number) {
    this.#message = message;
    this.#controller = controller;
    this.#bytesMax = bytesMax;
    message.on("data", this.#received).on("end", this.#ended);
    // Stays to the end: without a listener, Node throws the error of a body that was begun to be read.
    message.on("error", (error) => this.#fail(error));
    if (message.destroyed) this.#fail(message.errored ?? new Error("the client went away"));
  }

  stop(): void {
    this.#message.off("data", this.#received).off("end", this.#ended);
  }

  readonly #received = (chunk: Uint8Array): void => {
    this.#message.pause();
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes <= this.#bytesMax) this.#controller.enqueue(chunk);
    else this.#fail(new BodyTooLarge(this.#bytesMax));
  };

  readonly #ended = (): void => {
    this.stop();
    this.#controller.close();
  };

  #fail(error: Error): void {
    this.stop();
    this.#controller.error(error);
  }
}

const isUntouched = (message: IncomingMessage): boolean => message.readableFlowing === null;

/**
 * Reads what is left of a body and throws it away. The next request on that connection comes behind it; a connection
 * that is not read does not tell that its client went away; one that is closed with input unread sends a reset, which
 * can take the answer with it. For a client that never ends, `requestTimeoutMs` does.
 */
export function discard(message: IncomingMessage): void {
  if (!message.complete) message.removeAllListeners("data").resume();
}

/** Throws the body away if nobody has begun to read it by now, which is when the answer is there. */
export function discardUnread(message: IncomingMessage): void {
  if (isUntouched(message)) discard(message);
}
