import { latin1Bytes } from "@memwire/codec";
import type { ConnectionId } from "@memwire/engine";
import { ClientLink } from "./client-link.ts";
import type { ClientContext } from "./context.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { FarewellLink } from "./farewell-link.ts";

const TOO_MANY_CONNECTIONS = latin1Bytes("ERROR Too many open connections\r\n");
const NOTHING = new Uint8Array(0);

/** Takes a client, whose requests go to `dispatcher`; or closes it: when draining, and above `connectionsMax`. */
export function acceptClient(
  context: ClientContext,
  dispatcher: Dispatcher,
  isDraining: boolean,
): ConnectionId {
  const { counters, limits, parties } = context;
  const id = context.nextId++;
  counters.connectionsTotal++;
  if (isDraining || counters.connectionsNow >= limits.connectionsMax) {
    counters.connectionsRejected++;
    parties.set(id, new FarewellLink(context, id, isDraining ? NOTHING : TOO_MANY_CONNECTIONS));
    return id;
  }
  counters.connectionsNow++;
  parties.set(id, new ClientLink(context, id, dispatcher));
  return id;
}
