// Where a program of this package listens, from its command line.

import { parseListen, type ListenConfig } from "@memwire/config";
import { once, optionValue, usageMistake, wholeNumber, type Command } from "@memwire/program";

/** What commander reads into for these options. */
export interface ListenOptions {
  readonly listen?: ListenConfig;
  readonly port?: number;
}

const HOST = "127.0.0.1";
const PORT_MAX = 65_535;

/** Gives a command `--listen` and `--port`. */
export function addListenOptions(command: Command, defaultPort: number): Command {
  return command
    .option(
      "--listen <address>",
      `where clients connect to: host:port or /path [permissions] (default: ${HOST}:${defaultPort})`,
      once("--listen", optionValue("--listen", parseListen)),
    )
    .option(
      "--port <number>",
      `the same on ${HOST}, 0 for any free port`,
      once("--port", wholeNumber("--port", 0, PORT_MAX)),
    );
}

/** @throws ProgramEnd 2 if both are given */
export function listenOf(program: string, options: ListenOptions, defaultPort: number): ListenConfig {
  const { listen, port } = options;
  if (listen !== undefined && port !== undefined) {
    throw usageMistake(program, "--port cannot stand beside --listen: it has the port already");
  }
  return listen ?? { endpoint: { kind: "tcp", host: HOST, port: port ?? defaultPort } };
}
