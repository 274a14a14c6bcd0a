// The flags of memwire-server: memcached's, short and long.

import { Command, Option, optionValue, wholeNumber } from "@memwire/program";
import { describeExtended } from "./extended-options.ts";
import { readAbove, readCharacter, readItemBytes, readMode, readPath, readWord } from "./flag-values.ts";
import { type Address, PORT_MAX, readListen } from "./listen-flags.ts";

/** As commander names them: after the long form. */
export interface Flags {
  readonly listen?: readonly Address[];
  readonly port?: number;
  readonly udpPort?: number;
  readonly unixSocket?: string;
  readonly unixMask: number;
  readonly protocol: "auto" | "ascii" | "binary";
  readonly listenBacklog: number;
  readonly daemon?: boolean;
  readonly pidfile?: string;
  readonly user?: string;
  readonly threads: number;
  readonly connLimit: number;
  readonly maxReqsPerEvent: number;
  readonly memoryLimit: number;
  readonly disableEvictions?: boolean;
  readonly maxItemSize: number;
  readonly slabGrowthFactor: number;
  readonly slabMinSize: number;
  readonly disableCas?: boolean;
  readonly memoryFile?: string;
  readonly disableFlushAll?: boolean;
  readonly disableDumping?: boolean;
  readonly disableWatch?: boolean;
  readonly enableShutdown?: boolean;
  readonly D?: string;
  readonly enableSasl?: boolean;
  readonly authFile?: string;
  readonly enableSsl?: boolean;
  readonly extended?: readonly string[];
  readonly enableCoredumps?: boolean;
  readonly lockMemory?: boolean;
  readonly enableLargepages?: boolean;
  readonly napi_ids?: number;
  readonly verbose: number;
  readonly license?: boolean;
}

const MEBIBYTE = 1_048_576;
const MEGABYTES_MAX = 32_768;
const CONNECTIONS_MAX = 1_000_000;
const REQUESTS_MAX = 1_000_000;
const BACKLOG_MAX = 65_535;
const CHUNK_SPACE_MAX = 500_000;
const THREADS_MAX = 62;

const notes = `
Without -l it listens on all addresses of this machine, as memcached does: -l 127.0.0.1 keeps it to this machine.
If MEMCACHED_PORT_FILENAME is set, the ports are written to that file once they are bound.
SIGHUP reads the users of -Y and -S and the certificates of -Z again.
SIGTERM and SIGINT end at once, SIGUSR1 lets clients take their replies, then ends; a second one ends at once.
With -e the items are then written to the file, whichever signal it was. The next start reads it and removes it, so that after a crash the
server starts empty, never with values from before. What is no snapshot, or a damaged one, is renamed to <file>.refused.
Exit codes: 0 ended as asked, 1 could not serve, 2 a mistake on the command line.`;

