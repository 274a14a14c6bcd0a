// What a URL asks for. The key of an item is remembered by URL: taking it apart costs more than asking for it.
//
//     URL --> remembered? --> ItemTarget
//                 \--no--> path --> /kv/{key}, a route of the configuration, /multi, /stream/{topic}, /stats
//
// Hot path: `find` of a URL that is remembered.

import { LRUCache } from "lru-cache";
import type { GatewayCounters } from "./counters.ts";
import { keyOf } from "./key-text.ts";
import { type GatewayLimits, type Method, METHODS } from "./options.ts";
import { badRequest, Refusal, shown } from "./refusal.ts";
import type { RouteTable } from "./route-table.ts";
import { routeKey, takeQuery } from "./route-template.ts";
import { type Argument, argumentsOf, partsOf, pathStart } from "./url.ts";

/** One item. */
export interface ItemTarget {
  readonly kind: "item";
  readonly key: Uint8Array;
  readonly methods: readonly Method[];
  /** As they stand in the query; only for storing. */
  readonly ttl: string | undefined;
  readonly flags: string | undefined;
  /** What is wrong with the query for whoever reads, and for whoever writes. */
  readonly readRefusal: Refusal | undefined;
  readonly writeRefusal: Refusal | undefined;
}

interface MultiTarget {
  readonly kind: "multi";
  readonly query: readonly Argument[];
}

export interface StreamTarget {
  readonly kind: "stream";
  readonly key: Uint8Array;
  readonly query: readonly Argument[];
}

interface StatsTarget {
  readonly kind: "stats";
}

export type Target = ItemTarget | MultiTarget | StreamTarget | StatsTarget;

const KV = "/kv/";
const STREAM = "/stream/";
/** What an entry takes besides its texts, about. */
const ENTRY_BYTES = 200;

export class Targets {
  readonly #routes: RouteTable;
  readonly #urlBytesMax: number;
  readonly #counters: GatewayCounters;
  readonly #known: LRUCache<string, ItemTarget>;

  constructor(routes: RouteTable, limits: GatewayLimits, counters: GatewayCounters) {
    this.#routes = routes;
    this.#urlBytesMax = limits.urlBytesMax;
    this.#counters = counters;
    this.#known = new LRUCache({
      max: limits.mappingsMax,
      maxSize: limits.mappingsBytesMax,
      sizeCalculation: ({ key }, url) => url.length + key.length + ENTRY_BYTES,
      dispose: (_target, _url, reason) => {
        if (reason === "evict") counters.mappingsForgotten++;
      },
    });
  }

  find(url: string): Target | Refusal {
    const known = this.#known.get(url);
    if (known !== undefined) {
      this.#counters.mappingHits++;
      return known;
    }
    const length = url.length - pathStart(url);
    if (length > this.#urlBytesMax) {
      const message = `path and query must have at most ${this.#urlBytesMax} bytes, got ${length}`;
      return new Refusal(414, "urlsTooLong", message);
    }
    const target = this.#parse(url);
    if (!(target instanceof Refusal) && target.kind === "item") {
      this.#counters.mappingMisses++;
      this.#known.set(url, target);
    }
    return target;
  }

  #parse(url: string): Target | Refusal {
    const { path, query } = partsOf(url);
    const args = argumentsOf(query);
    if (path.startsWith(KV)) return keyTarget(path.slice(KV.length), args);
    if (path.startsWith(STREAM)) return streamTarget(path.slice(STREAM.length), args);
    if (path === "/multi") return { kind: "multi", query: args };
    if (path === "/stats") return { kind: "stats" };
    const match = this.#routes.find(path);
    if (match === undefined) return this.#unknown(path);
    const { route, values } = match;
    const others = takeQuery(route, args, values);
    if (others instanceof Refusal) return others;
    const key = routeKey(route, values);
    if (key instanceof Refusal) return key;
    return { ...storageOf(others), kind: "item", key, methods: route.methods, readRefusal: undefined };
  }

  #unknown(path: string): Refusal {
    const all = ["/kv/{key}", "/multi?key={key}", "/stream/{topic}", "/stats", ...this.#routes.paths];
    return new Refusal(404, "pathsUnknown", `no such path as ${shown(path)}; there are ${all.join(", ")}`);
  }
}

/** Here nobody else's arguments are to be expected: whatever is not known is a mistake. */
function keyTarget(encoded: string, args: readonly Argument[]): ItemTarget | Refusal {
  const key = keyOf(encoded);
  if (key instanceof Refusal) return key;
  const [argument] = args;
  const readRefusal =
    argument === undefined
      ? undefined
      : badRequest(`only PUT and POST take arguments, which are ttl and flags, got ${shown(argument.name)}`);
  return { ...storageOf(args), kind: "item", key, methods: METHODS, readRefusal };
}

function streamTarget(encoded: string, query: readonly Argument[]): StreamTarget | Refusal {
  const key = keyOf(encoded);
  return key instanceof Refusal ? key : { kind: "stream", key, query };
}

/** A mistyped `ttl` must not store for ever: whoever writes may give `ttl` and `flags`, once each, and nothing else. */
function storageOf(args: readonly Argument[]): Pick<ItemTarget, "ttl" | "flags" | "writeRefusal"> {
  const found = new Map<string, string>();
  let writeRefusal: Refusal | undefined;
  for (const { name, encoded } of args) {
    if (name !== "ttl" && name !== "flags") {
      writeRefusal ??= badRequest(`an argument here must be ttl or flags, got ${shown(name)}`);
    } else if (found.has(name)) {
      writeRefusal ??= badRequest(`the argument ${name} is there twice`);
    } else {
      found.set(name, encoded);
    }
  }
  return { ttl: found.get("ttl"), flags: found.get("flags"), writeRefusal };
}
