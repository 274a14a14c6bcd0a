// What every distribution offers.
//
//     key --- hash tag ---> the part that counts --- hash ---> 32 bits --- distribution ---> index of a server
//
// A distribution never changes. When servers come, go, or are to be left out because they fail, another one is
// made over those that remain: ketama then moves few keys.

/** Says which server of a list owns a key. */
export interface Distribution {
  /**
   * The index of the server that owns the key in `bytes[start]` to `bytes[end - 1]`; `NO_SERVER` if the list is
   * empty. Never throws, allocates nothing.
   */
  owner(bytes: Uint8Array, start: number, end: number): number;
  /** The same with the steps to it, for people. All of `bytes` is the key. */
  explain(bytes: Uint8Array): Explanation;
}

/** How a distribution came to its answer. */
export interface Explanation {
  /** The hash of the key, or of its tag; `undefined` if chance decides. */
  readonly hash: number | undefined;
  /** ketama: the point of the ring that owns the key. modula: the slot. `undefined` for random, or no server. */
  readonly point: number | undefined;
  /** The index of the server, or `NO_SERVER`. */
  readonly server: number;
  /** What stands for that server on the ring; `undefined` for no server. */
  readonly name: string | undefined;
}

/** The owner of every key when there is no server. */
export const NO_SERVER = -1;
