import type { ClientContext, ServerContext } from "@memwire/link";
import type { ProxyLimits } from "./options.ts";

/** What the parts of one proxy share. */
export interface ProxyContext extends ClientContext, ServerContext {
  readonly limits: ProxyLimits;
  readonly version: string;
}
