import type { ServerCounters } from "./counters.ts";

/** One server as seen from outside: for logs, metrics and tests. */
export interface ServerStatus {
  readonly name: string;
  /** `left alone`: it failed, and is not tried again for a while. */
  readonly state: "idle" | "connecting" | "ready" | "left alone";
  readonly counters: Readonly<ServerCounters>;
}
