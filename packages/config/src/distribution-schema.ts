// How a key becomes a server: a distribution by its name, or by its name and what else is to be said of it.
//
//     distribution: ketama
//     distribution: { name: ketama, naming: spymemcached }

import {
  distributions,
  hashes,
  ringNamings,
  type DistributionOptions,
  type HashName,
  type RingNaming,
} from "@memwire/router";
import * as v from "valibot";
import { about } from "./json-schema.ts";
import { mapping } from "./mapping.ts";
import { byKind, oneOf, pathTo, text, wholeNumber } from "./value-schema.ts";

/** The name of one of all distributions. */
export type PlacementName = DistributionOptions["distribution"];

/** A distribution, and what else is said of it: only what goes with it. */
export interface DistributionConfig {
  readonly name: PlacementName;
  /** Of `ketama` and `consistent`. */
  readonly naming?: RingNaming;
  /** Of `ketama`. */
  readonly points?: number;
  /** Of `ketama` and `jump`. */
  readonly seed?: string;
  /** Of `modula`. */
  readonly order?: "sorted" | "listed";
  /** Of the clients' own. */
  readonly ketamaPoints?: number;
  readonly algorithm?: "md5" | "sha1";
  readonly compatibility?: "ketama" | "hash_ring";
  readonly placement?: "ketama" | "modula";
}

export const distributionNames: readonly PlacementName[] = distributions;

export const hashNames: readonly HashName[] = Object.keys(hashes) as HashName[];

/** Those that hash keys by `hash`, and their default of it; the others have a hash of their own, or none. */
export const defaultHashes: Partial<Record<PlacementName, HashName>> = {
  ketama: "fnv1a_64",
  modula: "fnv1a_64",
  consistent: "one_at_a_time",
  jump: "xxh3",
};

/** What goes with which. */
const allowed: Readonly<Record<string, readonly PlacementName[]>> = {
  naming: ["ketama", "consistent"],
  points: ["ketama"],
  seed: ["ketama", "jump"],
  order: ["modula"],
  ketama_points: ["cache-memcached-fast"],
  algorithm: ["npm-memcached", "npm-hashring"],
  compatibility: ["npm-hashring"],
  placement: ["npm-memcache"],
};

const POINTS_MAX = 4_096;

const form = "the name of a distribution, or a mapping with name";
const name = oneOf(distributionNames);
const seed = text("a text", (given) => given);

const detailed: v.GenericSchema<unknown, DistributionConfig> = v.pipe(
  mapping({
    what: "distribution",
    form,
    required: { name: `one of ${distributionNames.join(", ")}` },
    entries: {
      name: about("How that number becomes a server.", name),
      naming: v.exactOptional(
        about("ketama: whose ring it is; consistent: libmemcached or libmemcached-spy.", oneOf(ringNamings)),
      ),
      points: v.exactOptional(
        about("ketama: points of a server of average weight.", wholeNumber("a whole number", 4, POINTS_MAX)),
      ),
      seed: v.exactOptional(about("ketama and jump, with xxh3: the seed of memcached's own proxy.", seed)),
      order: v.exactOptional(
        about("modula: servers as twemproxy sorts them, or as they are listed.", oneOf(["sorted", "listed"])),
      ),
      ketama_points: v.exactOptional(
        about("cache-memcached-fast: its option of this name.", wholeNumber("a whole number", 0, POINTS_MAX)),
      ),
      algorithm: v.exactOptional(
        about("npm-memcached and npm-hashring: its option.", oneOf(["md5", "sha1"])),
      ),
      compatibility: v.exactOptional(about("npm-hashring: its option.", oneOf(["ketama", "hash_ring"]))),
      placement: v.exactOptional(
        about("npm-memcache: its KetamaHash or its ModulaHash.", oneOf(["ketama", "modula"])),
      ),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { name: given, ...rest } = dataset.value;
    for (const key of Object.keys(rest)) {
      const of = allowed[key] ?? [];
      if (of.includes(given)) continue;
      addIssue({
        message: `must be taken out: it goes with ${of.join(" and ")}, not with ${given}`,
        path: pathTo(key),
      });
    }
  }),
  v.transform(({ ketama_points: ketamaPoints, ...rest }) =>
    ketamaPoints === undefined ? rest : { ...rest, ketamaPoints },
  ),
);

export const distribution: v.GenericSchema<unknown, DistributionConfig> = byKind(form, {
  scalar: v.pipe(
    name,
    v.transform((given) => ({ name: given })),
  ),
  mapping: detailed,
});
