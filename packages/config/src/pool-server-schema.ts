// The servers of a pool: each in a text, or in a mapping where there is more to be said.

import { WEIGHT_MAX } from "@memwire/router";
import { describeEndpoint } from "@memwire/engine";
import * as v from "valibot";
import {
  endpointForm,
  parsePoolServer,
  parseServerEndpoint,
  poolServerForm,
  poolServerPattern,
  type ServerConfig,
} from "./address-text.ts";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import type { TlsConnectConfig } from "./pool-config.ts";
import { distinctServers } from "./server-list.ts";
import { statsNameMistake } from "./stats-name.ts";
import { serverTls } from "./tls-schema.ts";
import { byKind, listOf, numberThat, pathTo, text } from "./value-schema.ts";

/** A server as the pool has it; `false` for none, even if all others of the pool have TLS. */
export interface ReadServer extends Omit<ServerConfig, "weight"> {
  /** What it is if it is not given depends on the distribution. */
  readonly weight?: number;
  readonly tls?: TlsConnectConfig | false;
}

/** What the list must be, for messages. */
export const poolServersForm: string = `a list of at least one ${poolServerForm}, or mapping with address`;

const name = text("a name", (given) => {
  const mistake = statsNameMistake("", given);
  if (mistake !== undefined) throw new RangeError(mistake);
  return given;
});

const detailed: v.GenericSchema<unknown, ReadServer> = v.pipe(
  mapping({
    what: "a server",
    form: "a mapping with address",
    required: { address: endpointForm },
    entries: {
      address: about("Where the server is.", text(endpointForm, parseServerEndpoint, poolServerPattern)),
      weight: v.exactOptional(
        about(
          "How much of the keys it takes: a whole number from 1; for mcrouter's weighted ones a number from 0 to 1.",
          numberThat((number) => number >= 0 && number <= WEIGHT_MAX, `a number from 0 to ${WEIGHT_MAX}`, {
            type: ["number", "string"],
            minimum: 0,
            maximum: WEIGHT_MAX,
            pattern: String.raw`^\d+(?:\.\d+)?$`,
          }),
        ),
      ),
      name: v.exactOptional(about("Stands for it on the ring and in stats instead of its address.", name)),
      tls: v.exactOptional(about("TLS to this server, instead of what server_tls says.", serverTls)),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value.name !== undefined) return;
    const mistake = statsNameMistake("address without a name", describeEndpoint(dataset.value.address));
    if (mistake !== undefined) addIssue({ message: mistake, path: pathTo("address") });
  }),
  v.transform(({ address: endpoint, ...rest }) => ({ endpoint, ...rest })),
);

const plain: v.GenericSchema<unknown, ReadServer> = text(poolServerForm, parsePoolServer, poolServerPattern);

/** At least one server, no two of one name on the ring. */
export const poolServers: v.GenericSchema<unknown, ReadServer[]> = distinctServers(
  listOf(
    poolServersForm,
    byKind(`${poolServerForm}, or a mapping with address`, { scalar: plain, mapping: detailed }),
    1,
  ),
);
