// A store on the condition that nobody has changed the item since: cas, and a binary request with a cas unique.

import type { Millis } from "@memwire/engine";
import type { Stored } from "@memwire/store";
import type { Context } from "./context.ts";
import { countCompared } from "./counters.ts";

/** What both protocols have of such a request. */
interface Compared {
  readonly bytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly flags: number;
  readonly cas: { readonly high: number; readonly low: number };
}

export function compareAndStore(
  { store, counters }: Context,
  { bytes, keyStart, keyEnd, valueStart, valueEnd, flags, cas }: Compared,
  expiresAt: Millis,
  now: Millis,
): Stored {
  const { high, low } = cas;
  const stored = store.cas(
    bytes,
    keyStart,
    keyEnd,
    bytes,
    valueStart,
    valueEnd,
    flags,
    expiresAt,
    high,
    low,
    now,
  );
  countCompared(counters, stored);
  return stored;
}
