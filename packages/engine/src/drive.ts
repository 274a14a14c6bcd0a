// Joins an engine to a network and a clock: the only place where the three meet.
//
// Inputs go in as they come; commands are polled once a turn (`clock.defer`), so that all replies of a turn to
// one connection leave in one write. An engine that has more to do than it does at a time (a deadline of -Infinity) goes
// on in the next turn (`clock.nextTurn`), when others have had theirs. Hot path: one Map look-up an event, one a command.

import type {
  Clock,
  CloseCause,
  Command,
  ConnectionId,
  Endpoint,
  Engine,
  Listener,
  ListenOptions,
  Millis,
  Network,
  Transport,
  TransportHandler,
} from "./contract.ts";
import type { Distrust } from "./tls.ts";
import type { BindOptions, DatagramAddress, DatagramSocket, SendTo } from "./datagrams.ts";
import { checkHas } from "./check-has.ts";
import { checkEndpoint, describeEndpoint } from "./endpoint.ts";
import { unreachable } from "./unreachable.ts";

/** A running engine. */
export interface Driver {
  /** Connections now open, being opened or being closed. */
  readonly connections: number;
  /**
   * Accepts connections for the engine, which sees them `via` the index of this call, from 0. At port 0 the system
   * chooses a port.
   *
   * @throws TypeError for what is no endpoint, RangeError for one that cannot be; Error after `close`
   */
  listen(endpoint: Endpoint, options?: ListenOptions): Promise<Listener>;
  /**
   * Waits for datagrams for the engine, which hears of them by `arrived` with the index of this call, from 0.
   *
   * @throws TypeError if the engine takes no datagrams; RangeError for an address that cannot be; Error after `close`
   */
  bind(address: DatagramAddress, options?: BindOptions): Promise<DatagramSocket>;
  /** Carries out what the engine was asked from outside, such as a `drain(now)` of its own. */
  wake(): void;
  /** Resolves when no connection is left. */
  idle(): Promise<void>;
  /** Stops listening, closes every connection, calls the engine no more. Resolves when all are closed. */
  close(): Promise<void>;
}

/** Of what comes in bulk an engine may soon have enough. */
const BULK_BYTES = 65_536;

/** How late a timer is where not only other timers and a turn came before it. */
const LATE_MS = 50;

/**
 * In that time all is read that is there. In several turns: on Deno what is ready is not all looked at before the next
 * timer, and one that waits for a processor as well finds the next timer due at once.
 */
const READ_WITHIN_MS = 10;
const READ_IN_TURNS = 4;

const OF_AN_ADAPTER = "that of an adapter, such as openAdapter() has";

/**
 * Runs `engine` on `network` by `clock` until `close()`.
 *
 * @throws TypeError without a network or a clock: the first connect would throw it where nobody can catch
 */
export function drive(engine: Engine, network: Network, clock: Clock): Driver {
  checkHas("network", network, "connect", OF_AN_ADAPTER);
  checkHas("clock", clock, "defer", OF_AN_ADAPTER);
  return new RunningDriver(engine, network, clock);
}

