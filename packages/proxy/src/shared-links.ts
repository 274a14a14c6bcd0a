// Links to servers, each once: pools that name the same server and treat it alike share its connections, its health
// and its bounds.

import type { Endpoint } from "@memwire/engine";
import { ServerLink, type LinkOptions, type Timeouts } from "@memwire/link";
import type { ProxyContext } from "./context.ts";

export class SharedLinks {
  readonly #context: ProxyContext;
  readonly #links: Map<string, ServerLink> = new Map();

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  get all(): readonly ServerLink[] {
    return [...this.#links.values()];
  }

  /** @param name What it is called, if it is new here. */
  link(name: string, endpoint: Endpoint, timeouts: Timeouts, options: LinkOptions): ServerLink {
    const { kind } = endpoint;
    const where = kind === "unix" ? [kind, endpoint.path] : [kind, endpoint.host, endpoint.port];
    const key = JSON.stringify([where, Object.entries(timeouts), options]);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link = new ServerLink(this.#context, name, endpoint, timeouts, options);
    this.#links.set(key, link);
    return link;
  }
}
