import type { ListenConfig } from "@memwire/config";
import type { Driver, Listener } from "@memwire/engine";
import { withPermissions } from "@memwire/program";

/** Listens where a configuration says, a unix socket with its permissions. */
export function listenOn(driver: Driver, { endpoint, mode }: ListenConfig): Promise<Listener> {
  const listen = (): Promise<Listener> => driver.listen(endpoint);
  return mode === undefined ? listen() : withPermissions(mode, listen);
}
