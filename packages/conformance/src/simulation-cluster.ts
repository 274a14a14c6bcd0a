// A whole cluster on the virtual clock, from a seed: clients, a proxy (or none), servers, and the weather.
//
//     clients ---> proxy ---> servers          laws, each that is broken a line in `violations`:
//     clients ---> server                      - every reply is the one that a server asked directly gives
//                                              - in the order asked, exactly once, or the connection is closed
//                                              - in time; and when the storm is over everything works again
//                                              - every bound is kept; nothing is left open at the end
//
// In a storm a reply may also be a SERVER_ERROR, and a connection may be lost.

import { type Happening, simulate, type Simulation } from "@memwire/adapter-memory";
import { drive, LINGER_MS, type Driver, type Endpoint, type Engine, type Millis } from "@memwire/engine";
import { ProxyEngine, type PoolServerStatus } from "@memwire/proxy";
import { createDistribution, type Distribution } from "@memwire/router";
import type { ServerEngine } from "@memwire/server";
import { type ClientCounts, SimulatedClient } from "./simulation-client.ts";
import { Reference } from "./simulation-reference.ts";
import { drawSetting, type Setting } from "./simulation-setting.ts";
import { rage } from "./simulation-storm.ts";
import { smallServer } from "./small-server.ts";

export interface ClusterOptions {
  readonly seed: number;
  readonly weather: "calm" | "stormy";
  /** Whether a proxy stands between clients and servers; if not, there is one server. */
  readonly proxied: boolean;
  /** Whether the servers want SASL of the proxy, which then asks them in binary. Default: false. */
  readonly sasl?: boolean;
  /** How many times as much every client asks for as it would otherwise. Default: 1. */
  readonly busy?: number;
  /** Is told everything that happens to connections. */
  readonly observe?: (happening: Happening) => void;
}

/** What a run showed. */
export interface ClusterRun {
  /** In words, what went against the laws. */
  readonly violations: readonly string[];
  /** Two runs with the same digest and number of events did the same. */
  readonly digest: number;
  readonly happened: number;
  readonly elapsedMs: Millis;
  /** Of all clients. */
  readonly counts: ClientCounts;
  /** How often bounds were met: whether the run was too easy. */
  readonly met: { readonly paused: number; readonly overflows: number };
}

const PORT = 11_211;
const USER = { name: "proxy", password: "open sesame" };
const CREDENTIALS = { kind: "sasl", user: USER.name, password: USER.password } as const;
const CALM_MS = 100;
const STORM_MS = 2_000;
const HANGS_AFTER_MS = 60_000;
const CHECK_EVERY_EVENTS = 64;
/** What an answer may take beyond the proxy's deadlines: the way there and back through small windows. */
const ON_THE_WAY_MS = 500;
/** How long a client waits for a server that may have vanished with its requests. */
const PATIENCE_MS = 2_000;
/** How often it is looked whether every server is well again, until it is taken to be lost. */
const COME_BACK_ROUNDS_MAX = 30;
/** A connection over which a large value was sent is kept no longer than that. */
const UPLOADS_IDLE_MS = 10_000;
/** More than any timer of the simulation is late. */
const LATE_MS = 100;
/** How long the proxy keeps a connection for a further large value. */
const UPLOAD_IDLE_MS = 10_000;

/** Runs one cluster to its end. @throws Error with the seed, if it hangs or an engine throws */
export function simulateCluster(options: ClusterOptions): ClusterRun {
  return new Cluster(options).run();
}

class Cluster {
  readonly #stormy: boolean;
  readonly #sasl: boolean;
  readonly #busy: number;
  readonly #setting: Setting;
  readonly #simulation: Simulation;
  readonly #servers: readonly ServerEngine[];
  readonly #proxy: ProxyEngine | undefined;
  readonly #drivers: Driver[] = [];
  readonly #clients: readonly SimulatedClient[];
  readonly #violations: Set<string> = new Set();
  #events = 0;

  constructor({ seed, weather, proxied, sasl = false, busy = 1, observe }: ClusterOptions) {
    const setting = drawSetting(seed, weather, proxied, busy > 1);
    this.#stormy = weather === "stormy";
    this.#sasl = sasl;
    this.#busy = busy;
    this.#setting = setting;
    this.#simulation = simulate({ ...setting.network, seed, ...(observe === undefined ? {} : { observe }) });
    const authentication = { kind: "sasl", users: [USER] } as const;
    const serverOptions = { ...setting.serverOptions, ...(sasl && { authentication }) };
    this.#servers = setting.servers.map((host) => this.#started(host, smallServer(serverOptions)));
    const { proxy } = setting;
    this.#proxy = proxy === undefined ? undefined : this.#started(proxy, proxyOf(setting, sasl));
    this.#clients = setting.clients.map((host) => this.#client(host));
  }

