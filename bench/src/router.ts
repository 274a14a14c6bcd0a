// The router alone, in one process: nanoseconds per look-up over 100 servers, for each runtime.
//
//     node -C @memwire/source bench/src/router.ts [words of names: only these cases]
//     bun --conditions=@memwire/source bench/src/router.ts
//     deno run -A --conditions=@memwire/source bench/src/router.ts
//
// Keys of 10 bytes and of 42, one after another in one buffer, as they lie in a request. Rounds are short, so that some
// are left alone by other work on the machine: the fastest is what the code costs, the median says how busy it was.

import process from "node:process";
import { TextEncoder } from "node:util";
import {
  createDistribution,
  hashes,
  type Distribution,
  type DistributionOptions,
  type HashName,
} from "@memwire/router";

const SERVERS = 100;
const KEYS = 1_024;
const WARM_UP_MS = 200;
const ROUNDS = 200;
const ROUND_MS = 0.5;

/** Keys end to end; key i is `bytes[ends[i - 1]]` up to `bytes[ends[i]]`. */
interface Keys {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

function keysOf(text: (i: number) => string): Keys {
  const ends: number[] = [];
  let all = "";
  for (let i = 0; i < KEYS; i++) {
    all += text(i);
    ends.push(all.length);
  }
  return { bytes: new TextEncoder().encode(all), ends };
}

const short = keysOf((i) => `key:${100_000 + i}`);
const long = keysOf((i) => `session:user:${100_000 + i}:5bd21b6a-7796-40c6-aa9d`);

const servers = Array.from({ length: SERVERS }, (_, i) => ({
  host: `10.0.${i >> 4}.${i}`,
  port: 11_211 + (i % 3),
}));
const weighted = servers.map((server, i) => ({ ...server, weight: (1 + (i % 4)) / 4 }));

const names = Object.keys(hashes) as HashName[];
const configured: readonly (readonly [name: string, options: DistributionOptions])[] = [
  ...names.map((hash) => [`ketama, ${hash}`, { distribution: "ketama", hash, servers }] as const),
  ["ketama, fnv1a_64, hash tag", { distribution: "ketama", hash: "fnv1a_64", hashTag: "{}", servers }],
  [
    "ketama, memcached-proxy",
    { distribution: "ketama", hash: "xxh3", ring: { naming: "memcached-proxy" }, servers },
  ],
  ["consistent, crc32", { distribution: "consistent", hash: "crc32", servers }],
  ["modula, fnv1a_64", { distribution: "modula", hash: "fnv1a_64", servers }],
  ["random", { distribution: "random", random: Math.random, servers }],
  ["jump", { distribution: "jump", servers }],
  ["ch3", { distribution: "ch3", servers }],
  ["ch3, hash stop", { distribution: "ch3", hashStop: "|#|", servers }],
  [
    "weighted-ch3, weights of 1",
    { distribution: "weighted-ch3", servers: servers.map((s) => ({ ...s, weight: 1 })) },
  ],
  ["weighted-ch3, weights 1/4 to 1", { distribution: "weighted-ch3", servers: weighted }],
  ["rendezvous", { distribution: "rendezvous", servers }],
  ["weighted-rendezvous", { distribution: "weighted-rendezvous", servers: weighted }],
  ["pymemcache", { distribution: "pymemcache", servers }],
  ["python-memcached", { distribution: "python-memcached", servers }],
  ["dalli", { distribution: "dalli", servers }],
  ["gomemcache", { distribution: "gomemcache", servers }],
  ["memjs", { distribution: "memjs", servers }],
  ["cache-memcached-fast", { distribution: "cache-memcached-fast", servers }],
  ["cache-memcached-fast, 150", { distribution: "cache-memcached-fast", ketamaPoints: 150, servers }],
  ["npm-memcached, sha1", { distribution: "npm-memcached", algorithm: "sha1", servers }],
  ["npm-memcache", { distribution: "npm-memcache", servers }],
];

/** Owners end here, so that no compiler may leave the look-ups away. */
let sink = 0;

function lookUpAll(distribution: Distribution, { bytes, ends }: Keys): void {
  let start = 0;
  for (const end of ends) {
    sink = (sink + distribution.owner(bytes, start, end)) & 0xffff;
    start = end;
  }
}

/** Nanoseconds a look-up over about `forMs`. */
function timed(distribution: Distribution, keys: Keys, forMs: number): number {
  const start = performance.now();
  let rounds = 0;
  let elapsed = 0;
  while (elapsed < forMs) {
    lookUpAll(distribution, keys);
    rounds++;
    elapsed = performance.now() - start;
  }
  return (elapsed / (rounds * KEYS)) * 1e6;
}

function figuresOf(distribution: Distribution, keys: Keys): string {
  const rounds = Array.from({ length: ROUNDS }, () => timed(distribution, keys, ROUND_MS)).toSorted(
    (a, b) => a - b,
  );
  const [fastest, middle] = [rounds[0], rounds[ROUNDS >> 1]] as [number, number];
  return `${fastest.toFixed(0).padStart(8)} (${middle.toFixed(0).padStart(6)})`;
}

const only = process.argv[2] ?? "";
console.log(`${navigator.userAgent}, ${SERVERS} servers, ns a look-up: fastest round (median)`);
console.log(`${"".padEnd(32)}   key of 10 B      key of 42 B`);
for (const [name, options] of configured) {
  if (!name.includes(only)) continue;
  const distribution = createDistribution(options);
  for (const keys of [short, long]) timed(distribution, keys, WARM_UP_MS);
  console.log(`${name.padEnd(32)}${figuresOf(distribution, short)} ${figuresOf(distribution, long)}`);
}
if (sink === -1) console.log("nothing was looked up");
