// A request's body, whole, within a bound of bytes and of time.

import { joined } from "./bytes.ts";
import type { Context, Open } from "./context.ts";
import { badRequest, Refusal, retryAfter } from "./refusal.ts";

const EMPTY = new Uint8Array(0);
const AGAIN_AFTER_MS = 1_000;

/** No body is an empty one. What is too long is refused by what it says of itself, or as soon as it shows. */
export async function readBody(
  request: Request,
  { clock, settings, open }: Pick<Context, "clock" | "settings" | "open">,
): Promise<Uint8Array | Refusal> {
  const { bodyTimeoutMs: timeoutMs, limits } = settings;
  const { bodyBytesMax: bytesMax } = limits;
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > bytesMax) return tooLarge(bytesMax, `got ${declared}`);
  const reader = request.body?.getReader();
  if (reader === undefined) return declaredOtherwise(declared, 0) ?? EMPTY;
  const pieces: Uint8Array[] = [];
  let length = 0;
  let stopped: Refusal | undefined;
  const stop = (why: Refusal): void => {
    stopped = why;
    reader.cancel().catch(nothing);
  };
  const stopWaiting = clock.at(clock.now() + timeoutMs, () => {
    stop(
      new Refusal(
        408,
        "bodiesTooLate",
        `a body must arrive within ${timeoutMs} ms, got ${length} bytes of it`,
      ),
    );
  });
  const reading: Open = {
    finish: nothing,
    breakOff: () => stop(new Refusal(503, "closed", "the gateway is closed", retryAfter(AGAIN_AFTER_MS))),
  };
  open.add(reading);
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
    if (stopped !== undefined) return stopped;
    // A server that has a bound of its own, as those of @memwire/adapter have, says so with a RangeError.
    if (error instanceof RangeError) return tooLarge(bytesMax, "got more");
    return new Refusal(499, "clientsGone", `the body broke off after ${length} bytes`);
  } finally {
    stopWaiting();
    open.delete(reading);
  }
  return stopped ?? declaredOtherwise(declared, length) ?? joined(pieces, length);
}

/** Half a value must not be stored: some runtimes end a body that broke off as if that were all. */
function declaredOtherwise(declared: string | null, length: number): Refusal | undefined {
  if (declared === null || Number(declared) === length) return undefined;
  return badRequest(`content-length must be the length of the body, ${length}, got ${declared}`);
}

const tooLarge = (bytesMax: number, got: string): Refusal =>
  new Refusal(413, "bodiesTooLarge", `a body must have at most ${bytesMax} bytes, ${got}`);

function nothing(): void {}
