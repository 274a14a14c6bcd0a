// The adapters of the runtime at hand: on Bun and Deno there is one for each kind of sockets that connections can be on,
// and each is held to the same.

import { type Adapter, bunSocketKinds, denoSocketKinds, openAdapter } from "@memwire/adapter";

/** io_uring is the system's; where the tests must not be without, its lack is loud. */
const isHere = (kind: string): boolean =>
  kind !== "io_uring" || process.platform === "linux" || process.env["REQUIRE_PEERS"] === "1";

/** Each has a title of its own. */
export async function adaptersHere(): Promise<readonly Adapter[]> {
  const usual = await openAdapter();
  switch (usual.runtime) {
    case "node":
      return [usual];
    case "bun":
      return Promise.all(bunSocketKinds.filter(isHere).map((bunSockets) => openAdapter({ bunSockets })));
    case "deno":
      return Promise.all(denoSocketKinds.map((denoSockets) => openAdapter({ denoSockets })));
  }
}
