// Addresses as twemproxy's files, libketama's files and our command lines write them.
//
//     listen       127.0.0.1:22121             /run/memwire.sock 0660
//     server       10.0.0.1:11211:1 cache-a    /run/memcached.sock:1 cache-b
//     libketama    10.0.0.1:11211 600          /run/memcached.sock 600

import { describeEndpoint, type Endpoint } from "@memwire/engine";
import { WEIGHT_MAX } from "@memwire/router";
import { got } from "./mistake.ts";
import { statsNameMistake } from "./stats-name.ts";

/** A memcached server that owns keys. */
export interface ServerConfig {
  readonly endpoint: Endpoint;
  /** A whole number from 1. */
  readonly weight: number;
  /**
   * Stands for the server on the ring and in `stats` instead of its address. Whichever it is has 1 to 200 printable
   * ASCII characters, no blank.
   */
  readonly name?: string;
}

/** Where a pool's clients connect to. */
export interface ListenConfig {
  readonly endpoint: Endpoint;
  /** Permissions of the socket's file, such as 0o660; for a unix socket, if they were given. */
  readonly mode?: number;
}

/** What `parseListen` reads, for messages; and below what the others do. */
export const listenForm = "host:port or /path [permissions]";
export const serverForm = "host:port:weight [name] or /path:weight [name]";
export const poolServerForm = "host:port[:weight] [name] or /path[:weight] [name]";
export const endpointForm = "host:port or /path";
export const serverLineForm = "host:port weight or /path weight";

/** What every text matches that `parseListen` reads, for editors; and below that `parsePoolServer` and `parseServer` do. */
export const listenPattern: RegExp = /^\/|^(?:\[[^\]]+\]|[^\s/:[\]*]*):\d{1,5}$/;
export const poolServerPattern: RegExp = /^\s*(?:unix:)?\/|^\s*(?:\[[^\]]+\]|[^\s/:[\]]+):\d/;
export const serverPattern: RegExp = /^\s*\/.*:\d|^\s*(?:\[[^\]]+\]|[^\s/:[\]]+):\d+:\d/;

const PORT_MAX = 65_535;
const MODE_MAX = 0o777;

/**
 * Reads `host:port:weight [name]` or `/path:weight [name]`, as twemproxy's `servers` has them.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parseServer(text: string): ServerConfig {
  const [address = "", name, ...more] = text.trim().split(/\s+/);
  if (more.length > 0) throw new RangeError(`must be ${serverForm}, the name in one word, ${got(text)}`);
  const { endpoint, weight } = parseAddress(address, serverForm);
  if (weight === undefined) throw new RangeError(`weight is missing: ${address}:1, ${got(text)}`);
  if (name === undefined) checkName("address without a name", describeEndpoint(endpoint));
  else checkName("name", name);
  return {
    endpoint,
    weight: wholeNumber("weight", weight, WEIGHT_MAX),
    ...(name === undefined ? {} : { name }),
  };
}

/**
 * Reads `host:port[:weight] [name]` or `/path[:weight] [name]`, also with `unix:` before the path.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parsePoolServer(text: string): Omit<ServerConfig, "weight"> & { readonly weight?: number } {
  const [address = "", name, ...more] = withoutScheme(text).split(/\s+/);
  if (more.length > 0) throw new RangeError(`must be ${poolServerForm}, the name in one word, ${got(text)}`);
  const { endpoint, weight } = parseAddress(address, poolServerForm);
  if (name === undefined) checkName("address without a name", describeEndpoint(endpoint));
  else checkName("name", name);
  return {
    endpoint,
    ...(weight === undefined ? {} : { weight: wholeNumber("weight", weight, WEIGHT_MAX) }),
    ...(name === undefined ? {} : { name }),
  };
}

/**
 * Reads `host:port` or `/path`, also with `unix:` before the path.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parseServerEndpoint(text: string): Endpoint {
  const address = withoutScheme(text);
  if (address.startsWith("/")) return { kind: "unix", path: address };
  const { endpoint, weight } = parseAddress(address, endpointForm, "[::1]:11211");
  if (weight !== undefined)
    throw new RangeError(`must be ${endpointForm}: the weight is a key of its own, ${got(text)}`);
  return endpoint;
}

/**
 * Reads `host:port weight` or `/path weight`, any blanks between, as a line of libketama's file has them. The address
 * as it is written is the name, also for port 11211, which twemproxy and libmemcached leave out of it.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parseServerLine(line: string): ServerConfig & { readonly name: string } {
  const [address = "", weight, ...more] = line.trim().split(/\s+/);
  if (more.length > 0) {
    throw new RangeError(`must be ${serverLineForm} and nothing after it, ${got(line)}`);
  }
  const { endpoint, weight: misplaced } = address.startsWith("/")
    ? { endpoint: { kind: "unix" as const, path: address } }
    : parseAddress(address, serverLineForm, "[::1]:11211 1");
  if (misplaced !== undefined) {
    const right = `${address.slice(0, -misplaced.length - 1)} ${weight ?? misplaced}`;
    throw new RangeError(`weight must stand behind a blank: ${right}, ${got(line)}`);
  }
  if (weight === undefined) throw new RangeError(`weight is missing: ${address} 1, ${got(line)}`);
  checkName("address", address);
  return { endpoint, weight: wholeNumber("weight", weight, WEIGHT_MAX), name: address };
}

/**
 * Reads `host:port[:weight]` or `/path[:weight]`, as command lines have them; the weight is 1 if not given.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parseBackend(text: string): ServerConfig {
  const { endpoint, weight = "1" } = parseAddress(text, "host:port[:weight] or /path[:weight]");
  checkName("address", describeEndpoint(endpoint));
  return { endpoint, weight: wholeNumber("weight", weight, WEIGHT_MAX) };
}

/**
 * Reads `host:port`, `:port` (all addresses of this machine) or `/path [permissions]`, the permissions in octal.
 *
 * @throws RangeError that says what is wrong, what was given and what would be right
 */
