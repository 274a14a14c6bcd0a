// The options of a gateway with every default filled in, checked once.

import { checkHas, type Millis, refuseUnknown } from "@memwire/engine";
import {
  DEFAULT_GATEWAY_LIMITS,
  type GatewayLimits,
  type GatewayOptions,
  type Method,
  METHODS,
} from "./options.ts";

export interface Settings {
  readonly limits: GatewayLimits;
  readonly methods: readonly Method[];
  readonly contentTypes: boolean;
  /** The largest flags that a client may give: what content types leave of the 32 bits. */
  readonly flagsMax: number;
  readonly compressedFlags: number;
  readonly bodyTimeoutMs: Millis;
  readonly multiTimeoutMs: Millis;
  readonly multiTimeoutMaxMs: Millis;
  readonly followMinMs: Millis;
  readonly followMaxMs: Millis;
  readonly commentMs: Millis;
  readonly drainMs: Millis;
}

const OPTIONS: readonly string[] = Object.keys({
  client: true,
  clock: true,
  routes: true,
  methods: true,
  ratePerAddress: true,
  rateTotal: true,
  allow: true,
  deny: true,
  compressedFlags: true,
  contentTypes: true,
  bodyTimeoutMs: true,
  multiTimeoutMs: true,
  multiTimeoutMaxMs: true,
  followMinMs: true,
  followMaxMs: true,
  commentMs: true,
  drainMs: true,
  limits: true,
  Response: true,
  log: true,
  logged: true,
} satisfies Record<keyof GatewayOptions, true>);

/** @throws RangeError, or TypeError for no client or clock, that says which option is wrong and what would be right */
export function settingsOf(options: GatewayOptions): Settings {
  refuseUnknown("a gateway", options, OPTIONS);
  checkHas("client", options.client, "getEach", "one as createClient of @memwire/client makes it");
  checkHas("clock", options.clock, "now", "that of an adapter, such as openAdapter() has");
  refuseUnknown("limits", options.limits ?? {}, Object.keys(DEFAULT_GATEWAY_LIMITS));
  const limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (name === "headerBytesMax" && value === Infinity) continue;
    checkWhole(`limits.${name}`, value, 1);
  }
  const { methods = METHODS, contentTypes = true, compressedFlags = 1 } = options;
  checkMethods("methods", methods);
  checkList("allow", options.allow);
  checkList("deny", options.deny);
  const flagsMax = contentTypes ? 0xff_ffff : 0xffff_ffff;
  if (!Number.isSafeInteger(compressedFlags) || compressedFlags < 0 || compressedFlags > flagsMax) {
    const why = contentTypes ? ", as the upper eight bits of 32 keep the content type" : "";
    throw new RangeError(
      `compressedFlags must be a whole number from 0 to ${flagsMax}${why}, got ${compressedFlags}`,
    );
  }
  // Where only one of two is given, the default of the other makes room for it.
  const times = {
    bodyTimeoutMs: options.bodyTimeoutMs ?? 30_000,
    multiTimeoutMs: options.multiTimeoutMs ?? Math.min(1_000, options.multiTimeoutMaxMs ?? Infinity),
    multiTimeoutMaxMs: options.multiTimeoutMaxMs ?? Math.max(10_000, options.multiTimeoutMs ?? 0),
    followMinMs: options.followMinMs ?? Math.min(50, options.followMaxMs ?? Infinity),
    followMaxMs: options.followMaxMs ?? Math.max(2_000, options.followMinMs ?? 0),
    commentMs: options.commentMs ?? 15_000,
    drainMs: options.drainMs ?? 2_000,
  };
  // What was given comes first: a default may be wrong only because of it.
  for (const name of Object.keys(times) as (keyof typeof times)[]) {
    if (options[name] !== undefined) checkWhole(name, options[name], 1);
  }
  checkOrder("multiTimeoutMs", times.multiTimeoutMs, "multiTimeoutMaxMs", times.multiTimeoutMaxMs);
  checkOrder("followMinMs", times.followMinMs, "followMaxMs", times.followMaxMs);
  return { limits, methods, contentTypes, flagsMax, compressedFlags, ...times };
}

/** @throws RangeError for what is no method of a gateway, and for none at all */
export function checkMethods(option: string, methods: readonly Method[]): void {
  const all: readonly string[] = METHODS;
  const wrong = methods.find((method) => !all.includes(method));
  if (wrong !== undefined) {
    throw new RangeError(`${option} must be of ${METHODS.join(", ")}, got ${JSON.stringify(wrong)}`);
  }
  if (methods.length === 0) throw new RangeError(`${option} must have at least one of ${METHODS.join(", ")}`);
}

/** A `Set` would count as an empty list, by which everybody may ask. */
function checkList(option: string, list: unknown): void {
  if (list === undefined || Array.isArray(list)) return;
  const shown = Object.prototype.toString.call(list).slice("[object ".length, -1);
  throw new RangeError(`${option} must be an array of IP addresses and ranges, got ${shown}`);
}

function checkWhole(name: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new RangeError(`${name} must be a whole number from ${min}, got ${String(value)}`);
}

function checkOrder(lower: string, low: number, upper: string, high: number): void {
  if (low <= high) return;
  throw new RangeError(`${lower} must be at most ${upper}, ${high}, got ${low}`);
}
