// When a server counts as down, what then becomes of its keys, and how it comes back.

/** Each has a default, in `DEFAULT_HEALTH`. */
export interface HealthOptions {
  /** Failures in a row until a server is down, from 1; 0: it never is. */
  readonly failuresMax: number;
  /**
   * What is answered for the keys of a server that is down.
   *
   * - `fail`: the error that it failed with last, at once
   * - `miss`: that they are not there, and that nothing was stored
   * - `rehash`: the other servers have them until it is back
   */
  readonly whenDown: "fail" | "miss" | "rehash";
  /** How long a server in trouble is left alone at first, in ms; twice that after each failure, up to the most. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** The same, in ms and each time, of one that has failed but is not down yet, if that is less than `retryMinMs`. */
  readonly trialMs: number;
  /** How much of such a time chance may take off, from 0 to 1: not all proxies knock at the same moment. */
  readonly retryJitter: number;
  /** A server that fails again within so many ms of coming back is flapping; 0: nothing is. */
  readonly flapWindowMs: number;
  /** What each flap multiplies the time by that it is left alone for at first, from 1; and the most ms of it. */
  readonly flapRamp: number;
  readonly flapMaxMs: number;
  /**
   * The part of a pool, from 0 to 1, that must be up for anything to count as down: if more of it fails, the fault is
   * likely to be elsewhere, and all are asked as if they were well. 0: off.
   */
  readonly failOpenBelow: number;
}

export const DEFAULT_HEALTH: HealthOptions = {
  failuresMax: 3,
  whenDown: "fail",
  retryMinMs: 100,
  retryMaxMs: 5_000,
  trialMs: 100,
  retryJitter: 0.5,
  flapWindowMs: 10_000,
  flapRamp: 1.5,
  flapMaxMs: 3_600_000,
  failOpenBelow: 0,
};

const WHEN_DOWN: ReadonlySet<string> = new Set<HealthOptions["whenDown"]>(["fail", "miss", "rehash"]);

/**
 * The options with the defaults for those not given.
 *
 * @throws RangeError for one that is out of range
 */
export function healthFrom(
  given: Partial<HealthOptions> = {},
  defaults: HealthOptions = DEFAULT_HEALTH,
): HealthOptions {
  const options = { ...defaults, ...given };
  const { failuresMax, whenDown, retryMinMs, retryMaxMs, flapMaxMs } = options;
  if (!Number.isSafeInteger(failuresMax) || failuresMax < 0) {
    throw new RangeError(`failuresMax must be a whole number from 0, got ${String(failuresMax)}`);
  }
  if (!WHEN_DOWN.has(whenDown)) {
    throw new RangeError(`whenDown must be fail, miss or rehash, got ${whenDown}`);
  }
  checkBetween("retryMinMs", retryMinMs, 1);
  checkBetween("retryMaxMs", retryMaxMs, retryMinMs);
  checkBetween("trialMs", options.trialMs, 1);
  checkBetween("retryJitter", options.retryJitter, 0, 1);
  checkBetween("flapWindowMs", options.flapWindowMs, 0);
  checkBetween("flapRamp", options.flapRamp, 1);
  checkBetween("flapMaxMs", flapMaxMs, retryMinMs);
  checkBetween("failOpenBelow", options.failOpenBelow, 0, 1);
  return options;
}

function checkBetween(name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): void {
  if (value >= min && value <= max) return; // NaN is not
  const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${name} must be ${range}, got ${String(value)}`);
}
