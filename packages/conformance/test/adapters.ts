// The adapters of the runtime at hand: on Deno there is one for each kind of sockets that connections can be on, and
// each is held to the same.

import { type Adapter, denoSocketKinds, openAdapter } from "@memwire/adapter";

/** Each has a title of its own. */
export async function adaptersHere(): Promise<readonly Adapter[]> {
  const usual = await openAdapter();
  if (usual.runtime !== "deno") return [usual];
  return Promise.all(denoSocketKinds.map((denoSockets) => openAdapter({ denoSockets })));
}
