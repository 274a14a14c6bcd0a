// Certificates as a file has them, looked at before they are used: once they are, a mistake shows only when somebody
// connects. A certificate that is not valid now is taken, since clocks differ and some look at no date; but it is
// said.

import { createPrivateKey, X509Certificate } from "node:crypto";

/** A file that was read. */
export interface NamedBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * All of a file, in order; at least one.
 *
 * @throws Error that says what is wrong with it
 */
export function certificatesOf({ path, bytes }: NamedBytes): readonly X509Certificate[] {
  const blocks = textOf(bytes).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`${path} has no PEM certificate`);
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new Error(`${path} has a broken certificate, number ${i + 1}`, { cause });
    }
  });
}

/** @throws Error unless `key` has the private key of the first certificate in `chain` */
export function checkPair(chain: NamedBytes, key: NamedBytes): void {
  const [first] = certificatesOf(chain) as [X509Certificate];
  if (first.checkPrivateKey(privateKeyOf(key))) return;
  throw new Error(`the key in ${key.path} is not that of the first certificate in ${chain.path}`);
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

function privateKeyOf({ path, bytes }: NamedBytes): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(textOf(bytes));
  } catch (cause) {
    throw new Error(`${path} has no PEM private key, or it is encrypted`, { cause });
  }
}

const textOf = (pem: Uint8Array): string => new TextDecoder("latin1").decode(pem);
