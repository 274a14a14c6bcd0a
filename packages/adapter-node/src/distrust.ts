// What an error of node:tls says of a server, in our words. The runtimes' texts go on about OpenSSL, BoringSSL and
// rustls, and name hosts; their codes are nearly the same.

import type { Distrust } from "@memwire/engine";

const byCode: ReadonlyMap<string, Distrust> = new Map(
  Object.entries({
    CERT_HAS_EXPIRED: "expired",
    CERT_NOT_YET_VALID: "not-yet-valid",
    ERR_TLS_CERT_ALTNAME_INVALID: "other-name",
    DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed",
    SELF_SIGNED_CERT_IN_CHAIN: "unknown-authority",
    UNABLE_TO_GET_ISSUER_CERT: "unknown-authority",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unknown-authority",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unknown-authority",
    ERR_SSL_WRONG_VERSION_NUMBER: "no-tls",
    ERR_SSL_PACKET_LENGTH_TOO_LONG: "no-tls",
  } as const),
);

/** What a server told us before it closed the connection, by the end of the code. */
const alerts: readonly (readonly [RegExp, Distrust])[] = [
  [/_ALERT_CERTIFICATE_REQUIRED$/, "certificate-required"],
  [/_ALERT_(?:UNKNOWN_CA|(?:BAD|UNSUPPORTED|REVOKED|EXPIRED|UNKNOWN)_CERTIFICATE)$/, "certificate-refused"],
  [/_ALERT_CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN)$/, "certificate-refused"],
  [/_ALERT_PROTOCOL_VERSION$|_UNSUPPORTED_PROTOCOL$/, "no-common-version"],
  [/_ALERT_/, "refused"],
];

/** `undefined` where the runtime says nothing that is known. */
export function distrustOf(error: Error): Distrust | undefined {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return undefined;
  return byCode.get(code) ?? alerts.find(([pattern]) => pattern.test(code))?.[1];
}
