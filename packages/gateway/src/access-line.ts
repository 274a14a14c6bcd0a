// What is said of each request when it is over.

import type { Millis } from "@memwire/engine";

export interface AccessLine {
  /** When the request came, in whole milliseconds. */
  readonly time: Millis;
  /** The client's IP address; empty if it is not known, as on a unix socket. */
  readonly address: string;
  readonly method: string;
  /** Path and query as they came, cut after 1,024 characters. */
  readonly url: string;
  /** 499: the client went away before the answer was through. */
  readonly status: number;
  /** To the microsecond. */
  readonly durationMs: Millis;
  /** Bytes of the body that were given to the runtime. */
  readonly bytes: number;
  /** Of a stream: messages given, and messages asked for and not given when it ended, which are lost. */
  readonly messages?: number;
  readonly inFlight?: number;
  /** Why, if it was refused or failed. */
  readonly reason?: string;
}
