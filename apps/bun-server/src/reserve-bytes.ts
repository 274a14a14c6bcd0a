/** What a page of a WebAssembly memory has; of a memory there may be 65,536, 4 GiB. */
const PAGE_BYTES = 65_536;

/**
 * Memory that takes no room before it is written, on Bun.
 *
 * There, `new ArrayBuffer` of hundreds of megabytes clears all of it now and then: when its allocator puts a piece that
 * was used before to the new ones from the system. What is a WebAssembly memory comes from the system alone, and its
 * buffer is one as others.
 */
export function reserveBytes(bytes: number): ArrayBuffer {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
}
