// When so much of a pool is down that the fault is likely to be elsewhere, and nobody is treated as down any more.

/**
 * Whether a pool is to be asked as if all of it were well.
 *
 * @param up How many servers are up.
 * @param wanted How many its operator wants to be up.
 * @param below `failOpenBelow` of the pool.
 */
export function isFailOpen(up: number, wanted: number, below: number): boolean {
  return up < wanted * below;
}
