// What a law of the HTTP suite is.

import type { HttpHarness } from "../http-suite.ts";
import type { Kind } from "./law.ts";

export interface HttpLaw {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Where it is tried, each a test of its own. */
  readonly kinds: readonly Kind[];
  /** Mostly waits, for seconds: is tried together with others of that sort. */
  readonly isSlow?: true;
  /** Rejects if it does not hold. */
  holds(harness: HttpHarness, kind: Kind): Promise<void>;
}

/** A law about connections of every kind. */
export function httpOnEveryKind(name: string, holds: HttpLaw["holds"]): HttpLaw {
  return { name, kinds: ["tcp", "unix"], holds };
}

/** A law that waits for seconds. */
export function httpSlowly(name: string, holds: HttpLaw["holds"]): HttpLaw {
  return { name, kinds: ["tcp"], isSlow: true, holds };
}

/** A law that has nothing to do with the kind of connection, or that only tcp has. */
export function httpOnce(name: string, holds: HttpLaw["holds"]): HttpLaw {
  return { name, kinds: ["tcp"], holds };
}
