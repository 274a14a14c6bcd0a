// What the parts of one proxy share.

import type { Limits as CodecLimits, SendBuffer } from "@memwire/codec";
import type { CloseCause, ConnectionId, Millis, Outbox } from "@memwire/engine";
import type { ProxyCounters } from "./counters.ts";
import type { ProxyLimits } from "./options.ts";

/** One end of one connection. */
export interface Party {
  connected(): void;
  received(chunk: Uint8Array): void;
  ended(): void;
  drained(): void;
  closed(cause: CloseCause): void;
}

export interface Context {
  readonly outbox: Outbox;
  readonly limits: ProxyLimits;
  readonly requests: Partial<CodecLimits>;
  readonly replies: Partial<CodecLimits>;
  readonly counters: ProxyCounters;
  readonly version: string;
  /** Parties by the connection they are an end of. */
  readonly parties: Map<ConnectionId, Party>;
  /** Empty buffers for replies that came before their turn. */
  readonly spare: SendBuffer[];
  nextId: ConnectionId;
  /** The time of the input at hand. */
  now: Millis;
}