export function parseListen(text: string): ListenConfig {
  if (text.startsWith("/")) {
    const [path = "", permissions, ...more] = text.trim().split(/\s+/);
    const endpoint: Endpoint = { kind: "unix", path };
    if (permissions === undefined) return { endpoint };
    const mode = /^[0-7]{1,4}$/.test(permissions) ? Number.parseInt(permissions, 8) : Infinity;
    if (more.length > 0 || mode > MODE_MAX) {
      throw new RangeError(`permissions must be octal, from 0 to 0777, such as ${path} 0660, ${got(text)}`);
    }
    return { endpoint, mode };
  }
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s/:[\]*]*)):(\d{1,5})$/.exec(text);
  const [, v6, plain = "", digits] = match ?? [];
  const port = Number(digits);
  if (match === null || port > PORT_MAX) {
    if (/^[^/[]*:[^/]*:[^/]*$/.test(text)) {
      throw new RangeError(`must be an IPv6 address in brackets, such as [::1]:22121, ${got(text)}`);
    }
    if (text.startsWith("*:"))
      throw new RangeError(`must be 0.0.0.0${text.slice(1)} for all addresses, ${got(text)}`);
    const path = "a path that starts with /, such as /run/a.sock 0660";
    throw new RangeError(`must be host:port, the port from 0 to ${PORT_MAX}, or ${path}, ${got(text)}`);
  }
  return { endpoint: { kind: "tcp", host: v6 ?? (plain || "0.0.0.0"), port } };
}

function withoutScheme(text: string): string {
  return text.trim().replace(/^unix:(?=\/)/, "");
}

/** @param v6Form What would be right for an IPv6 address. */
function parseAddress(
  address: string,
  form: string,
  v6Form = "[::1]:11211:1",
): { endpoint: Endpoint; weight?: string | undefined } {
  if (address.startsWith("/")) {
    const [, path = address, weight] = /^(.*):([^:]*)$/.exec(address) ?? [];
    return { endpoint: { kind: "unix", path }, weight };
  }
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s/:[\]]+)):([^:/]*)(?::([^:/]*))?$/.exec(address);
  if (match === null) {
    const brackets = address.split(":").length > 3 ? `an IPv6 address in brackets, such as ${v6Form}` : form;
    throw new RangeError(`must be ${brackets}, ${got(address)}`);
  }
  const [, v6, plain, port = "", weight] = match;
  const host = v6 ?? plain ?? "";
  return { endpoint: { kind: "tcp", host, port: wholeNumber("port", port, PORT_MAX) }, weight };
}

function checkName(what: string, name: string): void {
  const mistake = statsNameMistake(what, name);
  if (mistake !== undefined) throw new RangeError(mistake);
}

function wholeNumber(what: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= max) return value;
  const range = max === WEIGHT_MAX && !(value > max) ? "from 1" : `from 1 to ${max}`;
  throw new RangeError(`${what} must be a whole number ${range}, ${got(text)}`);
}
