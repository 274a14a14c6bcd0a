// An invalidation, its writers and its fleet on the virtual clock, from a seed, in any weather.
//
//     data base <--writes-- writers --set, delete--> invalidation --delete--> servers <--fills-- readers
//
// Readers cache the newest version of a key at any moment. The laws, each that is broken a line in `violations`:
// - every write is answered exactly once and in the order asked, or its connection is closed
// - when all is calm again, soon nothing waits, and nothing is cached that is older than a write that was taken
// - only the owner of a key is asked, and never for one key twice at a time
// - a server in trouble delays no key of another; every bound is kept; nothing is left open at the end

import { type Happening, simulate, type Simulation } from "@memwire/adapter-memory";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import { drive, LINGER_MS, type Driver, type Endpoint, type Engine, type Millis } from "@memwire/engine";
import { InvalidationEngine } from "@memwire/invalidation";
import { createDistribution, type Distribution } from "@memwire/router";
import type { ServerEngine } from "@memwire/server";
import { drawFleetSetting, type FleetSetting, type FleetWeather } from "./invalidation-setting.ts";
import { DeleteWatch } from "./invalidation-watch.ts";
import { InvalidationWriter, type WriterCounts } from "./invalidation-writer.ts";
import { rage } from "./simulation-storm.ts";
import { smallServer } from "./small-server.ts";

export interface FleetOptions {
  readonly seed: number;
  readonly weather: FleetWeather;
  /** Is told everything that happens to connections. */
  readonly observe?: (happening: Happening) => void;
}

/** What a run showed. */
export interface FleetRun {
  /** In words, what went against the laws. */
  readonly violations: readonly string[];
  /** Two runs with the same digest and number of events did the same. */
  readonly digest: number;
  readonly happened: number;
  readonly elapsedMs: Millis;
  readonly counts: WriterCounts & {
    readonly coalesced: number;
    readonly deletes: number;
    readonly retried: number;
    readonly fills: number;
  };
}

const HOST = "invalidation";
const PORT = 11_211;
const VERSION = "1.2.3";
const UNTOUCHED = ["untouched-1", "untouched-2", "untouched-3", "untouched-4"];
const STORM_MS = 2_000;
/** How long after its end a storm is healed at the latest. */
const LULL_MS = 100;
const HANGS_AFTER_MS = 60_000;
const CHECK_EVERY_EVENTS = 64;
const FILLS_EVERY_MS = 10;
/** What many deletes may take on the way, one after the other through small windows. */
const ON_THE_WAY_MS = 500;

/** Runs one fleet to its end. @throws Error with the seed, if it hangs or an engine throws */
export function simulateFleet(options: FleetOptions): FleetRun {
  return new Fleet(options).run();
}

class Fleet {
  readonly #weather: FleetWeather;
  readonly #setting: FleetSetting;
  readonly #simulation: Simulation;
  readonly #watch: DeleteWatch;
  readonly #servers: readonly ServerEngine[];
  readonly #engine: InvalidationEngine;
  readonly #drivers: Driver[] = [];
  readonly #writers: readonly InvalidationWriter[];
  readonly #distribution: Distribution;
  readonly #violations: Set<string> = new Set();
  /** The newest version of each key, and the newest of which a write was taken. */
  readonly #versions: Map<string, number> = new Map();
  readonly #taken: Map<string, number> = new Map();
  #events = 0;
  #fills = 0;
  #readersGone = false;

