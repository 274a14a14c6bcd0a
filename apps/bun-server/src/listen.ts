import type { Driver, Endpoint, Listener, ListenOptions } from "@memwire/engine";
import type { Task } from "./task.ts";

/** Listens wherever the task says. */
export async function listenFor(driver: Driver, task: Task): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const { endpoint, otherwise } of task.listen) {
    const on = (where: Endpoint): Promise<Listener> => driver.listen(where, listenOptionsOf(task, where));
    listeners.push(await (otherwise === undefined ? on(endpoint) : on(endpoint).catch(() => on(otherwise))));
  }
  return listeners;
}

/** How the task has it done there. */
export function listenOptionsOf({ threads, backlog }: Task, { kind }: Endpoint): ListenOptions {
  return kind === "tcp" ? { backlog, reusePort: threads > 1 } : {};
}
