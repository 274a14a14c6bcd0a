// Where it listens: -l, -p, -U and -s as memcached takes them.
//
//     -l host            -p, and -U                  -s path    only there
//     -l host:port       that one, for both          none of -l all addresses of this machine
//     -p -1, -U -1       any free port               -p 0, -U 0 none of that kind
//     -U N without -p    TCP on N as well             -l notls:host without TLS, with -Z
//                                                    -l proto[ascii]:host, whatever -B is; datagrams go by -B

import type { DatagramAddress, Endpoint } from "@memwire/engine";
import { optionValue } from "@memwire/program";
import type { Listening, Protocol, Waiting } from "./task.ts";

const DEFAULT_PORT = 11_211;
export const PORT_MAX = 65_535;

/** All of this machine; IPv4 alone where there is no IPv6. */
const ANY = "::";
const ANY_IPV4 = "0.0.0.0";

export interface Address {
  readonly host: string;
  readonly port?: number;
  readonly plain?: boolean;
  readonly protocol?: Protocol;
}

export interface ListenFlags {
  readonly listen?: readonly Address[];
  readonly port?: number;
  readonly udpPort?: number;
  readonly unixSocket?: string;
}

/** @returns none if TCP is turned off and there is no unix socket */
export function listeningOf({ listen, port = DEFAULT_PORT, unixSocket }: ListenFlags): readonly Listening[] {
  if (unixSocket !== undefined) return [{ endpoint: { kind: "unix", path: unixSocket } }];
  return apart(listen, port).flatMap(({ host, port: own = port, plain, protocol }): Listening[] => {
    if (own === 0) return [];
    const at = (name: string): Endpoint => ({ kind: "tcp", host: name, port: Math.max(own, 0) });
    const how = { ...(plain === true ? { plain } : {}), ...(protocol === undefined ? {} : { protocol }) };
    return host === "*"
      ? [{ endpoint: at(ANY), otherwise: at(ANY_IPV4), ...how }]
      : [{ endpoint: at(host), ...how }];
  });
}

/** @returns none if UDP is turned off, as it is unless -U turns it on */
export function datagramsOf({ listen, udpPort = 0, unixSocket }: ListenFlags): readonly Waiting[] {
  if (unixSocket !== undefined || udpPort === 0) return [];
  return apart(listen, udpPort).map(({ host, port: own = udpPort }): Waiting => {
    const at = (name: string): DatagramAddress => ({ host: name, port: Math.max(own, 0) });
    return host === "*" ? { address: at(ANY), otherwise: at(ANY_IPV4) } : { address: at(host) };
  });
}

/** Without `0.0.0.0` beside `::`, whose socket has all of IPv4 as well and leaves nothing of the port to another. */
function apart(listen: readonly Address[] = [{ host: "*" }], port: number): readonly Address[] {
  const isSame = (one: Address, other: Address): boolean =>
    (one.port ?? port) === (other.port ?? port) &&
    one.plain === other.plain &&
    one.protocol === other.protocol;
  const all = listen.filter(({ host }) => host === ANY);
  return listen.filter((one) => one.host !== ANY_IPV4 || !all.some((other) => isSame(one, other)));
}

/** Reads one `-l`, behind those before. */
export function readListen(text: string, before: readonly Address[] = []): readonly Address[] {
  return [...before, ...readAddresses(text)];
}

const readAddresses = optionValue("-l", (text): readonly Address[] => text.split(",").map(readAddress));

/** By memcached's names. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  ascii: "text",
  binary: "binary",
  negotiating: "auto",
};

function readAddress(text: string): Address {
  const [, prefix = "", value, rest = ""] =
    /^(notls|(?:proto|tag)(?:\[([^\]]*)\]|_.*_)):(.*)$/.exec(text) ?? [];
  if (prefix === "notls") return { ...readAddress(rest), plain: true };
  if (prefix.startsWith("tag")) {
    throw new RangeError(
      `takes no tags, which name listeners to memcached's proxy: write ${rest}, got ${JSON.stringify(text)}`,
    );
  }
  if (prefix !== "") return { ...readAddress(rest), protocol: readProtocol(value, text) };
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s/:,[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const isIPv6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/.test(text) && text.includes("::");
  if (match === null && isIPv6) return { host: text };
  const port = Number(match?.[3] ?? 1);
  if (match === null || port < 1 || port > PORT_MAX) {
    throw new RangeError(`must be host or host:port, IPv6 as [::1], got ${JSON.stringify(text)}`);
  }
  const host = match[1] ?? match[2] ?? "";
  return match[3] === undefined ? { host } : { host, port };
}

function readProtocol(name: string | undefined, text: string): Protocol {
  const protocol = name !== undefined && Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : undefined;
  if (protocol !== undefined) return protocol;
  const names = Object.keys(PROTOCOLS).map((one) => `proto[${one}]:`);
  throw new RangeError(`must have one of ${names.join(", ")} in front, got ${JSON.stringify(text)}`);
}
