// Endpoints as people write them, and the runtimes' error codes as one closed union.

import { shown } from "./check-has.ts";
import type { CloseCause, Endpoint } from "./contract.ts";

/** `host:port`, `[v6]:port`, or the path of a unix socket: what `parseEndpoint` reads as the same endpoint. */
export function describeEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") {
    const { path } = endpoint;
    return path.includes("/") && !path.startsWith("unix:") ? path : `unix:${path}`;
  }
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

/** An address of IPv4 as it is, where a listener of IPv6 has it as one of those. */
export function withoutPrefix(host: string): string {
  return host.startsWith("::ffff:") && host.includes(".") ? host.slice("::ffff:".length) : host;
}

/**
 * Reads `host:port`, `[v6]:port`, `:port` (all addresses of this machine), or a path with a `/` in it (a unix
 * socket; `unix:` in front is taken too).
 *
 * @throws RangeError that says what was given and what would be right
 */
export function parseEndpoint(text: string): Endpoint {
  const path = text.startsWith("unix:") ? text.slice(5) : text.includes("/") ? text : "";
  if (path !== "") return { kind: "unix", path };
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[^\s[\]]+)?)\]|([^\s:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new RangeError(`expected host:port with a port from 0 to 65535, or a socket path, got "${text}"`);
  }
  return { kind: "tcp", host: match[1] ?? (match[2] || "0.0.0.0"), port };
}

const PORT_MAX = 65_535;

/**
 * A runtime throws for what it cannot connect to when it is to do it: in a turn of the driver, where nobody can catch.
 *
 * @param what Stands before the name of what is wrong, such as `servers[1].`
 * @param portMin At port 0 nobody ever listens, but every runtime tries.
 * @throws TypeError for what is no endpoint, RangeError for a host, a port or a path that cannot be
 */
export function checkEndpoint(what: string, endpoint: Endpoint, portMin: 0 | 1 = 0): void {
  const { kind, host, path, port } = (endpoint ?? {}) as Readonly<Record<string, unknown>>;
  if (kind === "unix") return checkWord(`${what}path`, path);
  if (kind !== "tcp") {
    const right = '{ kind: "tcp", host, port } or { kind: "unix", path }';
    throw new TypeError(`${what}endpoint must be ${right}, got ${JSON.stringify(endpoint)}`);
  }
  checkWord(`${what}host`, host);
  if (Number.isInteger(port) && (port as number) >= portMin && (port as number) <= PORT_MAX) return;
  const range = `a whole number from ${portMin} to ${PORT_MAX}`;
  throw new RangeError(`${what}port, of ${host as string}, must be ${range}, got ${shown(port)}`);
}

function checkWord(what: string, word: unknown): void {
  if (typeof word === "string" && word !== "" && !word.includes("\0")) return;
  throw new RangeError(`${what} must be text that is not empty and without NUL, got ${shown(word)}`);
}

const causes: ReadonlyMap<unknown, CloseCause> = new Map(
  Object.entries({
    ECONNREFUSED: "refused",
    ENOENT: "not-found",
    ENOTFOUND: "not-found",
    EAI_AGAIN: "not-found",
    ECONNRESET: "reset",
    ECONNABORTED: "reset",
    EPIPE: "reset",
    ENOTCONN: "reset",
    ETIMEDOUT: "timed-out",
    EHOSTUNREACH: "unreachable",
    ENETUNREACH: "unreachable",
    EADDRNOTAVAIL: "unreachable",
    EHOSTDOWN: "unreachable",
    ENETDOWN: "unreachable",
    EACCES: "denied",
    EPERM: "denied",
    EMFILE: "exhausted",
    ENFILE: "exhausted",
    ENOBUFS: "exhausted",
    ENOMEM: "exhausted",
    EAGAIN: "exhausted",
  } as const),
);

/** The close cause for an error of the runtime, by its `code`; `failed` if it has none that is known. */
export function causeOf(error: unknown): CloseCause {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return causes.get(code) ?? "failed";
}
