// The access log: one JSON line a request on stdout.

import type { GatewayOptions } from "@memwire/gateway";
import { destination, pino } from "pino";
import type { AccessLog } from "./cli.ts";

export interface RunningLog {
  /** For the gateway, which makes only the lines that are wanted. */
  readonly options: Pick<GatewayOptions, "log" | "logged">;
  /** Writes what is not written yet. */
  flush(): void;
}

/** Lines are written in pieces of about this size, and what is left each second. */
const PIECE_BYTES = 4_096;
const FLUSH_EVERY_MS = 1_000;
/** Lines that stdout does not take in time wait, up to so many bytes; the gateway counts the rest as `logFailures`. */
const WAITING_BYTES_MAX = 16_777_216;

export function openAccessLog(which: AccessLog): RunningLog {
  if (which === "none") return { options: {}, flush: () => {} };
  const stdout = destination({
    dest: 1,
    minLength: PIECE_BYTES,
    maxLength: WAITING_BYTES_MAX,
    periodicFlush: FLUSH_EVERY_MS,
    sync: false,
  });
  stdout.on("drop", () => {
    throw new Error(`stdout must take access lines, ${WAITING_BYTES_MAX} bytes of them wait`);
  });
  const logger = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    stdout,
  );
  return {
    options: { log: (line) => logger.info(line), logged: which },
    flush: () => stdout.flushSync(),
  };
}
