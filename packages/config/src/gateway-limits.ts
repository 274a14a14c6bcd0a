// How much a gateway does at most: rates and limits of its file.

import * as v from "valibot";
import { mapping } from "./mapping.ts";
import { rate, someRate, type RateConfig } from "./rate-schema.ts";
import { renameKeys } from "./rename-keys.ts";
import { wholeNumber } from "./value-schema.ts";

/** Rates under the names that a gateway has for them. */
interface RateLimits {
  readonly ratePerAddress?: RateConfig;
  readonly rateTotal?: RateConfig;
}

/** Whole numbers from 1. */
export interface GatewayLimitsConfig {
  readonly urlBytesMax?: number;
  readonly headerBytesMax?: number;
  readonly bodyBytesMax?: number;
  readonly inflatedBytesMax?: number;
  readonly multiKeysMax?: number;
  readonly multiBytesMax?: number;
  readonly requestsMax?: number;
  readonly streamsMax?: number;
  readonly mappingsMax?: number;
  readonly mappingsBytesMax?: number;
  readonly addressesMax?: number;
}

const LIMIT_MAX = 2_147_483_647;

const limit = v.exactOptional(wholeNumber("a whole number", 1, LIMIT_MAX));

/** The most of each thing. */
export const limits: v.GenericSchema<unknown, GatewayLimitsConfig> = v.pipe(
  mapping({
    what: "limits",
    form: "a mapping with limits such as body_bytes",
    entries: {
      url_bytes: limit,
      header_bytes: limit,
      body_bytes: limit,
      inflated_bytes: limit,
      multi_keys: limit,
      multi_bytes: limit,
      requests: limit,
      streams: limit,
      mappings: limit,
      mappings_bytes: limit,
      addresses: limit,
    },
  }),
  v.transform((values) =>
    renameKeys(values, {
      url_bytes: "urlBytesMax",
      header_bytes: "headerBytesMax",
      body_bytes: "bodyBytesMax",
      inflated_bytes: "inflatedBytesMax",
      multi_keys: "multiKeysMax",
      multi_bytes: "multiBytesMax",
      requests: "requestsMax",
      streams: "streamsMax",
      mappings: "mappingsMax",
      mappings_bytes: "mappingsBytesMax",
      addresses: "addressesMax",
    }),
  ),
);

const ratesForm = "a mapping with per_address, total or both";

/** Rates for each address and for all together. */
export const rateLimit: v.GenericSchema<unknown, RateLimits> = v.pipe(
  someRate(
    mapping({
      what: "rate_limit",
      form: ratesForm,
      entries: { per_address: v.exactOptional(rate), total: v.exactOptional(rate) },
    }),
    ratesForm,
  ),
  v.transform((rates) => renameKeys(rates, { per_address: "ratePerAddress", total: "rateTotal" })),
);
