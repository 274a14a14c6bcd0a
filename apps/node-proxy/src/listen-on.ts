import type { ListenerConfig } from "@memwire/config";
import type { Driver, Listener, ListenOptions } from "@memwire/engine";
import { withPermissions } from "@memwire/program";

/** Listens where and how a configuration says, a unix socket with its permissions. */
export function listenOn(
  driver: Driver,
  { endpoint, mode, backlog, reusePort, keepAlive }: ListenerConfig,
  tls?: Pick<ListenOptions, "tls">,
): Promise<Listener> {
  const options: ListenOptions = {
    ...tls,
    ...(backlog === undefined ? {} : { backlog }),
    ...(reusePort === undefined ? {} : { reusePort }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
  };
  const listen = (): Promise<Listener> => driver.listen(endpoint, options);
  return mode === undefined ? listen() : withPermissions(mode, listen);
}
