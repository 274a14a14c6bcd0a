// What has piled up behind a read that came back full, read by the C library's `recv`.
//
// For each of its reads Bun makes memory of as many bytes and copies them there. The memory is freed as soon as it has
// been read, but it counts as made: after thirty of 512 KiB garbage is collected, which takes a millisecond. What is read
// here lies in one buffer that all connections share, and that stays in the processor's cache.

import type { Pointer } from "bun:ffi";
import { openLibrary } from "./c-library.ts";

/** Much less costs more calls, much more leaves the cache. */
export const BULK_READ_BYTES = 131_072;

/** Of recv(2): answers at once, whatever the socket does. */
const MSG_DONTWAIT = process.platform === "darwin" ? 0x80 : 0x40;

type Receive = (descriptor: number, into: Pointer, bytes: number, flags: number) => number;

export class BulkReader {
  readonly #buffer = new Uint8Array(BULK_READ_BYTES);
  #at: Pointer | undefined;
  #receive: Receive | undefined;
  #asked = false;

  /** Whether it can be used. Loads what it needs when it is asked for the first time. */
  get isReady(): boolean {
    if (!this.#asked) {
      this.#asked = true;
      this.#load().catch(() => {}); // where bun:ffi does not load Bun goes on reading by itself
    }
    return this.#receive !== undefined;
  }

  /**
   * Reads from a socket of Bun's. Only if it is ready.
   *
   * @returns Bytes that are there until the next read; none if there are none now, or no more, or the connection has
   *   failed, as Bun then finds.
   */
  read(socket: object): Uint8Array | undefined {
    const { fd } = socket as { fd?: number }; // not in Bun's types
    const bytes = this.#receive?.(fd ?? -1, this.#at as Pointer, BULK_READ_BYTES, MSG_DONTWAIT) ?? 0;
    if (bytes <= 0) return undefined;
    return bytes === BULK_READ_BYTES ? this.#buffer : this.#buffer.subarray(0, bytes);
  }

  async #load(): Promise<void> {
    // It returns an ssize_t; of that an int has -1, and all that fits into the buffer.
    const library = await openLibrary({ recv: { args: ["int", "ptr", "usize", "int"], returns: "int" } });
    const { ptr } = await import("bun:ffi");
    this.#at = ptr(this.#buffer);
    this.#receive = library?.symbols.recv;
  }
}
