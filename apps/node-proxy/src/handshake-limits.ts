// How many clients may be before or in their handshake at a listener with TLS. They are no clients of the engine yet,
// so `connections_max` does not see them; but each has a file descriptor.

import type { ProxyConfig } from "@memwire/config";
import { HANDSHAKES_MAX, type TlsListenOptions } from "@memwire/engine";
import { DEFAULT_PROXY_LIMITS } from "@memwire/proxy";

export type HandshakeLimits = Required<Pick<TlsListenOptions, "handshakesMax" | "handshakesWaitingMax">>;

/** As many wait as there may be clients, and as many again shake hands, up to the engine's own bound. */
export function handshakeLimits({ limits }: Pick<ProxyConfig, "limits">): HandshakeLimits {
  const { connectionsMax = DEFAULT_PROXY_LIMITS.connectionsMax } = limits;
  return {
    handshakesMax: Math.min(HANDSHAKES_MAX, connectionsMax),
    handshakesWaitingMax: connectionsMax,
  };
}
