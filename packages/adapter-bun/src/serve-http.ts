// Bun.serve as a server of standard handlers.
//
//     Bun.serve --> Desk.receive --> refused, or Request --> handler --> Response --> Bun.serve
//
// Bun keeps the contract of packages/adapter/src/http.ts by itself, but for what is done here: URLs that are none,
// addresses that are mapped to IPv6, answers that are silent for longer than a connection may be idle.
//
// Hot path: `receive`.

import { listenBy, type Endpoint } from "@memwire/engine";
import { addressOf, files, network } from "./network.ts";
import { OpenAnswers } from "./open-answers.ts";

/** A standard fetch handler; `signal` aborts if the client goes away before it has answered. */
export type HttpHandler = (
  request: Request,
  peer: { readonly address: string; readonly signal: AbortSignal },
) => Response | Promise<Response>;

export interface HttpOptions {
  readonly endpoint: Endpoint;
  readonly bodyBytesMax: number;
  readonly idleTimeoutMs?: number;
  readonly failed?: (error: unknown) => void;
}

export interface HttpListener {
  readonly endpoint: Endpoint;
  close(graceMs: number): Promise<void>;
}

type Server = Bun.Server<undefined>;

/** Bun looks every 4 s: below two such steps an open answer could be cut before it is put off. Up to its limit. */
const [IDLE_SECONDS_MIN, IDLE_SECONDS_MAX] = [8, 255];

// A longer timer fires at once.
const TIMER_MAX_MS = 2 ** 31 - 1;

/** @throws Error `cannot listen on <endpoint>: <reason>` */
export async function serveHttp(handler: HttpHandler, options: HttpOptions): Promise<HttpListener> {
  const { endpoint, idleTimeoutMs = 60_000, failed = (error) => console.error(error) } = options;
  // On a unix socket Bun has no address to tell an open answer by; and there, nobody vanishes without a word.
  const isUnix = endpoint.kind === "unix";
  const idleSeconds = Math.min(
    Math.max(Math.ceil(idleTimeoutMs / 1_000), IDLE_SECONDS_MIN),
    IDLE_SECONDS_MAX,
  );
  const desk = new Desk(handler, isUnix ? undefined : new OpenAnswers(idleSeconds));
  const serving = {
    ...addressOf(endpoint),
    development: false,
    // Without development it would be true, and a port that is taken would be shared.
    reusePort: false,
    maxRequestBodySize: options.bodyBytesMax,
    idleTimeout: isUnix ? 0 : idleSeconds,
    fetch: (request: Request, server: Server) => desk.receive(request, server),
    error(error: unknown) {
      failed(error);
      return refusal(500, "internal server error");
    },
  };
  const server = await listenBy(() => bound(serving), endpoint, network, files);
  let closing: Promise<void> | undefined;
  return {
    endpoint: isUnix ? endpoint : { ...endpoint, port: server.port ?? endpoint.port },
    // Bun removes a unix socket's file itself.
    close(graceMs) {
      closing ??= closed(server, graceMs);
      return closing;
    },
  };
}

function bound(serving: Bun.Serve.Options<undefined>): Server {
  try {
    return Bun.serve(serving);
  } catch (error) {
    // A host name that cannot be looked up is the one failure that Bun gives no code.
    if (error instanceof Error && !("code" in error)) Object.assign(error, { code: "ENOTFOUND" });
    throw error;
  }
}

async function closed(server: Server, graceMs: number): Promise<void> {
  if (server.pendingRequests > 0) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(graceMs, TIMER_MAX_MS));
    });
    await Promise.race([server.stop(false), late]);
    clearTimeout(timer);
  }
  // A connection on which no request has come yet outlives the first stop by twelve seconds, but is mute.
  await server.stop(true);
}

const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

/** Where requests come in. */
class Desk {
  readonly #handler: HttpHandler;
  readonly #open: OpenAnswers | undefined;
  /** The host that was looked at last, and was one. Most clients of a server have the same. */
  #host = "";

  constructor(handler: HttpHandler, open: OpenAnswers | undefined) {
    this.#handler = handler;
    this.#open = open;
  }

  receive(request: Request, server: Server): Response | Promise<Response> {
    const client = new Client(request, plainAddress(server.requestIP(request)?.address));
    if (!this.#isUrl(request.url)) {
      // A Host that is none makes Bun leave the URL without one, and so does HTTP/1.0, which needs none.
      if (!request.url.startsWith("/") || request.headers.has("host")) {
        return refusal(400, "the Host header must be a host, and only http is served");
      }
      return this.#handler(new Request(`http://localhost${request.url}`, request), client);
    }
    const response = this.#handler(request, client);
    const open = this.#open;
    if (open === undefined) return response;
    if (!(response instanceof Promise)) {
      open.answered(request, server);
      return response;
    }
    // While a body comes in, its client must not take his time.
    if (hasNoBody(request.method)) open.add(request, server);
    const answered = (): void => open.answered(request, server);
    response.then(answered, answered);
    return response;
  }

  #isUrl(url: string): boolean {
    if (!url.startsWith("http://")) return false;
    const host = url.slice("http://".length, url.indexOf("/", "http://".length));
    if (host === this.#host) return true;
    if (!URL.canParse(url)) return false;
    this.#host = host;
    return true;
  }
}

/** Who asks. */
class Client {
  readonly address: string;
  readonly #request: Request;

  /** @param request As Bun gave it. */
  constructor(request: Request, address: string) {
    this.#request = request;
    this.address = address;
  }

  /** Bun makes it only here. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

const refusal = (status: number, text: string): Response => new Response(`${text}\n`, { status });

const plainAddress = (address = ""): string =>
  address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
