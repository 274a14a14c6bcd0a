// A plain TCP or unix client that sends text and waits for text: what anybody with a socket sees.

import { connect, type Socket } from "node:net";
import { describeEndpoint, type Endpoint } from "@memwire/engine";

const ANSWERS_WITHIN_MS = 15_000;

/** One connection. Text is latin1, a character a byte. */
export class TextClient implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #over = false;
  #heard: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1").on("data", (piece: string) => {
      this.#received += piece;
      this.#heard();
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#over = true;
      this.#heard();
    });
  }

  /** @throws Error if nobody listens there */
  static connect(endpoint: Endpoint): Promise<TextClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
      socket.once("error", (cause) => {
        reject(new Error(`no connection to ${describeEndpoint(endpoint)}: ${cause.message}`, { cause }));
      });
      socket.once("connect", () => resolve(new TextClient(socket)));
    });
  }

  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Takes what was received up to and with `end`. @throws Error with what came instead */
  async upTo(end: string): Promise<string> {
    await this.#until(() => this.#received.includes(end) || this.#over);
    const at = this.#received.indexOf(end);
    if (at < 0) throw new Error(`expected ...${JSON.stringify(end)}, got ${JSON.stringify(this.#received)}`);
    return this.#take(at + end.length);
  }

  /** Sends, and takes the answer up to and with `end`. */
  ask(text: string, end = "\r\n"): Promise<string> {
    this.send(text);
    return this.upTo(end);
  }

  /** Takes everything that comes until the other side closes. */
  async rest(): Promise<string> {
    await this.#until(() => this.#over);
    return this.#take(this.#received.length);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #until(done: () => boolean): Promise<void> {
    const until = Date.now() + ANSWERS_WITHIN_MS;
    while (!done()) {
      if (Date.now() > until) throw new Error(`no answer but ${JSON.stringify(this.#received.slice(-200))}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, 100);
      });
    }
  }
}
