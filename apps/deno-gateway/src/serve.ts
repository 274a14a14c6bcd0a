// From a configuration to a gateway that listens.

import type { Adapter, HttpListener } from "@memwire/adapter";
import { ringServer } from "@memwire/config";
import { createClient, type Client } from "@memwire/client";
import { createGateway, type Gateway } from "@memwire/gateway";
import { usageMistake, withPermissions, type OtherPart } from "@memwire/program";
import type { RunningLog } from "./access-log.ts";
import type { Prepared } from "./prepare.ts";

/** A gateway that runs. */
export interface RunningGateway {
  readonly client: Client;
  readonly gateway: Gateway;
  readonly listener: HttpListener;
}

/** @throws ProgramEnd 2 for what the gateway itself refuses in the configuration */
export async function serve(
  { config }: Prepared,
  accessLog: RunningLog,
  { network, clock, httpClock, serveHttp, Response }: Adapter,
): Promise<RunningGateway> {
  const { listen, servers, timeoutMs, connections, idleTimeoutMs, hash, distribution, hashTag, ...options } =
    config;
  const client = createClient({
    network,
    clock: httpClock,
    servers: servers.map(ringServer),
    hash,
    distribution,
    connections,
    queuedTimeoutMs: timeoutMs,
    connectTimeoutMs: timeoutMs,
    replyTimeoutMs: timeoutMs,
    idleTimeoutMs,
    ...(hashTag === undefined ? {} : { hashTag }),
  });
  const gateway = madeGateway({ client, clock, Response, ...options, ...accessLog.options });
  // The bound is the gateway's: what the runtime's server refuses is neither counted nor logged.
  const open = (): Promise<HttpListener> =>
    serveHttp(gateway.fetch, { endpoint: listen.endpoint, bodyBytesMax: Number.MAX_SAFE_INTEGER });
  const listener = await (listen.mode === undefined ? open() : withPermissions(listen.mode, open));
  return { client, gateway, listener };
}

/** How it ends: streams and answers under way first, then the connections to the servers. */
export function partOf({ client, gateway, listener }: RunningGateway, accessLog: RunningLog): OtherPart {
  return {
    async end(withinMs) {
      await Promise.all([gateway.close(), listener.close(withinMs)]);
      accessLog.flush(); // before servers that hang hold up what comes next
      await client.close();
    },
  };
}

function madeGateway(options: Parameters<typeof createGateway>[0]): Gateway {
  try {
    return createGateway(options);
  } catch (error) {
    throw error instanceof RangeError ? usageMistake("memwire-gateway", error.message) : error;
  }
}
