// One law's proxy, the backends behind it and the clients in front of it.
//
//     client.asks("get a1\r\n")  -->  proxy  -->  backend 1: a key goes to the backend whose number it ends in
//
// All of it ends with the law.

import type { Clock, Endpoint, Network } from "@memwire/engine";
import type { PoolOptions, ProxyEngine, ProxyOptions } from "@memwire/proxy";
import { WireClient } from "../server/wire-client.ts";
import type { ProxyHarness } from "../proxy-suite.ts";
import { ScriptedBackend } from "./backend.ts";

/** What is said of a proxy, beside its servers. */
export interface SceneOptions extends Omit<ProxyOptions, "pools"> {
  /** By default three. */
  readonly backends?: number;
  readonly pool?: Omit<Partial<PoolOptions>, "servers" | "name">;
}

/** How long a law about timeouts waits for one: on real sockets longer than a busy machine stands still. */
const SHORT_MS = { virtual: 200, real: 1_000 } as const;

/** Longer than any law takes, so that what is waited for is not a timeout. */
const LONG_MS = 30_000;

export const SERVER_ERROR_LINE: RegExp = /^SERVER_ERROR [^\r\n]+\r\n$/;

/** Keys go to the server whose number they end in; any other to the first. */
export function byLastDigit(servers: number): PoolOptions["distribution"] {
  return {
    owner(bytes, _start, end) {
      const digit = (bytes[end - 1] as number) - 0x30;
      return digit >= 0 && digit < servers ? digit : 0;
    },
  };
}

export class ProxyScene implements AsyncDisposable {
  readonly harness: ProxyHarness;
  readonly network: Network;
  readonly clock: Clock;
  readonly backends: ScriptedBackend[] = [];
  #engine: ProxyEngine | undefined;
  #wake: () => void = () => {};
  #endpoints: readonly Endpoint[] = [];
  readonly #clients: SceneClient[] = [];
  readonly #stack: AsyncDisposableStack = new AsyncDisposableStack();

  constructor(harness: ProxyHarness) {
    this.harness = harness;
    this.network = harness.network;
    this.clock = harness.clock;
  }

  get shortMs(): number {
    return this.harness.virtual ? SHORT_MS.virtual : SHORT_MS.real;
  }

  get engine(): ProxyEngine {
    if (this.#engine === undefined) throw new TypeError("the scene has no proxy yet");
    return this.#engine;
  }

  /** The backend of that number. */
  backend(number: number): ScriptedBackend {
    const backend = this.backends[number];
    if (backend === undefined) throw new RangeError(`there is no backend ${number}`);
    return backend;
  }

  async addBackend(): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(await this.harness.host(), this.clock);
    await backend.start();
    this.backends.push(backend);
    this.#stack.defer(() => backend.stop());
    return backend;
  }

  /** A proxy with one pool over new backends. */
  async start({ backends = 3, pool = {}, ...options }: SceneOptions = {}): Promise<void> {
    for (let i = 0; i < backends; i++) await this.addBackend();
    await this.startPools([this.pool("alpha", this.backends, pool)], options);
  }

  /** A pool over these backends. */
  pool(name: string, backends: readonly ScriptedBackend[], options: SceneOptions["pool"] = {}): PoolOptions {
    return {
      name,
      servers: backends.map(({ endpoint }, i) => ({ name: `s${i}`, endpoint })),
      distribution: byLastDigit(backends.length),
      queuedTimeoutMs: LONG_MS,
      connectTimeoutMs: LONG_MS,
      replyTimeoutMs: LONG_MS,
      ...options,
    };
  }

  async startPools(pools: readonly PoolOptions[], options: Omit<ProxyOptions, "pools"> = {}): Promise<void> {
    const proxy = await this.harness.start({ version: "1.6.45", ...options, pools });
    this.#engine = proxy.engine;
    this.#endpoints = proxy.endpoints;
    this.#wake = () => proxy.wake();
    this.#stack.defer(() => proxy.stop());
  }

  /** A client of the pool of that number. */
  client(pool = 0): SceneClient {
    const endpoint = this.#endpoints[pool];
    if (endpoint === undefined) throw new RangeError(`there is no pool ${pool}`);
    const client = new SceneClient(this.harness, WireClient.connect(this.network, endpoint));
    this.#clients.push(client);
    return client;
  }

  /** As an operator says it, of a server of the first pool. */
  setServer(server: string, wanted: "up" | "down" | "drain"): void {
    this.engine.setServer("alpha", server, wanted, this.clock.now());
    this.#wake();
  }

  until(done: () => boolean, what: string): Promise<void> {
    return this.harness.until(done, what);
  }

  /** One of the statistics, as a client is told it; `undefined` if there is none of that name. */
  async stat(name: string): Promise<string | undefined> {
    const client = this.client();
    client.send("stats\r\n");
    await this.until(() => client.wire.peek().endsWith("END\r\n"), "the statistics");
    const line = client.wire
      .take()
      .split("\r\n")
      .find((each) => each.startsWith(`STAT ${name} `));
    client.wire.close();
    return line?.slice(`STAT ${name} `.length);
  }

  /** Nothing was said that nobody asked for. */
  checkNothingLeft(): void {
    for (const { wire } of this.#clients) {
      if (wire.receivedBytes > 0) throw new Error(`nobody asked for ${quote(wire.take())}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { wire } of this.#clients) wire.close();
    await this.#stack.disposeAsync();
  }
}

/** A client that says what it expects. */
export class SceneClient {
  readonly wire: WireClient;
  readonly #harness: ProxyHarness;

  constructor(harness: ProxyHarness, wire: WireClient) {
    this.#harness = harness;
    this.wire = wire;
  }

  send(text: string, pieceBytes?: number): void {
    this.wire.send(text, pieceBytes);
  }

  /** Sends, and waits until exactly that was answered. @throws Error with what was answered instead */
  async asks(request: string, answer: string): Promise<void> {
    this.send(request);
    await this.hears(answer);
  }

  /** Waits until exactly that has come. */
  async hears(answer: string): Promise<void> {
    const { wire } = this;
    await this.#harness
      .until(() => wire.receivedBytes >= answer.length || wire.isOver, quote(answer))
      .catch(() => {});
    const text = wire.take();
    if (text !== answer) throw new Error(`expected ${quote(answer)}, got ${quote(text)}${this.#state()}`);
  }

  /** Sends, and answers what is answered up to and with `end`. */
  async told(request: string, end = "\r\n"): Promise<string> {
    const { wire } = this;
    this.send(request);
    await this.#harness
      .until(() => wire.peek().endsWith(end) || wire.isOver, `...${quote(end)}`)
      .catch(() => {});
    const text = wire.take();
    if (!text.endsWith(end)) throw new Error(`expected ...${quote(end)}, got ${quote(text)}${this.#state()}`);
    return text;
  }

  /** Sends, and waits for one line that says that the server failed. @throws Error with what was answered instead */
  async fails(request: string): Promise<void> {
    const answer = await this.told(request);
    if (!SERVER_ERROR_LINE.test(answer)) throw new Error(`expected an error, got ${quote(answer)}`);
  }

  /** Waits until the proxy has closed the connection. */
  isClosed(): Promise<void> {
    return this.#harness.until(() => this.wire.isOver, "the proxy to close the connection");
  }

  #state(): string {
    return this.wire.isOver ? ", and the connection was closed" : "";
  }
}

export function quote(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length <= 400 ? quoted : `${quoted.slice(0, 250)} ... ${quoted.slice(-100)}`;
}
