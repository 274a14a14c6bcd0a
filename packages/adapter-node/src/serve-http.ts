// node:http as a server of standard handlers. srvx makes Request of what Node has, and Node's answer of a Response.
//
//     node:http --> Desk.receive --> refused, or Request --> handler --> Response --> srvx --> node:http
//
// What srvx leaves to do: what a handler throws would end the process; the head of a stream would wait for its first
// piece; a body that is too long or given up would cut the connection, answer and all (request-body.ts).
//
// Hot path: a request without a body, answered with a Response that is made here.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listenBy, type Endpoint } from "@memwire/engine";
import { FastResponse, NodeRequest, sendNodeResponse } from "srvx/node";
import { bound, endpointOf, files } from "./binding.ts";
import { network } from "./network.ts";
import { BodyTooLarge, bodyOf, discard, discardUnread } from "./request-body.ts";

/** A standard fetch handler; `signal` aborts if the client goes away before it has answered. */
export type HttpHandler = (
  request: Request,
  peer: { readonly address: string; readonly signal: AbortSignal },
) => Response | Promise<Response>;

export interface HttpOptions {
  readonly endpoint: Endpoint;
  readonly bodyBytesMax: number;
  readonly headerBytesMax?: number;
  readonly headerTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly failed?: (error: unknown) => void;
}

export interface HttpListener {
  readonly endpoint: Endpoint;
  close(graceMs: number): Promise<void>;
}

/**
 * Looks like the global `Response` and is `instanceof` it, but costs next to nothing until somebody looks inside. A
 * global one costs as much as all the rest of a small answer, and Node's server cannot see how long its body is.
 */
export const Response: typeof globalThis.Response = FastResponse as never;

/** How often Node looks for connections that are over their time. */
const CHECK_MS = 1_000;

// A longer timer fires at once.
const TIMER_MAX_MS = 2 ** 31 - 1;

/** @throws Error `cannot listen on <endpoint>: <reason>` */
export async function serveHttp(handler: HttpHandler, options: HttpOptions): Promise<HttpListener> {
  const { endpoint, headerTimeoutMs = 10_000, requestTimeoutMs = 60_000 } = options;
  const server = createServer({
    maxHeaderSize: options.headerBytesMax ?? 16_384,
    headersTimeout: Math.min(headerTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: options.idleTimeoutMs ?? 60_000,
    connectionsCheckingInterval: CHECK_MS,
  });
  const desk = new Desk(handler, options);
  server.on("request", (message, answer) => desk.receive(message, answer));
  await listenBy(() => bound(server, endpoint), endpoint, network, files);
  // Out of file descriptors: the connection is gone, the next one may work.
  server.on("error", () => {});
  let closing: Promise<void> | undefined;
  return {
    endpoint: endpointOf(server, endpoint),
    close(graceMs) {
      closing ??= closed(server, desk, graceMs);
      return closing;
    },
  };
}

async function closed(server: Server, desk: Desk, graceMs: number): Promise<void> {
  const gone = new Promise((resolve) => server.close(resolve));
  await desk.close(graceMs);
  server.closeAllConnections();
  await gone;
}

// A name or an address, and maybe a port: nothing that could move where the path begins.
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?$/i;
/** Anything but a path, an URL of ours, or all of us. */
const TARGET = /^(?:\/|http:\/\/|\*$)/i;
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "TRACE"]);

/** Where requests come in and answers go out. */
class Desk {
  readonly #handler: HttpHandler;
  readonly #bodyBytesMax: number;
  readonly #failed: (error: unknown) => void;
  #answering = 0;
  #isClosing = false;
  /** Answered in this turn, and not ended. */
  #unended: ServerResponse[] = [];
  /** The Host that was looked at last, and was one. Most clients of a server have the same. */
  #host = "";
  #idle: () => void = () => {};

  constructor(handler: HttpHandler, options: HttpOptions) {
    this.#handler = handler;
    this.#bodyBytesMax = options.bodyBytesMax;
    this.#failed = options.failed ?? ((error) => console.error(error));
  }

