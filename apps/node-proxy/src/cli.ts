// The command line of memwire-proxy, read into what is to be done.

import type { ListenConfig, ServerConfig } from "@memwire/config";
import { describeEndpoint } from "@memwire/engine";
import {
  Command,
  once,
  optionValue,
  ProgramEnd,
  readArguments,
  usageMistake,
  wholeNumber,
} from "@memwire/program";
import { addNutcrackerFlags, onNutcrackerFlags } from "./nutcracker-flags.ts";
import {
  addSettings,
  describeVariables,
  placementSettings,
  readFileName,
  settingsOf,
  type Environment,
  type Setting,
  type Settings,
} from "./settings.ts";

/** What is asked for. */
export type Task = Wanted & {
  readonly source: Source;
  /** What takes the place of what the source says. */
  readonly overrides: Overrides;
  /** What is to be said of the command line before that is done, a line each. */
  readonly notes: readonly string[];
};

type Wanted =
  | { readonly kind: "serve" }
  | { readonly kind: "check" }
  | { readonly kind: "where"; readonly keys: readonly string[]; readonly pool?: string };

/** Where the pools come from. */
export type Source =
  | { readonly kind: "config"; readonly file: Setting<string> }
  | { readonly kind: "servers"; readonly file: Setting<string>; readonly listen: ListenConfig }
  | { readonly kind: "backends"; readonly servers: readonly ServerConfig[]; readonly listen: ListenConfig }
  | { readonly kind: "embedded"; readonly listen: ListenConfig };

/** Without what the source has itself. */
export type Overrides = Omit<Settings, "config">;

export const PROGRAM = "memwire-proxy";
const WHERE = `${PROGRAM} where`;

const HOST = "127.0.0.1";
const DEFAULT_PORT = 11_211;
const PORT_MAX = 65_535;

const help = `
Keys go where libmemcached's weighted ketama puts them (md5, ketama) with --backend and --servers, and where the file
says with --config. Beside --config the other flags replace what the file says.

Environment, for containers: each is what its flag is. A flag wins over it, and it wins over the file.
${describeVariables()}

Examples:
  memwire-proxy
      a proxy over three servers in this process, to try it
  memwire-proxy --port 22121 --backend 10.0.0.1:11211 --backend 10.0.0.2:11211:2
      two servers, of which the second takes twice as much
  memwire-proxy --config nutcracker.yml
      in twemproxy's place; nutcracker's flags are known, and those that are of no use say what to do instead
  memwire-proxy --check --config proxy.yml
      says what it would do, or every mistake in the file
  memwire-proxy where user:42 --config proxy.yml
      which server has that key, and why; see memwire-proxy where --help
  memwire-proxy invalidate --servers servers.txt
      another program: acknowledges writes at once and deletes their keys in a fleet afterwards;
      see memwire-proxy invalidate --help

SIGTERM and SIGINT answer what is under way, then end; a second one ends at once.
SIGHUP reads certificates and users again.
Exit codes: 0 ended as asked, 1 could not serve, or --check found a mistake, 2 a mistake on the command line, in the
environment or in the file.`;

interface Flags extends Readonly<Record<string, unknown>> {
  readonly listen?: ListenConfig;
  readonly port?: number;
  readonly check?: boolean;
  readonly testConf?: boolean;
}

/**
 * Reads the arguments of the proxy.
 *
 * @throws ProgramEnd with the help, the version, or a line for each thing that is wrong
 */
export function readTask(args: readonly string[], version: string, environment: Environment): Task {
  const command = new Command(PROGRAM)
    .description("A memcached proxy: one address in front of many servers.")
    .usage(
      "[--config FILE | --servers FILE | --backend ADDRESS ...] [--listen ADDRESS | --port N] ...\n" +
        "       memwire-proxy where KEY ... [--config FILE | ...]\n" +
        "       memwire-proxy invalidate --servers FILE ...",
    );
  addSettings(command)
    .option(
      "--port <number>",
      `as --listen, on ${HOST}; 0 for any free port`,
      once("--port", wholeNumber("--port", 0, PORT_MAX)),
    )
    .option("-t, --check", "say what would be done, or what is wrong with the file, and end")
    .option("--test-conf", "the same, as nutcracker calls it")
    .option(
      "--conf-file <file>",
      "as --config, which nutcracker calls so",
      optionValue("--conf-file", readFileName),
    )
    // Read by then, and of several the last one is heard, as there.
    .on("option:conf-file", (file: string) => command.setOptionValue("config", file))
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .addHelpText("after", help);
  addNutcrackerFlags(command);
  const mistake = mistakeIn(() => readArguments(command, args));
  const flags = command.opts<Flags>();
  const { mistakes, notes } = onNutcrackerFlags(flags);
  const lines = mistakes.map((each) => usageMistake(PROGRAM, each).message);
  if (mistake !== undefined) lines.unshift(mistake);
  if (lines.length > 0) throw new ProgramEnd(2, lines.join("\n"));
  const isCheck = flags.check === true || flags.testConf === true;
  return { kind: isCheck ? "check" : "serve", ...sourceOf(PROGRAM, flags, environment), notes };
}

