// A server under test, what it was asked, and bodies whose every step is written down.

import type { HttpListener, HttpOptions, HttpPeer } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import { expect } from "vitest";
import type { HttpHarness } from "../http-suite.ts";
import { HttpClient } from "./http-client.ts";
import type { Kind } from "./law.ts";

type Handle = (request: Request, peer: HttpPeer) => Response | Promise<Response>;

/** One law's server and clients; all are gone when the law is through. */
export class HttpHost implements AsyncDisposable {
  readonly #listener: HttpListener;
  readonly #clients: HttpClient[] = [];
  /** What `failed` was told. */
  readonly failures: readonly unknown[];

  private constructor(listener: HttpListener, failures: readonly unknown[]) {
    this.#listener = listener;
    this.failures = failures;
  }

  static async open(
    harness: HttpHarness,
    kind: Kind,
    handle: Handle,
    options: Partial<HttpOptions> = {},
  ): Promise<HttpHost> {
    const failures: unknown[] = [];
    const listener = await harness.serveHttp(handle, {
      endpoint: harness.fresh(kind),
      bodyBytesMax: 4 * 1024 * 1024,
      failed: (error) => void failures.push(error),
      ...options,
    });
    return new HttpHost(listener, failures);
  }

  get endpoint(): Endpoint {
    return this.#listener.endpoint;
  }

  /** A new connection. */
  async dial(endpoint: Endpoint = this.endpoint): Promise<HttpClient> {
    const client = await HttpClient.connect(endpoint);
    this.#clients.push(client);
    return client;
  }

  /** Whether anybody answers, asked on a connection of its own. */
  async serves(path = "/"): Promise<void> {
    const client = await this.dial();
    expect((await client.ask(path).answer()).status).toBe(200);
  }

  close(graceMs: number): Promise<void> {
    return this.#listener.close(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.close(0);
  }
}

/** A body that gives pieces when it is asked to, never ahead, and counts what is done to it. */
export class WatchedBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  pulls = 0;
  cancels = 0;
  #waiting: ReadableStreamDefaultController | undefined;
  #wake: () => void = () => {};

  /** @param piece What every pull gives at once; without it a pull waits for `give`, `end` or `fail`. */
  constructor(piece?: Uint8Array<ArrayBuffer>) {
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: (controller) => {
          this.pulls++;
          if (piece !== undefined) return controller.enqueue(piece);
          return new Promise<void>((resolve) => {
            this.#waiting = controller;
            this.#wake = resolve;
          });
        },
        cancel: () => void this.cancels++,
      },
      { highWaterMark: 0 },
    );
  }

  give(text: string): void {
    this.#act((controller) => controller.enqueue(new TextEncoder().encode(text)));
  }

  end(): void {
    this.#act((controller) => controller.close());
  }

  fail(error: Error): void {
    this.#act((controller) => controller.error(error));
  }

  #act(action: (controller: ReadableStreamDefaultController) => void): void {
    if (this.#waiting === undefined) throw new TypeError("nobody waits for a piece");
    action(this.#waiting);
    this.#waiting = undefined;
    this.#wake();
  }

  get isWaitedFor(): boolean {
    return this.#waiting !== undefined;
  }
}

/** Counts how often a client's signal has aborted. */
export function countAborts({ signal }: HttpPeer): { aborts: number } {
  const count = { aborts: signal.aborted ? 1 : 0 };
  signal.addEventListener("abort", () => count.aborts++);
  return count;
}

/** Waits for what no client shows. */
export async function until(done: () => boolean, what: string, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Time for what must not come any more. */
export const settle = (ms = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
