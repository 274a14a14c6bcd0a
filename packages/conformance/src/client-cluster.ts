// Clients and servers on the virtual clock, from a seed, in any weather.
//
//     callers --> clients ---> servers       laws, each that is broken a line in `violations`:
//                                            - every call settles, once, and in time
//                                            - an answer is what the owner of the key must answer, in the order asked
//                                            - every bound is kept
//                                            - when the storm is over everything works again
//                                            - a closed client has nothing left
//
// In a storm a call may also fail, or be given up.

import { type Happening, simulate, type Simulation } from "@memwire/adapter-memory";
import { createClient, type ServerStatus } from "@memwire/client";
import { drive, type Driver, LINGER_MS, type Millis } from "@memwire/engine";
import { type CallCounts, ClientCaller, KEYS_MAX } from "./client-caller.ts";
import { drawSetting, type Setting } from "./simulation-setting.ts";
import { rage } from "./simulation-storm.ts";
import { smallServer } from "./small-server.ts";

export interface ClientClusterOptions {
  readonly seed: number;
  readonly weather: "calm" | "stormy";
  /** Is told everything that happens to connections. */
  readonly observe?: (happening: Happening) => void;
}

export interface ClientClusterRun {
  /** In words, what went against the laws. */
  readonly violations: readonly string[];
  /** Two runs with the same digest and number of events did the same. */
  readonly digest: number;
  readonly happened: number;
  readonly counts: CallCounts;
  /** How often bounds were met: whether the run was too easy. */
  readonly met: { readonly overflows: number; readonly givenUp: number; readonly replyTimeouts: number };
}

const PORT = 11_211;
const STORM_MS = 2_000;
const CALM_MS = 200;
const ONE_BY_ONE_MS = 10;
const IDLE_MS = 60;
const CHECK_EVERY_EVENTS = 64;
const HANGS_AFTER_EVENTS = 2_000_000;
/** Every connection of a client has some of so many keys. */
const PROBE_KEYS = 200;
const PROBES_MAX = 50;
/** How deep in promises the end of a call may be. */
const MICROTASKS = 8;
/** More than any timer of the simulation is late. */
const LATE_MS = 100;
/** More than any one request of a caller takes. */
const REQUEST_BYTES_MAX = 8_192;

/** Runs one cluster to its end. @throws Error with the seed, if it hangs or an engine throws */
export function simulateClients(options: ClientClusterOptions): Promise<ClientClusterRun> {
  return new ClientCluster(options).run();
}

class ClientCluster {
  readonly #isStormy: boolean;
  readonly #setting: Setting;
  readonly #connections: number;
  readonly #simulation: Simulation;
  readonly #drivers: Driver[] = [];
  readonly #callers: readonly ClientCaller[];
  readonly #closed: Set<ClientCaller> = new Set();
  readonly #violations: Set<string> = new Set();

  constructor({ seed, weather, observe }: ClientClusterOptions) {
    const setting = drawSetting(seed, weather, true);
    const simulation = simulate({ ...setting.network, seed, ...(observe === undefined ? {} : { observe }) });
    this.#isStormy = weather === "stormy";
    this.#setting = setting;
    this.#simulation = simulation;
    this.#connections = simulation.random.between([1, 3]);
    for (const host of setting.servers) {
      const driver = drive(smallServer(setting.serverOptions), simulation.host(host), simulation.clock);
      void driver.listen({ kind: "tcp", host, port: PORT }); // it listens at once: only the promise is late
      this.#drivers.push(driver);
    }
    this.#callers = setting.clients.map((host) => this.#caller(host));
  }

