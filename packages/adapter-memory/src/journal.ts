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
  /** Counts connections from 1, in the order of their `connect`; 0 for a datagram. */
  readonly connection: number;
  readonly what:
    | "connect"
    | "accepted"
    | "connected"
    | "write"
    | "received"
    | "ended"
    | "drained"
    | "closed"
    | "sent" // a datagram
    | "arrived";
  /** Of `write`, `received`, `sent` and `arrived`; lent, so to be used at once. */
  readonly bytes?: Uint8Array;
  /** Of `closed`. */
  readonly cause?: CloseCause;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const TICKS_PER_MS = 16; // as the clock has them

export class Journal {
  readonly #observe: ((happening: Happening) => void) | undefined;
  readonly #words: Map<string, number> = new Map();
  #digest = FNV_OFFSET;

  constructor(observe: ((happening: Happening) => void) | undefined) {
    this.#observe = observe;
  }

  /** From 0 to 2^32 - 1. */
  get digest(): number {
    return this.#digest >>> 0;
  }

  note(happening: Happening): void {
    const { at, host, connection, what, bytes, cause } = happening;
    let digest = this.#digest;
    digest = Math.imul(digest ^ this.#word(what), FNV_PRIME);
    digest = Math.imul(digest ^ this.#word(host), FNV_PRIME);
    if (cause !== undefined) digest = Math.imul(digest ^ this.#word(cause), FNV_PRIME);
    digest = Math.imul(digest ^ connection, FNV_PRIME);
    digest = Math.imul(digest ^ (at * TICKS_PER_MS), FNV_PRIME);
    if (bytes !== undefined) {
      for (let i = 0; i < bytes.length; i++) digest = Math.imul(digest ^ (bytes[i] as number), FNV_PRIME);
    }
    this.#digest = digest;
    this.#observe?.(happening);
  }

  /** A number for one of the few words there are: hosts, causes, what happens. */
  #word(text: string): number {
    let word = this.#words.get(text);
    if (word !== undefined) return word;
    word = FNV_OFFSET;
    for (let i = 0; i < text.length; i++) word = Math.imul(word ^ text.charCodeAt(i), FNV_PRIME);
    this.#words.set(text, word);
    return word;
  }
}
