// What main.ts asks of a worker, what it hears back, and the memory in which it can see where the worker is.
import { INPUT_BYTES_MAX } from "./mutate.ts";

export interface Order {
  readonly target: string;
  readonly runMs: number;
  readonly seed: number;
  /** Replace the corpus by a small one that reaches all that was reached. */
  readonly keep: boolean;
  readonly watched: Watched;
}

/** Memory that both threads see. */
export interface Watched {
  /** Inputs run, and the length of the one at hand. */
  readonly counts: Int32Array;
  readonly input: Uint8Array;
}

export interface Outcome {
  readonly runs: number;
  readonly inputs: number;
  readonly features: number;
  readonly reached: number;
  readonly counters: number;
  readonly crash?: { readonly input: Uint8Array; readonly stack: string };
}

export function watchedMemory(): Watched {
  return {
    counts: new Int32Array(new SharedArrayBuffer(8)),
    input: new Uint8Array(new SharedArrayBuffer(INPUT_BYTES_MAX)),
  };
}
