// What the links of one engine share.

import type { BufferPool, Limits as CodecLimits } from "@memwire/codec";
import type { CloseCause, ConnectionId, Distrust, Millis, Outbox } from "@memwire/engine";
import type { ClientLink } from "./client-link.ts";
import type { ClientCounters, FleetCounters } from "./counters.ts";
import type { ClientLimits, LoadLimits, ServerLimits } from "./limits.ts";
import type { RequestDecoders } from "./request-decoders.ts";
import type { SlowClients } from "./slow-clients.ts";
import type { SpareBuffers } from "./spare-buffers.ts";

/** One end of one connection. */
export interface Party {
  connected(): void;
  received(chunk: Uint8Array): void;
  ended(): void;
  drained(): void;
  /** @param distrust Why a server is `untrusted`, if that is known. */
  closed(cause: CloseCause, distrust?: Distrust): void;
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

/** Who asks servers for something. */
export interface Asker {
  /**
   * Which of the connections to a server its requests take; -1 while none of them is unanswered, and then a server
   * chooses. So what it reads is behind what it wrote, whichever connection it is.
   */
  lane: number;
  /** The server that it asked last of those with much to do: it is to ask little at a time until that has less. */
  crowd: Crowd | null;
}

/** What many wait for. */
export interface Crowd {
  /** Whether it has half of what it may have to do, or more. */
  readonly isCrowded: boolean;
}

/** What links to servers share. */
export interface ServerContext extends Context {
  readonly limits: ServerLimits;
  readonly fleet: FleetCounters;
  /** Bounds of what servers send. */
  readonly replies: Partial<CodecLimits>;
  /** Values of so many bytes are handed on as they come: waiters have a `stream` then. By default none is. */
  readonly streamedFromBytes?: number | undefined;
  /** Where memory for large requests comes from; by default it is made anew. */
  readonly pool?: BufferPool | undefined;
  /** Whose request is at hand; if nobody's, any connection will do. */
  asker?: Asker | undefined;
  /** Answers a number from 0 up to, not including, 1; without it nothing is left to chance. */
  readonly random?: (() => number) | undefined;
}

/** What links to clients share. */
export interface ClientContext extends Context {
  readonly limits: ClientLimits & LoadLimits;
  readonly decoders: RequestDecoders;
  readonly counters: ClientCounters;
  asker?: Asker | undefined;
  /** Where replies are kept that have not left yet. */
  readonly buffers: SpareBuffers;
  readonly slow: SlowClients;
  /** Clients that are served no further in this turn. */
  readonly yielded: ClientLink[];
}
