// Tells the host what becomes of the servers of a pool, for its log.
//
//     failed, when nothing had failed since the last answer, and it is not down
//     went-down --> still-down, once, when the first probe failed --> came-back
//
// A link calls its watchers whenever something happened to its health, so nothing is asked while a server is well. What
// is said of one that goes down is at most three changes for each time that it does: the back-off bounds those. One
// that fails now and then may do so thousands of times a second: how often that is worth a line is the host's to say.

import type { Endpoint, Millis } from "@memwire/engine";
import type { ServerLink } from "@memwire/link";
import type { FailureKind, HealthStatus } from "@memwire/router";
import type { ProxyContext } from "./context.ts";
import type { Pool } from "./pool.ts";

/** What became of one server, as one of its pools sees it. */
export interface HealthChange {
  /**
   * - `failed`: once, and it still gets requests; of what fails before it has answered one nothing is told
   * - `went-down`: it failed too often, and gets no requests
   * - `still-down`: the first probe failed, too; of further ones nothing is told
   * - `came-back`: it takes traffic again
   */
  readonly what: "failed" | "went-down" | "still-down" | "came-back";
  readonly pool: string;
  readonly server: string;
  readonly endpoint: Endpoint;
  /** What it failed with last. */
  readonly failure: FailureKind;
  /** The same in the words that clients are told. */
  readonly failureText: string;
  readonly now: Millis;
  /** When it went down; `now` of one that has only failed. */
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
        failureText: link.lastFailureText,
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
  /** It had failed, and not answered since, when something was last heard of it. */
  #wasInTrouble = false;
  #downSince: Millis = -Infinity;
  /** Probes that had begun when it went down. */
  #probes = 0;

  constructor(link: ServerLink, context: ProxyContext, tell: (told: Told) => void) {
    this.#link = link;
    this.#context = context;
    this.#tell = tell;
  }

  look(): void {
    const { isDown, isLeftAlone, inTrouble, counters } = this.#link;
    const isNew = inTrouble && !this.#wasInTrouble;
    this.#wasInTrouble = inTrouble;
    const wasDown = this.#told !== "came-back";
    if (!isDown) {
      if (wasDown) this.#say("came-back");
      else if (isNew) this.#tell({ what: "failed", downSince: this.#context.now });
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
