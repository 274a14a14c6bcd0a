// What a simulated cluster is made of, drawn from its seed: sizes, limits, deadlines, the network.

import { Chance, type Conditions } from "@memwire/adapter-memory";
import type { Millis } from "@memwire/engine";
import type { PoolOptions, ProxyLimits } from "@memwire/proxy";
import type { HashName, HealthOptions } from "@memwire/router";
import type { ServerOptions } from "@memwire/server";

export interface Setting {
  readonly network: Conditions;
  readonly servers: readonly string[];
  /** The host of the proxy; `undefined` if clients talk to the one server. */
  readonly proxy: string | undefined;
  readonly clients: readonly string[];
  readonly serverOptions: ServerOptions;
  readonly distribution: "ketama" | "modula";
  readonly hash: HashName;
  readonly limits: ProxyLimits;
  readonly timeouts: {
    readonly queuedTimeoutMs: Millis;
    readonly connectTimeoutMs: Millis;
    readonly replyTimeoutMs: Millis;
  };
  readonly whenDown: HealthOptions["whenDown"];
  readonly health: Partial<HealthOptions>;
  readonly connections: Required<Pick<PoolOptions, "connections" | "preconnect" | "idleTimeoutMs">>;
  /** Of each client. */
  readonly protocols: readonly ("text" | "binary")[];
  /** Requests that a client writes at once, at most. */
  readonly burstMax: number;
  /** Whether a storm also hits what is between clients and who they talk to. */
  readonly hitsClients: boolean;
}

const VERSION = "1.6.45";
const KIB = 1_024;

/** What is drawn is as many pieces as there is time for: where much is asked, they are no smaller than that. */
const BUSY_PIECE_BYTES = 500;

/** In a storm bounds and deadlines are tight, so that they are met; in calm weather they are never met. */
export function drawSetting(
  seed: number,
  weather: "calm" | "stormy",
  proxied: boolean,
  isBusy: boolean = false,
): Setting {
  const chance = new Chance(Number.MAX_SAFE_INTEGER - seed); // not the stream that the simulation itself draws from
  const stormy = weather === "stormy";
  const hosts = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${kind}-${i}`);
  // Longer than the largest requests take on the slowest network, when there is no storm.
  const pieces = (): [number, number] => {
    const [least, most] = [chance.skewed([1, 100]), chance.skewed([100, 64 * KIB])];
    return isBusy ? [least + BUSY_PIECE_BYTES, most + BUSY_PIECE_BYTES] : [least, most];
  };
  const connections = chance.happens(0.5) ? 1 : 2 + chance.below(3);
  const clients = hosts("client", 1 + chance.below(4));
  const retryMaxMs = 200 + chance.skewed([0, 500]);
  const whenDown = chance.oneOf(["fail", "fail", "miss", "rehash"] as const);
  const deadline = (): Millis => (stormy ? 100 + chance.skewed([1, 400]) : 30_000);
  return {
    network: {
      latencyMs: [0, chance.skewed([0, 2])],
      segmentBytes: pieces(),
      readBytes: pieces(),
      windowBytes: [stormy ? 4 * KIB : 100, chance.skewed([4 * KIB, 256 * KIB])],
      datagramLoss: 0,
      datagramEcho: 0,
      timerLateMs: [0, chance.skewed([0, 4])],
      retryMs: 50,
      giveUpMs: 1_000 + chance.below(2_000),
      connectGiveUpMs: 1_000 + chance.below(2_000),
    },
    servers: hosts("server", proxied ? 1 + chance.below(4) : 1),
    proxy: proxied ? "proxy" : undefined,
    clients,
    serverOptions: { version: VERSION, limits: { unsentBytesMax: chance.skewed([256, 1_024 * KIB]) } },
    distribution: chance.oneOf(["ketama", "modula"]),
    hash: chance.oneOf(["md5", "fnv1a_64", "crc32", "murmur"]),
    limits: {
      connectionsMax: 64,
      pipelineMax: chance.skewed([2, 1_000]),
      unsentBytesPause: chance.skewed([KIB, 1_024 * KIB]),
      unsentBytesMax: stormy ? chance.skewed([10 * KIB, 50 * KIB]) : 1_024 * 1_024 * KIB,
      sendTimeoutMs: stormy ? new Chance(seed + 3).skewed([500, 300_000]) : 300_000,
      requestsActiveMax: 65_536,
      wholeBytesMax: new Chance(seed).skewed([64, 64 * KIB]), // the settings of a seed stay what they were
      uploadsMax: new Chance(seed + 2).skewed([1, 64]),
      bufferedBytesMax: 1_024 * 1_024 * KIB,
      inFlightMax: stormy ? chance.skewed([8, 200]) : 65_536,
      queuedMax: stormy ? chance.skewed([8, 200]) : 65_536,
      queuedBytesMax: stormy ? chance.skewed([KIB, 100 * KIB]) : 1_024 * 1_024 * KIB,
      queuedBytesTotalMax: stormy ? new Chance(seed + 1).skewed([KIB, 200 * KIB]) : 1_024 * 1_024 * KIB,
      timeoutsMax: 1 + chance.below(6),
      retryMinMs: 1 + chance.skewed([0, 100]),
      retryMaxMs,
    },
    timeouts: { queuedTimeoutMs: deadline(), connectTimeoutMs: deadline(), replyTimeoutMs: deadline() },
    whenDown,
    health: {
      whenDown,
      failuresMax: chance.below(5),
      flapMaxMs: 2 * retryMaxMs,
      failOpenBelow: chance.oneOf([0, 0, 0.5]),
    },
    connections: {
      connections,
      preconnect: chance.happens(0.3),
      // Of several connections one may be dead for long before it is used: what is not used is closed before that.
      idleTimeoutMs: stormy && connections > 1 ? 1 + chance.skewed([50, 1_000]) : Infinity,
    },
    protocols: clients.map(() => chance.oneOf(["text", "text", "binary"])),
    burstMax: chance.skewed([1, 30]),
    hitsClients: stormy && (!proxied || chance.happens(0.5)),
  };
}
