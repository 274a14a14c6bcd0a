// What can be said by a flag or by a variable of the environment, which is how containers are told. A flag wins over a
// variable, a variable over the file.

import { denoSocketKinds, type DenoSockets } from "@memwire/adapter";
import {
  distributionNames,
  hashNames,
  nearest,
  parseBackend,
  parseListen,
  type ListenConfig,
  type PlacementName,
  type ServerConfig,
} from "@memwire/config";
import { once, optionValue, usageMistake, type Command } from "@memwire/program";
import type { HashName } from "@memwire/router";

/** A value, and where it was said: `--listen` or `MEMWIRE_PROXY_LISTEN`. */
export interface Setting<T> {
  readonly value: T;
  readonly from: string;
}

/** Everything that was said. */
export type Settings = { readonly [Name in keyof Values]?: Setting<Values[Name]> };

interface Values {
  readonly config: string;
  readonly servers: string;
  readonly backend: readonly ServerConfig[];
  readonly listen: ListenConfig;
  readonly hash: HashName;
  readonly distribution: PlacementName;
  readonly hashTag: string;
  readonly timeout: number;
  readonly connectionsMax: number;
  readonly denoSockets: DenoSockets;
}

/** A proxy takes less CPU there than on Deno's own sockets: docs/performance.md. */
export const DEFAULT_DENO_SOCKETS: DenoSockets = "node";

interface Row<T> {
  /** As commander has it. */
  readonly flag: string;
  readonly variable: string;
  readonly says: string;
  /** Reads what stands behind the flag, and what stands in the variable if that is not the same. */
  readonly read: (text: string) => T;
  readonly readVariable?: (text: string) => T;
  /** The flag may be there several times: each for one more of a list, or the last is heard, as nutcracker does. */
  readonly repeated?: "all" | "last";
}

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = "MEMWIRE_PROXY_";

/** What Kubernetes sets in every container for a service that is called memwire-proxy. */
const OF_A_SERVICE = /^MEMWIRE_PROXY_(?:SERVICE_(?:HOST|PORT)|PORT_)/;
/** That one of them is a port to somebody who guesses, and an address to Kubernetes. */
const PORT = `${PREFIX}PORT`;
const ADDRESS_OF_A_SERVICE = /^(?:tcp|udp|sctp):\/\//;

/** The longest that a timer takes. */
export const TIME_MAX_MS = 2_147_483_647;
const CONNECTIONS_MAX = 2_147_483_647;

/** @throws RangeError for an empty name */
export function readFileName(text: string): string {
  if (text.trim() === "") throw new RangeError(`must be the name of a file, got ${JSON.stringify(text)}`);
  return text;
}

const rows: { readonly [Name in keyof Values]: Row<Values[Name]> } = {
  config: {
    flag: "-c, --config <file>",
    variable: "MEMWIRE_PROXY_CONFIG",
    says: "memwire's configuration, YAML or JSON, or twemproxy's nutcracker.yml as it is",
    read: readFileName,
    repeated: "last",
  },
  servers: {
    flag: "--servers <file>",
    variable: "MEMWIRE_PROXY_SERVERS",
    says: "libketama's list, a line host:port weight each; keys go where libketama puts them",
    read: readFileName,
  },
  backend: {
    flag: "--backend <address>",
    variable: "MEMWIRE_PROXY_BACKENDS",
    says: "a memcached server, host:port[:weight] or /path[:weight]; repeat it for each",
    read: (text) => [parseBackend(text)],
    readVariable: (text) =>
      text
        .split(/[\s,]+/)
        .filter((word) => word !== "")
        .map(parseBackend),
    repeated: "all",
  },
  hash: {
    flag: "--hash <name>",
    variable: "MEMWIRE_PROXY_HASH",
    says: "how a key becomes a number, such as fnv1a_64 (default: md5)",
    read: oneOf(hashNames),
  },
  distribution: {
    flag: "--distribution <name>",
    variable: "MEMWIRE_PROXY_DISTRIBUTION",
    says: "how that number becomes a server, such as modula (default: ketama)",
    read: oneOf(distributionNames),
  },
  hashTag: {
    flag: "--hash-tag <two characters>",
    variable: "MEMWIRE_PROXY_HASH_TAG",
    says: "of a key that has them only what stands between is hashed, such as {}",
    read: (text) => {
      if (/^[!-~]{2}$/.test(text)) return text;
      throw new RangeError(`must be two characters, such as {}, got ${JSON.stringify(text)}`);
    },
  },
  timeout: {
    flag: "--timeout <ms>",
    variable: "MEMWIRE_PROXY_TIMEOUT",
    says: "how long a request may wait, a connection take, and a reply take: each (default: 1000)",
    read: number(1, TIME_MAX_MS),
  },
  connectionsMax: {
    flag: "--connections-max <number>",
    variable: "MEMWIRE_PROXY_CONNECTIONS_MAX",
    says: "clients at a time; a further one is told so and closed (default: 4096)",
    read: number(1, CONNECTIONS_MAX),
  },
  denoSockets: {
    flag: "--deno-sockets <whose>",
    variable: "MEMWIRE_PROXY_DENO_SOCKETS",
    says: "on Deno: sockets of its node:net, or deno for its own, which take more CPU (default: node)",
    read: oneOf(denoSocketKinds),
  },
  listen: {
    flag: "--listen <address>",
    variable: "MEMWIRE_PROXY_LISTEN",
    says: "where clients connect to: host:port or /path [permissions] (default: 127.0.0.1:11211)",
    read: parseListen,
  },
};