  constructor({ seed, weather, observe }: FleetOptions) {
    const setting = drawFleetSetting(seed, weather);
    const { servers, limits, connectTimeoutMs, replyTimeoutMs, valueBytesMax } = setting;
    this.#weather = weather;
    this.#setting = setting;
    this.#distribution = createDistribution({
      distribution: "ketama",
      hash: "md5",
      servers: servers.map((host) => ({ host, port: PORT })),
    });
    this.#watch = new DeleteWatch({
      host: HOST,
      owner: (key) => this.#owner(key),
      workers: limits.workers,
    });
    this.#simulation = simulate({
      ...setting.network,
      seed,
      observe: (happening) => {
        this.#watch.see(happening);
        observe?.(happening);
      },
    });
    this.#servers = servers.map((host) => this.#started(host, smallServer()));
    this.#engine = this.#started(
      HOST,
      new InvalidationEngine({
        servers: servers.map((host) => ({ name: host, endpoint: endpointOf(host) })),
        distribution: this.#distribution,
        limits,
        connectTimeoutMs,
        replyTimeoutMs,
        requests: { valueBytesMax },
        version: VERSION,
      }),
    );
    this.#writers = setting.writers.map((host) => this.#writer(host));
  }

  run(): FleetRun {
    const { clock } = this.#simulation;
    const startAt = clock.now();
    this.#fillEverywhere();
    for (const writer of this.#writers) writer.connect();
    this.#readSoon();
    this.#write();
    this.#readersGone = true;
    const calmAt = this.#weather === "calm" ? clock.now() : startAt + STORM_MS + LULL_MS;
    const goneBy = Math.max(clock.now(), calmAt) + this.#goneWithinMs();
    this.#until(() => this.#engine.keys === 0, "every key to be deleted", goneBy - clock.now());
    this.#waitFor(calmAt);
    this.#checkStores();
    this.#end();
    this.#checkCounters();
    return this.#report();
  }

  /** Lets every writer write, in the weather that is asked for, until all is answered. */
  #write(): void {
    const { random, clock } = this.#simulation;
    const { servers, writers, hitsWriters } = this.#setting;
    if (this.#weather !== "calm") {
      const hit = this.#weather === "stormy" ? servers : servers.slice(0, 1);
      const storm = { servers: hit, proxy: HOST, clients: hitsWriters ? writers : [] };
      rage(this.#simulation, storm, clock.now() + STORM_MS);
    }
    for (const writer of this.#writers) {
      writer.mayFail = hitsWriters;
      writer.send(30 + random.below(100), STORM_MS);
    }
    this.#until(() => this.#writers.every((writer) => writer.isDone), "every answer");
  }

  /** From when nothing goes wrong any more. A server may have come back just after it was asked in vain. */
  #goneWithinMs(): Millis {
    const { connectTimeoutMs, replyTimeoutMs, limits } = this.#setting;
    if (this.#weather === "calm") return ON_THE_WAY_MS;
    return Math.max(connectTimeoutMs, replyTimeoutMs) + limits.retryMaxMs + ON_THE_WAY_MS;
  }

  /** Every key is cached on every server, so that a delete that goes anywhere but to its owner shows. */
  #fillEverywhere(): void {
    for (const server of this.#servers.keys()) {
      for (const key of [...this.#setting.keys, ...UNTOUCHED]) this.#fill(server, key, 0);
    }
  }

  /** A reader finds a key missing, and caches its newest version where it belongs. */
  #readSoon(): void {
    const { clock, random } = this.#simulation;
    clock.at(clock.now() + random.below(FILLS_EVERY_MS), () => {
      if (this.#readersGone) return;
      const key = random.oneOf(this.#setting.keys);
      this.#fill(this.#owner(key), key, this.#versions.get(key) ?? 0);
      this.#fills++;
      this.#readSoon();
    });
  }

  #fill(server: number, key: string, version: number): void {
    const { store } = this.#servers[server] as ServerEngine;
    const name = latin1Bytes(key);
    const value = latin1Bytes(`${version}`);
    store.set(name, 0, name.length, value, 0, value.length, 0, Infinity, this.#simulation.clock.now());
  }

  #checkStores(): void {
    const now = this.#simulation.clock.now();
    for (const [at, { store }] of this.#servers.entries()) {
      for (const key of [...this.#setting.keys, ...UNTOUCHED]) {
        const found = store.find(latin1Bytes(key), 0, key.length, now);
        const version = found
          ? Number(latin1Text(store.valueBytes, store.valueStart, store.valueEnd))
          : undefined;
        const taken = this.#taken.get(key) ?? 0;
        if (at !== this.#owner(key) || UNTOUCHED.includes(key)) {
          if (version !== 0)
            this.#violations.add(`${key} is gone from server ${at}, which was not to be asked`);
        } else if (version !== undefined && version < taken) {
          this.#violations.add(`${key} is cached in version ${version}, and ${taken} was written`);
        }
      }
    }
  }

  /** Writers go, the invalidation drains, and nothing is left. */
  #end(): void {
    const { clock } = this.#simulation;
    this.#until(() => this.#writers.every((writer) => writer.isDone), "every writer to be connected");
    for (const writer of this.#writers) {
      writer.mayFail = false;
      writer.finish();
    }
    this.#until(() => this.#writers.every((writer) => writer.isClosed), "every writer to be closed");
    const driver = this.#drivers.at(-1) as Driver;
    this.#engine.drain(clock.now());
    driver.wake();
    this.#until(() => driver.connections === 0, "the invalidation to be idle", LINGER_MS + ON_THE_WAY_MS);
    for (const each of this.#drivers) void each.close();
    this.#simulation.run();
    this.#atMost(0, this.#simulation.connections().length, "ends of connections left open");
  }

  #checkCounters(): void {
    const { writes, coalesced, connectionsNow } = this.#engine.counters;
    const done = this.#engine.servers().reduce((sum, { deletes }) => sum + deletes.done, 0);
    if (writes !== coalesced + done) {
      this.#violations.add(`${writes} writes are not ${coalesced} coalesced and ${done} done`);
    }
    this.#atMost(0, connectionsNow, "connections of writers at the end");
  }

  #until(done: () => boolean, what: string, withinMs: Millis = HANGS_AFTER_MS): void {
    const checked = (): boolean => {
      if (++this.#events % CHECK_EVERY_EVENTS === 0) this.#checkBounds();
      return done();
    };
    this.#simulation.until(checked, what, withinMs);
  }

  #waitFor(time: Millis): void {
    let passed = false;
    this.#simulation.clock.at(time, () => {
      passed = true;
    });
    this.#until(() => passed, "the end of the storm");
  }

  #checkBounds(): void {
    const { queueKeysMax, queueBytesMax, workers, connectionsMax } = this.#setting.limits;
    const servers = this.#engine.servers();
    this.#atMost(queueKeysMax, this.#engine.keys, "keys in the queue");
    this.#atMost(queueBytesMax, this.#engine.keyBytes, "bytes of keys in the queue");
    this.#atMost(connectionsMax, this.#engine.counters.connectionsNow, "connections of writers");
    const depth = servers.reduce((sum, each) => sum + each.depth, 0);
    if (depth !== this.#engine.keys) this.#violations.add("the queue is not what waits for its servers");
    for (const [at, { name, inFlight, oldestAgeMs }] of servers.entries()) {
      this.#atMost(workers, inFlight, `deletes in flight to ${name}`);
      const mayWait = this.#weather === "stormy" || (this.#weather !== "calm" && at === 0);
      if (!mayWait) this.#atMost(ON_THE_WAY_MS, oldestAgeMs, `ms that a key waits for ${name}`);
    }
  }

  #atMost(max: number, count: number, what: string): void {
    if (count > max) this.#violations.add(`${count} ${what}, and ${max} is the most`);
  }

  #report(): FleetRun {
    const { digest, happened, elapsedMs } = this.#simulation;
    const sum = (what: keyof WriterCounts): number =>
      this.#writers.reduce((total, { counts }) => total + counts[what], 0);
    const retried = this.#engine.servers().reduce((total, { deletes }) => total + deletes.retried, 0);
    if (this.#weather === "calm") this.#atMost(0, retried, "deletes that failed in calm weather");
    const violations = [
      ...this.#violations,
      ...this.#watch.violations,
      ...this.#writers.flatMap((writer) => writer.violations),
    ];
    const counts = {
      sent: sum("sent"),
      answered: sum("answered"),
      refused: sum("refused"),
      lost: sum("lost"),
      coalesced: this.#engine.counters.coalesced,
      deletes: this.#watch.deletes,
      retried,
      fills: this.#fills,
    };
    return { violations, digest, happened, elapsedMs, counts };
  }

  #owner(key: string): number {
    return this.#distribution.owner(latin1Bytes(key), 0, key.length);
  }

  /** Runs an engine on a host. */
  #started<E extends Engine>(host: string, engine: E): E {
    const driver = drive(engine, this.#simulation.host(host), this.#simulation.clock);
    void driver.listen(endpointOf(host)); // it listens at once: only the promise is late
    this.#drivers.push(driver);
    return engine;
  }

  #writer(host: string): InvalidationWriter {
    const { clock, random } = this.#simulation;
    const { keys, mayBeFull, valueBytesMax, burstMax } = this.#setting;
    return new InvalidationWriter({
      name: host,
      network: this.#simulation.host(host),
      clock,
      chance: random.fork(),
      endpoint: endpointOf(HOST),
      keys,
      write: (key) => {
        const version = (this.#versions.get(key) ?? 0) + 1;
        this.#versions.set(key, version);
        return version;
      },
      taken: (key, version) => void this.#taken.set(key, Math.max(version, this.#taken.get(key) ?? 0)),
      mayBeFull,
      valueBytesMax,
      burstMax,
      version: VERSION,
    });
  }
}

function endpointOf(host: string): Endpoint {
  return { kind: "tcp", host, port: PORT };
}
