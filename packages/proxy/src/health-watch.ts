// Tells the host what becomes of the servers of a pool, for its log.
//
//     went-down --> still-down, once, when the first probe failed --> came-back
//
// A link calls its watchers whenever something happened to its health, so nothing is asked while a server is well, and
// what is said here is at most three changes for each time that it goes down: the back-off bounds those.

import type { Endpoint, Millis } from "@memwire/engine";
import type { ServerLink } from "@memwire/link";
import type { FailureKind, HealthStatus } from "@memwire/router";
import type { ProxyContext } from "./context.ts";
import type { Pool } from "./pool.ts";

/** What became of one server, as one of its pools sees it. */
export interface HealthChange {
  /**
   * - `went-down`: it failed too often, and gets no requests
   * - `still-down`: the first probe failed, too; of further ones nothing is told
   * - `came-back`: it takes traffic again
   */
  readonly what: "went-down" | "still-down" | "came-back";
  readonly pool: string;
  readonly server: string;
  readonly endpoint: Endpoint;
  /** What it failed with last. */
  readonly failure: FailureKind;
  readonly now: Millis;
  /** When it went down. */
  readonly downSince: Millis;
  /** As it is now. */
  readonly health: HealthStatus;
}

/** @param changed Called within an input to the engine: it gives the engine none itself, and throws nothing. */
export function watchHealth(
  context: ProxyContext,
  pool: Pool,
  changed: (change: HealthChange) => void,
): void {
  for (const [i, link] of pool.servers.entries()) {
    const watch = new HealthWatch(link, context, ({ what, downSince }) =>
      changed({
        what,
        pool: pool.name,
        server: pool.serverNames[i] as string,
        endpoint: link.endpoint,
        failure: link.lastFailure,
        now: context.now,
        downSince,
        health: link.health,
      }),
    );
    link.watch(() => watch.look());
  }
}

type Told = Pick<HealthChange, "what" | "downSince">;

/** What was told of one server. */
class HealthWatch {
  readonly #link: ServerLink;
  readonly #context: ProxyContext;
  readonly #tell: (told: Told) => void;
  #told: HealthChange["what"] = "came-back";
  #downSince: Millis = -Infinity;
  /** Probes that had begun when it went down. */
  #probes = 0;

  constructor(link: ServerLink, context: ProxyContext, tell: (told: Told) => void) {
    this.#link = link;
    this.#context = context;
    this.#tell = tell;
  }

  look(): void {
    const { isDown, isLeftAlone, counters } = this.#link;
    const wasDown = this.#told !== "came-back";
    if (!isDown) {
      if (wasDown) this.#say("came-back");
    } else if (!wasDown) {
      this.#downSince = this.#context.now;
      this.#probes = counters.probes;
      this.#say("went-down");
    } else if (this.#told === "went-down" && counters.probes > this.#probes && isLeftAlone) {
      // A late answer to a request of before is a failure, too; only one of a probe sets a time for the next.
      this.#say("still-down");
    }
  }

  #say(what: HealthChange["what"]): void {
    this.#told = what;
    this.#tell({ what, downSince: this.#downSince });
  }
}