  run(): ClusterRun {
    const { random } = this.#simulation;
    for (const client of this.#clients) client.connect();
    if (this.#stormy) this.#weatherTheStorm();
    this.#ask(false, this.#busy * (20 + random.below(20)), this.#busy * CALM_MS);
    for (const client of this.#clients) client.finish();
    this.#until(() => this.#clients.every((client) => client.isClosed), "every client to be closed");
    this.#checkRest();
    this.#close();
    return this.#report();
  }

  /** Asks while everything goes wrong, and goes on until what is broken has shown and was replaced. */
  #weatherTheStorm(): void {
    const { clock, random } = this.#simulation;
    const { servers, proxy, clients, hitsClients, limits } = this.#setting;
    const storm = { servers, proxy, clients: hitsClients ? clients : [] };
    rage(this.#simulation, storm, clock.now() + STORM_MS);
    this.#ask(true, this.#busy * (30 + random.below(40)), STORM_MS);
    this.#pass(STORM_MS);
    const before = this.#proxy?.servers().map(({ counters }) => ({ ...counters })) ?? [];
    // A connection that is dead without a word shows when it is used; its server is then left alone for a while.
    const isFresh = ({ state, counters, health }: PoolServerStatus, i: number): boolean =>
      health.state === "up" && (state !== "ready" || counters.replies > (before[i]?.replies ?? 0));
    let rounds = 0;
    do {
      this.#forgetKeys();
      this.#ask(true, 10, CALM_MS);
      this.#pass(limits.retryMaxMs + LATE_MS);
    } while (this.#proxy?.servers().every(isFresh) === false && ++rounds < COME_BACK_ROUNDS_MAX);
    for (const [i, server] of (this.#proxy?.servers() ?? []).entries()) {
      // Some hashes give some servers no keys at all.
      const isAsked = server.counters.requests > (before[i]?.requests ?? 0);
      if (isFresh(server, i) || (server.health.state === "up" && !isAsked)) continue;
      this.#violations.add(`${server.name} is well again, but gets nothing to do`);
    }
    this.#pass(UPLOADS_IDLE_MS + LATE_MS);
    this.#forgetKeys();
  }

  /** New keys: nothing about them is unsure, and they belong to other servers. */
  #forgetKeys(): void {
    for (const client of this.#clients) client.forgetKeys();
  }

  /** Lets every client ask, and waits until all is answered or lost. */
  #ask(mayFail: boolean, requests: number, overMs: Millis): void {
    for (const client of this.#clients) {
      client.mayFail = mayFail;
      client.oneByOne = this.#stormy && !mayFail; // so that no bound of the proxy is met
      client.ask(requests, overMs);
    }
    const isDone = (client: SimulatedClient): boolean => client.toAsk === 0 && client.outstanding === 0;
    this.#until(() => this.#clients.every(isDone), "every answer");
    this.#until(() => this.#clients.every((client) => client.isOpen), "every client to be connected again");
  }

  #pass(ms: Millis): void {
    const { clock } = this.#simulation;
    let passed = false;
    clock.at(clock.now() + ms, () => {
      passed = true;
    });
    this.#until(() => passed, `${ms} ms`);
  }

  #until(done: () => boolean, what: string): void {
    const checked = (): boolean => {
      if (++this.#events % CHECK_EVERY_EVENTS === 0) this.#checkBounds();
      return done();
    };
    this.#simulation.until(checked, what, HANGS_AFTER_MS);
  }

  #checkBounds(): void {
    if (this.#proxy === undefined) return;
    const { inFlightMax, queuedMax, connectionsMax, unsentBytesMax } = this.#setting.limits;
    for (const { name, counters } of this.#proxy.servers()) {
      this.#atMost(inFlightMax, counters.inFlightNow, `in flight to ${name}`);
      this.#atMost(queuedMax, counters.queuedNow, `queued for ${name}`);
    }
    this.#atMost(connectionsMax, this.#proxy.counters.connectionsNow, "connections of clients");
    for (const { host, peer, waitingBytes } of this.#simulation.connections()) {
      if (host === "proxy") this.#atMost(unsentBytesMax, waitingBytes, `bytes unsent to ${peer}`);
    }
  }

  /** Nothing is left of the clients when they are gone. */
  #checkRest(): void {
    this.#pass(Math.max(LINGER_MS, UPLOAD_IDLE_MS) + LATE_MS);
    for (const { name, counters } of this.#proxy?.servers() ?? []) {
      this.#atMost(0, counters.inFlightNow, `in flight to ${name} at the end`);
      this.#atMost(0, counters.queuedNow, `queued for ${name} at the end`);
    }
    this.#atMost(0, this.#proxy?.counters.connectionsNow ?? 0, "connections of clients at the end");
    for (const { counters } of this.#servers) {
      // And one for each client that had a large value under way.
      const { connections, clients } = this.#setting;
      const most = this.#proxy === undefined ? 0 : connections.connections + clients.length;
      this.#atMost(most, counters.currConnections, "connections of a server at the end");
    }
  }

  /** Nothing is left at all when the engines are. */
  #close(): void {
    for (const driver of this.#drivers) void driver.close();
    this.#simulation.run();
    for (const driver of this.#drivers) this.#atMost(0, driver.connections, "connections of a closed driver");
    this.#atMost(0, this.#simulation.connections().length, "ends of connections left open");
  }

  #atMost(max: number, count: number, what: string): void {
    if (count > max) this.#violations.add(`${count} ${what}, and ${max} is the most`);
  }

  #report(): ClusterRun {
    const { digest, happened, elapsedMs } = this.#simulation;
    const counts = { asked: 0, quiet: 0, right: 0, failed: 0, missed: 0, unsure: 0, lost: 0, connections: 0 };
    for (const client of this.#clients) {
      for (const what of Object.keys(counts) as (keyof ClientCounts)[]) counts[what] += client.counts[what];
      for (const violation of client.violations) this.#violations.add(violation);
    }
    const met = { paused: 0, overflows: 0 };
    for (const { counters } of this.#servers) met.paused += counters.pauses;
    for (const { counters } of this.#proxy?.servers() ?? []) met.overflows += counters.overflows;
    met.paused += this.#proxy?.counters.clientsPaused ?? 0;
    return { violations: [...this.#violations], digest, happened, elapsedMs, counts, met };
  }

  /** Runs an engine on a host. */
  #started<E extends Engine>(host: string, engine: E): E {
    const driver = drive(engine, this.#simulation.host(host), this.#simulation.clock);
    void driver.listen(endpointOf(host)); // it listens at once: only the promise is late
    this.#drivers.push(driver);
    return engine;
  }

  #client(host: string): SimulatedClient {
    const simulation = this.#simulation;
    const setting = this.#setting;
    const { timeouts, limits, hitsClients } = setting;
    const deadlineMs = timeouts.queuedTimeoutMs + timeouts.replyTimeoutMs + ON_THE_WAY_MS;
    return new SimulatedClient({
      name: host,
      network: simulation.host(host),
      clock: simulation.clock,
      chance: simulation.random.fork(),
      endpoint: endpointOf(setting.proxy ?? (setting.servers[0] as string)),
      reference: new Reference(setting.serverOptions),
      protocol: setting.protocols[setting.clients.indexOf(host)] ?? "text",
      inBinary: this.#sasl,
      whenDown: setting.whenDown,
      burstMax: setting.burstMax,
      // What is beyond `pipelineMax` waits until half of that is answered.
      answersWithinMs: (outstanding) =>
        hitsClients ? Infinity : deadlineMs * (1 + Math.ceil((outstanding * 2) / limits.pipelineMax)),
      patienceMs: this.#proxy === undefined ? PATIENCE_MS : Infinity,
    });
  }
}

function proxyOf(setting: Setting, sasl: boolean): ProxyEngine {
  const { servers, distribution, hash, limits, timeouts, serverOptions, health, connections } = setting;
  const over = (hosts: readonly string[]): Distribution =>
    createDistribution({
      distribution,
      hash,
      servers: hosts.map((host) => ({ host, port: PORT })),
    });
  const pool = {
    name: "pool",
    servers: servers.map((host) => ({ name: host, endpoint: endpointOf(host) })),
    distribution: over(servers),
    distributionWithout(left: readonly number[]): Pick<Distribution, "owner"> {
      const rest = over(left.map((index) => servers[index] as string));
      return { owner: (bytes, start, end) => left[rest.owner(bytes, start, end)] as number };
    },
    health,
    ...connections,
    ...timeouts,
    ...(sasl && { credentials: CREDENTIALS }),
  };
  return new ProxyEngine({ pools: [pool], limits, version: serverOptions.version ?? "" });
}

function endpointOf(host: string): Endpoint {
  return { kind: "tcp", host, port: PORT };
}
