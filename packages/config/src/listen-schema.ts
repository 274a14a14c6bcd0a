// Where a pool's clients connect to: an address, an address with what else is to be said of it, or several of both.

import * as v from "valibot";
import { listenForm, listenPattern, parseListen } from "./address-text.ts";
import { ipRangeForm, ipRangesForm, parseIpRange } from "./ip-range.ts";
import { given } from "./given.ts";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import type { ListenerConfig } from "./pool-config.ts";
import { tlsListen } from "./tls-schema.ts";
import { byKind, listOf, pathTo, text, truth, wholeNumber } from "./value-schema.ts";

/** What the value of `listen` is, for messages. */
export const listenersForm: string = `${listenForm}, a mapping with address, or a list of these`;

/** The most that `listen` of a system takes: a C `int`. */
export const BACKLOG_MAX: number = 2_147_483_647;

const ipRange = text(ipRangeForm, parseIpRange);
const address = text(listenForm, parseListen, listenPattern);

const plain: v.GenericSchema<unknown, ListenerConfig> = address;

const detailed: v.GenericSchema<unknown, ListenerConfig> = v.pipe(
  mapping({
    what: "listen",
    form: listenersForm,
    required: { address: listenForm },
    entries: {
      address: about("Where clients connect to; a unix socket with its permissions, in octal.", address),
      tls: v.exactOptional(about("TLS for clients. Certificates are read again on SIGHUP.", tlsListen)),
      // An empty one could be meant to let nobody in, and would let everybody in.
      allow: v.exactOptional(
        about("Clients that may connect; all others are closed at once.", listOf(ipRangesForm, ipRange, 1)),
      ),
      deny: v.exactOptional(
        about(
          "Clients that may not, though they are allowed.",
          listOf(`a list, each ${ipRangeForm}`, ipRange),
        ),
      ),
      backlog: v.exactOptional(
        about(
          "Connections that the system keeps until they are accepted.",
          wholeNumber("a whole number", 1, BACKLOG_MAX),
        ),
      ),
      keepalive: v.exactOptional(
        about("The system asks a client that is silent for long whether it is still there.", truth()),
      ),
      reuse_port: v.exactOptional(about("Other processes may listen on the port in the same way.", truth())),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.address.endpoint.kind === "tcp") return;
    for (const key of ["allow", "deny"] as const) {
      if (dataset.value[key] === undefined) continue;
      const message =
        "must be taken out: who connects to a unix socket has no address, its permissions say who may";
      addIssue({ message, path: pathTo(key) });
    }
    const none = {
      reuse_port: "a unix socket has no port to share",
      keepalive: "who is on this machine is not asked",
    };
    for (const [key, reason] of Object.entries(none) as [keyof typeof none, string][]) {
      if (dataset.value[key] === true)
        addIssue({ message: `must be taken out: ${reason}, got true`, path: pathTo(key) });
    }
  }),
  v.transform(({ address: where, reuse_port: reusePort, keepalive: keepAlive, ...rest }) => ({
    ...where,
    ...rest,
    ...given({ reusePort, keepAlive }),
  })),
);

const one = byKind(listenersForm, { scalar: plain, mapping: detailed });

/** At least one. */
export const listeners: v.GenericSchema<unknown, readonly ListenerConfig[]> = byKind(listenersForm, {
  scalar: v.pipe(
    plain,
    v.transform((listener) => [listener]),
  ),
  mapping: v.pipe(
    detailed,
    v.transform((listener) => [listener]),
  ),
  list: listOf(`a list of at least one ${listenForm}, or mapping with address`, one, 1),
});
