import type { DatagramAddress, DatagramSocket, Driver, Listener } from "@memwire/engine";
import type { WorkerEngine } from "./engine-of-task.ts";
import type { Listening, Task, Waiting } from "./task.ts";

/**
 * Listens, and tells the engine where that is.
 *
 * @param wanted Where: as the task says, or as the main thread has bound it.
 */
export async function listenFor(
  { engine, tls }: WorkerEngine,
  driver: Driver,
  { threads, backlog }: Task,
  wanted: readonly Listening[],
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  // The driver counts its attempts.
  let via = 0;
  const listen = async ({ endpoint, plain, protocol }: Listening): Promise<Listener> => {
    const own = via++;
    const isTcp = endpoint.kind === "tcp";
    const shared = isTcp ? { backlog, reusePort: threads > 1 } : {};
    const secured = tls !== undefined && isTcp && plain !== true ? { tls: tls.options() } : {};
    if (protocol !== undefined) engine.speaking(own, protocol);
    const listener = await driver.listen(endpoint, { ...shared, ...secured });
    engine.listening(own, listener.endpoint);
    tls?.serve(listener);
    return listener;
  };
  for (const one of wanted) {
    const { otherwise } = one;
    const listening = listen(one);
    listeners.push(
      await (otherwise === undefined
        ? listening
        : listening.catch(() => listen({ ...one, endpoint: otherwise }))),
    );
  }
  return listeners;
}

/** Waits for datagrams. @param shared Whether others do so on the same port. */
export async function waitFor(
  driver: Driver,
  wanted: readonly Waiting[],
  shared: boolean,
): Promise<DatagramSocket[]> {
  const sockets: DatagramSocket[] = [];
  const bind = (address: DatagramAddress): Promise<DatagramSocket> =>
    driver.bind(address, { reusePort: shared });
  for (const { address, otherwise } of wanted) {
    const binding = bind(address);
    sockets.push(await (otherwise === undefined ? binding : binding.catch(() => bind(otherwise))));
  }
  return sockets;
}
