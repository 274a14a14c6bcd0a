// The keys of a gateway's file, what each may be, and what it is called in the code.

import { hashes, type HashName, type HashedOptions } from "@memwire/router";
import * as v from "valibot";
import { listenForm, parseListen, type ListenConfig, type ServerConfig } from "./address-text.ts";
import { limits, rateLimit, type GatewayLimitsConfig } from "./gateway-limits.ts";
import { ipRangeForm, ipRangesForm, parseIpRange } from "./ip-range.ts";
import { mappingReader, type Issue, type MappingReading } from "./mapping.ts";
import { got } from "./mistake.ts";
import { DEFAULT_TIMEOUT_MS } from "./pool-config.ts";
import type { RateConfig } from "./rate-schema.ts";
import { renameKeys } from "./rename-keys.ts";
import { methodList, routeList, type GatewayMethod, type RouteConfig } from "./route-schema.ts";
import { serverList } from "./server-list.ts";
import { hashTag, listOf, milliseconds, oneOf, text, truth, wholeNumber } from "./value-schema.ts";

/** What a gateway is to be. What was not given and has no default here is absent: the gateway's own default holds. */
export interface GatewayConfig {
  readonly listen?: ListenConfig;
  /** At least one, no two of one name on the ring. */
  readonly servers?: readonly ServerConfig[];
  readonly hash: HashName;
  readonly distribution: HashedOptions["distribution"];
  /** Two characters; of a key that has them, only what stands between is hashed. */
  readonly hashTag?: string;
  /** How long a request may wait to be sent, a connection may take, and a reply may take: each. */
  readonly timeoutMs: number;
  /** The most connections to each server. */
  readonly connections: number;
  /** After how long an idle connection to a server is closed. */
  readonly idleTimeoutMs: number;
  /** At least one. */
  readonly methods?: readonly GatewayMethod[];
  readonly routes?: readonly RouteConfig[];
  /** Addresses and CIDR ranges; `allow` at least one. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly ratePerAddress?: RateConfig;
  readonly rateTotal?: RateConfig;
  /** 32 bits; unless `contentTypes` is false, the lower 24 of them. */
  readonly compressedFlags?: number;
  readonly contentTypes?: boolean;
  readonly bodyTimeoutMs?: number;
  /** If both are given, the second is not below the first. The same for the next two. */
  readonly multiTimeoutMs?: number;
  readonly multiTimeoutMaxMs?: number;
  readonly followMinMs?: number;
  readonly followMaxMs?: number;
  readonly commentMs?: number;
  readonly drainMs?: number;
  readonly limits?: GatewayLimitsConfig;
}

const DEFAULT_CONNECTIONS = 1;
const CONNECTIONS_MAX = 1_000;
const DEFAULT_IDLE_TIMEOUT_MS = 60_000;
const FLAGS_MAX = 0xffff_ffff;
const FLAGS_BESIDE_TYPES_MAX = 0xff_ffff;

const distributions: readonly HashedOptions["distribution"][] = ["ketama", "modula"];
const ipRange = text(ipRangeForm, parseIpRange);
const time = v.exactOptional(milliseconds());

const readEntries = mappingReader({
  what: "a gateway",
  form: "a mapping with keys such as listen and servers",
  entries: {
    listen: v.exactOptional(text(listenForm, parseListen)),
    servers: v.exactOptional(serverList),
    hash: v.optional(oneOf(Object.keys(hashes) as HashName[]), "md5"),
    distribution: v.optional(oneOf(distributions), "ketama"),
    hash_tag: v.exactOptional(hashTag()),
    timeout: v.optional(milliseconds(), DEFAULT_TIMEOUT_MS),
    connections: v.optional(wholeNumber("a whole number", 1, CONNECTIONS_MAX), DEFAULT_CONNECTIONS),
    idle_timeout: v.optional(milliseconds(), DEFAULT_IDLE_TIMEOUT_MS),
    methods: v.exactOptional(methodList),
    routes: v.exactOptional(routeList),
    // An empty one could be meant to let nobody in, and would let everybody in.
    allow: v.exactOptional(listOf(ipRangesForm, ipRange, 1)),
    deny: v.exactOptional(listOf(`a list, each ${ipRangeForm}`, ipRange)),
    rate_limit: v.exactOptional(rateLimit),
    compressed_flags: v.exactOptional(wholeNumber("a whole number", 0, FLAGS_MAX)),
    content_types: v.exactOptional(truth()),
    body_timeout: time,
    multi_timeout: time,
    multi_timeout_max: time,
    follow_min: time,
    follow_max: time,
    comment_after: time,
    drain_timeout: time,
    limits: v.exactOptional(limits),
  },
});

/** Reads a gateway as YAML or JSON has it; nothing at all is a gateway of defaults. */
export function readGateway(value: unknown): MappingReading<GatewayConfig> {
  const { output, issues } = readEntries(value ?? {});
  if (output === undefined) return { issues };

  const { rate_limit: rates, ...rest } = output;
  const config: GatewayConfig = {
    ...renameKeys(rest, {
      hash_tag: "hashTag",
      timeout: "timeoutMs",
      idle_timeout: "idleTimeoutMs",
      compressed_flags: "compressedFlags",
      content_types: "contentTypes",
      body_timeout: "bodyTimeoutMs",
      multi_timeout: "multiTimeoutMs",
      multi_timeout_max: "multiTimeoutMaxMs",
      follow_min: "followMinMs",
      follow_max: "followMaxMs",
      comment_after: "commentMs",
      drain_timeout: "drainMs",
    }),
    ...rates,
  };
  return { output: config, issues: [...issues, ...issuesTogether(config)] };
}

/** What is right by itself, and wrong beside another value. */
function issuesTogether(config: GatewayConfig): readonly Issue[] {
  const { multiTimeoutMs, multiTimeoutMaxMs, followMinMs, followMaxMs } = config;
  const { compressedFlags = 0, contentTypes = true } = config;
  const issues: Issue[] = [];
  const add = (key: string, message: string, value: number): void => {
    issues.push({ steps: [key], message: `${message}, ${got(value)}` });
  };
  if (multiTimeoutMaxMs !== undefined && multiTimeoutMs !== undefined && multiTimeoutMaxMs < multiTimeoutMs) {
    add("multi_timeout_max", `must be at least multi_timeout, ${multiTimeoutMs}`, multiTimeoutMaxMs);
  }
  if (followMaxMs !== undefined && followMinMs !== undefined && followMaxMs < followMinMs) {
    add("follow_max", `must be at least follow_min, ${followMinMs}`, followMaxMs);
  }
  if (contentTypes && compressedFlags > FLAGS_BESIDE_TYPES_MAX) {
    const reason = "the bits above keep content types, or content_types be false";
    add("compressed_flags", `must be at most ${FLAGS_BESIDE_TYPES_MAX}: ${reason}`, compressedFlags);
  }
  return issues;
}
