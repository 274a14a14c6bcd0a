// When a server of a pool counts as down, what its clients are told then, and when it is tried again.

import * as v from "valibot";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import type { HealthConfig } from "./pool-config.ts";
import { renameKeys } from "./rename-keys.ts";
import { milliseconds, numberThat, oneOf, pathTo, wholeNumber } from "./value-schema.ts";

const FAILURES_MAX = 1_000_000;

/** The health of a pool's servers; what is not said is left to the engine. */
export const health: v.GenericSchema<unknown, HealthConfig> = v.pipe(
  mapping({
    what: "health",
    form: "a mapping with keys such as failures and when_down",
    entries: {
      failures: v.exactOptional(
        about(
          "Failures in a row until a server counts as down; 0: it never does.",
          wholeNumber("a whole number", 0, FAILURES_MAX),
        ),
      ),
      when_down: v.exactOptional(
        about(
          "What a server that is down does to its keys: an error at once, misses, or they go to the other servers.",
          oneOf(["fail", "miss", "rehash"]),
        ),
      ),
      retry_min: v.exactOptional(
        about("Milliseconds that a server that is down is left alone, at first.", milliseconds()),
      ),
      retry_max: v.exactOptional(about("The same at the most: it doubles each time.", milliseconds())),
      retry_jitter: v.exactOptional(
        about("How much of such a time chance may take off.", numberWithin(0, 1)),
      ),
      flap_window: v.exactOptional(
        about(
          "Milliseconds within which a server that is down again is flapping; 0: none is.",
          milliseconds(0),
        ),
      ),
      flap_ramp: v.exactOptional(
        about(
          "What each flap multiplies the time by that the server is left alone, at first.",
          numberWithin(1, 100),
        ),
      ),
      flap_max: v.exactOptional(about("The most milliseconds of that.", milliseconds())),
      fail_open_below: v.exactOptional(
        about(
          "The part of the servers that must be up, or none is treated as down; 0: off.",
          numberWithin(0, 1),
        ),
      ),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { retry_min: least } = dataset.value;
    if (least === undefined) return;
    for (const key of ["retry_max", "flap_max"] as const) {
      const most = dataset.value[key];
      if (most === undefined || least <= most) continue;
      addIssue({ message: `must be at least retry_min, ${least}, ${got(most)}`, path: pathTo(key) });
    }
  }),
  v.transform((values) =>
    renameKeys(values, {
      failures: "failuresMax",
      when_down: "whenDown",
      retry_min: "retryMinMs",
      retry_max: "retryMaxMs",
      retry_jitter: "retryJitter",
      flap_window: "flapWindowMs",
      flap_ramp: "flapRamp",
      flap_max: "flapMaxMs",
      fail_open_below: "failOpenBelow",
    }),
  ),
);

function numberWithin(min: number, max: number): v.GenericSchema<unknown, number> {
  return numberThat((number) => number >= min && number <= max, `a number from ${min} to ${max}`, {
    type: ["number", "string"],
    minimum: min,
    maximum: max,
    pattern: String.raw`^\d+(?:\.\d+)?$`,
  });
}