type Key = keyof Values;

const table = Object.entries(rows) as unknown as readonly (readonly [Key, Row<unknown>])[];

/** What says where keys are. */
export const placementSettings: readonly Key[] = [
  "config",
  "servers",
  "backend",
  "hash",
  "distribution",
  "hashTag",
];

/** Gives a command the flags of settings, of all if nothing else is said. */
export function addSettings(command: Command, wanted: readonly Key[] = table.map(([key]) => key)): Command {
  for (const [key, { flag, says, read, repeated }] of table) {
    if (!wanted.includes(key)) continue;
    const parse = optionValue(nameOf(flag), read);
    if (repeated === undefined) command.option(flag, says, once(nameOf(flag), parse));
    else if (repeated === "last") command.option(flag, says, parse);
    else {
      command.option(flag, says, (text: string, before: readonly unknown[] | undefined) => [
        ...(before ?? []),
        ...(parse(text) as readonly unknown[]),
      ]);
    }
  }
  return command;
}

/**
 * What the flags say, and, for what they leave open, the environment.
 *
 * @param flags What commander has read.
 * @param answered What other flags say already, so that the environment is not asked.
 * @throws ProgramEnd 2 with the variable and what would be right
 */
export function settingsOf(
  program: string,
  flags: Readonly<Record<string, unknown>>,
  environment: Environment,
  answered: readonly Key[] = [],
): Settings {
  checkVariables(program, environment);
  const settings: Partial<Record<Key, Setting<unknown>>> = {};
  for (const [name, { flag, variable, read, readVariable = read }] of table) {
    const text = environment[variable] ?? "";
    if (flags[name] !== undefined) settings[name] = { value: flags[name], from: nameOf(flag) };
    else if (text !== "" && !answered.includes(name)) {
      settings[name] = { value: fromVariable(program, variable, text, readVariable), from: variable };
    }
  }
  return settings as Settings;
}

/** A line for each variable. */
export function describeVariables(): string {
  const width = Math.max(...table.map(([, { variable }]) => variable.length));
  const also = (row: Row<unknown>): string =>
    row.repeated === "all" ? " of each server, with blanks or commas between" : "";
  return table
    .map(([, row]) => `  ${row.variable.padEnd(width)}  ${nameOf(row.flag)}${also(row)}`)
    .join("\n");
}

function fromVariable(
  program: string,
  variable: string,
  text: string,
  read: (text: string) => unknown,
): unknown {
  try {
    return optionValue(variable, read)(text);
  } catch (error) {
    throw error instanceof RangeError ? usageMistake(program, error.message) : error;
  }
}

/** A variable that looks like one of these and is none: it was misspelt, and would be without effect. */
function checkVariables(program: string, environment: Environment): void {
  const known = table.map(([, { variable }]) => variable);
  for (const [variable, text = ""] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || known.includes(variable) || OF_A_SERVICE.test(variable)) continue;
    if (variable === PORT && ADDRESS_OF_A_SERVICE.test(text)) continue;
    const words = known.map((one) => one.slice(PREFIX.length).toLowerCase());
    const meant = variable === PORT ? "listen" : nearest(variable.slice(PREFIX.length), words);
    const right = meant === undefined ? known.join(", ") : `${PREFIX}${meant.toUpperCase()}?`;
    throw usageMistake(program, `${variable} is no variable of memwire-proxy: ${right}`);
  }
}

/** `--config` of `-c, --config <file>`. */
function nameOf(flag: string): string {
  return flag.slice(flag.indexOf("--"), flag.lastIndexOf(" <"));
}

function oneOf<const T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word !== undefined) return word;
    throw new RangeError(`must be one of ${words.join(", ")}, got ${JSON.stringify(text)}`);
  };
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(`must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
  };
}
