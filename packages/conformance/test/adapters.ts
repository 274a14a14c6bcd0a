// The adapters of the runtime at hand: on Bun and Deno there is one for each kind of sockets that connections can be on,
// and each is held to the same.

import {
  type Adapter,
  type BunSockets,
  bunSocketKinds,
  denoSocketKinds,
  openAdapter,
} from "@memwire/adapter";
import { expect, test } from "vitest";
import { mayLackIoUring } from "../src/mod.ts";

/** Each has a title of its own. */
export async function adaptersHere(): Promise<readonly Adapter[]> {
  const usual = await openAdapter();
  switch (usual.runtime) {
    case "node":
      return [usual];
    case "bun":
      return Promise.all(bunSocketsHere().map((bunSockets) => openAdapter({ bunSockets })));
    case "deno":
      return Promise.all(denoSocketKinds.map((denoSockets) => openAdapter({ denoSockets })));
  }
}

function bunSocketsHere(): readonly BunSockets[] {
  const lacksIoUring = mayLackIoUring();
  test.skipIf(lacksIoUring)("this system has io_uring, and allows it", () =>
    expect(lacksIoUring).toBe(false),
  );
  return bunSocketKinds.filter((kind) => kind !== "io_uring" || !lacksIoUring);
}
