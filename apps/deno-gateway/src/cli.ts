// The command line of memwire-gateway, read into what it says besides the file.

import { denoSocketKinds, type DenoSockets } from "@memwire/adapter";
import { parseBackend, parseListen, type ListenConfig, type ServerConfig } from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import {
  Command,
  Option,
  once,
  optionValue,
  readArguments,
  usageMistake,
  wholeNumber,
} from "@memwire/program";

/** What the command line asks for. */
export interface Task {
  /** The file, if there is one. */
  readonly file?: string;
  /** Instead of what the file says. */
  readonly listen?: ListenConfig;
  readonly servers?: readonly ServerConfig[];
  readonly accessLog: AccessLog;
  /** Whose sockets connections to servers are on, on Deno. */
  readonly denoSockets: DenoSockets;
}

/** Which requests are logged. */
export type AccessLog = "all" | "failures" | "none";

interface Options {
  readonly config?: string;
  readonly listen?: ListenConfig;
  readonly port?: number;
  readonly backend?: readonly ServerConfig[];
  readonly accessLog: AccessLog;
  readonly denoSockets: DenoSockets;
}

export const DEFAULT_PORT = 8_080;
export const HOST = "127.0.0.1";
const PORT_MAX = 65_535;

const notes = `
Examples:
  memwire-gateway
      over a memcached in this process, to try it
  memwire-gateway --port 8080 --backend 10.0.0.1:11211 --backend 10.0.0.2:11211:2
      keys go where libmemcached's weighted ketama puts them
  memwire-gateway --config gateway.yaml
      routes, limits and all the rest; --listen, --port and --backend win over the file

It answers:
  GET HEAD PUT POST DELETE /kv/{key}    one item: PUT sets, POST adds; ?ttl=60&flags=1
  GET /multi?key=a&key=b                many items, JSON or NDJSON
  GET /stream/{topic}                   the messages of every node, NDJSON or SSE; ?follow goes on
  GET /stats                            its counters
  and the routes of the file

The access log is one JSON line a request on stdout; "failures" are those it refused or could not answer, and
clients that went away (499).
SIGTERM and SIGINT answer what is under way, then end; a second one ends at once.
Exit codes: 0 ended as asked, 1 could not serve, 2 a mistake on the command line or in the file.`;

/**
 * Reads the arguments.
 *
 * @throws ProgramEnd with the help, the version, or one line that says what is wrong
 */
export function readTask(args: readonly string[], version: string): Task {
  const command = new Command("memwire-gateway")
    .description("HTTP to memcached: one address in front of many servers.")
    .usage("[--config FILE] [--listen ADDRESS | --port N] [--backend ADDRESS ...]")
    .option("--config <file>", "a YAML file: servers, routes, limits")
    .option(
      "--listen <address>",
      `where clients connect to: host:port or /path [permissions] (default: ${HOST}:${DEFAULT_PORT})`,
      once("--listen", optionValue("--listen", parseListen)),
    )
    .option(
      "--port <number>",
      `the same on ${HOST}, 0 for any free port`,
      once("--port", wholeNumber("--port", 0, PORT_MAX)),
    )
    .option(
      "--backend <address>",
      "a memcached server: host:port[:weight] or /path[:weight]; repeat it for each",
      (text: string, before: readonly ServerConfig[] | undefined) => [...(before ?? []), readBackend(text)],
    )
    .addOption(
      new Option("--access-log <which>", "which requests are logged")
        .choices(["all", "failures", "none"])
        .default("failures"),
    )
    .addOption(
      new Option(
        "--deno-sockets <whose>",
        "on Deno, to servers: sockets of its node:net, or deno for its own",
      )
        .choices(denoSocketKinds)
        .default("deno"),
    )
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .addHelpText("after", notes);
  readArguments(command, args);
  return taskOf(command.opts<Options>());
}

const readBackend = optionValue("--backend", parseBackend);

function taskOf({ config: file, listen: address, port, backend, accessLog, denoSockets }: Options): Task {
  if (address !== undefined && port !== undefined) {
    throw mistake("--port cannot stand beside --listen: it has the port already");
  }
  const listen: ListenConfig | undefined =
    port === undefined ? address : { endpoint: { kind: "tcp", host: HOST, port } };
  const addresses = (backend ?? []).map(({ endpoint }) => describeEndpoint(endpoint));
  const double = addresses.find((text, i) => addresses.indexOf(text) !== i);
  if (double !== undefined) throw mistake(`--backend ${double} is there twice: take one out`);
  return {
    accessLog,
    denoSockets,
    ...(file === undefined ? {} : { file }),
    ...(listen === undefined ? {} : { listen }),
    ...(backend === undefined ? {} : { servers: backend }),
  };
}

function mistake(message: string): Error {
  return usageMistake("memwire-gateway", message);
}
