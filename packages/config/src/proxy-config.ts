// The proxy's configuration file: memwire's own, which has its pools under `pools:`, or twemproxy's, which has nothing
// but pools.
//
//     proxy:                                    alpha:
//       connections_max: 10000                    listen: 127.0.0.1:22121
//     pools:                                      hash: md5
//       alpha:                                    servers:
//         listen: 127.0.0.1:22121                   - 10.0.0.1:11211:1
//         servers: [10.0.0.1:11211]                 - 10.0.0.2:11211:1 cache-b

import * as v from "valibot";
import { about, jsonObjectOf, jsonSchemaOf, type JsonSchema } from "./json-schema.ts";
import { isMapping, mappingReader } from "./mapping.ts";
import type { Step } from "./mistake.ts";
import { nutcrackerPool } from "./nutcracker-schema.ts";
import type { PoolConfig } from "./pool-config.ts";
import { pool } from "./pool-schema.ts";
import { poolsByName } from "./pools-by-name.ts";
import { LIMIT_MAX, proxyLimits, type ProxyLimitsConfig } from "./proxy-limits.ts";
import { never } from "./value-schema.ts";
import { readConfig, type ConfigReading } from "./yaml-config.ts";

/** What a proxy is to be. */
export interface ProxyConfig extends ProxyLimitsConfig {
  /** At least one, in the order of the file; no two listen on the same address. */
  readonly pools: readonly PoolConfig[];
}

export type ProxyConfigReading = ConfigReading<ProxyConfig>;

/** A proxy without bounds of its own: the engine's hold. */
export const NO_LIMITS: ProxyLimitsConfig = { limits: {}, requests: {}, replies: {} };

/** Of a server that is away: twemproxy tries it with each request, and finds it as soon as it is back. */
const LEFT_ALONE_MAX_MS = 1_000;

/** twemproxy passes on values of any size, and its servers refuse what is too large for them. */
export const TWEMPROXY_LIMITS: ProxyLimitsConfig = {
  limits: { retryMaxMs: LEFT_ALONE_MAX_MS },
  requests: { valueBytesMax: LIMIT_MAX },
  replies: { valueBytesMax: LIMIT_MAX },
};

const entries = {
  pools: about("The pools by name.", poolsByName(pool, ["pools"])),
  proxy: v.exactOptional(about("Bounds of the whole process.", proxyLimits)),
  routes: never("routes are not supported yet"),
};

const readOwn = mappingReader({
  what: "the file",
  form: "a mapping with pools",
  required: { pools: "pools by name, each with listen and servers" },
  entries,
});

const twemproxys = poolsByName(nutcrackerPool);

/**
 * Reads the text of a configuration file, YAML or JSON, memwire's own or twemproxy's. Never throws, whatever the text.
 *
 * @param file What the file is called in messages.
 */
export function readProxyConfig(text: string, file: string): ProxyConfigReading {
  return readConfig(text, file, (value, add) => {
    if (isOwn(value)) {
      const { output, issues } = readOwn(value);
      for (const { steps, message } of issues) add(steps, message);
      return output === undefined ? undefined : { ...NO_LIMITS, ...output.proxy, pools: output.pools };
    }
    const { success, output, issues } = v.safeParse(twemproxys, value);
    for (const { path = [], message } of issues ?? [])
      add(
        path.map(({ key }) => key as Step),
        message,
      );
    return success ? { ...TWEMPROXY_LIMITS, pools: output } : undefined;
  });
}

/** The file has a key of ours, and not as the name of one of twemproxy's pools, which have servers. */
function isOwn(value: unknown): boolean {
  if (!isMapping(value)) return false;
  return Object.keys(entries).some((key) => {
    if (!Object.hasOwn(value, key)) return false;
    const entry = value[key];
    return !(isMapping(entry) && Array.isArray(entry["servers"]));
  });
}

/** What editors need to know of a file: of memwire's own, or of twemproxy's. */
export function proxyJsonSchema(form: "memwire" | "twemproxy"): JsonSchema {
  const $schema = "https://json-schema.org/draft/2020-12/schema";
  return form === "memwire"
    ? { $schema, title: "memwire-proxy", ...jsonObjectOf(entries, ["pools"]) }
    : {
        $schema,
        title: "twemproxy's nutcracker.yml, as memwire-proxy reads it",
        ...jsonSchemaOf(twemproxys),
      };
}
