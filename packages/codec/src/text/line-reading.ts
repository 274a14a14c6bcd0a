// What the readers of lines share. Hot path.

import type { Refusal } from "./refusal.ts";
import type { RequestFields } from "./request-fields.ts";

/**
 * "request": the line is all of it. "value": a value of `valueBytes` and its line end follow. "invalid", "fatal":
 * refused. "skip": refused, and a value of `valueBytes` and its line end are to be passed over.
 */
export type LineAnswer = "request" | "value" | "invalid" | "skip" | "fatal";

// memcached keeps lengths in an int and adds 2 for the line end.
export const LENGTH_MAX = 2_147_483_645;

/** Notes why the message is refused, and where in `bytes`. */
export function refuse(request: RequestFields, refusal: Refusal, at: number): "invalid" {
  request.refusal = refusal;
  request.refusedAt = at - request.start;
  return "invalid";
}

/** The same, for who asks whether all is well. */
export function refused(request: RequestFields, refusal: Refusal, at: number): false {
  refuse(request, refusal, at);
  return false;
}
