// TLS on both sides of the proxy: files of certificates and keys, and what is asked of the peer.

import * as v from "valibot";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import type { TlsConnectConfig, TlsListenConfig } from "./pool-config.ts";
import { renameKeys } from "./rename-keys.ts";
import { byKind, oneOf, pathTo, text, truth } from "./value-schema.ts";

const someText = (form: string): v.GenericSchema<unknown, string> =>
  text(form, (given) => {
    if (given.trim() !== "") return given;
    throw new RangeError(`must be ${form}, ${got(given)}`);
  });

const pemFile = someText("the name of a PEM file");

/** Keys that both sides of TLS have. */
const tlsEntries = {
  cert: about("The certificate and those between it and a root, a PEM file.", pemFile),
  key: about("The private key of the certificate, a PEM file, not encrypted.", pemFile),
  ca: about("The roots that the peer's certificate has to lead to, a PEM file.", pemFile),
  ciphers: about("Ciphers of TLS 1.2 as OpenSSL lists them.", someText("ciphers with : between")),
  min_version: about("The oldest version of TLS that is spoken.", oneOf(["TLSv1.2", "TLSv1.3"])),
} as const;

/** What those keys are called in the code. */
const tlsNames = { cert: "chainFile", key: "keyFile", ca: "caFile", min_version: "minVersion" } as const;

/** TLS for clients. */
export const tlsListen: v.GenericSchema<unknown, TlsListenConfig> = v.pipe(
  mapping({
    what: "tls",
    form: "a mapping with cert, such as { cert: proxy.pem, key: proxy.key }",
    required: { cert: "the PEM file of the certificate" },
    entries: {
      cert: tlsEntries.cert,
      key: v.exactOptional(tlsEntries.key),
      ca: v.exactOptional(tlsEntries.ca),
      verify: v.optional(
        about(
          "What is asked of clients: no certificate, a good one if any, or a good one.",
          oneOf(["none", "request", "require"]),
        ),
        "none",
      ),
      ciphers: v.exactOptional(tlsEntries.ciphers),
      min_version: v.exactOptional(tlsEntries.min_version),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.verify === "none" || dataset.value.ca !== undefined) return;
    const message = `needs ca, the roots of the clients' certificates, got "${dataset.value.verify}" alone`;
    addIssue({ message, path: pathTo("verify") });
  }),
  v.transform((values) => renameKeys(values, tlsNames)),
);

const tlsDetails: v.GenericSchema<unknown, TlsConnectConfig> = v.pipe(
  mapping({
    what: "tls",
    form: "true, false, or a mapping with keys such as ca",
    entries: {
      ca: v.exactOptional(tlsEntries.ca),
      cert: v.exactOptional(tlsEntries.cert),
      key: v.exactOptional(tlsEntries.key),
      servername: v.exactOptional(
        about("Whose certificate the server's has to be, if not the host's.", someText("a host name")),
      ),
      verify: v.exactOptional(about("Whether the server's certificate is looked at.", truth())),
      ciphers: v.exactOptional(tlsEntries.ciphers),
      min_version: v.exactOptional(tlsEntries.min_version),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.key === undefined || dataset.value.cert !== undefined) return;
    addIssue({ message: "needs cert, the certificate that it is the key of", path: pathTo("key") });
  }),
  v.transform((values) => renameKeys(values, tlsNames)),
);

/** Whether a server is spoken to in TLS, and how. */
export const serverTls: v.GenericSchema<unknown, TlsConnectConfig | false> = byKind(
  "true, false, or a mapping with keys such as ca",
  {
    scalar: v.pipe(
      truth(),
      v.transform((wanted) => (wanted ? {} : false)),
    ),
    mapping: tlsDetails,
  },
);
