// The network as one machine sees it: names, listeners, and how a connection comes about.
//
//     near                                  far
//     connect ---- a latency -------------> accept, if somebody listens; tried again while nothing answers
//     connected <- a latency -------------- (and whatever was written in accept comes behind it)

import {
  type BindOptions,
  bindBy,
  checkListenOptions,
  type ConnectOptions,
  type DatagramAddress,
  type DatagramHandler,
  type DatagramSocket,
  type Endpoint,
  type Listener,
  type ListenOptions,
  type Network,
  type Transport,
  type TransportHandler,
  describeEndpoint,
} from "@memwire/engine";
import { bindAt } from "./datagrams.ts";
import { type Accept, type Machine, listenerKey } from "./machine.ts";
import { Socket } from "./socket.ts";
import { type World, latencyMs } from "./world.ts";

const FIRST_FREE_PORT = 49_152; // RFC 6335: from here on ports are nobody's
const LAST_PORT = 65_535;

const anyAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
const loopback: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

export class MachineNetwork implements Network {
  readonly #world: World;
  readonly #machine: Machine;
  readonly #nextConnection: () => number;
  #nextPort = FIRST_FREE_PORT;

  constructor(world: World, machine: Machine, nextConnection: () => number) {
    this.#world = world;
    this.#machine = machine;
    this.#nextConnection = nextConnection;
  }

  connect(endpoint: Endpoint, handler: TransportHandler, options: ConnectOptions = {}): Transport {
    const near = new Socket(this.#world, this.#machine, this.#nextConnection(), endpoint);
    const to = this.#find(endpoint);
    const far = new Socket(this.#world, to ?? this.#machine, near.connection, endpoint);
    Socket.join(near, far);
    near.start(handler);
    // There is no TLS here, and a connection without it is not what was asked for.
    if (options.tls !== undefined) this.#later(this.#machine, () => near.fail("untrusted"));
    else if (to === undefined) this.#later(this.#machine, () => near.fail("not-found"));
    else this.#knock(near, far, endpoint);
    return near;
  }

  /** A backlog changes nothing here: connections are accepted as they come. */
  listen(endpoint: Endpoint, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
    try {
      checkListenOptions(endpoint, options);
    } catch (error) {
      return refuse(endpoint, (error as Error).message);
    }
    if (options.tls !== undefined) return refuse(endpoint, "the simulated network has no TLS");
    const own = this.#own(endpoint);
    if (own === undefined) return refuse(endpoint, "this machine has no such address");
    const { listeners } = this.#machine;
    const key = listenerKey(own);
    const shared = options.reusePort === true;
    const listening = listeners.get(key) ?? { shared, accepts: [] };
    if (listening.accepts.length > 0 && !(shared && listening.shared)) {
      return refuse(endpoint, "address already in use");
    }
    listening.accepts.push(accept);
    listeners.set(key, listening);
    let open = true;
    return Promise.resolve({
      endpoint: own,
      close: () => {
        if (open) listening.accepts.splice(listening.accepts.indexOf(accept), 1);
        if (open && listening.accepts.length === 0) listeners.delete(key);
        open = false;
        return Promise.resolve();
      },
    });
  }

  bind(
    address: DatagramAddress,
    handler: DatagramHandler,
    options: BindOptions = {},
  ): Promise<DatagramSocket> {
    const host = this.#ownHost(address.host);
    if (host === undefined) {
      return bindBy(() => Promise.reject(new Error("this machine has no such address")), address);
    }
    const taken = (candidate: number): boolean => this.#machine.mailboxes.has(candidate);
    const port = address.port === 0 ? this.#freePort(taken) : address.port;
    const find = (name: string): Machine | undefined => this.#findHost(name);
    return bindAt(this.#world, this.#machine, { host, port }, handler, options, find);
  }

  /** The endpoint as others can connect to it; `undefined` if it is not on this machine. */
  #own(endpoint: Endpoint): Endpoint | undefined {
    if (endpoint.kind === "unix") return endpoint;
    const host = this.#ownHost(endpoint.host);
    if (host === undefined) return undefined;
    const taken = (port: number): boolean => this.#machine.listeners.has(`tcp:${port}`);
    return { kind: "tcp", host, port: endpoint.port === 0 ? this.#freePort(taken) : endpoint.port };
  }

  /** A host as others can reach it; `undefined` if it is not this machine. */
  #ownHost(given: string): string | undefined {
    const host = anyAddress.has(given) ? this.#machine.name : given;
    return host === this.#machine.name || loopback.has(host) ? host : undefined;
  }

  #freePort(taken: (port: number) => boolean): number {
    for (let tries = FIRST_FREE_PORT; tries <= LAST_PORT; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_FREE_PORT : port + 1;
      if (!taken(port)) return port;
    }
    throw new RangeError(`host ${this.#machine.name} has no free port left`);
  }

  #find(endpoint: Endpoint): Machine | undefined {
    return endpoint.kind === "unix" ? this.#machine : this.#findHost(endpoint.host);
  }

  #findHost(host: string): Machine | undefined {
    return loopback.has(host) ? this.#machine : this.#world.machines.get(host);
  }

  #knock(near: Socket, far: Socket, endpoint: Endpoint): void {
    const { chance, clock, conditions } = this.#world;
    const giveUpAt = clock.now() + conditions.connectGiveUpMs;
    const to = far.machine;
    const knock = (): void => {
      if (!near.isConnecting) return;
      if (!this.#machine.reaches(to) || to.admission === "unanswered") {
        if (clock.now() >= giveUpAt) near.fail("timed-out");
        else clock.schedule(Math.min(giveUpAt, clock.now() + conditions.retryMs), knock);
        return;
      }
      const admitted = to.running && to.admission === "accepted";
      const listening = admitted ? to.listeners.get(listenerKey(endpoint)) : undefined;
      if (listening !== undefined) {
        const { accepts } = listening;
        const accept = accepts.length === 1 ? (accepts[0] as Accept) : chance.oneOf(accepts);
        clock.schedule(giveUpAt, () => near.fail("timed-out")); // should the answer get lost
        return far.accept(accept);
      }
      const cause = admitted && endpoint.kind === "unix" ? "not-found" : "refused";
      this.#later(to, () => near.fail(cause));
    };
    this.#later(to, knock);
  }

  #later(other: Machine, task: () => void): void {
    const { clock } = this.#world;
    clock.schedule(clock.now() + latencyMs(this.#world, this.#machine, other), task);
  }
}

function refuse(endpoint: Endpoint, reason: string): Promise<never> {
  return Promise.reject(new Error(`cannot listen on ${describeEndpoint(endpoint)}: ${reason}`));
}
