import { hashes, type DistributionName, type HashName } from "@memwire/router";

/** Every distribution that a pool may have. */
export const distributionNames: readonly DistributionName[] = ["ketama", "modula", "random"];

export const hashNames: readonly HashName[] = Object.keys(hashes) as HashName[];