  async run(): Promise<ClientClusterRun> {
    const { random } = this.#simulation;
    if (this.#isStormy) await this.#weatherTheStorm();
    await this.#ask(20 + random.below(20), CALM_MS, 0.1);
    await this.#pass(STORM_MS); // for answers to calls that were given up
    const met = this.#met();
    for (const caller of this.#callers) caller.burst(1, 0);
    await this.#settled(this.#close(this.#callers));
    for (const driver of this.#drivers) void driver.close();
    this.#simulation.run();
    this.#atMost(0, this.#simulation.connections().length, "ends of connections left open");
    return this.#report(met);
  }

  async #weatherTheStorm(): Promise<void> {
    const { clock, random } = this.#simulation;
    const { servers, clients, limits } = this.#setting;
    for (const caller of this.#callers) caller.mayFail = true;
    rage(this.#simulation, { servers, proxy: undefined, clients }, clock.now() + STORM_MS);
    const early = this.#callers.filter(() => random.happens(0.15));
    for (const caller of early) this.#closed.add(caller);
    clock.at(clock.now() + random.below(STORM_MS), () => void this.#close(early));
    await this.#ask(60 + random.below(100), STORM_MS, 0.2);
    await this.#pass(STORM_MS);
    // A connection that is dead without a word shows when it is used; its server is then left alone for a while.
    for (const caller of this.#callers.filter((each) => !this.#closed.has(each))) {
      let probes = 0;
      while (!(await this.#settled(caller.probe(PROBE_KEYS)))) {
        if (++probes > PROBES_MAX) throw new Error(`a server did not recover: ${this.#where}`);
        await this.#pass(limits.retryMaxMs + LATE_MS);
      }
      caller.mayFail = false;
      caller.forgetKeys();
    }
  }

  /** Lets every caller make about so many calls, and waits until all are over. */
  async #ask(calls: number, overMs: Millis, aborts: number): Promise<void> {
    const { clock, random } = this.#simulation;
    const { burstMax } = this.#setting;
    const restMs = Math.ceil((overMs * burstMax) / calls);
    const endsAt = clock.now() + overMs;
    for (const caller of this.#callers) {
      // After a storm nothing may overflow, which its tight bounds would make it do.
      const oneByOne = this.#isStormy && !caller.mayFail;
      const act = (): void => {
        if (clock.now() >= endsAt) return;
        if (!oneByOne) caller.burst(1 + random.below(burstMax), aborts);
        else if (caller.pending === 0) caller.burst(1, aborts);
        clock.at(clock.now() + random.below(oneByOne ? ONE_BY_ONE_MS : restMs), act);
      };
      act();
    }
    await this.#pass(overMs);
    await this.#until(() => this.#callers.every(({ pending }) => pending === 0));
  }

  /** Closes clients: what is under way is over when they are closed, and they have no connection. */
  async #close(callers: readonly ClientCaller[]): Promise<void> {
    const { clock } = this.#simulation;
    const closeBy = clock.now() + this.#callMs + LINGER_MS + LATE_MS;
    const closed = callers.map(async ({ client }, i) => {
      await client.close();
      if (clock.now() > closeBy) this.#violations.add(`client ${i} closed ${clock.now() - closeBy} ms late`);
      const answer = await client.get("late").catch(String);
      if (answer !== "ClientError: the client was closed")
        this.#violations.add("a closed client takes calls");
    });
    await Promise.all(closed);
    for (const { pending } of callers) this.#atMost(0, pending, "calls of a closed client under way");
  }

  async #pass(ms: Millis): Promise<void> {
    const { clock } = this.#simulation;
    let passed = false;
    clock.at(clock.now() + ms, () => {
      passed = true;
    });
    await this.#until(() => passed);
  }

  async #settled<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    await this.#until(() => settled);
    return promise;
  }

  async #until(done: () => boolean): Promise<void> {
    for (let events = 0; ; events++) {
      for (let turn = 0; turn < MICROTASKS; turn++) await Promise.resolve();
      if (done()) return;
      if (events % CHECK_EVERY_EVENTS === 0) this.#checkBounds();
      if (!this.#simulation.step() || events > HANGS_AFTER_EVENTS)
        throw new Error(`it hangs: ${this.#where}`);
    }
  }

  get #where(): string {
    const { seed, elapsedMs } = this.#simulation;
    return `seed ${seed}, ${elapsedMs} ms, under way: ${this.#callers.map(({ pending }) => pending).join(", ")}`;
  }

  #checkBounds(): void {
    const { inFlightMax, queuedMax, queuedBytesMax } = this.#setting.limits;
    for (const { client } of this.#callers) {
      for (const { name, counters } of client.servers()) {
        this.#atMost(inFlightMax * this.#connections, counters.inFlightNow, `in flight to ${name}`);
        this.#atMost(queuedMax * this.#connections, counters.queuedNow, `queued for ${name}`);
        if (Math.min(...Object.values(counters)) < 0)
          this.#violations.add(`a counter of ${name} is negative`);
      }
    }
    for (const { host, peer, waitingBytes } of this.#simulation.connections()) {
      if (!host.startsWith("client")) continue;
      this.#atMost(queuedBytesMax + REQUEST_BYTES_MAX, waitingBytes, `bytes unsent to ${peer}`);
    }
  }

