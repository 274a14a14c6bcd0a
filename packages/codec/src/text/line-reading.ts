// What the readers of lines share. Hot path.

import type { Halves } from "../decimal.ts";
import type { Limits } from "../limits.ts";
import type { Line } from "./line.ts";
import type { Refusal } from "./refusal.ts";
import type { RequestFields } from "./request-fields.ts";

/**
 * "request": the line is all of it. "value": a value of `valueBytes` and its line end follow. "invalid", "fatal":
 * refused. "skip": refused, and a value of `valueBytes` and its line end are to be passed over.
 */
export type LineAnswer = "request" | "value" | "invalid" | "skip" | "fatal";

/** What reading takes beside the fields. */
export interface LineReading {
  readonly line: Line;
  readonly limits: Limits;
  readonly scratch: Halves;
}

// memcached keeps lengths in an int and adds 2 for the line end.
export const LENGTH_MAX = 2_147_483_645;

/** Notes why the message is refused, and where in `bytes`. */
export function refuse(request: RequestFields, refusal: Refusal, at: number): "invalid" {
  request.refusal = refusal;
  request.refusedAt = at - request.start;
  return "invalid";
}
