// `memwire-proxy where KEY`: which server has a key, and how one comes to it.

import { createPlacement, type PoolConfig } from "@memwire/config";
import { usageMistake } from "@memwire/program";
import type { Task } from "./cli.ts";
import { configure } from "./configure.ts";
import { describeHow, describeServer } from "./welcome.ts";

/** @returns Two lines for each key and pool: the server, and the way to it */
export function where(task: Task & { readonly kind: "where" }): string {
  const { pools } = configure(task.source, task.overrides).config;
  const wanted = pools.filter(({ name }) => task.pool === undefined || name === task.pool);
  if (wanted.length === 0) {
    const names = pools.map(({ name }) => name).join(", ");
    throw usageMistake("memwire-proxy where", `there is no pool ${task.pool}: ${names}`);
  }
  return task.keys.flatMap((key) => wanted.map((pool) => ownerOf(pool, key))).join("\n");
}

function ownerOf(pool: PoolConfig, key: string): string {
  const { name, distribution, servers } = pool;
  const way = `  pool ${name}: ${describeHow(pool)}`;
  const {
    hash,
    point,
    server,
    name: onRing,
  } = createPlacement(pool, servers, Math.random).explain(new TextEncoder().encode(key));
  if (distribution.name === "random") return `${key} -> any server, by chance\n${way}`;
  const owner = describeServer(servers[server] as (typeof servers)[number]);
  const place = distribution.name === "modula" ? "slot" : "point";
  const at = point === undefined ? "" : `, ${place} ${point} of ${onRing}`;
  return `${key} -> ${owner}\n${way}${hash === undefined ? "" : `: hash ${hash}`}${at}`;
}
