// Datagrams, by node:dgram whichever sockets connections are on.

import { bindDatagrams } from "@memwire/adapter-node/sockets";
import { bindBy, type Network } from "@memwire/engine";

/** Deno 2.9.5's node:dgram takes the option, and then the second socket has its address in use. */
const UNSHARED = "Deno cannot share a port for datagrams";

/** `Network.bind` */
export const bind: Network["bind"] = async (address, handler, options) => {
  if (options?.reusePort === true) return bindBy(() => Promise.reject(new Error(UNSHARED)), address);
  return bindDatagrams(address, handler);
};
