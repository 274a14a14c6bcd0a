// What the simulated network is like: every limit and every range that chance draws from.

import type { Millis } from "@memwire/engine";
import type { Range } from "./chance.ts";

/** The network's properties. Ranges of bytes are drawn with every order of magnitude as likely. */
export interface Conditions {
  /** How long a segment takes one way, in steps of 1/16 ms, drawn for each. */
  readonly latencyMs: Range;
  /** The pieces that a write is cut into on its way. */
  readonly segmentBytes: Range;
  /** How much of what has arrived a reader is given at once. */
  readonly readBytes: Range;
  /** Sent and not yet read at the most, drawn for each direction of each connection: the sender waits beyond. */
  readonly windowBytes: Range;
  /** How often a datagram is lost on its way, from 0 to 1. */
  readonly datagramLoss: number;
  /** How often one comes twice, from 0 to 1. */
  readonly datagramEcho: number;
  /** How late timers are, in steps of 1/16 ms. */
  readonly timerLateMs: Range;
  /** How often what does not get through is tried again. */
  readonly retryMs: Millis;
  /** After how long of that a connection is `timed-out`. */
  readonly giveUpMs: Millis;
  /** After how long without any answer a connect is `timed-out`. */
  readonly connectGiveUpMs: Millis;
}

/** A quick local network that cuts and joins bytes as it likes. */
export const localNetwork: Conditions = {
  latencyMs: [0.0625, 1],
  segmentBytes: [1, 64 * 1024],
  readBytes: [1, 64 * 1024],
  windowBytes: [16 * 1024, 256 * 1024],
  datagramLoss: 0,
  datagramEcho: 0,
  timerLateMs: [0, 1],
  retryMs: 200, // Linux: the smallest retransmission timeout
  giveUpMs: 60_000,
  connectGiveUpMs: 127_000, // Linux: tcp_syn_retries 6
};

/** @throws RangeError that says which value is wrong */
export function checkConditions(conditions: Conditions): Conditions {
  for (const [name, value] of Object.entries(conditions) as [string, Range | Millis][]) {
    if (name.startsWith("datagram")) {
      if (typeof value === "number" && value >= 0 && value <= 1) continue;
      throw new RangeError(`${name} must be from 0 to 1, got ${String(value)}`);
    }
    const smallest = name.endsWith("Bytes") ? 1 : 0;
    const [min, max] = typeof value === "number" ? [value, value] : value;
    const whole = !name.endsWith("Bytes") || (Number.isInteger(min) && Number.isInteger(max));
    if (!(min >= smallest && max >= min && max <= 2 ** 31 - 1 && whole)) {
      throw new RangeError(
        `${name} must be from ${smallest} to 2^31 - 1, smaller first, got ${min} to ${max}`,
      );
    }
  }
  return conditions;
}
