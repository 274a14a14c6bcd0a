// Certificates and keys, looked at before they are used: node:tls of Deno takes anything, and fails at the first
// handshake, and the messages of OpenSSL, BoringSSL and rustls say little to whoever has to put it right.

import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { TlsConnectOptions, TlsCredentials } from "@memwire/engine";

/** What node:tls makes a context of, and the context made of it. */
interface Context {
  readonly options: SecureContextOptions;
  readonly secureContext: SecureContext;
}

/** @throws Error that says what is wrong */
export function contextOf(
  options: Partial<TlsCredentials>,
  terms: Pick<TlsConnectOptions, "ciphers" | "minVersion">,
): Context {
  const { chain, key, ca } = options;
  if (ca !== undefined) certificatesOf(ca, "CA");
  if (chain !== undefined || key !== undefined) checkPair(chain, key);
  const { ciphers, minVersion = "TLSv1.2" } = terms;
  const context: SecureContextOptions = {
    minVersion,
    // As memcached. BoringSSL and rustls, below Bun and Deno, have no second handshake to begin with.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(chain === undefined ? {} : { cert: textOf(chain) }),
    ...(key === undefined ? {} : { key: textOf(key) }),
    ...(ca === undefined ? {} : { ca: textOf(ca) }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
  try {
    return { options: context, secureContext: createSecureContext(context) };
  } catch (cause) {
    if (ciphers !== undefined) throw new Error(`no such ciphers as "${ciphers}"`, { cause });
    throw new Error(`no TLS with these certificates: ${(cause as Error).message}`, { cause });
  }
}

function checkPair(chain: Uint8Array | undefined, key: Uint8Array | undefined): void {
  if (chain === undefined) throw new Error("a key without its certificate chain");
  if (key === undefined) throw new Error("a certificate chain without its key");
  const [first] = certificatesOf(chain, "certificate chain") as [X509Certificate];
  if (!first.checkPrivateKey(privateKeyOf(key))) {
    throw new Error("the key is not that of the first certificate in the chain");
  }
}

/** Without what is around it, such as the certificate: node:crypto of Deno 2.9.5 wants a key alone. */
function privateKeyOf(key: Uint8Array): ReturnType<typeof createPrivateKey> {
  const text = textOf(key);
  const [block = text] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/.exec(text) ?? [];
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw new Error("the key is not a PEM private key, or it is encrypted", { cause });
  }
}

/** All of them, in order; at least one. */
function certificatesOf(pem: Uint8Array, name: string): readonly X509Certificate[] {
  const blocks = textOf(pem).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`the ${name} has no PEM certificate`);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new Error(`the ${name} has a broken certificate, number ${index + 1}`, { cause });
    }
  });
}

const textOf = (pem: Uint8Array): string => new TextDecoder("latin1").decode(pem);
