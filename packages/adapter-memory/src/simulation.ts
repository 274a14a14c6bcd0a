// A network on a virtual clock, from a seed: the same seed is the same run, event for event.
//
//     simulate({ seed }) --> host("a"), host("b"): Network     clock: Clock     random: Chance
//                            faults.partition("a", "b")        advance(ms), until(...), settle(promise)
//
// Nothing happens by itself: events happen inside `step`, `advance`, `until`, `run` and `settle`, in total order.

import type { Clock, Endpoint, Millis, Network } from "@memwire/engine";
import { Chance } from "./chance.ts";
import { type Conditions, checkConditions, localNetwork } from "./conditions.ts";
import { type Faults, faultsOf } from "./faults.ts";
import { type Happening, Journal } from "./journal.ts";
import { Machine } from "./machine.ts";
import { MachineNetwork } from "./network.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { World } from "./world.ts";

export interface SimulationOptions extends Partial<Conditions> {
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** When it begins, Unix time. Default: the beginning of 2027. */
  readonly startMs?: Millis;
  /** So many events, and the simulation is taken to go round in circles. Default: 10 million. */
  readonly eventsMax?: number;
  /** Is told everything that happens to connections. */
  readonly observe?: (happening: Happening) => void;
}

export interface Simulation {
  readonly seed: number;
  /** The network as the host "localhost" sees it. */
  readonly network: Network;
  readonly clock: Clock;
  /** Chance for the test's own use; the network draws from another stream. */
  readonly random: Chance;
  readonly faults: Faults;
  /** The network as the host of this name sees it; others reach it under the name. Made on first use. */
  host(name: string): Network;
  /** Since the beginning. */
  readonly elapsedMs: Millis;
  /** Events so far. */
  readonly happened: number;
  /** What happened so far as a number from 0 to 2^32 - 1: differs if anything that matters differs. */
  readonly digest: number;
  /** Every end of every connection that is not closed, in the order they came about. */
  connections(): readonly ConnectionEnd[];
  /** Lets the next event happen; `false` if nothing is left to happen. */
  step(): boolean;
  /** Lets so much time go by. */
  advance(ms: Millis): void;
  /** Lets time go by until `done()`, asked after each event. @throws Error if that is not `withinMs` (60,000) */
  until(done: () => boolean, what: string, withinMs?: Millis): void;
  /** Lets everything happen that is left; needs a world in which nobody keeps a timer going. */
  run(): void;
  /** Lets events happen, and promises settle in between, until this one has. @throws Error if it never will */
  settle<T>(promise: Promise<T>): Promise<T>;
}

/** One end of a connection, to look at. */
export interface ConnectionEnd {
  readonly connection: number;
  readonly host: string;
  readonly peer: string;
  /** The endpoint that was given to `connect`, at both ends. */
  readonly endpoint: Endpoint;
  /** Given to `write` here and still waiting for room. */
  readonly waitingBytes: number;
  /** Sent from here and not yet read there. */
  readonly unreadBytes: number;
  /** The most that `unreadBytes` can be. */
  readonly windowBytes: number;
}

const START_MS = 1_798_761_600_000; // 2027-01-01T00:00:00Z
const EVENTS_MAX = 10_000_000;
const UNTIL_MS = 60_000;
const MICROTASKS_A_STEP = 16; // enough for an await of an async function that awaits, several deep

/** @throws RangeError that says which option is wrong */
export function simulate(options: SimulationOptions): Simulation {
  return new SeededSimulation(options);
}

class SeededSimulation implements Simulation {
  readonly seed: number;
  readonly network: Network;
  readonly clock: VirtualClock;
  readonly random: Chance;
  readonly faults: Faults;
  readonly #world: World;
  readonly #startMs: Millis;
  readonly #eventsMax: number;
  readonly #networks: Map<string, Network> = new Map();
  #connections = 0;
  readonly #nextConnection = (): number => ++this.#connections;

  constructor({ seed, startMs, eventsMax, observe, ...conditions }: SimulationOptions) {
    this.seed = seed;
    this.random = new Chance(seed);
    const chance = this.random.fork();
    const checked = checkConditions({ ...localNetwork, ...conditions });
    this.#startMs = startMs ?? START_MS;
    this.#eventsMax = eventsMax ?? EVENTS_MAX;
    this.clock = new VirtualClock(this.#startMs, chance, checked.timerLateMs);
    const journal = new Journal(observe);
    this.#world = { clock: this.clock, chance, conditions: checked, journal, machines: new Map() };
    this.faults = faultsOf(this.#world);
    this.network = this.host("localhost");
  }

  get elapsedMs(): Millis {
    return this.clock.now() - this.#startMs;
  }

  get happened(): number {
    return this.clock.happened;
  }

  get digest(): number {
    return this.#world.journal.digest;
  }

  host(name: string): Network {
    const known = this.#networks.get(name);
    if (known !== undefined) return known;
    const machine = new Machine(name);
    const network = new MachineNetwork(this.#world, machine, this.#nextConnection);
    this.#world.machines.set(name, machine);
    this.#networks.set(name, network);
    return network;
  }

  connections(): readonly ConnectionEnd[] {
    const sockets = [...this.#world.machines.values()].flatMap(({ sockets: ends }) => [...ends]);
    sockets.sort((one, other) => one.connection - other.connection);
    return sockets.map(({ connection, endpoint, machine, peer, outgoing }) => ({
      connection,
      endpoint,
      host: machine.name,
      peer: peer.machine.name,
      waitingBytes: outgoing.waitingBytes,
      unreadBytes: outgoing.unreadBytes,
      windowBytes: outgoing.windowBytes,
    }));
  }

  step(): boolean {
    const { clock } = this;
    if (clock.due === Infinity) return false;
    if (clock.happened >= this.#eventsMax) throw this.#failure(`more than ${this.#eventsMax} events`);
    try {
      clock.step();
    } catch (error) {
      throw this.#failure(error instanceof Error ? error.message : String(error), error);
    }
    return true;
  }

  advance(ms: Millis): void {
    const end = this.clock.now() + ms;
    while (this.clock.due <= end) this.step();
    this.clock.skipTo(end);
  }

  until(done: () => boolean, what: string, withinMs: Millis = UNTIL_MS): void {
    const end = this.clock.now() + withinMs;
    while (!done()) {
      if (this.clock.due > end) throw this.#failure(`waited ${withinMs} ms in vain for ${what}`);
      this.step();
    }
  }

  run(): void {
    while (this.step());
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    for (;;) {
      for (let turn = 0; turn < MICROTASKS_A_STEP; turn++) await Promise.resolve();
      if (settled) return promise;
      if (!this.step()) throw this.#failure("nothing is left to happen, and the promise is still pending");
    }
  }

  #failure(what: string, cause?: unknown): Error {
    const when = `${this.elapsedMs} ms, event ${this.happened}`;
    return new Error(`seed ${this.seed}, ${when}: ${what}`, cause === undefined ? {} : { cause });
  }
}
