// What happened in a simulation, as one number and, for whoever asks, event by event.
//
// Two runs with the same digest and the same number of events did the same: every handler call, its time, its
// connection and its bytes are mixed in (FNV-1a, 32 bits).

import type { CloseCause, Millis } from "@memwire/engine";

/** One thing that happened at one end of a connection. */
export interface Happening {
  readonly at: Millis;
  /** The host at whose end it happened. */
  readonly host: string;
  /** Counts connections from 1, in the order of their `connect`. */
  readonly connection: number;
  readonly what: "connect" | "accepted" | "connected" | "write" | "received" | "ended" | "drained" | "closed";
  /** Of `write` and `received`; lent, so to be used at once. */
  readonly bytes?: Uint8Array;
  /** Of `closed`. */
  readonly cause?: CloseCause;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class Journal {
  readonly #observe: ((happening: Happening) => void) | undefined;
  #digest = FNV_OFFSET;

  constructor(observe: ((happening: Happening) => void) | undefined) {
    this.#observe = observe;
  }

  /** From 0 to 2^32 - 1. */
  get digest(): number {
    return this.#digest >>> 0;
  }

  note(happening: Happening): void {
    let digest = this.#digest;
    const { at, host, connection, what, bytes, cause } = happening;
    for (const text of [what, host, cause ?? ""]) {
      for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), FNV_PRIME);
    }
    digest = Math.imul(digest ^ connection, FNV_PRIME);
    digest = Math.imul(digest ^ ((at * 16) | 0), FNV_PRIME);
    if (bytes !== undefined) {
      for (let i = 0; i < bytes.length; i++) digest = Math.imul(digest ^ (bytes[i] as number), FNV_PRIME);
    }
    this.#digest = digest;
    this.#observe?.(happening);
  }
}
