// The command line of memwire-gateway.

import { parseListen, type ListenConfig } from "@memwire/config";
import { Command, optionValue, readArguments, usageMistake, wholeNumber } from "@memwire/program";

interface Options {
  readonly listen?: ListenConfig;
  readonly port?: number;
}

const DEFAULT_PORT = 11_211;
const HOST = "127.0.0.1";
const PORT_MAX = 65_535;

/** What is not yet: said in the help and at the start. */
export const NOT_YET = "There is no HTTP yet: memcached's own protocol is served until there is.";

const notes = `
${NOT_YET}
SIGTERM and SIGINT let clients take their replies, then end; a second one ends at once.
Exit codes: 0 ended as asked, 1 could not serve, 2 a mistake on the command line.`;

/**
 * Reads the arguments: where clients connect to.
 *
 * @throws ProgramEnd with the help, the version, or one line that says what is wrong
 */
export function readListen(args: readonly string[], version: string): ListenConfig {
  const command = new Command("memwire-gateway")
    .description("The door to memcached on Deno.")
    .usage("[--listen ADDRESS | --port N]")
    .option(
      "--listen <address>",
      `where clients connect to: host:port or /path [permissions] (default: ${HOST}:${DEFAULT_PORT})`,
      optionValue("--listen", parseListen),
    )
    .option("--port <number>", `the same on ${HOST}, 0 for any free port`, wholeNumber("--port", 0, PORT_MAX))
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .addHelpText("after", notes);
  readArguments(command, args);
  const { listen, port } = command.opts<Options>();
  if (listen !== undefined && port !== undefined) {
    throw usageMistake("memwire-gateway", "--port cannot stand beside --listen: it has the port already");
  }
  return listen ?? { endpoint: { kind: "tcp", host: HOST, port: port ?? DEFAULT_PORT } };
}
