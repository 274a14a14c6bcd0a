// What the parts of one gateway share.

import type { Clock } from "@memwire/engine";
import type { GatewayCounters } from "./counters.ts";
import type { Exchange } from "./exchange.ts";
import type { GatewayOptions } from "./options.ts";
import type { Settings } from "./settings.ts";

/** A stream, or a body that is being read, that `close()` has to end. */
export interface Open {
  /** Ask for nothing more, give what is there, then end. */
  finish(): void;
  /** End now. */
  breakOff(): void;
}

/** Why a stream ended that did not take what it was given in time. */
export const BROKEN_OFF = "the gateway ended before the client had read all";

export interface Context {
  readonly client: GatewayOptions["client"];
  readonly clock: Clock;
  readonly settings: Settings;
  readonly counters: GatewayCounters;
  /** Streams that are open, and bodies that are being read. */
  readonly open: Set<Open>;
  /** An exchange whose body was a stream is over. */
  readonly over: (exchange: Exchange) => void;
}
