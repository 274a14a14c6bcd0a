// A request's body, whole, within a bound of bytes and of time.

import type { Clock, Millis } from "@memwire/engine";
import { joined } from "./bytes.ts";
import { badRequest, Refusal } from "./refusal.ts";

export interface BodyBounds {
  readonly bytesMax: number;
  readonly timeoutMs: Millis;
}

const EMPTY = new Uint8Array(0);

/** No body is an empty one. What is too long is refused by what it says of itself, or as soon as it shows. */
export async function readBody(
  request: Request,
  { bytesMax, timeoutMs }: BodyBounds,
  clock: Clock,
): Promise<Uint8Array | Refusal> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > bytesMax) return tooLarge(bytesMax, `got ${declared}`);
  const reader = request.body?.getReader();
  if (reader === undefined) return declaredOtherwise(declared, 0) ?? EMPTY;
  let isLate = false;
  const stopWaiting = clock.at(clock.now() + timeoutMs, () => {
    isLate = true;
    reader.cancel().catch(nothing);
  });
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > bytesMax) {
        reader.cancel().catch(nothing);
        return tooLarge(bytesMax, "got more");
      }
      pieces.push(value);
    }
  } catch (error) {
    // A server that has a bound of its own, as those of @memwire/adapter have, says so with a RangeError.
    if (error instanceof RangeError) return tooLarge(bytesMax, "got more");
    return new Refusal(499, "clientsGone", `the body broke off after ${length} bytes`);
  } finally {
    stopWaiting();
  }
  if (isLate) {
    const message = `a body must arrive within ${timeoutMs} ms, got ${length} bytes of it`;
    return new Refusal(408, "bodiesTooLate", message);
  }
  return declaredOtherwise(declared, length) ?? joined(pieces, length);
}

/** Half a value must not be stored: some runtimes end a body that broke off as if that were all. */
function declaredOtherwise(declared: string | null, length: number): Refusal | undefined {
  if (declared === null || Number(declared) === length) return undefined;
  return badRequest(`content-length must be the length of the body, ${length}, got ${declared}`);
}

const tooLarge = (bytesMax: number, got: string): Refusal =>
  new Refusal(413, "bodiesTooLarge", `a body must have at most ${bytesMax} bytes, ${got}`);

function nothing(): void {}
