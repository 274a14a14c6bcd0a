import type { Endpoint, Millis } from "@memwire/engine";
import { ServerEngine, type SharedCounters, type ShutdownMode, WorkerCounters } from "@memwire/server";
import type { SlabStore } from "@memwire/store";
import { hostFacts } from "./host-facts.ts";
import type { Task } from "./task.ts";
import { UserFile } from "./user-file.ts";

/** What every worker of a server is told. */
export interface Common {
  readonly task: Task;
  readonly startedAt: Millis;
  /** Of several workers. */
  readonly counters: SharedCounters | undefined;
}

/** One worker's engine, and what can be read again while it runs. */
export interface WorkerEngine {
  readonly engine: ServerEngine;
  /** @returns one line for each thing that stays as it was for a mistake in it */
  readonly reload: () => readonly string[];
}

/**
 * The engine of one worker.
 *
 * @param worker From 0.
 * @param endpoints Where the server listens, once it does.
 * @param onShutdown A client that may has asked for the end.
 * @param log Is told of connections in trouble, if the task wants that.
 */
export function engineOfTask(
  { task, startedAt, counters }: Common,
  store: SlabStore,
  worker: number,
  endpoints: readonly Endpoint[],
  log: (line: string) => void,
  onShutdown: (mode: ShutdownMode) => void,
): WorkerEngine {
  const users = task.authentication === undefined ? undefined : new UserFile(task.authentication);
  const engine = new ServerEngine({
    store,
    limits: task.limits,
    ...task.rights,
    onShutdown,
    ...(users === undefined ? { protocol: task.protocol } : { authentication: users.authentication }),
    startedAt,
    facts: () => hostFacts(task, endpoints),
    ...(task.verbosity === 0 ? {} : { log }),
    ...(counters === undefined ? {} : { workers: new WorkerCounters(counters, worker) }),
  });
  return { engine, reload: () => [users?.reload()].filter((line) => line !== undefined) };
}
