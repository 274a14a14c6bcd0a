import type {
  DatagramAddress,
  DatagramSocket,
  Driver,
  Endpoint,
  Listener,
  Network,
  Transport,
  TransportHandler,
} from "@memwire/engine";
import type { WorkerEngine } from "./engine-of-task.ts";
import type { Listening, Task, Waiting } from "./task.ts";

const nobody: TransportHandler = { connected() {}, received() {}, ended() {}, drained() {}, closed() {} };

/**
 * Listens, and tells the engine where that is.
 *
 * @param wanted Where: as the task says, or as the main thread has bound it.
 * @param mustBeFree By which network it is seen first whether somebody listens there already: who shares a port with
 * own threads would share it with another server as well, and each would have half of the clients.
 */
export async function listenFor(
  { engine, tls }: WorkerEngine,
  driver: Driver,
  { threads, backlog }: Task,
  wanted: readonly Listening[],
  mustBeFree?: Network,
): Promise<Listener[]> {
  const listeners: Listener[] = [];
  // The driver counts its attempts.
  let via = 0;
  const listen = async ({ endpoint, plain, protocol }: Listening): Promise<Listener> => {
    const isTcp = endpoint.kind === "tcp";
    if (isTcp && threads > 1 && mustBeFree !== undefined) await tryAlone(mustBeFree, endpoint);
    const own = via++; // not before: of what was refused there the driver has not heard
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

/** @throws Error if somebody listens there */
async function tryAlone(network: Network, endpoint: Endpoint): Promise<void> {
  const turnAway = (transport: Transport): TransportHandler => {
    transport.close();
    return nobody;
  };
  const listener = await network.listen(endpoint, turnAway);
  await listener.close();
}

/**
 * Waits for datagrams.
 *
 * @param shared Whether others do so on the same port.
 * @param mustBeFree As for `listenFor`.
 */
export async function waitFor(
  driver: Driver,
  wanted: readonly Waiting[],
  shared: boolean,
  mustBeFree?: Network,
): Promise<DatagramSocket[]> {
  const sockets: DatagramSocket[] = [];
  const bind = async (address: DatagramAddress): Promise<DatagramSocket> => {
    if (shared && mustBeFree !== undefined) {
      const alone = await mustBeFree.bind(address, { received() {} });
      await alone.close();
    }
    return driver.bind(address, { reusePort: shared });
  };
  for (const { address, otherwise } of wanted) {
    const binding = bind(address);
    sockets.push(await (otherwise === undefined ? binding : binding.catch(() => bind(otherwise))));
  }
  return sockets;
}
