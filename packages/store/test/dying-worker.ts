// A worker of a shared store that dies at its n-th write.
//
// Its memory throws there, which stands for a thread that ends: what it had begun stays as it is, its locks are held. A
// write of many bytes at once is two, one before it and one in the middle of it.

import { vi } from "vitest";
import { type SharedStore, SlabStore } from "../src/mod.ts";

type View = Int32Array | Uint8Array | Float64Array;

export interface DyingWorker {
  readonly store: SlabStore;
  /** Writes so far, the one that it died at included. */
  readonly writes: number;
}

/** Another worker of the store, which lives for so many writes. Whoever waits for its locks does not have to sleep. */
export function dyingWorker(shared: SharedStore, writesMax: number): DyingWorker {
  let writes = 0;
  const write = (): void => {
    if (++writes > writesMax) throw new Error("died");
  };
  for (const Kind of [Int32Array, Uint8Array, Float64Array] as const) {
    vi.stubGlobal(
      Kind.name,
      new Proxy(Kind, {
        construct: (target, args: [ArrayBufferLike]) => {
          const view = Reflect.construct(target, args) as View;
          const memory = args[0];
          const { regions, table, control, kept } = shared.buffers;
          const isWatched = [...regions, table, control, kept].includes(memory);
          return isWatched ? watched(view, write) : view;
        },
      }),
    );
  }
  const store = SlabStore.join(shared);
  vi.unstubAllGlobals();
  return {
    store,
    get writes() {
      return writes;
    },
  };
}

function watched(view: View, write: () => void): View {
  const set = (from: ArrayLike<number>, at = 0): void => {
    write();
    const half = from.length >> 1;
    for (let i = 0; i < half; i++) view[at + i] = from[i] as number;
    write();
    view.set(from, at);
  };
  const fill = (value: number, start = 0, end = view.length): void => {
    write();
    view.fill(value, start, start + ((end - start) >> 1));
    write();
    view.fill(value, start, end);
  };
  return new Proxy(view, {
    get: (target, name) => {
      if (name === "set") return set;
      if (name === "fill") return fill;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
    set: (target, name, value) => {
      write();
      return Reflect.set(target, name, value, target);
    },
  });
}

/** The same store once more, as it is at this moment. */
export function copyOf({ options, buffers }: SharedStore): SharedStore {
  const copy = (buffer: ArrayBufferLike): ArrayBufferLike => {
    const shared = new SharedArrayBuffer(buffer.byteLength);
    new Uint8Array(shared).set(new Uint8Array(buffer));
    return shared;
  };
  return {
    options,
    buffers: {
      regions: buffers.regions.map(copy),
      table: copy(buffers.table),
      control: copy(buffers.control),
      counts: copy(buffers.counts),
      kept: copy(buffers.kept),
      holds: copy(buffers.holds),
      locks: copy(buffers.locks),
    },
  };
}
