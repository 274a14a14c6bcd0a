import process from "node:process";
import type { Millis } from "@memwire/engine";
import { ServerEngine, WorkerCounters, type SharedCounters } from "@memwire/server";
import type { SlabStore } from "@memwire/store";
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
 * @param facts What `stats` tells besides what the task has.
 * @param log Is told of connections in trouble, if the task wants that.
 */
export function engineOfTask(
  { task, startedAt, counters }: Common,
  store: SlabStore,
  worker: number,
  facts: Readonly<Record<string, string | number>>,
  log: (line: string) => void,
): WorkerEngine {
  const users = task.authentication === undefined ? undefined : new UserFile(task.authentication);
  const engine = new ServerEngine({
    store,
    limits: task.limits,
    flushEnabled: task.flushEnabled,
    ...(users === undefined ? { protocol: task.protocol } : { authentication: users.authentication }),
    startedAt,
    facts: { ...task.facts, ...facts, pid: process.pid },
    ...(task.verbosity === 0 ? {} : { log }),
    ...(counters === undefined ? {} : { workers: new WorkerCounters(counters, worker) }),
  });
  return { engine, reload: () => [users?.reload()].filter((line) => line !== undefined) };
}
