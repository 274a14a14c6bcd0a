import type { Driver, Endpoint, Listener, ListenOptions } from "@memwire/engine";
import type { ServerEngine } from "@memwire/server";
import type { Task } from "./task.ts";

/** Listens wherever the task says, and tells the engine where that is. */
export async function listenFor(engine: ServerEngine, driver: Driver, task: Task): Promise<Listener[]> {
  const listeners: Listener[] = [];
  // The driver counts its attempts.
  let via = 0;
  const listen = async (endpoint: Endpoint): Promise<Listener> => {
    const own = via++;
    const listener = await driver.listen(endpoint, listenOptionsOf(task, endpoint));
    engine.listening(own, listener.endpoint);
    return listener;
  };
  for (const { endpoint, otherwise } of task.listen) {
    const listening = listen(endpoint);
    listeners.push(await (otherwise === undefined ? listening : listening.catch(() => listen(otherwise))));
  }
  return listeners;
}

/** How the task has it done there. */
export function listenOptionsOf({ threads, backlog }: Task, { kind }: Endpoint): ListenOptions {
  return kind === "tcp" ? { backlog, reusePort: threads > 1 } : {};
}
