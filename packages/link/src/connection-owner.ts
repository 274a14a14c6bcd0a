import type { Endpoint } from "@memwire/engine";
import type { FailureWeight } from "@memwire/router";
import type { ServerCounters } from "./counters.ts";
import type { Failure } from "./failure.ts";
import type { Greeting } from "./greeting.ts";
import type { Timeouts } from "./limits.ts";

/** The server that a connection belongs to. */
export interface ConnectionOwner {
  /** Of all its connections together. */
  readonly counters: ServerCounters;
  readonly endpoint: Endpoint;
  readonly timeouts: Timeouts;
  /** It failed, and has not answered in time since: the next answer is to be told. */
  readonly inTrouble: boolean;
  /** Connections that are made now belong to it: `Health`. */
  readonly episode: number;
  /** What is to be said on a new connection; null if nothing is. */
  greeting(): Greeting | null;
  /** A connection was greeted, and answered. */
  welcomed(): void;
  /** A request was answered in time. */
  answered(): void;
  /** @param weight How bad it is; null if it is not the server's fault. */
  failed(failure: Failure, weight: FailureWeight | null, episode: number): void;
  /** What was sent is with the network. */
  drained?(): void;
}
