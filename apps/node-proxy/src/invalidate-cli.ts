// The command line of `memwire-proxy invalidate`.

import { denoSocketKinds, type DenoSockets } from "@memwire/adapter";
import type { ListenConfig } from "@memwire/config";
import { Command, Option, readArguments, usageMistake, wholeNumber } from "@memwire/program";
import { addListenOptions, listenOf, type ListenOptions } from "./listen-option.ts";
import { DEFAULT_DENO_SOCKETS } from "./settings.ts";

/** What the command line asks for. */
export interface InvalidateTask {
  readonly listen: ListenConfig;
  /** The file that lists the servers. */
  readonly serversFile: string;
  readonly workers: number;
  readonly drainSeconds: number;
  /** Whose sockets connections are on, on Deno. */
  readonly denoSockets: DenoSockets;
}

/** How this program is called in messages. */
export const INVALIDATE = "memwire-proxy invalidate";

/** Apart from 11211, where a memcached or the proxy listens: nobody sends this program's writes there by default. */
const DEFAULT_PORT = 11_311;

const WORKERS_MAX = 65_536;
const DRAIN_SECONDS_MAX = 86_400;

const help = `
It answers STORED to set, add, replace, append and prepend and DELETED to delete, at once, throws the value away, and
deletes the key on the server that owns it: as often as it takes, whatever that server does meanwhile. An application
that writes to its database tells this program which keys to forget, and waits for no server. Port ${DEFAULT_PORT} is
not memcached's own, so that it can stand beside a memcached or a memwire-proxy, and no client comes here by mistake.

FILE is libketama's list, a server a line: host:port, a blank or a tab, and its weight. Keys belong to the server
that libketama gives them. What still waits is in memory: SIGTERM and SIGINT take no more writes, delete what waits
for as long as --drain-seconds allows, and say what is left; a second one ends at once.

Examples:
  printf '10.0.0.1:11211\\t600\\n10.0.0.2:11211\\t300\\n' > servers.txt
  ${INVALIDATE} --servers servers.txt
      acknowledges writes on 127.0.0.1:${DEFAULT_PORT}
  ${INVALIDATE} --servers servers.txt --listen 0.0.0.0:${DEFAULT_PORT} --workers 256
      for other machines too, with up to 256 deletes in flight to each server
  printf 'stats\\r\\nquit\\r\\n' | nc 127.0.0.1 ${DEFAULT_PORT}
      how many keys wait for each server, and for how long

Exit codes: 0 ended as asked, 1 could not serve, or ended with keys not invalidated, 2 a mistake on the command line
or in the file.`;

interface Options extends ListenOptions {
  readonly servers?: string;
  readonly workers: number;
  readonly drainSeconds: number;
  readonly denoSockets: DenoSockets;
}

/**
 * Reads the arguments behind `invalidate`.
 *
 * @throws ProgramEnd with the help, the version, or one line that says what is wrong
 */
export function readInvalidateTask(args: readonly string[], version: string): InvalidateTask {
  const command = new Command(INVALIDATE)
    .description(
      "Acknowledges writes at once and deletes their keys in a fleet of memcached servers afterwards.",
    )
    .usage("--servers FILE [--listen ADDRESS | --port N] [--workers N] [--drain-seconds N]")
    .option("--servers <file>", "the servers of the fleet, a line each: host:port weight");
  addListenOptions(command, DEFAULT_PORT)
    .option(
      "--workers <number>",
      "deletes in flight to each server at the most",
      wholeNumber("--workers", 1, WORKERS_MAX),
      64,
    )
    .option(
      "--drain-seconds <number>",
      "how long it may take at the end to delete what waits",
      wholeNumber("--drain-seconds", 0, DRAIN_SECONDS_MAX),
      10,
    )
    .addOption(
      new Option("--deno-sockets <whose>", "on Deno: sockets of its node:net, or deno for its own")
        .choices(denoSocketKinds)
        .default(DEFAULT_DENO_SOCKETS),
    )
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .addHelpText("after", help);
  readArguments(command, args);
  const options = command.opts<Options>();
  const { servers, workers, drainSeconds, denoSockets } = options;
  const listen = listenOf(INVALIDATE, options, DEFAULT_PORT);
  if (servers === undefined) {
    throw usageMistake(
      INVALIDATE,
      "--servers is missing: a file with a line host:port weight for each server",
    );
  }
  return { listen, serversFile: servers, workers, drainSeconds, denoSockets };
}