  receive(message: IncomingMessage, answer: ServerResponse): void {
    this.#answering++;
    answer.once("close", () => this.#over(message, answer));
    if (this.#isClosing) return refuse(answer, 503, "closing");
    const { url = "/", method = "GET", headers, socket } = message;
    if (!this.#isHost(headers.host ?? "")) return refuse(answer, 400, "the Host header must be a host");
    if (!TARGET.test(url)) return refuse(answer, 400, "only http is served");
    const length = Number(headers["content-length"] ?? 0);
    if (length > this.#bodyBytesMax) return this.#refuseBody(answer);
    const original = new NodeRequest({ req: message, res: answer }) as Request;
    const client = new Client(original, addressOf(socket.remoteAddress));
    try {
      const hasBody = length > 0 || "transfer-encoding" in headers;
      const request = hasBody && !BODILESS.has(method) ? this.#withBody(original, message) : original;
      const response = this.#handler(request, client);
      if (!(response instanceof Promise)) return this.#send(message, answer, response);
      response.then(
        (it) => this.#send(message, answer, it),
        (error) => this.#fail(answer, error),
      );
    } catch (error) {
      this.#fail(answer, error);
    }
  }

  /** Resolves when nothing is being answered, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#answering === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(graceMs, TIMER_MAX_MS));
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #isHost(host: string): boolean {
    if (host === this.#host) return true;
    // The test of the URL is for what only looks like an address or a port.
    if (host !== "" && !(HOST.test(host) && URL.canParse(`http://${host}`))) return false;
    this.#host = host;
    return true;
  }

  #withBody(request: Request, message: IncomingMessage): Request {
    const { url, method, headers } = request;
    const body = bodyOf(message, this.#bodyBytesMax);
    return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
  }

  #send(message: IncomingMessage, answer: ServerResponse, response: Response): void {
    sendNodeResponse(answer, response).catch((error: unknown) => this.#fail(answer, error));
    if (answer.writableEnded) return;
    discardUnread(message);
    this.#unended.push(answer);
    if (this.#unended.length === 1) setImmediate(() => this.#flush());
  }

  /** The head of a stream goes out in the turn of the answer, whenever its first piece comes. */
  #flush(): void {
    for (const answer of this.#unended) if (!answer.writableEnded && !answer.destroyed) answer.flushHeaders();
    this.#unended = [];
  }

  #fail(answer: ServerResponse, error: unknown): void {
    // Nobody is there to be answered, and to give up is right.
    if (answer.destroyed) return;
    if (answer.headersSent) return void answer.destroy(error as Error);
    if (error instanceof BodyTooLarge) return this.#refuseBody(answer);
    refuse(answer, 500, "internal server error");
    this.#tell(error);
  }

  /** What `failed` throws must not take the server with it. */
  #tell(error: unknown): void {
    try {
      this.#failed(error);
    } catch (thrown) {
      console.error(thrown);
    }
  }

  #refuseBody(answer: ServerResponse): void {
    refuse(answer, 413, `a request body must have at most ${this.#bodyBytesMax} bytes`);
  }

  #over(message: IncomingMessage, answer: ServerResponse): void {
    discard(message);
    // Of a body that failed: srvx cuts the connection with what it failed with.
    if (answer.errored) this.#tell(answer.errored);
    this.#answering--;
    if (this.#answering === 0) this.#idle();
  }
}

/** Who asks. */
class Client {
  readonly address: string;
  readonly #request: Request;

  /** @param request As srvx made it. */
  constructor(request: Request, address: string) {
    this.#request = request;
    this.address = address;
  }

  /** srvx makes it only here. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

function refuse(answer: ServerResponse, status: number, text: string): void {
  const body = `${text}\n`;
  answer.writeHead(status, { "content-type": "text/plain", "content-length": body.length }).end(body);
}

const addressOf = (address = ""): string =>
  address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
