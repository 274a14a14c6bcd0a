// What the links of one engine share.

import type { Limits as CodecLimits, SendBuffer } from "@memwire/codec";
import type { CloseCause, ConnectionId, Millis, Outbox } from "@memwire/engine";
import type { ClientLink } from "./client-link.ts";
import type { ClientCounters } from "./counters.ts";
import type { ClientLimits, ServerLimits } from "./limits.ts";

/** One end of one connection. */
export interface Party {
  connected(): void;
  received(chunk: Uint8Array): void;
  ended(): void;
  drained(): void;
  closed(cause: CloseCause): void;
}

/** What every engine of links has. */
export interface Context {
  readonly outbox: Outbox;
  /** Parties by the connection they are an end of. */
  readonly parties: Map<ConnectionId, Party>;
  nextId: ConnectionId;
  /** The time of the input at hand. */
  now: Millis;
}

/** What links to servers share. */
export interface ServerContext extends Context {
  readonly limits: ServerLimits;
  /** Bounds of what servers send. */
  readonly replies: Partial<CodecLimits>;
}

/** What links to clients share. */
export interface ClientContext extends Context {
  readonly limits: ClientLimits;
  /** Bounds of what clients send. */
  readonly requests: Partial<CodecLimits>;
  readonly counters: ClientCounters;
  /** Empty buffers for replies that came before their turn. */
  readonly spare: SendBuffer[];
  /** Clients that are served no further in this turn. */
  readonly yielded: ClientLink[];
}