/** What `read` says is wrong; whatever else it throws goes on. */
function mistakeIn(read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ProgramEnd && error.exitCode === 2) return error.message;
    throw error;
  }
}

const whereHelp = `
For each key: the server, and the way to it: the hash of the key or of its tag, and the point of the ring or the slot
that has it. No server is asked.

Examples:
  memwire-proxy where user:42 user:43 --config proxy.yml --pool alpha
  memwire-proxy where 'user:{42}:name' --servers servers.txt --hash-tag '{}'

Exit codes: 0 said it, 2 a mistake on the command line, in the environment or in the file.`;

/** Reads the arguments behind `where`. @throws ProgramEnd as `readTask` */
export function readWhereTask(args: readonly string[], version: string, environment: Environment): Task {
  const command = new Command(WHERE)
    .description("Says which server has a key, and why.")
    .usage("KEY ... [--config FILE | --servers FILE | --backend ADDRESS ...] [--pool NAME]")
    .argument("<key...>", "the keys");
  addSettings(command, placementSettings)
    .option("--pool <name>", "of this pool alone; of all if not given")
    .version(version, "--version", "print the version")
    .helpOption("--help", "print this")
    .addHelpText("after", whereHelp);
  readArguments(command, args);
  const flags = command.opts<Flags & { readonly pool?: string }>();
  const keys = command.args;
  for (const key of keys) {
    if (/^[^\s\p{Cc}]+$/u.test(key) && new TextEncoder().encode(key).length <= KEY_BYTES_MAX) continue;
    const form = `1 to ${KEY_BYTES_MAX} bytes without blanks and control characters`;
    throw usageMistake(WHERE, `a key is ${form}, got ${JSON.stringify(key.slice(0, 80))}`);
  }
  const { pool } = flags;
  return {
    kind: "where",
    keys,
    ...(pool === undefined ? {} : { pool }),
    ...sourceOf(WHERE, flags, environment),
    notes: [],
  };
}

const KEY_BYTES_MAX = 250;

function sourceOf(
  program: string,
  flags: Flags,
  environment: Environment,
): { readonly source: Source; readonly overrides: Overrides } {
  const { port } = flags;
  if (flags.listen !== undefined && port !== undefined) {
    throw usageMistake(program, "--port cannot stand beside --listen: it has the port already");
  }
  const answered = [
    ...(port === undefined ? [] : (["listen"] as const)),
    ...(flags["servers"] === undefined ? [] : (["backend"] as const)),
    ...(flags["backend"] === undefined ? [] : (["servers"] as const)),
  ];
  const { config, ...said } = settingsOf(program, flags, environment, answered);
  const { servers, backend } = said;
  if (servers !== undefined && backend !== undefined) {
    throw usageMistake(program, `${backend.from} cannot stand beside ${servers.from}: both say the servers`);
  }
  if (backend !== undefined) checkBackends(program, backend);
  const listen = said.listen ?? portSetting(port);
  if (config !== undefined) {
    const overrides = { ...said, ...(listen === undefined ? {} : { listen }) };
    return { source: { kind: "config", file: config }, overrides };
  }
  const where = listen?.value ?? on(DEFAULT_PORT);
  const { listen: _listen, servers: _servers, backend: _backend, ...overrides } = said;
  if (servers !== undefined) return { source: { kind: "servers", file: servers, listen: where }, overrides };
  if (backend === undefined) return { source: { kind: "embedded", listen: where }, overrides };
  const own = describeEndpoint(where.endpoint);
  if (backend.value.some(({ endpoint }) => describeEndpoint(endpoint) === own)) {
    const right = "choose another --port";
    throw usageMistake(program, `${backend.from} ${own} is where the proxy itself would listen: ${right}`);
  }
  return { source: { kind: "backends", servers: backend.value, listen: where }, overrides };
}

function checkBackends(program: string, { value, from }: Setting<readonly ServerConfig[]>): void {
  const addresses = value.map(({ endpoint }) => describeEndpoint(endpoint));
  const double = addresses.find((text, i) => addresses.indexOf(text) !== i);
  if (double !== undefined) throw usageMistake(program, `${from} ${double} is there twice: take one out`);
}

function portSetting(port: number | undefined): Setting<ListenConfig> | undefined {
  return port === undefined ? undefined : { value: on(port), from: "--port" };
}

function on(port: number): ListenConfig {
  return { endpoint: { kind: "tcp", host: HOST, port } };
}
