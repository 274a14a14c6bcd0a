// The memcached servers of simulations. Hundreds are made a second: their memory is little, and does not have to be
// asked for from the system; it is enough for all keys that a simulation has. They look ahead, as those with many items
// do.

import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";

export function smallServer(options: ServerOptions = {}): ServerEngine {
  return new ServerEngine({
    ...options,
    store: new SlabStore({ bytesMax: 1_048_576, itemBytesMax: 1_048_576, prefetchBytesLeast: 0 }),
  });
}
