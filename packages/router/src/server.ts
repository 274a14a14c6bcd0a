// A server as the distributions see it: what stands for it on the ring, and how much it takes.

import { refuseUnknown } from "./option-checks.ts";
import { utf8 } from "./utf8.ts";

/** A server of a list; its index in that list is what a distribution answers. */
export type Server = ServerAddress & {
  /**
   * A whole number from 1 to `WEIGHT_MAX`; 1 if not given. With `weighted-ch3` and `weighted-rendezvous` a number from
   * 0 to 1; 0.5 if not given.
   */
  readonly weight?: number;
  /** Stands for the server on the ring instead of its address, so that the address may change. */
  readonly name?: string;
};

/** Where a server is: host and port, or the path of a unix socket. */
export type ServerAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/** The largest weight: what a C `int` holds, as in twemproxy. */
export const WEIGHT_MAX = 2_147_483_647;

/** The most servers of one distribution: what an index of 16 bits can name. */
export const SERVERS_MAX = 65_536;

const MEMCACHED_PORT = 11_211;
const PORT_MAX = 65_535;
const EXAMPLE = '{ host: "127.0.0.1", port: 11211 }';

/**
 * What stands for a server on the ring: its name; else its host if it listens on 11211, else `host:port`. A unix
 * socket is its path and a colon, an oddity of twemproxy.
 *
 * @see twemproxy src/nc_conf.c, conf_add_server
 */
export function ringName(server: Server): string {
  if (server.name !== undefined) return server.name;
  if ("path" in server) return `${server.path}:`;
  return server.port === MEMCACHED_PORT ? server.host : `${server.host}:${server.port}`;
}

/** The same as libmemcached has it: a unix socket has port 0. */
export function libmemcachedName(server: Server): string {
  return server.name === undefined && "path" in server ? `${server.path}:0` : ringName(server);
}

/** The name; else `host:port`, whatever the port, or the path of a unix socket: what most clients take. */
export function addressName(server: Server): string {
  if (server.name !== undefined) return server.name;
  return "path" in server ? server.path : `${server.host}:${server.port}`;
}

/** That, with an IPv6 address in brackets: mcrouter, npm memcache. */
export function bracketedName(server: Server): string {
  const bare = server.name === undefined && "host" in server && server.host.includes(":");
  return bare ? `[${server.host}]:${server.port}` : addressName(server);
}

/** `addressName` with a slash before it: libmemcached's way to spymemcached's rings. */
export function slashedName(server: Server): string {
  return server.name ?? `/${addressName(server)}`;
}

/** A server with nothing left to default. */
export interface Node {
  /** Its place in the list as it was given. */
  readonly index: number;
  readonly name: string;
  /** The name in UTF-8, as it is hashed. */
  readonly bytes: Uint8Array;
  readonly weight: number;
}

/** How a distribution takes its servers. */
export interface NodeRule {
  /** What stands for a server. */
  readonly nameOf: (server: Server) => string;
  /** `sorted`: as twemproxy sorts them, so that the order of the list never counts. `listed`: as they are given. */
  readonly order: "sorted" | "listed";
  /** `whole`: whole numbers. `share`: numbers from 0 to 1. `none`: there are none. */
  readonly weights: "whole" | "share" | "none";
}

/** twemproxy's. */
export const TWEMPROXY_RULE: NodeRule = { nameOf: ringName, order: "sorted", weights: "whole" };

/**
 * The servers in the order that a distribution takes them in. twemproxy's: shorter names first, equally long ones by
 * their bytes.
 *
 * @throws RangeError for too many servers, two of one name, a host, port or path that cannot be, or a weight that is
 * out of bounds
 * @see twemproxy src/nc_conf.c, conf_validate_server; src/nc_string.c, string_compare
 */
export function nodesOf(servers: readonly Server[], rule: NodeRule = TWEMPROXY_RULE): readonly Node[] {
  if (servers.length > SERVERS_MAX) {
    throw new RangeError(`at most ${SERVERS_MAX} servers, got ${servers.length}`);
  }
  const names = new Set<string>();
  const nodes = servers.map((server, index): Node => {
    checkAddress(server);
    const name = rule.nameOf(server);
    if (names.has(name)) throw new RangeError(`two servers are ${name} on the ring: name them`);
    names.add(name);
    return { index, name, bytes: utf8(name), weight: weightOf(server, name, rule) };
  });
  return rule.order === "sorted" ? nodes.toSorted((a, b) => compareBytes(a.bytes, b.bytes)) : nodes;
}

const SERVER: readonly string[] = Object.keys({
  host: true,
  port: true,
  path: true,
  weight: true,
  name: true,
} satisfies Record<keyof Server | "host" | "port" | "path", true>);

/**
 * @throws TypeError for what is no list, or has something in it that is no server; RangeError for a name in a server
 * that there is not: a weight that is misspelt would be none
 */
export function checkServers(servers: readonly Server[]): void {
  if (!Array.isArray(servers)) {
    throw new TypeError(`servers must be an array such as [${EXAMPLE}], got ${shown(servers)}`);
  }
  for (const [i, server] of (servers as readonly unknown[]).entries()) {
    if (typeof server !== "object" || server === null || Array.isArray(server)) {
      throw new TypeError(`servers[${i}] must be ${EXAMPLE}, or { path }, got ${shown(server)}`);
    }
    // The same list may be that of an engine, which has an endpoint for each.
    const { endpoint: _endpoint, ...own } = server as { readonly endpoint?: unknown };
    refuseUnknown(`servers[${i}]`, own, SERVER);
  }
}

function shown(given: unknown): string {
  if (typeof given === "string") return JSON.stringify(given);
  if (typeof given !== "object" || given === null) return String(given);
  return Object.prototype.toString.call(given).slice("[object ".length, -1);
}

/** Of an unnamed server it is hashed: one that is none would place keys somewhere, and nobody would know. */
function checkAddress(server: Server): void {
  if ("path" in server) return checkWord("path", server.path);
  const { host, port } = server;
  checkWord("host", host);
  if (Number.isInteger(port) && port >= 0 && port <= PORT_MAX) return;
  throw new RangeError(`port of ${host} must be a whole number from 0 to ${PORT_MAX}, got ${String(port)}`);
}

function checkWord(what: string, word: string): void {
  if (typeof word === "string" && word !== "") return;
  throw new RangeError(`${what} of a server must be text that is not empty, got ${shown(word)}`);
}

function weightOf({ weight }: Server, name: string, { weights }: NodeRule): number {
  switch (weights) {
    case "whole":
      if (weight === undefined) return 1;
      if (Number.isInteger(weight) && weight >= 1 && weight <= WEIGHT_MAX) return weight;
      throw new RangeError(`weight of ${name} must be a whole number from 1 to ${WEIGHT_MAX}, got ${weight}`);
    case "share":
      if (weight === undefined) return 0.5;
      if (weight >= 0 && weight <= 1) return weight;
      throw new RangeError(`weight of ${name} must be a number from 0 to 1, got ${weight}`);
    case "none":
      if (weight === undefined || weight === 1) return 1;
      throw new RangeError(`weight of ${name} must be left out: this distribution has none, got ${weight}`);
  }
}

/** The names in the order of the list as it was given. */
export function namesOf(nodes: readonly Node[]): readonly string[] {
  return nodes.toSorted((a, b) => a.index - b.index).map(({ name }) => name);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