  #atMost(max: number, count: number, what: string): void {
    if (count > max) this.#violations.add(`${count} ${what}, and ${max} is the most`);
  }

  #met(): ClientClusterRun["met"] {
    const of = (callers: readonly ClientCaller[]): ServerStatus["counters"][] =>
      callers.flatMap(({ client }) => client.servers().map(({ counters }) => counters));
    const counters = of(this.#callers);
    const sum = (what: "overflows" | "givenUp" | "replyTimeouts"): number =>
      counters.reduce((total, each) => total + each[what], 0);
    // A client that was closed early hears no more of what was under way.
    for (const each of of(this.#callers.filter((caller) => !this.#closed.has(caller)))) {
      this.#atMost(0, each.inFlightNow, "in flight when all is over");
      this.#atMost(0, each.queuedNow, "queued when all is over");
    }
    return { overflows: sum("overflows"), givenUp: sum("givenUp"), replyTimeouts: sum("replyTimeouts") };
  }

  #report(met: ClientClusterRun["met"]): ClientClusterRun {
    const { digest, happened } = this.#simulation;
    const counts = { right: 0, failed: 0, undone: 0, unsure: 0, closed: 0 };
    for (const caller of this.#callers) {
      for (const what of Object.keys(counts) as (keyof CallCounts)[]) counts[what] += caller.counts[what];
      for (const violation of caller.violations) this.#violations.add(violation);
    }
    return { violations: [...this.#violations], digest, happened, counts, met };
  }

  /** How long a call may take: each value of several keys gives those behind it so much longer. */
  get #callMs(): Millis {
    const { queuedTimeoutMs, replyTimeoutMs } = this.#setting.timeouts;
    return queuedTimeoutMs + replyTimeoutMs * (1 + KEYS_MAX) + LATE_MS;
  }

  #caller(host: string): ClientCaller {
    const simulation = this.#simulation;
    const { servers, distribution, hash, limits, timeouts } = this.#setting;
    const { random, clock } = simulation;
    const { inFlightMax, queuedMax, queuedBytesMax, timeoutsMax, retryMinMs, retryMaxMs } = limits;
    const client = createClient({
      network: simulation.host(host),
      clock,
      servers: servers.map((name) => ({ host: name, port: PORT })),
      distribution,
      hash,
      connections: this.#connections,
      limits: { inFlightMax, queuedMax, queuedBytesMax, timeoutsMax, retryMinMs, retryMaxMs },
      ...timeouts,
      ...(random.happens(0.5) ? { idleTimeoutMs: IDLE_MS } : {}),
    });
    return new ClientCaller({
      name: host,
      client,
      clock,
      chance: random.fork(),
      oneConnection: this.#connections === 1,
      settlesWithinMs: this.#callMs,
    });
  }
}
