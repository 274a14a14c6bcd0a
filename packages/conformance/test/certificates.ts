// The certificates of ../certificates, as the engine contract takes them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TlsCredentials } from "@memwire/engine";

const folder = join(import.meta.dirname, "..", "certificates");

const read = (file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));

const credentials = (name: string): Pick<TlsCredentials, "chain" | "key"> => ({
  chain: read(`${name}.crt`),
  key: read(`${name}.key`),
});

/** The authority behind `one` and `two`. */
export const ca: Uint8Array = read("ca.crt");
export const otherCa: Uint8Array = read("other-ca.crt");
export const one: Pick<TlsCredentials, "chain" | "key"> = credentials("one");
export const two: Pick<TlsCredentials, "chain" | "key"> = credentials("two");
/** Its own authority. */
export const alone: Pick<TlsCredentials, "chain" | "key"> = credentials("alone");
/** The same, good until 2021-01-02T03:04:05Z. */
export const expired: Pick<TlsCredentials, "chain" | "key"> = credentials("expired");
/** Of another authority. */
export const stranger: Pick<TlsCredentials, "chain" | "key"> = credentials("stranger");
