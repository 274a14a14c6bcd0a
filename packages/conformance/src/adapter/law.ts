// What a law of the adapter suite is.

import type { Endpoint } from "@memwire/engine";
import type { AdapterHarness } from "../adapter-suite.ts";

/** The kinds of endpoints there are. */
export type Kind = Endpoint["kind"];

export interface Law {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Where it is tried, each a test of its own. */
  readonly kinds: readonly Kind[];
  /** Rejects if it does not hold. */
  holds(harness: AdapterHarness, kind: Kind): Promise<void>;
}

/** A law about streams of every kind. */
export function onEveryKind(name: string, holds: Law["holds"]): Law {
  return { name, kinds: ["tcp", "unix"], holds };
}

/** A law that only tcp has, or that is not about sockets at all. */
export function once(name: string, holds: Law["holds"]): Law {
  return { name, kinds: ["tcp"], holds };
}
