// What a simulated fleet with an invalidation before it is made of, drawn from its seed.

import { Chance, type Conditions } from "@memwire/adapter-memory";
import type { Millis } from "@memwire/engine";
import type { InvalidationLimits } from "@memwire/invalidation";

export type FleetWeather = "calm" | "stormy" | "one server in trouble";

export interface FleetSetting {
  readonly network: Partial<Conditions>;
  readonly servers: readonly string[];
  readonly writers: readonly string[];
  readonly keys: readonly string[];
  readonly limits: InvalidationLimits;
  readonly connectTimeoutMs: Millis;
  readonly replyTimeoutMs: Millis;
  readonly valueBytesMax: number;
  readonly burstMax: number;
  readonly mayBeFull: boolean;
  readonly hitsWriters: boolean;
}

/** Few keys are written again while they are in flight, many fill the queue: from a seed. */
export function drawFleetSetting(seed: number, weather: FleetWeather): FleetSetting {
  const chance = new Chance(Number.MAX_SAFE_INTEGER - seed); // not the stream that the simulation itself draws from
  const hosts = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${kind}-${i}`);
  const keys = Array.from({ length: 2 + chance.skewed([0, 120]) }, (_, i) =>
    chance.happens(0.1) ? `${i}-`.padEnd(250, "\xe9") : `key:${i}`,
  );
  const mayBeFull = weather !== "calm" && chance.happens(0.3);
  return {
    network: {
      latencyMs: [0, chance.skewed([0, 2])],
      segmentBytes: [chance.skewed([1, 100]), chance.skewed([100, 65_536])],
      readBytes: [chance.skewed([1, 100]), chance.skewed([100, 65_536])],
      windowBytes: [4_096, chance.skewed([4_096, 262_144])],
      timerLateMs: [0, chance.skewed([0, 4])],
      retryMs: 50,
      giveUpMs: 1_000 + chance.below(1_000),
      connectGiveUpMs: 1_000 + chance.below(1_000),
    },
    servers: hosts("server", (weather === "stormy" ? 1 : 2) + chance.below(3)),
    writers: hosts("writer", 1 + chance.below(4)),
    keys,
    limits: {
      connectionsMax: 64,
      pipelineMax: chance.skewed([2, 1_000]),
      unsentBytesPause: chance.skewed([1_024, 1_048_576]),
      unsentBytesMax: 67_108_864,
      sendTimeoutMs: 300_000,
      queueKeysMax: mayBeFull ? 1 + chance.below(keys.length) : 1_000,
      queueBytesMax: mayBeFull ? 250 + chance.skewed([0, 2_000]) : 100_000,
      workers: chance.skewed([1, 64]),
      retryMinMs: 1 + chance.skewed([0, 100]),
      retryMaxMs: 200 + chance.skewed([0, 800]),
    },
    connectTimeoutMs: weather === "stormy" ? 100 + chance.below(400) : 500,
    replyTimeoutMs: weather === "stormy" ? 100 + chance.below(900) : 1_000,
    valueBytesMax: 1 + chance.below(100),
    burstMax: chance.skewed([1, 20]),
    mayBeFull,
    hitsWriters: weather === "stormy" && chance.happens(0.5),
  };
}
