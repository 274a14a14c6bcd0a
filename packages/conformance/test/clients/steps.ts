// What every client is asked to do, in this order, and what it is to find, in words that all of them can say.
//
// A program prints a line for each step that its client can do, `step TAB answer`. It runs on a server that others
// use, so its keys have a prefix of their own. What expires has a lifetime of a second and is looked at after two and
// a half, as a second of memcached's may be nearly two; what does not, has one that no slow machine outlives.

export interface Step {
  readonly step: string;
  readonly answer: string;
  /** Only there is it to be had at all. */
  readonly only?: "binary" | "sasl";
}

export const STEPS = [
  { step: "wrong password", answer: "no", only: "sasl" },
  { step: "set", answer: "yes" },
  { step: "get", answer: "hello" },
  { step: "get, missing", answer: "none" },
  { step: "add", answer: "yes" },
  { step: "add, there already", answer: "no" },
  { step: "replace", answer: "yes" },
  { step: "replace, missing", answer: "no" },
  { step: "append", answer: "yes" },
  { step: "prepend", answer: "yes" },
  { step: "joined", answer: "abc" },
  { step: "cas", answer: "yes" },
  { step: "cas, changed since", answer: "no" },
  { step: "multi-get, 100 of 101", answer: "100" },
  { step: "500 KB", answer: "the same" },
  { step: "nearly 1 MiB", answer: "the same" },
  { step: "above 1 MiB", answer: "no" },
  { step: "get, after that", answer: "hello" },
  { step: "incr", answer: "42" },
  { step: "decr", answer: "40" },
  { step: "decr, below zero", answer: "0" },
  { step: "incr, beyond 32 bits", answer: "4294967300" },
  { step: "incr, missing", answer: "none" },
  { step: "incr, with an initial value", answer: "7", only: "binary" },
  { step: "touch", answer: "yes" },
  { step: "touch, missing", answer: "no" },
  { step: "delete", answer: "yes" },
  { step: "delete, missing", answer: "no" },
  { step: "types", answer: "the same" },
  { step: "quiet sets, then a multi-get", answer: "100" },
  { step: "version 1.6", answer: "yes" },
  { step: "statistics", answer: "yes" },
  { step: "get and touch", answer: "1", only: "binary" },
  { step: "expired", answer: "none" },
  { step: "expired, Unix time", answer: "none" },
  { step: "touched, expired", answer: "none" },
  { step: "gotten and touched, expired", answer: "none", only: "binary" },
  { step: "not yet expired", answer: "there" },
  { step: "not yet expired, Unix time", answer: "there" },
] as const satisfies readonly Step[];

export type StepName = (typeof STEPS)[number]["step"];
