// Certificates as a file has them, looked at before they are used: once they are, a mistake shows only when somebody
// connects. A certificate that is not valid now is taken, since clocks differ and some look at no date; but it is
// said.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { NamedMistake } from "./named-mistake.ts";

/** A file that was read. */
export interface NamedBytes {
  /** Of the configuration, and what stands there. */
  readonly key: string;
  readonly named: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * All of a file, in order; at least one.
 *
 * @throws NamedMistake that says what is wrong with it
 */
export function certificatesOf(file: NamedBytes): readonly X509Certificate[] {
  const blocks = textOf(file.bytes).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw mistake(file, `${file.path} has no PEM certificate`);
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw mistake(file, `${file.path} has a broken certificate, number ${i + 1}`, cause);
    }
  });
}

/** @throws NamedMistake unless `key` has the private key of the first certificate in `chain` */
export function checkPair(chain: NamedBytes, key: NamedBytes): void {
  const [first] = certificatesOf(chain) as [X509Certificate];
  if (first.checkPrivateKey(privateKeyOf(key))) return;
  const what = `the key in ${key.path} is not that of the first certificate in ${chain.path}`;
  // The key may have its own certificate elsewhere.
  throw new NamedMistake(key.key, key.named, what, { isMeant: ({ cert }) => cert === chain.named });
}

/** A line for each certificate of a file that has expired, or is not valid yet. */
export function notesOnDates(chain: NamedBytes, now: number): readonly string[] {
  return certificatesOf(chain).flatMap(({ validFrom, validTo }, i) => {
    const what = `certificate ${i + 1} in ${chain.path}`;
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    if (to < now) return `${what} has expired at ${new Date(to).toISOString()}; it is used all the same`;
    if (from > now)
      return `${what} is valid from ${new Date(from).toISOString()} on; it is used all the same`;
    return [];
  });
}

/** Without what is around it, such as the certificate: node:crypto of Deno 2.9.5 wants a key alone. */
function privateKeyOf(file: NamedBytes): ReturnType<typeof createPrivateKey> {
  const text = textOf(file.bytes);
  const [block = text] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/.exec(text) ?? [];
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw mistake(file, `${file.path} has no PEM private key, or it is encrypted`, cause);
  }
}

const textOf = (pem: Uint8Array): string => new TextDecoder("latin1").decode(pem);

const mistake = ({ key, named }: NamedBytes, what: string, cause?: unknown): NamedMistake =>
  new NamedMistake(key, named, what, { cause });
