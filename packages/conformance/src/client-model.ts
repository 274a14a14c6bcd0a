// What one key holds, as a server that is asked directly would have it: what a call must be answered with.
//
// Calls and answers are texts, so that they can be compared and shown. No item expires while a simulation lasts, but
// at once.

/** A call for one key. */
export type KeyCall =
  | { readonly command: "get" | "gets" | "delete"; readonly key: string }
  | { readonly command: "gat" | "touch"; readonly key: string; readonly exptime: number }
  | { readonly command: "incr" | "decr"; readonly key: string; readonly delta: bigint }
  | {
      readonly command: "set" | "add" | "replace" | "append" | "prepend";
      readonly key: string;
      readonly value: string;
      readonly flags: number;
      readonly exptime: number;
    }
  | {
      readonly command: "cas";
      readonly key: string;
      readonly value: string;
      readonly flags: number;
      readonly exptime: number;
      readonly cas: bigint;
    };

export interface Answer {
  readonly text: string;
  /** Of a `gets` that hit. */
  readonly cas?: bigint;
}

/** What `incr` answers of a value that is no number. */
export const NO_NUMBER = "client-error";
export const MISS = "miss";

/** Whether it may change what is stored. */
export function changes({ command }: KeyCall): boolean {
  return command !== "get" && command !== "gets";
}

export const itemText = (flags: number, value: string): string => `${flags} ${JSON.stringify(value)}`;

const TWO_64 = 2n ** 64n;

interface Stored {
  readonly value: string;
  readonly flags: number;
  /** Unknown until somebody asks. */
  cas: bigint | undefined;
}

export class KeyModel {
  #item: Stored | undefined;
  readonly #seen: Set<bigint> = new Set();

  /** The cas unique that was seen last; 0 if none was. */
  get cas(): bigint {
    return [...this.#seen].at(-1) ?? 0n;
  }

  /** Carries a call out. @returns what must be answered */
  apply(call: KeyCall, answer: Answer): string {
    const item = this.#item;
    switch (call.command) {
      case "get":
        return textOf(item);
      case "gets":
        return this.#isCasRight(answer.cas) ? textOf(item) : `${textOf(item)} with another cas`;
      case "gat":
        if (call.exptime < 0) this.#item = undefined;
        return textOf(item);
      case "touch":
        if (call.exptime < 0) this.#item = undefined;
        return String(item !== undefined);
      case "delete":
        this.#item = undefined;
        return String(item !== undefined);
      case "incr":
      case "decr":
        return this.#count(call.command === "incr" ? call.delta : -call.delta);
      case "set":
        this.#store(call);
        return "undefined";
      case "add":
        if (item === undefined) this.#store(call);
        return String(item === undefined);
      case "replace":
        if (item !== undefined) this.#store(call);
        return String(item !== undefined);
      case "append":
        if (item !== undefined) this.#put(item.value + call.value, item.flags);
        return String(item !== undefined);
      case "prepend":
        if (item !== undefined) this.#put(call.value + item.value, item.flags);
        return String(item !== undefined);
      case "cas":
        if (item === undefined) return "not-found";
        // Of what nobody has asked for since it was stored, nobody knows the cas unique.
        if (item.cas !== call.cas) return "exists";
        this.#store(call);
        return "stored";
    }
  }

  #isCasRight(cas: bigint | undefined): boolean {
    const item = this.#item;
    if (item === undefined || cas === undefined) return item === undefined && cas === undefined;
    if (item.cas !== undefined) return item.cas === cas;
    if (this.#seen.has(cas)) return false;
    this.#seen.add(cas);
    item.cas = cas;
    return true;
  }

  #count(by: bigint): string {
    const item = this.#item;
    if (item === undefined) return MISS;
    const digits = /^\d+(?= |$)/.exec(item.value)?.[0];
    if (digits === undefined || BigInt(digits) >= TWO_64) return NO_NUMBER;
    const sum = BigInt(digits) + by;
    const number = by < 0n && sum < 0n ? 0n : sum % TWO_64;
    // What is shorter than before is filled up with blanks.
    this.#put(String(number).padEnd(item.value.length), item.flags);
    return String(number);
  }

  #store({ value, flags, exptime }: { value: string; flags: number; exptime: number }): void {
    if (exptime < 0) this.#item = undefined;
    else this.#put(value, flags);
  }

  #put(value: string, flags: number): void {
    this.#item = { value, flags, cas: undefined };
  }
}

function textOf(item: Stored | undefined): string {
  return item === undefined ? MISS : itemText(item.flags, item.value);
}
