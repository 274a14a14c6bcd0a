// The recorded dialogues with real memcached: vectors/wire, and its README, as types.

import { readFileSync } from "node:fs";

/** Part of what is sent or expected; a string has one character per byte. */
export type Part =
  | string
  | { readonly rep: string; readonly n: number }
  | { readonly cas: string; readonly add?: number }
  /** A cas unique as the 8 bytes of the binary protocol. */
  | { readonly cas8: string; readonly add?: number }
  /** A number from the first to the second. */
  | { readonly num: readonly [number, number] }
  | { readonly version: 1 };

export interface Step {
  readonly send: string | readonly Part[];
  readonly expect: string | readonly Part[];
  /** Seconds to wait before sending. */
  readonly sleep?: number;
  /** The server closes the connection after the expected bytes. */
  readonly closed?: boolean;
}

export interface Scenario {
  readonly name: string;
  /** What 1.6.18 answered. */
  readonly steps: readonly Step[];
  /** What 1.6.45 answered, where that differs. */
  readonly steps_1_6_45?: readonly Step[];
  /** Each step has to be sent in one write. */
  readonly nochunk?: boolean;
}

/** All scenarios of one file of vectors/wire. */
export function scenariosOf(file: "classic" | "malformed" | "meta" | "binary"): readonly Scenario[] {
  const path = new URL(`../../vectors/wire/${file}.json`, import.meta.url);
  const { scenarios } = JSON.parse(readFileSync(path, "utf8")) as { scenarios: readonly Scenario[] };
  return scenarios;
}

export function partsOf(side: string | readonly Part[]): readonly Part[] {
  return typeof side === "string" ? [side] : side;
}

/** The bytes to be sent; cas uniques are those noted so far. */
export function bytesOf(side: string | readonly Part[], cas: ReadonlyMap<string, string>): Uint8Array {
  const text = partsOf(side).map((part) => {
    if (typeof part === "string") return part;
    if ("rep" in part) return part.rep.repeat(part.n);
    if ("cas" in part) return String(BigInt(noted(cas, part.cas)) + BigInt(part.add ?? 0));
    if ("cas8" in part) return added(noted(cas, part.cas8), part.add ?? 0);
    throw new TypeError(`a request has no ${JSON.stringify(part)}`);
  });
  return Uint8Array.from(text.join(""), (letter) => letter.charCodeAt(0));
}

function noted(cas: ReadonlyMap<string, string>, name: string): string {
  const value = cas.get(name);
  if (value === undefined) throw new TypeError(`no cas unique was seen under the name ${name}`);
  return value;
}

/** The number of these bytes and another one, as bytes. */
function added(bytes: string, number: number): string {
  const view = new DataView(Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)).buffer);
  view.setBigUint64(0, view.getBigUint64(0) + BigInt(number));
  return String.fromCharCode(...new Uint8Array(view.buffer));
}
