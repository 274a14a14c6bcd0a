import process from "node:process";
import type { StderrLines } from "@memwire/program";
import type { HostFacts } from "@memwire/server";
import type { Bound } from "./engine-of-task.ts";
import type { Task } from "./task.ts";
import type { TlsFiles } from "./tls-files.ts";

/**
 * What `stats` and `stats settings` tell of the process and its command line, by memcached's names.
 *
 * @param bound Where it listens, as far as it does.
 */
export function hostFacts(
  task: Task,
  { endpoints, datagrams }: Bound,
  tls: TlsFiles | undefined,
  lines: StderrLines,
): HostFacts {
  const { user, system } = process.cpuUsage();
  return {
    ...task.facts,
    pid: process.pid,
    pointer_size: /64|s390x/.test(process.arch) ? 64 : 32,
    rusage_user: seconds(user),
    rusage_system: seconds(system),
    tcpport: endpoints.find((endpoint) => endpoint.kind === "tcp")?.port ?? 0,
    udpport: datagrams[0]?.port ?? 0,
    // What follows is of this worker.
    log_lines_dropped: lines.dropped,
    // Sessions are not kept.
    ...(tls === undefined
      ? {}
      : { ssl_handshake_errors: tls.failures, ssl_proto_errors: 0, ssl_new_sessions: 0 }),
  };
}

function seconds(micros: number): string {
  return (micros / 1_000_000).toFixed(6);
}
