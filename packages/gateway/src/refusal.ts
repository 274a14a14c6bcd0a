// Why a request is not served: a value to hand back, not an error to throw, since most are the client's doing.

import type { Outcome } from "./counters.ts";

export type HeaderPairs = Readonly<Record<string, string>>;

export class Refusal {
  readonly status: number;
  readonly outcome: Outcome;
  /** For the client: what was wrong and what would be right. */
  readonly message: string;
  readonly headers: HeaderPairs;
  /** For the log, if it is more than the client is told. */
  readonly reason: string;

  constructor(
    status: number,
    outcome: Outcome,
    message: string,
    headers: HeaderPairs = {},
    reason: string = message,
  ) {
    this.status = status;
    this.outcome = outcome;
    this.message = message;
    this.headers = headers;
    this.reason = reason;
  }
}

export const badRequest = (message: string): Refusal => new Refusal(400, "badRequests", message);

/** @param allowed Methods of the URL at hand. */
export function methodRefused(method: string, allowed: readonly string[]): Refusal {
  const allow = allowed.join(", ");
  const message = `${shown(method)} is not taken here, ${allow === "" ? "and no other method" : `only ${allow}`}`;
  return new Refusal(405, "methodsRefused", message, { allow });
}

/** @param afterMs When it may be tried again; said in whole seconds, at least one. */
export const retryAfter = (afterMs: number): HeaderPairs => ({
  "retry-after": String(Math.max(1, Math.ceil(afterMs / 1_000))),
});

const SHOWN_MAX = 80;

/** What somebody sent, in quotes, for a message: cut when it is long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
}
