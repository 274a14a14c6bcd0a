// What a client is told when memcached has not answered: which server, why, and whether to try again.

import { ClientError } from "@memwire/client";
import { unreachable } from "@memwire/engine";
import { Refusal, retryAfter } from "./refusal.ts";

const AGAIN_AFTER_MS = 1_000;

/** @param error What a call to the client rejected with. */
export function failureOf(error: unknown): Refusal {
  if (!(error instanceof ClientError)) return mistake(error);
  const { message } = error;
  switch (error.code) {
    case "timed-out":
      return new Refusal(504, "serverTimeouts", message);
    case "overflow":
      return new Refusal(503, "serverOverflows", message, retryAfter(AGAIN_AFTER_MS));
    case "client-closed":
      return new Refusal(503, "closed", message, retryAfter(AGAIN_AFTER_MS));
    case "server-error":
      return message.includes("object too large")
        ? new Refusal(413, "itemsTooLarge", message)
        : new Refusal(502, "serverFailures", message);
    case "aborted":
      return new Refusal(504, "serverTimeouts", "given up before the server answered");
    case "refused":
    case "not-found":
    case "reset":
    case "unreachable":
    case "denied":
    case "untrusted":
    case "exhausted":
    case "closed":
    case "failed":
    case "broken-reply":
    case "client-error":
    case "error":
      return new Refusal(502, "serverFailures", message);
    default:
      return unreachable(error.code);
  }
}

/** What nobody foresaw is the gateway's own fault: the log has it, the client is told no more than that. */
function mistake(error: unknown): Refusal {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Refusal(500, "failures", "the gateway failed", {}, reason);
}
