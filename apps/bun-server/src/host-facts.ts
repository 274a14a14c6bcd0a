import process from "node:process";
import type { Endpoint } from "@memwire/engine";
import type { Task } from "./task.ts";

type Facts = Readonly<Record<string, string | number>>;

/**
 * What `stats` and `stats settings` tell of the process and its command line, by memcached's names.
 *
 * @param endpoints Where it listens, once it does.
 */
export function hostFacts(task: Task, endpoints: readonly Endpoint[]): Facts {
  return {
    ...task.facts,
    pid: process.pid,
    pointer_size: /64|s390x/.test(process.arch) ? 64 : 32,
    udpport: 0,
    get tcpport() {
      return endpoints.find((endpoint) => endpoint.kind === "tcp")?.port ?? 0;
    },
    get rusage_user() {
      return seconds(process.cpuUsage().user);
    },
    get rusage_system() {
      return seconds(process.cpuUsage().system);
    },
  };
}

function seconds(micros: number): string {
  return (micros / 1_000_000).toFixed(6);
}