class RunningDriver implements Driver {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly #network: Network;
  readonly #links: Map<ConnectionId, Link> = new Map();
  readonly #listeners: Listener[] = [];
  #listens = 0;
  /** By the index of the `bind` call; there once it has succeeded. */
  readonly #sockets: Map<number, DatagramSocket> = new Map();
  #binds = 0;
  #late = 0;
  #waiting: (() => void)[] = [];
  #turnDeferred = false;
  #stopped = false;
  /** The time of this turn: the clock is read at its first input, and again when a timer fires. */
  now: Millis = 0;
  /** The engine wants to go on in the next turn. */
  #due = false;
  #hurries = false;
  #timerAt: Millis = Infinity;
  #cancelTimer: () => void = () => {};
  readonly #turn = (): void => {
    this.#turnDeferred = false;
    this.#carryOut();
  };
  readonly #hurried = (): void => {
    this.#hurries = false;
    if (!this.#stopped) this.#pollAll();
  };

  constructor(engine: Engine, network: Network, clock: Clock) {
    this.engine = engine;
    this.#network = network;
    this.clock = clock;
    this.wake();
  }

  get connections(): number {
    return this.#links.size;
  }

  async listen(endpoint: Endpoint, options?: ListenOptions): Promise<Listener> {
    // Without a host Node listens at a port of the system's choice, on all addresses.
    checkEndpoint("", endpoint);
    if (this.#stopped)
      throw new Error(`a driver that is closed cannot listen on ${describeEndpoint(endpoint)}`);
    const via = this.#listens++;
    const accept = (transport: Transport): Link => {
      this.wake();
      // Accepted in the very turn that closed the driver: the engine is not told, so the name is below its own.
      const id = this.#stopped ? --this.#late : this.engine.accepted(this.now, via, transport.remote);
      const link = new Link(this, id, transport);
      this.#links.set(id, link);
      if (this.#stopped) transport.close();
      return link;
    };
    const listener = await this.#network.listen(endpoint, accept, options);
    if (this.#stopped) await listener.close();
    else this.#listeners.push(listener);
    return listener;
  }

  async bind(address: DatagramAddress, options?: BindOptions): Promise<DatagramSocket> {
    const { engine, clock } = this;
    if (engine.arrived === undefined) throw new TypeError("the engine takes no datagrams");
    checkEndpoint("", { ...address, kind: "tcp" });
    if (this.#stopped) throw new Error("a driver that is closed cannot bind a socket");
    const index = this.#binds++;
    const received = (from: DatagramAddress, bytes: Uint8Array): void => {
      if (this.#stopped) return;
      engine.arrived?.(index, from, bytes, clock.now());
      this.wake();
    };
    const socket = await this.#network.bind(address, { received }, options);
    if (this.#stopped) await socket.close();
    else this.#sockets.set(index, socket);
    return socket;
  }

  wake(): void {
    if (this.#turnDeferred || this.#stopped) return;
    this.#turnDeferred = true;
    this.now = this.clock.now();
    this.clock.defer(this.#turn);
  }

  /** A next turn may come much later than this one ends, and nobody else says `pause` meanwhile. */
  hurry(): void {
    if (!this.#due || this.#hurries) return;
    this.#hurries = true;
    this.clock.defer(this.#hurried);
  }

  idle(): Promise<void> {
    if (this.#links.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    for (const link of this.#links.values()) link.transport.close();
    const open = [...this.#listeners.splice(0), ...this.#sockets.values()];
    await Promise.all(open.map((each) => each.close()));
    await this.idle();
  }

  /** The link is over. */
  forget(id: ConnectionId, cause: CloseCause, distrust?: Distrust): void {
    if (!this.#links.delete(id)) return;
    this.wake();
    if (!this.#stopped) this.engine.closed(id, cause, this.now, distrust);
    if (this.#links.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  #carryOut(): void {
    if (this.#stopped) return;
    const { engine, clock } = this;
    if (this.#due) {
      this.#due = false;
      engine.elapsed(this.now);
    }
    this.#pollAll();
    const { deadline } = engine;
    // No timer: the shortest of them is far longer than a turn.
    if (deadline === -Infinity) {
      this.#due = true;
      if (this.#turnDeferred) return;
      this.#turnDeferred = true;
      this.now = clock.now();
      clock.nextTurn(this.#turn);
      return;
    }
    // A deadline that moved away is left armed: the timer finds nothing to do and arms the next one. Most
    // deadlines move with every request, and cancelling each would cost more than that.
    if (deadline < this.#timerAt) {
      this.#cancelTimer();
      this.#arm(deadline);
    }
  }

  /**
   * Of a process that stood still runtimes call timers first, and read then: what had come in time would be too late.
   * So a timer that is late waits for others, and what is there is read before those.
   */
  #arm(deadline: Millis): void {
    const { clock } = this;
    const due = Math.max(deadline, this.now);
    this.#timerAt = deadline;
    this.#cancelTimer = clock.at(deadline, () => {
      if (clock.now() - due < LATE_MS) return this.#elapse();
      this.#timerAt = -Infinity; // and nobody arms another
      this.#elapseAfter(READ_IN_TURNS);
    });
  }

  #elapseAfter(turns: number): void {
    const { clock } = this;
    if (turns === 0) return this.#elapse();
    const soon = clock.now() + READ_WITHIN_MS / READ_IN_TURNS;
    this.#cancelTimer = clock.at(soon, () => this.#elapseAfter(turns - 1));
  }

  #elapse(): void {
    this.#timerAt = Infinity;
    this.#cancelTimer = () => {};
    if (this.#stopped) return;
    this.now = this.clock.now();
    this.engine.elapsed(this.now);
    this.#carryOut();
  }

  #pollAll(): void {
    const { engine } = this;
    for (let command = engine.poll(); command !== undefined; command = engine.poll()) this.#do(command);
  }

  #do(command: Command | SendTo): void {
    if (command.kind === "send-to") {
      this.#sockets.get(command.socket)?.send(command.to, command.bytes);
      return;
    }
    const { id } = command;
    if (command.kind === "connect") {
      const link = new Link(this, id, undefined);
      this.#links.set(id, link);
      link.transport = this.#network.connect(command.endpoint, link, command.options);
      return;
    }
    // A command for a connection that closed in this very turn, which the engine has heard of meanwhile.
    const transport = this.#links.get(id)?.transport;
    if (transport === undefined) return;
    switch (command.kind) {
      case "send":
        if (transport.write(command.bytes)) this.engine.drained(id, this.now);
        return;
      case "pause":
        return transport.pause();
      case "resume":
        return transport.resume();
      case "end":
        return transport.end();
      case "close":
        return transport.close();
      default:
        return unreachable(command);
    }
  }
}

class Link implements TransportHandler {
  readonly #driver: RunningDriver;
  readonly #id: ConnectionId;
  transport: Transport;

  constructor(driver: RunningDriver, id: ConnectionId, transport: Transport | undefined) {
    this.#driver = driver;
    this.#id = id;
    this.transport = transport as Transport; // set by the driver as soon as `connect` has returned
  }

  connected(): void {
    const driver = this.#driver;
    if (driver.stopped) return;
    driver.wake();
    driver.engine.connected(this.#id, driver.now);
  }

  received(chunk: Uint8Array): void {
    const driver = this.#driver;
    if (driver.stopped) return;
    driver.wake();
    driver.engine.received(this.#id, chunk, driver.now);
    if (chunk.length >= BULK_BYTES) driver.hurry();
  }

  ended(): void {
    const driver = this.#driver;
    if (driver.stopped) return;
    driver.wake();
    driver.engine.ended(this.#id, driver.now);
  }

  drained(): void {
    const driver = this.#driver;
    if (driver.stopped) return;
    driver.wake();
    driver.engine.drained(this.#id, driver.now);
  }

  closed(cause: CloseCause, distrust?: Distrust): void {
    this.#driver.forget(this.#id, cause, distrust);
  }
}
