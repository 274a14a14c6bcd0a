// From a configuration to a proxy that listens.

import process from "node:process";
import type { Adapter } from "@memwire/adapter";
import type { PoolConfig, ProxyConfig } from "@memwire/config";
import {
  drive,
  type ConnectionId,
  type Endpoint,
  type Listener,
  type ListenerId,
  type Millis,
} from "@memwire/engine";
import { sinkOf, StderrLines, type Part } from "@memwire/program";
import { ProxyEngine, type Facts, type HealthChange, type ProxyOptions } from "@memwire/proxy";
import { AddressGuard } from "./address-guard.ts";
import { PROGRAM } from "./cli.ts";
import type { Configured } from "./configure.ts";
import { engineOptions } from "./engine-options.ts";
import { withFrontDoor, type Door, type Entrance } from "./front-door.ts";
import { HealthLog } from "./health-log.ts";
import { listenOn } from "./listen-on.ts";
import { orMistake } from "./named-mistake.ts";
import { PemFiles } from "./pem-files.ts";
import type { RereadFiles } from "./refresh-on-hangup.ts";
import { UserFiles } from "./user-files.ts";

/** The proxy as it runs. */
export interface RunningProxy {
  readonly part: Part;
  /** Those of each pool, in the order of the configuration. */
  readonly listeners: readonly (readonly Listener[])[];
  /** What SIGHUP reads again. */
  readonly files: readonly RereadFiles[];
  /** Where it says what happens. */
  readonly lines: StderrLines;
}

/**
 * @param version Of this program.
 * @throws ProgramEnd 2 for a file that cannot be read or has a mistake, or a password that no server would take
 */
export async function serve(
  configured: Configured,
  { network, clock, copyBytes, runtime }: Adapter,
  version: string,
): Promise<RunningProxy> {
  const { config, placeOf } = configured;
  const files = filesOf(configured);
  const users = usersOf(configured);
  const doors = config.pools.map(doorOf);
  const listeners: Listener[][] = config.pools.map(() => []);
  const options = optionsOf(configured, users);
  const lines = new StderrLines(sinkOf(runtime), PROGRAM);
  const startedAt = clock.now();
  const facts = (): Facts => ({
    pid: process.pid,
    uptime: Math.floor((clock.now() - startedAt) / 1000),
    proxy_version: version,
    log_lines_dropped: lines.dropped,
    ...factsOf(config, doors, listeners),
  });
  const poolOf = config.pools.flatMap((pool, i) => pool.listeners.map(() => i));
  const log = new HealthLog((line) => lines.say(line));
  const healthChanged = (change: HealthChange): void => log.changed(change);
  const engine = orMistake(() => new ListeningProxy({ ...options, copyBytes, facts, healthChanged }, poolOf));
  const door = withFrontDoor(network, entrancesOf(config, doors), (address) => files.server(address));
  const driver = drive(engine, door, clock);
  for (const [i, pool] of config.pools.entries()) {
    for (const asked of pool.listeners) {
      const listener = await listenOn(
        driver,
        asked,
        orMistake(() => files.listenOptions(pool, asked), placeOf),
      );
      files.serve(pool, listener, asked);
      listeners[i]?.push(listener);
    }
  }
  for (const note of files.takeNotes()) lines.say(note);
  const { drainTimeoutMs: endWithinMs } = config;
  const part = {
    engine,
    driver,
    listeners: listeners.flat(),
    ...(endWithinMs === undefined ? {} : { endWithinMs }),
  };
  return { part, listeners, files: [files, users], lines };
}

/** A proxy whose pools may each have several listeners. */
class ListeningProxy extends ProxyEngine {
  readonly #poolOf: readonly ListenerId[];

  /** @param pools The pool of each listener, in the order of the `listen` calls. */
  constructor(options: ProxyOptions, pools: readonly ListenerId[]) {
    super(options);
    this.#poolOf = pools;
  }

  override accepted(now: Millis, via: ListenerId): ConnectionId {
    return super.accepted(now, this.#poolOf[via] ?? via);
  }
}

/** @throws ProgramEnd 2 for a password that is not where it is to be */
export function optionsOf(configured: Configured, users: UserFiles): ProxyOptions {
  return orMistake(() => engineOptions(configured, users), configured.placeOf);
}

/** @throws ProgramEnd 2 for a file of certificates that cannot be read */
export function filesOf({ config, folder, placeOf }: Configured): PemFiles {
  return orMistake(() => new PemFiles(config, folder), placeOf);
}

/** @throws ProgramEnd 2 for a file of users that cannot be read, or a line of one that has a mistake */
export function usersOf({ config, folder, placeOf }: Configured): UserFiles {
  return orMistake(() => new UserFiles(config, folder), placeOf);
}

function doorOf({ clientConnectionsMax = Infinity }: PoolConfig): Door {
  return { connectionsMax: clientConnectionsMax, connectionsNow: 0, rejected: 0, denied: 0 };
}

/** Only of listeners that have something to ask: what is behind a door costs a call more for each event. */
function entrancesOf({ pools }: ProxyConfig, doors: readonly Door[]): ReadonlyMap<Endpoint, Entrance> {
  const entrances = new Map<Endpoint, Entrance>();
  for (const [i, { listeners }] of pools.entries()) {
    const door = doors[i] as Door;
    for (const { endpoint, allow, deny } of listeners) {
      const guard = allow === undefined && deny === undefined ? undefined : new AddressGuard(allow, deny);
      if (guard !== undefined || door.connectionsMax < Infinity) entrances.set(endpoint, { door, guard });
    }
  }
  return entrances;
}

/** What the host counts, as `stats` says it. */
function factsOf(
  { pools }: ProxyConfig,
  doors: readonly Door[],
  listeners: readonly (readonly Listener[])[],
): Facts {
  const facts: Record<string, number> = {};
  for (const [i, { name, listeners: asked }] of pools.entries()) {
    const { rejected, denied, connectionsMax } = doors[i] as Door;
    if (connectionsMax < Infinity) facts[`${name}:clients_rejected`] = rejected;
    if (asked.some(({ allow, deny }) => allow !== undefined || deny !== undefined)) {
      facts[`${name}:clients_denied`] = denied;
    }
    if (asked.some(({ tls }) => tls !== undefined)) {
      const all = (listeners[i] ?? []).flatMap(({ tls }) => tls ?? []);
      facts[`${name}:tls_failures`] = all.reduce((sum, { failures }) => sum + failures, 0);
      facts[`${name}:tls_waiting`] = all.reduce((sum, { waiting }) => sum + waiting, 0);
    }
  }
  return facts;
}
