// The command line of memwire-server: memcached's own flags, as far as they are kept.

import type { Endpoint } from "@memwire/engine";
import { Command, Option, optionValue, readArguments, usageMistake, wholeNumber } from "@memwire/program";

/** What the command line asks for. */
export interface Task {
  /** At least one. */
  readonly listen: readonly Endpoint[];
  /** Permissions of the unix socket. */
  readonly socketMode: number;
  readonly bytesMax: number;
  readonly itemBytesMax: number;
  /** False: a full server refuses instead of evicting. */
  readonly evictions: boolean;
  readonly connectionsMax: number;
  readonly flushEnabled: boolean;
  /** Where the items are kept while the server does not run, if they are. */
  readonly snapshotFile: string | undefined;
  /** How often `-v` was given. */
  readonly verbosity: number;
}

const MEBIBYTE = 1_048_576;
const MEGABYTES_MAX = 1_048_576;
const ITEM_BYTES_MIN = 1_024;
const CONNECTIONS_MAX = 1_000_000;
const DEFAULT_PORT = 11_211;
const PORT_MAX = 65_535;

const notes = `
Without -l it listens on all addresses of this machine, as memcached does: -l 127.0.0.1 keeps it to this machine.
If MEMCACHED_PORT_FILENAME is set, the ports are written to that file once they are bound.
SIGTERM, SIGINT and SIGUSR1 let clients take their replies, then end; a second one ends at once.
With -e the items are then written to the file. The next start reads it and removes it, so that after a crash the
server starts empty, never with values from before. What is no snapshot, or a damaged one, is renamed to <file>.refused.
Exit codes: 0 ended as asked, 1 could not serve, 2 a mistake on the command line.`;

interface Options {
  readonly l?: readonly Address[];
  readonly p: number;
  readonly s?: string;
  readonly a: number;
  readonly m: number;
  readonly M?: boolean;
  readonly c: number;
  readonly I: number;
  readonly F?: boolean;
  readonly e?: string;
  readonly v: number;
}

interface Address {
  readonly host: string;
  readonly port?: number;
}

/**
 * Reads the arguments.
 *
 * @throws ProgramEnd with the help, the version, or one line that says what is wrong
 */
export function readTask(args: readonly string[], version: string): Task {
  const command = new Command("memwire-server")
    .description("A memcached server.")
    .usage("[flags]")
    .option(
      "-p <port>",
      "TCP port; 0 for none, -1 for any free one",
      wholeNumber("-p", -1, PORT_MAX),
      DEFAULT_PORT,
    )
    .option("-U <port>", "UDP port; 0 only, there is no UDP yet", optionValue("-U", readUdpPort), 0)
    .option(
      "-l <address>",
      "host, host:port, or several with commas between; may be repeated",
      (text: string, before: readonly Address[] | undefined) => [...(before ?? []), ...readAddresses(text)],
    )
    .option("-s <path>", "unix socket, instead of TCP", optionValue("-s", readPath("socket")))
    .addOption(
      new Option("-a <mode>", "permissions of the unix socket, in octal")
        .argParser(optionValue("-a", readMode))
        .default(0o700, "0700"),
    )
    .option("-m <megabytes>", "memory for items", wholeNumber("-m", 1, MEGABYTES_MAX), 64)
    .option("-M", "refuse to store when memory is full, instead of evicting")
    .option("-c <number>", "connections at a time", wholeNumber("-c", 1, CONNECTIONS_MAX), 1_024)
    .addOption(
      new Option("-I <bytes>", "largest item: bytes, or with k or m behind; at most half of -m")
        .argParser(optionValue("-I", readBytes))
        .default(MEBIBYTE, "1m"),
    )
    .option("-F", "refuse flush_all")
    .option("-e <file>", "keep the items over a graceful restart", optionValue("-e", readPath("file")))
    .option(
      "-v",
      "say on stderr where it listens; -vv and -vvv are taken too",
      (_, before: number) => before + 1,
      0,
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", notes);
  readArguments(command, args);
  return taskOf(command.opts<Options>());
}

function taskOf(options: Options): Task {
  const bytesMax = options.m * MEBIBYTE;
  if (options.I > bytesMax / 2) {
    const half = bytesMax / 2;
    throw mistake(`-I, 1m if not given, must be at most half of -m: ${half} bytes, got ${options.I} bytes`);
  }
  return {
    listen: endpointsOf(options),
    socketMode: options.a,
    bytesMax,
    itemBytesMax: options.I,
    evictions: options.M !== true,
    connectionsMax: options.c,
    flushEnabled: options.F !== true,
    snapshotFile: options.e,
    verbosity: options.v,
  };
}

function endpointsOf({ s: path, l: addresses = [{ host: "0.0.0.0" }], p }: Options): readonly Endpoint[] {
  if (path !== undefined) return [{ kind: "unix", path }];
  const endpoints = addresses.flatMap(({ host, port = p }): Endpoint[] =>
    port === 0 ? [] : [{ kind: "tcp", host, port: Math.max(port, 0) }],
  );
  if (endpoints.length === 0)
    throw mistake("-p 0 leaves nothing to listen on: give a port, or -s with a path");
  return endpoints;
}

const readAddresses = optionValue("-l", (text): readonly Address[] =>
  text.split(",").map((part) => {
    const match = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^\s/:,[\]]+))(?::(\d{1,5}))?$/.exec(part);
    const port = Number(match?.[3] ?? 1);
    if (match === null || port < 1 || port > PORT_MAX) {
      throw new RangeError(`must be host or host:port, IPv6 as [::1], got ${JSON.stringify(part)}`);
    }
    const host = match[1] ?? match[2] ?? "";
    return match[3] === undefined ? { host } : { host, port };
  }),
);

function readPath(kind: string): (text: string) => string {
  return (text) => {
    if (text === "") throw new RangeError(`must be the path of a ${kind}, got ""`);
    return text;
  };
}

function readUdpPort(text: string): number {
  if (text !== "0") throw new RangeError(`must be 0: there is no UDP yet, got ${JSON.stringify(text)}`);
  return 0;
}

function readMode(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text) || Number.parseInt(text, 8) > 0o777) {
    throw new RangeError(`must be octal, from 0 to 0777, got ${JSON.stringify(text)}`);
  }
  return Number.parseInt(text, 8);
}

function readBytes(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,12})([kKmM]?)$/.exec(text) ?? [];
  const factors: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: MEBIBYTE };
  const bytes = Number(digits) * (factors[unit.toLowerCase()] as number);
  if (bytes >= ITEM_BYTES_MIN) return bytes;
  throw new RangeError(`must be at least 1k: bytes, or with k or m behind, got ${JSON.stringify(text)}`);
}

function mistake(message: string): Error {
  return usageMistake("memwire-server", message);
}
