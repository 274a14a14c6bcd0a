// An HTTP client that hides nothing: it sends the bytes it is given, and takes answers apart by the book.
//
// On node:net, which all three runtimes have; text is latin1, a character a byte.

import { connect, type Socket } from "node:net";
import type { Endpoint } from "@memwire/engine";
import type { Kind } from "./law.ts";

/** Closes the socket, resets the connection, or ends its own side of it. */
export type Leaving = "close" | "reset" | "end";

/** Node cannot reset a unix socket. */
export const waysToLeave: Readonly<Record<Kind, readonly Leaving[]>> = {
  tcp: ["close", "reset", "end"],
  unix: ["close", "end"],
};

/** An answer as it came. */
export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name; lines of the same name are joined by a line feed. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** How long anything may take before a test says that it does not come. */
const WITHIN_MS = 15_000;

export class HttpClient implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #receivedBytes = 0;
  #ending: "open" | "ended" | "closed" = "open";
  #heard: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#receivedBytes += text.length;
      this.#heard();
    });
    socket.on("end", () => this.#over("ended"));
    socket.on("error", () => this.#over("closed"));
    socket.on("close", () => this.#over("closed"));
  }

  /** @throws Error of the system's if nobody listens there */
  static connect(endpoint: Endpoint): Promise<HttpClient> {
    return new Promise((resolve, reject) => {
      const where = endpoint.kind === "unix" ? { path: endpoint.path } : endpoint;
      const socket = connect({ ...where, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new HttpClient(socket)));
    });
  }

  /** Whether the other side has ended or cut the connection. */
  get isOver(): boolean {
    return this.#ending !== "open";
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** What was received and not taken. */
  get received(): string {
    return this.#received;
  }

  /** Bytes that were sent and that the system has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  send(text: string): this {
    this.#socket.write(text, "latin1");
    return this;
  }

  /** Sends a request without a body. */
  ask(path: string, method = "GET"): this {
    return this.send(`${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  pause(): this {
    this.#socket.pause();
    return this;
  }

  resume(): this {
    this.#socket.resume();
    return this;
  }

  leave(how: Leaving): void {
    if (how === "close") this.#socket.destroy();
    else if (how === "reset") this.#socket.resetAndDestroy();
    else this.#socket.end();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Takes what was received, once it holds `text`. @throws Error with what came instead */
  async upTo(text: string): Promise<string> {
    await this.until(() => this.#received.includes(text) || this.isOver, JSON.stringify(text));
    const at = this.#received.indexOf(text);
    if (at < 0) throw new Error(`expected ...${JSON.stringify(text)}, got ${this.#shown}`);
    return this.#take(at + text.length);
  }

  /** Takes the next answer. @param method Of the request: an answer to HEAD has no body. */
  async answer(method = "GET"): Promise<HttpAnswer> {
    const head = (await this.upTo("\r\n\r\n")).slice(0, -4).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(head[0] ?? "")?.[1]);
    if (Number.isNaN(status)) throw new Error(`expected a status line, got ${JSON.stringify(head[0])}`);
    const headers = new Map<string, string>();
    for (const line of head.slice(1)) {
      const [, name = "", value = ""] = /^([^:]+):[ \t]*(.*)$/.exec(line) ?? [];
      const before = headers.get(name.toLowerCase());
      headers.set(name.toLowerCase(), before === undefined ? value : `${before}\n${value}`);
    }
    const bare = method === "HEAD" || status === 204 || status === 304;
    return { status, headers, body: bare ? "" : await this.#body(headers) };
  }

  /** Takes everything that comes until the other side ends or cuts the connection. */
  async rest(): Promise<string> {
    await this.over();
    return this.#take(this.#received.length);
  }

  async over(withinMs?: number): Promise<void> {
    await this.until(() => this.isOver, "the end of the connection", withinMs);
  }

  /** @throws Error that names `what` if it does not come */
  async until(done: () => boolean, what: string, withinMs: number = WITHIN_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!done()) {
      if (performance.now() > deadline) throw new Error(`waited for ${what}, got ${this.#shown}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
        setTimeout(resolve, 5);
      });
    }
  }

  async #body(headers: ReadonlyMap<string, string>): Promise<string> {
    const length = headers.get("content-length");
    if (length !== undefined) return this.#bytes(Number(length));
    if (headers.get("transfer-encoding") !== "chunked") return this.rest();
    let body = "";
    for (;;) {
      const size = Number.parseInt(await this.upTo("\r\n"), 16);
      body += await this.#bytes(size);
      await this.upTo("\r\n");
      if (size === 0) return body;
    }
  }

  async #bytes(length: number): Promise<string> {
    await this.until(() => this.#received.length >= length || this.isOver, `${length} bytes`);
    if (this.#received.length < length) throw new Error(`expected ${length} bytes, got ${this.#shown}`);
    return this.#take(length);
  }

  #take(length: number): string {
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  #over(how: "ended" | "closed"): void {
    this.#ending = how;
    this.#heard();
  }

  get #shown(): string {
    const text = this.#received;
    return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}... ${text.length} bytes` : text);
  }
}