/** The command with all its flags, to be read by `readArguments`. */
export function memwireServer(version: string): Command {
  const command = new Command("memwire-server").description("A memcached server.").usage("[flags]");
  addListening(command);
  addProcess(command);
  addMemory(command);
  addRights(command);
  return (
    command
      .option(
        "-o, --extended <options>",
        "options with commas between, name or name=value; may be repeated",
        (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
      )
      .option(
        "-v, --verbose",
        "say on stderr where it listens, and of connections that are stuck or break off; -vv: also what clients ask and are answered, without values",
        (_, before: number) => before + 1,
        0,
      )
      .option("-i, --license", "print the license")
      // With the name, as memcached's.
      .version(`memwire-server ${version}`, "-V, --version", "print the version")
      .helpOption("-h, --help", "print this")
      .addHelpText("after", `\n${describeExtended()}\n${notes}`)
  );
}

function addListening(command: Command): void {
  command
    .option(
      "-p, --port <port>",
      "TCP port (11211); 0 for none, -1 for any free one",
      wholeNumber("-p", -1, PORT_MAX),
    )
    .option(
      "-U, --udp-port <port>",
      "UDP port (0: none), -1 for any free one; without -p the TCP port as well",
      wholeNumber("-U", -1, PORT_MAX),
    )
    .option(
      "-l, --listen <address>",
      "host, host:port, or several with commas between; may be repeated; in front notls: goes without TLS, proto[ascii]:, proto[binary]: or proto[negotiating]: is for -B",
      readListen,
    )
    .option(
      "-s, --unix-socket <path>",
      "unix socket, instead of TCP and UDP",
      optionValue("-s", readPath("socket")),
    )
    .addOption(
      new Option("-a, --unix-mask <mode>", "permissions of the unix socket, in octal")
        .argParser(optionValue("-a", readMode))
        .default(0o700, "0700"),
    )
    .option(
      "-b, --listen-backlog <number>",
      "connections that wait to be accepted",
      wholeNumber("-b", 1, BACKLOG_MAX),
      1_024,
    )
    .option(
      "-B, --protocol <name>",
      "auto, ascii or binary",
      optionValue("-B", readWord(["auto", "ascii", "binary"])),
      "auto",
    )
    .option(
      "-c, --conn-limit <number>",
      "connections at a time",
      wholeNumber("-c", 1, CONNECTIONS_MAX),
      1_024,
    )
    .option(
      "-R, --max-reqs-per-event <number>",
      "commands of one connection at a time, while others wait",
      wholeNumber("-R", 1, REQUESTS_MAX),
      20,
    );
}

function addProcess(command: Command): void {
  command
    .option("-d, --daemon", "run in the background")
    .option(
      "-P, --pidfile <file>",
      "write the process id there; removed at the end",
      optionValue("-P", readPath("file")),
    )
    .option("-u, --user <user>", "be this user, when started as root")
    .option(
      "-t, --threads <number>",
      `worker threads on one store and one port, ${THREADS_MAX} at most (memcached's default is 4)`,
      wholeNumber("-t", 1, THREADS_MAX),
      1,
    )
    .option("-r, --enable-coredumps", "taken and without effect: ulimit -c is the shell's")
    .option("-k, --lock-memory", "taken and without effect: a runtime cannot lock its memory")
    .option(
      "-L, --enable-largepages",
      "memory in pages of 2 MiB, where the system gives them to whoever asks; on Bun",
    )
    .option("-N, --napi_ids <number>", "taken and without effect", wholeNumber("-N", 1, CONNECTIONS_MAX));
}

function addMemory(command: Command): void {
  command
    .option(
      "-m, --memory-limit <megabytes>",
      `memory for items, ${MEGABYTES_MAX} at most`,
      wholeNumber("-m", 1, MEGABYTES_MAX),
      64,
    )
    .option("-M, --disable-evictions", "refuse to store when memory is full, instead of evicting")
    .addOption(
      new Option(
        "-I, --max-item-size <bytes>",
        "largest item: bytes, or with k, m or g behind; at most half of -m",
      )
        .argParser(optionValue("-I", readItemBytes))
        .default(MEBIBYTE, "1m"),
    )
    .option(
      "-f, --slab-growth-factor <number>",
      "how much larger each size of chunks is",
      optionValue("-f", readAbove(1)),
      1.25,
    )
    .option(
      "-n, --slab-min-size <bytes>",
      "room for key, value and flags in the smallest chunk",
      wholeNumber("-n", 1, CHUNK_SPACE_MAX),
      48,
    )
    .option("-C, --disable-cas", "no cas uniques")
    .option(
      "-e, --memory-file <file>",
      "keep the items over a graceful restart",
      optionValue("-e", readPath("file")),
    );
}

function addRights(command: Command): void {
  command
    .option("-F, --disable-flush-all", "refuse flush_all")
    .option("-X, --disable-dumping", "refuse stats cachedump and lru_crawler metadump")
    .option("-W, --disable-watch", "refuse watch")
    .option(
      "-A, --enable-shutdown",
      "take shutdown, which is as SIGTERM, and shutdown graceful, which is as SIGUSR1",
    )
    .option(
      "-D <character>",
      "what ends a key's prefix in stats detail (:), which then counts from the start",
      optionValue("-D", readCharacter),
    )
    .option("-S, --enable-sasl", "SASL PLAIN in the binary protocol, users from the file MEMCACHED_SASL_PWDB")
    .option(
      "-Y, --auth-file <file>",
      "users of the text protocol, lines name:password",
      optionValue("-Y", readPath("file")),
    )
    .option("-Z, --enable-ssl", "TLS, with the certificate of -o ssl_chain_cert");
}
