import type { Adapter } from "@memwire/adapter";
import type { DatagramAddress, Endpoint, Millis } from "@memwire/engine";
import {
  ServerEngine,
  type SharedCounters,
  type ShutdownMode,
  type TellWorkers,
  WorkerCounters,
} from "@memwire/server";
import type { SlabStore } from "@memwire/store";
import type { StderrLines } from "@memwire/program";
import { hostFacts } from "./host-facts.ts";
import type { Task } from "./task.ts";
import { TlsFiles } from "./tls-files.ts";
import { UserFile } from "./user-file.ts";

/** What every worker of a server is told. */
export interface Common {
  readonly task: Task;
  readonly startedAt: Millis;
  /** Of several workers. */
  readonly counters: SharedCounters | undefined;
}

/** Where a server listens, and waits for datagrams. */
export interface Bound {
  readonly endpoints: readonly Endpoint[];
  readonly datagrams: readonly DatagramAddress[];
}

/** One worker of a server. */
export interface WorkerEngine {
  readonly engine: ServerEngine;
  readonly tls: TlsFiles | undefined;
  /** Reads users and certificates again. @returns one line for each that stays as it was for a mistake in it */
  readonly reload: () => readonly string[];
  /** Reads the certificates alone again. @returns one line if they stay as they were for a mistake */
  readonly refresh: () => string | undefined;
}

/** What a worker tells of, in the middle of an input of its engine. */
export interface WorkerEvents {
  /** A client that may has asked for the end. */
  readonly shutdown: (mode: ShutdownMode) => void;
  /** What operators do at this worker: another worker is to be told, or all if `to` is `undefined`. */
  readonly tells: TellWorkers;
  /** A client has had the certificates read again: the other workers are to do the same. */
  readonly refreshed: () => void;
}

/**
 * The engine of one worker.
 *
 * @param worker From 0.
 * @param bound Where the server listens, once it does.
 * @param lines Of this worker's thread.
 */
export function engineOfTask(
  { task, startedAt, counters }: Common,
  { copyBytes }: Adapter,
  store: SlabStore,
  worker: number,
  bound: Bound,
  events: WorkerEvents,
  lines: StderrLines,
): WorkerEngine {
  const users = task.authentication === undefined ? undefined : new UserFile(task.authentication);
  const tls = task.tls === undefined ? undefined : new TlsFiles(task.tls);
  const refreshCertificates = (): string | undefined => {
    const wrong = tls?.refresh();
    if (wrong === undefined) events.refreshed();
    return wrong;
  };
  const engine = new ServerEngine({
    store,
    limits: task.limits,
    copyBytes,
    ...task.rights,
    ...(users === undefined ? { protocol: task.protocol } : { authentication: users.authentication }),
    startedAt,
    facts: () => hostFacts(task, bound, tls, lines),
    onShutdown: events.shutdown,
    ...(tls === undefined ? {} : { refreshCertificates }),
    verbosity: task.verbosity,
    log: (line) => lines.say(line),
    transcript: (line) => lines.write(line),
    ...(counters === undefined
      ? {}
      : { workers: new WorkerCounters(counters, worker), tellWorkers: events.tells }),
  });
  const refresh = (): string | undefined => {
    const wrong = tls?.refresh();
    return wrong === undefined ? undefined : `the certificates stay as they were: ${wrong}`;
  };
  const reload = (): readonly string[] => [users?.reload(), refresh()].filter((line) => line !== undefined);
  return { engine, tls, reload, refresh };
}
