// What the gateway says when it has started: what it serves, and how to try it.

import { describeEndpoint, type Endpoint } from "@memwire/engine";
import type { Prepared } from "./prepare.ts";

const SERVERS_SHOWN_MAX = 8;

/** `<address> over <servers>`, and two commands to try it with. */
export function welcome({ config, parts }: Prepared, endpoint: Endpoint): string {
  const { distribution, hash, servers, routes = [] } = config;
  const shown = servers.slice(0, SERVERS_SHOWN_MAX).map(({ endpoint: at, weight }) => {
    return `${describeEndpoint(at)}${weight === 1 ? "" : ` (weight ${weight})`}`;
  });
  const more = servers.length - shown.length;
  const over = `${distribution} by ${hash} over ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return [
    `${addressOf(endpoint)} ${over}`,
    ...(parts.length === 0 ? [] : ["this server is in this process; what it holds is gone when it ends"]),
    ...routes.map(({ path, key }) => `${path} is ${key}`),
    "try it in another terminal:",
    ...attempts(endpoint).map((command) => `  ${command}`),
    "Ctrl-C ends it",
  ].join("\n");
}

function addressOf(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : `http://${describeEndpoint(endpoint)}`;
}

function attempts(endpoint: Endpoint): string[] {
  const [where, url] =
    endpoint.kind === "unix"
      ? [`--unix-socket ${endpoint.path} `, "http://localhost"]
      : ["", `http://${describeEndpoint({ ...endpoint, host: reachable(endpoint.host) })}`];
  return [`curl ${where}-X PUT --data hello ${url}/kv/greeting`, `curl ${where}${url}/kv/greeting`];
}

/** An address under which all addresses of this machine can be reached from it. */
function reachable(host: string): string {
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };
  return everywhere[host] ?? host;
}
