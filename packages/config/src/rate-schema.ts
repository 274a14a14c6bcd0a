// A rate, of the gateway's file and of the proxy's: so many requests a second in the long run, so many at once.

import * as v from "valibot";
import { about, jsonSchemaOf, said } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { renameKeys } from "./rename-keys.ts";
import { numberThat, wholeNumber } from "./value-schema.ts";

export interface RateConfig {
  /** Above 0. */
  readonly perSecond: number;
  /** A whole number from 1. */
  readonly burst: number;
}

const BURST_MAX = 2_147_483_647;

const perSecondForm = "a number above 0";

export const rate: v.GenericSchema<unknown, RateConfig> = v.pipe(
  mapping({
    what: "a rate",
    form: "a mapping with per_second and burst",
    required: { per_second: perSecondForm, burst: `a whole number from 1 to ${BURST_MAX}` },
    entries: {
      per_second: about(
        "How many a second, in the long run.",
        numberThat((number) => number > 0, perSecondForm, {
          type: ["number", "string"],
          exclusiveMinimum: 0,
          pattern: String.raw`^\d+(?:\.\d+)?$`,
        }),
      ),
      burst: about("How many at once.", wholeNumber("a whole number", 1, BURST_MAX)),
    },
  }),
  v.transform((values) => renameKeys(values, { per_second: "perSecond" })),
);

/** Rates of which one at least is there: a limit that limits nothing is none. */
export function someRate<T extends object>(
  rates: v.GenericSchema<unknown, T>,
  form: string,
): v.GenericSchema<unknown, T> {
  return v.pipe(
    said(() => ({ ...jsonSchemaOf(rates), minProperties: 1 }), rates),
    v.check((given) => Object.keys(given).length > 0, `must be ${form}, got neither`),
  );
}
