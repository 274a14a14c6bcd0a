// A network and a clock that do only what a test tells them to, for the order of calls between drive() and both.

import type {
  BindOptions,
  Clock,
  DatagramAddress,
  DatagramHandler,
  DatagramSocket,
  Endpoint,
  Listener,
  ListenOptions,
  Millis,
  Network,
  Transport,
  TransportHandler,
} from "@memwire/engine";

/** A transport that notes what it is told. */
export class HandTransport implements Transport {
  readonly told: string[] = [];
  /** What the next writes answer. */
  taken = true;

  write(bytes: Uint8Array): boolean {
    this.told.push(`write ${String.fromCharCode(...bytes)}`);
    return this.taken;
  }

  pause(): void {
    this.told.push("pause");
  }

  resume(): void {
    this.told.push("resume");
  }

  end(): void {
    this.told.push("end");
  }

  close(): void {
    this.told.push("close");
  }
}

export class HandNetwork implements Network {
  readonly connects: { endpoint: Endpoint; handler: TransportHandler; transport: HandTransport }[] = [];
  readonly listens: {
    /** Lets somebody connect. */
    readonly arrive: () => { handler: TransportHandler; transport: HandTransport };
    readonly options: ListenOptions | undefined;
    /** Lets the listen succeed. */
    readonly bound: () => void;
    closes: number;
  }[] = [];

  readonly binds: {
    readonly handler: DatagramHandler;
    readonly options: BindOptions | undefined;
    /** Everything the socket is told. */
    readonly told: string[];
    /** Lets the bind succeed. */
    readonly bound: () => void;
  }[] = [];

  bind(address: DatagramAddress, handler: DatagramHandler, options?: BindOptions): Promise<DatagramSocket> {
    const told: string[] = [];
    return new Promise((resolve) => {
      const socket: DatagramSocket = {
        address,
        drops: 0,
        send: (to, bytes) => void told.push(`${String.fromCharCode(...bytes)} to ${to.host}:${to.port}`),
        close() {
          told.push("close");
          return Promise.resolve();
        },
      };
      this.binds.push({ handler, options, told, bound: () => resolve(socket) });
    });
  }

  connect(endpoint: Endpoint, handler: TransportHandler): Transport {
    const transport = new HandTransport();
    this.connects.push({ endpoint, handler, transport });
    return transport;
  }

  listen(
    endpoint: Endpoint,
    accept: (transport: Transport) => TransportHandler,
    options?: ListenOptions,
  ): Promise<Listener> {
    return new Promise((resolve) => {
      const listen = {
        options,
        arrive: () => {
          const transport = new HandTransport();
          return { transport, handler: accept(transport) };
        },
        bound: () => resolve({ endpoint, close }),
        closes: 0,
      };
      const close = (): Promise<void> => {
        listen.closes++;
        return Promise.resolve();
      };
      this.listens.push(listen);
    });
  }
}

export class HandClock implements Clock {
  time = 1_000;
  timers: { readonly deadline: Millis; readonly task: () => void }[] = [];
  #turns: (() => void)[] = [];
  #nextTurns: (() => void)[] = [];

  now(): Millis {
    return this.time;
  }

  at(deadline: Millis, task: () => void): () => void {
    const timer = { deadline, task };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  defer(task: () => void): void {
    this.#turns.push(task);
  }

  nextTurn(task: () => void): void {
    this.#nextTurns.push(task);
  }

  /** Runs what was deferred; answers how much that was. */
  turn(): number {
    const turns = this.#turns;
    this.#turns = [];
    for (const task of turns) task();
    return turns.length;
  }

  /** Runs what was left for the next turn; answers how much that was. */
  next(): number {
    const turns = this.#nextTurns;
    this.#nextTurns = [];
    for (const task of turns) task();
    return turns.length;
  }

  /** Goes on to a time, with the timers that are due by then. */
  goTo(time: Millis): void {
    this.time = time;
    const due = this.timers.filter(({ deadline }) => deadline <= time);
    this.timers = this.timers.filter(({ deadline }) => deadline > time);
    for (const { task } of due) task();
  }
}
