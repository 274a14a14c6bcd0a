// The command line of memwire-server: memcached's own. What each flag is: flags.ts, listen-flags.ts,
// extended-options.ts; here it is what they come to together.

import { ProgramEnd, readArguments, usageMistake } from "@memwire/program";
import { SlabStore, type StoreOptions } from "@memwire/store";
import { withoutAbbreviations } from "./abbreviations.ts";
import { type Extended, readExtended } from "./extended-options.ts";
import { type Flags, memwireServer } from "./flags.ts";
import { datagramsOf, listeningOf } from "./listen-flags.ts";
import { type AuthenticationTask, PROGRAM, type Rights, type Task, type TlsTask } from "./task.ts";

const MEBIBYTE = 1_048_576;
/** How far `cache_memlimit` may raise -m, and what a store can have: memory that is reserved costs nothing. */
const GROWTH_MAX = 4;
const STORE_BYTES_MOST = 32 * 1_024 * MEBIBYTE;
const LICENSE = "Copyright (c) 2026 the memwire authors, under the MIT License";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the arguments.
 *
 * @param environment Of which MEMCACHED_SASL_PWDB counts: the file of the users for -S.
 *
 * @throws ProgramEnd with the help, the version, the license, or one line that says what is wrong
 */
export function readTask(args: readonly string[], version: string, environment: Environment = {}): Task {
  const command = memwireServer(version);
  const names = ["--help", ...command.options.flatMap(({ long }) => long ?? [])];
  readArguments(command, withoutAbbreviations(args, names));
  const flags = command.opts<Flags>();
  if (flags.license === true) throw new ProgramEnd(0, `${PROGRAM} ${version}\n\n${LICENSE}`);
  try {
    return taskOf(flags, environment);
  } catch (error) {
    throw error instanceof RangeError ? usageMistake(PROGRAM, withFlagNames(error.message)) : error;
  }
}

function taskOf(flags: Flags, environment: Environment): Task {
  const extended = readExtended(flags.extended ?? []);
  const store = storeOptionsOf(flags, extended);
  const port = flags.port ?? (flags.udpPort === undefined || flags.udpPort === 0 ? undefined : flags.udpPort);
  const listen = listeningOf({ ...flags, ...(port === undefined ? {} : { port }) });
  const datagrams = datagramsOf(flags);
  if (listen.length + datagrams.length === 0) {
    throw new RangeError("-p 0 leaves nothing to listen on: give a port, or -s with a path");
  }
  refuseOtherProtocol(flags);
  if (datagrams.length > 0 && (flags.enableSasl === true || flags.authFile !== undefined)) {
    throw new RangeError("-U does not go with -S or -Y: nobody can say in a datagram who they are");
  }
  return {
    listen,
    datagrams,
    backlog: flags.listenBacklog,
    threads: flags.unixSocket === undefined ? flags.threads : 1,
    socketMode: flags.unixMask,
    user: flags.user,
    daemon: flags.daemon ?? false,
    pidFile: flags.pidfile,
    snapshotFile: flags.memoryFile,
    store,
    largePages: flags.enableLargepages ?? false,
    automoveLevel: extended.automoveLevel,
    limits: {
      connectionsMax: flags.connLimit,
      requestsPerTurn: flags.maxReqsPerEvent,
      ...extended.limits,
    },
    rights: rightsOf(flags, extended),
    protocol: PROTOCOLS[flags.protocol],
    authentication: authenticationOf(flags, environment),
    tls: tlsOf(flags, extended),
    sockets: extended.sockets,
    verbosity: flags.verbose,
    remarks: remarksOf(flags),
    facts: { ...factsOf(flags, extended), ...(flags.enableSsl === true ? tlsFactsOf(extended) : {}) },
  };
}

function storeOptionsOf(flags: Flags, { store }: Extended): StoreOptions {
  const bytesMax = flags.memoryLimit * MEBIBYTE;
  if (flags.maxItemSize > bytesMax / 2) {
    const half = bytesMax / 2;
    throw new RangeError(
      `-I, 1m if not given, must be at most half of -m: ${half} bytes, got ${flags.maxItemSize} bytes`,
    );
  }
  const options: StoreOptions = {
    bytesMax,
    bytesMost: Math.max(bytesMax, Math.min(bytesMax * GROWTH_MAX, STORE_BYTES_MOST)),
    pageBytes: MEBIBYTE,
    itemBytesMax: flags.maxItemSize,
    evictions: flags.disableEvictions !== true,
    growthFactor: flags.slabGrowthFactor,
    chunkSpaceMin: flags.slabMinSize,
    casUniques: flags.disableCas !== true,
    ...store,
  };
  // What does not go together the store says itself, in its own names. One of the least memory is made to ask it,
  // and that cannot grow: else it would reserve as much again as the store itself.
  void new SlabStore({ ...options, bytesMax: 2 * MEBIBYTE, bytesMost: 2 * MEBIBYTE, itemBytesMax: MEBIBYTE });
  return options;
}

/** By memcached's numbers. */
const VERIFY_MODES = ["none", "request", "require", "once"] as const;

