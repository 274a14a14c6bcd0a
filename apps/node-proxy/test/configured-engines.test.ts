// A file that is read without a mistake makes an engine: of its options nobody who writes a file has heard.

import { DEFAULT_LIMITS } from "@memwire/codec";
import { describeMistake, proxyJsonSchema, readProxyConfig } from "@memwire/config";
import { ProxyEngine } from "@memwire/proxy";
import fc from "fast-check";
import { expect, test } from "vitest";
import { engineOptions } from "../src/engine-options.ts";
import { UserFiles } from "../src/user-files.ts";

/** What is said of a file; nothing if an engine was made of it. */
function saidOf(file: object): string {
  const reading = readProxyConfig(JSON.stringify(file), "f");
  if (!reading.ok) return reading.mistakes.map(describeMistake).join("\n");
  const { config } = reading;
  void new ProxyEngine(engineOptions({ config, folder: "." }, new UserFiles(config, ".")));
  return "";
}

const pool = { listen: ":1", servers: ["h:1"] };

test("whatever the bounds and times are that a file may have", () => {
  const { properties } = proxyJsonSchema("memwire") as unknown as {
    properties: {
      proxy: { properties: object };
      pools: { additionalProperties: { properties: { health: { properties: object } } } };
    };
  };
  const { health } = properties.pools.additionalProperties.properties;
  const value = fc.constantFrom(1, 50, 100, 101, 2_047, 2_048, 5_001, 1_048_577, 4_000_000, 2_147_483_647);
  const some = (keys: object): fc.Arbitrary<object> =>
    fc.dictionary(fc.constantFrom(...Object.keys(keys)), value, { maxKeys: 4 });
  fc.assert(
    fc.property(some(properties.proxy.properties), some(health.properties), (limits, times) => {
      saidOf({ proxy: limits, pools: { a: { ...pool, health: times } } });
      saidOf({ proxy: limits, pools: { a: pool } });
    }),
  );
});

test("each of the times of health may be given alone, beyond what the others are by default", () => {
  for (const health of [{ flap_max: 50 }, { retry_max: 50 }, { retry_min: 4_000_000 }]) {
    expect(saidOf({ pools: { a: { ...pool, health } } })).toBe("");
    expect(saidOf({ proxy: { retry_min: 4_000_000 }, pools: { a: { ...pool, health } } })).toBe("");
  }
  expect(saidOf({ proxy: { retry_min: 4_000_000 }, pools: { a: pool } })).toBe("");
});

test("a file knows what the decoders' bounds are by default", () => {
  const { lineBytesMax, retrievalLineBytesMax } = DEFAULT_LIMITS;
  const said = (proxy: object): string => saidOf({ proxy, pools: { a: pool } });
  expect(said({ line_bytes_max: retrievalLineBytesMax })).toBe("");
  expect(said({ line_bytes_max: retrievalLineBytesMax + 1 })).toMatch(/^f:1 proxy\.line_bytes_max: /);
  expect(said({ retrieval_line_bytes_max: lineBytesMax })).toBe("");
  expect(said({ retrieval_line_bytes_max: lineBytesMax - 1 })).toMatch(
    /^f:1 proxy\.retrieval_line_bytes_max: /,
  );
});
