// A request's body that does not say its length, which Deno would read without end.

/** A body goes on beyond what was allowed. */
export class BodyTooLarge extends RangeError {
  constructor(bytesMax: number) {
    super(`a request body must have at most ${bytesMax} bytes, got more`);
  }
}

/** Reads when it is read, and never ahead. */
export function bounded(body: ReadableStream<Uint8Array>, bytesMax: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let receivedBytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        receivedBytes += value.length;
        if (receivedBytes <= bytesMax) return controller.enqueue(value);
        controller.error(new BodyTooLarge(bytesMax));
        await reader.cancel();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
