// Deno.serve as a server of standard handlers.
//
//     Deno.serve --> Desk.receive --> refused, or Request --> handler --> Response --> Deno.serve
//
// Deno keeps the contract of packages/adapter/src/http.ts by itself, but for what is done here: clients that go away
// (client.ts), bodies without a length (request-body.ts), Hosts that are none, a close that knows both to wait and to
// cut.
//
// Hot path: `receive`.

import { listenBy, type Endpoint } from "@memwire/engine";
import { Client, Clients } from "./client.ts";
import { files, network, withCode } from "./network.ts";
import { BodyTooLarge, bounded } from "./request-body.ts";

/** A standard fetch handler; `signal` aborts if the client goes away before it has answered. */
export type HttpHandler = (
  request: Request,
  peer: { readonly address: string; readonly signal: AbortSignal },
) => Response | Promise<Response>;

export interface HttpOptions {
  readonly endpoint: Endpoint;
  readonly bodyBytesMax: number;
  readonly failed?: (error: unknown) => void;
}

export interface HttpListener {
  readonly endpoint: Endpoint;
  close(graceMs: number): Promise<void>;
}

/** @throws Error `cannot listen on <endpoint>: <reason>` */
export async function serveHttp(handler: HttpHandler, options: HttpOptions): Promise<HttpListener> {
  const { endpoint } = options;
  const cut = new AbortController();
  const desk = new Desk(handler, options);
  const server = await listenBy(() => bound(endpoint, desk, cut.signal), endpoint, network, files);
  const { addr } = server;
  let closing: Promise<void> | undefined;
  return {
    endpoint: endpoint.kind === "tcp" && "port" in addr ? { ...endpoint, port: addr.port } : endpoint,
    // Deno removes a unix socket's file itself.
    close(graceMs) {
      closing ??= closed(server, desk, cut, graceMs);
      return closing;
    },
  };
}

function bound(endpoint: Endpoint, desk: Desk, signal: AbortSignal): Deno.HttpServer {
  const serving = {
    signal,
    onListen: () => {},
    onError: (error: unknown) => desk.failed(error),
  };
  const handler = (request: Request, info: Deno.ServeHandlerInfo): Response | Promise<Response> =>
    desk.receive(request, info);
  try {
    return endpoint.kind === "unix"
      ? Deno.serve({ ...serving, path: endpoint.path }, handler)
      : Deno.serve({ ...serving, hostname: endpoint.host, port: endpoint.port }, handler);
  } catch (error) {
    throw withCode(error);
  }
}

/**
 * Deno's `shutdown` waits for all that is being sent, but after it nothing can be cut any more. So as long as
 * something is being answered, the server stays open and turns new requests away.
 */
async function closed(
  server: Deno.HttpServer,
  desk: Desk,
  cut: AbortController,
  graceMs: number,
): Promise<void> {
  const until = performance.now() + graceMs;
  await desk.close(graceMs);
  if (desk.answering > 0) {
    cut.abort();
    await server.finished;
    return;
  }
  // What the handlers gave away whole may still be on its way to clients that are slow to read.
  await within(server.shutdown(), Math.max(until - performance.now(), 0));
}

/** Waits for a promise, but no longer than that. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, TIMER_MAX_MS));
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

// A longer timer fires at once.
const TIMER_MAX_MS = 2 ** 31 - 1;

// A name or an address, and maybe a port: nothing that could move where the path begins.
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d*)?$/i;
/** On a unix socket Deno's URLs are those of no browser, and without a Host have the socket's path for one. */
const UNIX = "http+unix://";
const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

/** Where requests come in, and what is thrown at it. */
class Desk {
  readonly #handler: HttpHandler;
  readonly #options: HttpOptions;
  readonly #clients: Clients = new Clients();
  #answering = 0;
  #isClosing = false;
  /** The Host that was looked at last, and was one. Most clients of a server have the same. */
  #host = "";
  #idle: () => void = () => {};
  readonly #over = (): void => {
    this.#answering--;
    if (this.#answering === 0) this.#idle();
  };

  constructor(handler: HttpHandler, options: HttpOptions) {
    this.#handler = handler;
    this.#options = options;
  }

  /** How many requests have a handler at work, or a stream that has not ended. */
  get answering(): number {
    return this.#answering;
  }

  receive(request: Request, info: Deno.ServeHandlerInfo): Response | Promise<Response> {
    if (this.#isClosing) return refusal(503, "closing", { connection: "close" });
    const host = request.headers.get("host");
    if (host !== null && !this.#isHost(host)) return refusal(400, "the Host header must be a host");
    const { url, method } = request;
    const isUnix = !url.startsWith("http://");
    if (isUnix && !url.startsWith(UNIX)) return refusal(400, "only http is served");
    let body: ReadableStream<Uint8Array> | null = null;
    if (!hasNoBody(method)) {
      const length = request.headers.get("content-length");
      if (Number(length ?? 0) > this.#options.bodyBytesMax) return this.#refuseBody();
      // HTTP/2 has neither header for a body without a length; nor has it a Host. The body is looked at only if need
      // be: one that is asked for as a stream is slower to read whole.
      const isEndless = length === null && (request.headers.has("transfer-encoding") || host === null);
      if (isEndless || isUnix) body = request.body && bounded(request.body, this.#options.bodyBytesMax);
    }
    if (!isUnix && body === null) return this.#answer(request, request, info);
    const init = { method, headers: request.headers, body, duplex: "half" } as RequestInit;
    const plain = isUnix ? `http://${host || "localhost"}${url.slice(url.indexOf("/", UNIX.length))}` : url;
    return this.#answer(new Request(plain, init), request, info);
  }

  /** Resolves when nothing is being answered, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#answering === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    await within(idle, graceMs);
  }

  /** A handler threw, or the body of its answer failed: then the response is not needed. */
  async failed(error: unknown): Promise<Response> {
    if (error instanceof BodyTooLarge) return this.#refuseBody();
    // Nobody is there to be answered, and to give up is right.
    if (await this.#clients.excuses(error)) return new Response(null, { status: 499 });
    this.#tell(error);
    return refusal(500, "internal server error");
  }

  /** Deno would take what this throws for another failure, and tell it again. */
  #tell(error: unknown): void {
    try {
      (this.#options.failed ?? ((it) => console.error(it)))(error);
    } catch (thrown) {
      console.error(thrown);
    }
  }

  #isHost(host: string): boolean {
    if (host === this.#host) return true;
    // The test of the URL is for what only looks like an address or a port.
    if (host !== "" && !(HOST.test(host) && URL.canParse(`http://${host}`))) return false;
    this.#host = host;
    return true;
  }

  #answer(request: Request, original: Request, info: Deno.ServeHandlerInfo): Response | Promise<Response> {
    this.#answering++;
    info.completed.then(this.#over, this.#over);
    const client = new Client(original, info, this.#clients);
    let promised: Promise<Response> | undefined = undefined;
    try {
      const response = this.#handler(request, client);
      if (response instanceof Promise) promised = response;
      return response;
    } finally {
      client.returned(promised);
    }
  }

  #refuseBody(): Response {
    return refusal(413, `a request body must have at most ${this.#options.bodyBytesMax} bytes`);
  }
}

const refusal = (status: number, text: string, headers?: Record<string, string>): Response =>
  new Response(`${text}\n`, { status, ...(headers === undefined ? {} : { headers }) });
