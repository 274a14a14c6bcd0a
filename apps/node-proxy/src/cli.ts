// The command line of memwire-proxy, read into what is to be served.

import { parseBackend, type ListenConfig, type ServerConfig } from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import { Command, optionValue, readArguments, usageMistake } from "@memwire/program";
import { addListenOptions, listenOf, type ListenOptions } from "./listen-option.ts";

/** What the command line asks for. */
export type Task =
  | { readonly kind: "config"; readonly file: string }
  | { readonly kind: "backends"; readonly listen: ListenConfig; readonly servers: readonly ServerConfig[] }
  | { readonly kind: "embedded"; readonly listen: ListenConfig };

const DEFAULT_PORT = 11_211;

const examples = `
Examples:
  memwire-proxy
      a proxy over three servers in this process, to try it
  memwire-proxy --port 22121 --backend 10.0.0.1:11211 --backend 10.0.0.2:11211:2
      keys go where libmemcached's weighted ketama puts them
  memwire-proxy --config nutcracker.yml
      keys go where twemproxy puts them
  memwire-proxy invalidate --servers servers.txt
      another program: acknowledges writes at once and deletes their keys in a fleet afterwards;
      see memwire-proxy invalidate --help

SIGTERM and SIGINT answer what is under way, then end; a second one ends at once.
Exit codes: 0 ended as asked, 1 could not serve, 2 a mistake on the command line or in the file.`;

interface Options extends ListenOptions {
  readonly backend?: readonly ServerConfig[];
  readonly config?: string;
}

/**
 * Reads the arguments.
 *
 * @throws ProgramEnd with the help, the version, or one line that says what is wrong
 */
export function readTask(args: readonly string[], version: string): Task {
  const command = new Command("memwire-proxy")
    .description("A memcached proxy: one address in front of many servers.")
    .usage(
      "[--listen ADDRESS | --port N] [--backend ADDRESS ...]\n       memwire-proxy --config FILE\n" +
        "       memwire-proxy invalidate --servers FILE ...",
    );
  addListenOptions(command, DEFAULT_PORT)
    .option(
      "--backend <address>",
      "a memcached server: host:port[:weight] or /path[:weight]; repeat it for each",
      (text: string, before: readonly ServerConfig[] | undefined) => [...(before ?? []), readBackend(text)],
    )
    .option("--config <file>", "a YAML file with twemproxy's keys, instead of all the above")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .addHelpText("after", examples);
  readArguments(command, args);
  return taskOf(command.opts<Options>());
}

const readBackend = optionValue("--backend", parseBackend);

function taskOf(options: Options): Task {
  const { listen: address, port, backend: servers, config: file } = options;
  if (file !== undefined) {
    const beside =
      address !== undefined ? "--listen" : port !== undefined ? "--port" : servers && "--backend";
    if (beside !== undefined) throw mistake(`${beside} cannot stand beside --config: it is said in the file`);
    return { kind: "config", file };
  }
  const listen = listenOf("memwire-proxy", options, DEFAULT_PORT);
  if (servers === undefined) return { kind: "embedded", listen };
  const addresses = servers.map(({ endpoint }) => describeEndpoint(endpoint));
  const own = describeEndpoint(listen.endpoint);
  if (addresses.includes(own)) {
    throw mistake(`--backend ${own} is where the proxy itself would listen: choose another --port`);
  }
  const double = addresses.find((text, i) => addresses.indexOf(text) !== i);
  if (double !== undefined) throw mistake(`--backend ${double} is there twice: take one out`);
  return { kind: "backends", listen, servers };
}

function mistake(message: string): Error {
  return usageMistake("memwire-proxy", message);
}