function tlsOf(flags: Flags, { tls }: Extended): TlsTask | undefined {
  const { chainFile, keyFile, caFile, verify = "none", ciphers, minVersion = "TLSv1.2" } = tls;
  if (flags.enableSsl !== true) {
    const plain = flags.listen?.find((address) => address.plain === true);
    if (plain !== undefined)
      throw new RangeError(`-l notls: is for a server with -Z, got ${plain.host} without it`);
    return undefined;
  }
  if (chainFile === undefined) throw new RangeError("-Z needs a certificate: -o ssl_chain_cert=<file>");
  if (verify !== "none" && caFile === undefined) {
    const mode = VERIFY_MODES.indexOf(verify);
    throw new RangeError(`-o ssl_verify_mode=${mode} needs whom to believe: -o ssl_ca_cert=<file>`);
  }
  return { chainFile, keyFile, caFile, verify, ciphers, minVersion };
}

function tlsFactsOf({ tls }: Extended): Readonly<Record<string, string | number>> {
  return {
    ssl_enabled: "yes",
    ssl_chain_cert: tls.chainFile ?? "(null)",
    ssl_key: tls.keyFile ?? "(null)",
    ssl_verify_mode: VERIFY_MODES.indexOf(tls.verify ?? "none"),
    ssl_ciphers: tls.ciphers ?? "NULL",
    ssl_ca_cert: tls.caFile ?? "NULL",
    ssl_min_version: tls.minVersion === "TLSv1.3" ? "tlsv1.3" : "tlsv1.2",
  };
}

function rightsOf(flags: Flags, { sizesEnabled, debugTimeEnabled }: Extended): Rights {
  return {
    flushEnabled: flags.disableFlushAll !== true,
    dumpEnabled: flags.disableDumping !== true,
    watchEnabled: flags.disableWatch !== true,
    shutdownEnabled: flags.enableShutdown === true,
    ...(flags.D === undefined ? {} : { prefixDelimiter: flags.D, detailEnabled: true }),
    sizesEnabled,
    debugTimeEnabled,
  };
}

const PROTOCOLS = { auto: "auto", ascii: "text", binary: "binary" } as const;

function authenticationOf(
  { enableSasl, authFile, protocol }: Flags,
  environment: Environment,
): AuthenticationTask | undefined {
  if (authFile !== undefined) {
    if (enableSasl === true)
      throw new RangeError("-S and -Y do not go together: -S is for the binary protocol");
    if (protocol === "binary")
      throw new RangeError("-Y is for the text protocol: -B must be auto or ascii, got binary");
    return { kind: "ascii", file: authFile };
  }
  if (enableSasl !== true) return undefined;
  if (protocol === "ascii")
    throw new RangeError("-S is for the binary protocol: -B must be auto or binary, got ascii");
  const file = environment["MEMCACHED_SASL_PWDB"] ?? "";
  if (file === "")
    throw new RangeError("-S needs the file of its users in MEMCACHED_SASL_PWDB: lines name:password");
  return { kind: "sasl", file };
}

/** Who somebody is is said in one of the protocols, so there is no other one. */
function refuseOtherProtocol({ enableSasl, authFile, listen = [] }: Flags): void {
  if (enableSasl !== true && authFile === undefined) return;
  const its = enableSasl === true ? "binary" : "text";
  const [flag, name] = enableSasl === true ? ["-S", "proto[binary]:"] : ["-Y", "proto[ascii]:"];
  const other = listen.find(({ protocol = its }) => protocol !== its);
  if (other === undefined) return;
  throw new RangeError(
    `${flag} does not go with other protocols than ${name}, got -l with one for ${other.host}`,
  );
}

/** What the store calls by its own names, in those of the command line. */
function withFlagNames(message: string): string {
  return message
    .replaceAll("chunkBytesMax", "-o slab_chunk_max")
    .replaceAll("chunkSpaceMin", "-n")
    .replaceAll("chunkSizes", "-o slab_sizes")
    .replaceAll("growthFactor", "-f")
    .replaceAll("hotPercent", "-o hot_lru_pct")
    .replaceAll("warmPercent", "warm_lru_pct")
    .replaceAll("pageBytes", "a page");
}

/** Runtimes have no way to do these; a server that serves is better than none. */
function remarksOf(flags: Flags): readonly string[] {
  const { enableCoredumps, lockMemory, unixSocket, threads, enableSsl, udpPort = 0 } = flags;
  return [
    ...(unixSocket !== undefined && threads > 1
      ? ["-t has no effect with -s: a unix socket has one worker"]
      : []),
    ...(enableSsl === true && udpPort !== 0 && unixSocket === undefined
      ? ["-U is without TLS, whatever -Z asks of those who connect"]
      : []),
    ...(enableCoredumps === true ? ["-r has no effect: the limit of core files is set by ulimit -c"] : []),
    ...(lockMemory === true ? ["-k has no effect: a runtime cannot lock its memory"] : []),
  ];
}

function factsOf(flags: Flags, { limits }: Extended): Readonly<Record<string, string | number>> {
  return {
    inter:
      flags.listen?.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`)).join(",") ??
      "NULL",
    domain_socket: flags.unixSocket ?? "NULL",
    umask: flags.unixMask.toString(8),
    num_threads_per_udp: flags.threads,
    tcp_backlog: flags.listenBacklog,
    memory_file: flags.memoryFile ?? "(null)",
    read_buf_mem_limit: limits.bufferedBytesMax ?? 0,
  };
}
