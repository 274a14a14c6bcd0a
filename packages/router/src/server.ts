// A server as the distributions see it: what stands for it on the ring, and how much it takes.

import { utf8 } from "./utf8.ts";

/** A server of a list; its index in that list is what a distribution answers. */
export type Server = ServerAddress & {
  /** A whole number from 1 to `WEIGHT_MAX`; 1 if not given. */
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

/**
 * What stands for a server on the ring: its name; else its host if it listens on 11211, else `host:port`. A unix
 * socket is its path and a colon, an oddity of twemproxy; libmemcached has `path:0`, so give it that as a name.
 *
 * @see twemproxy src/nc_conf.c, conf_add_server
 */
export function ringName(server: Server): string {
  if (server.name !== undefined) return server.name;
  if ("path" in server) return `${server.path}:`;
  return server.port === MEMCACHED_PORT ? server.host : `${server.host}:${server.port}`;
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

/**
 * The servers in the order that twemproxy takes them in: shorter names first, equally long ones by their bytes.
 * So the order of the list never counts, not even for modula.
 *
 * @throws RangeError for too many servers, two of one name, or a weight that is out of bounds
 * @see twemproxy src/nc_conf.c, conf_validate_server; src/nc_string.c, string_compare
 */
export function nodesOf(servers: readonly Server[]): readonly Node[] {
  if (servers.length > SERVERS_MAX) {
    throw new RangeError(`at most ${SERVERS_MAX} servers, got ${servers.length}`);
  }
  const nodes = servers.map((server, index): Node => {
    const { weight = 1 } = server;
    const name = ringName(server);
    if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX) {
      throw new RangeError(`weight of ${name} must be a whole number from 1 to ${WEIGHT_MAX}, got ${weight}`);
    }
    return { index, name, bytes: utf8(name), weight };
  });
  nodes.sort((a, b) => compareBytes(a.bytes, b.bytes));
  for (const [i, { name }] of nodes.entries()) {
    if (name === nodes[i + 1]?.name) throw new RangeError(`two servers are ${name} on the ring: name them`);
  }
  return nodes;
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
