// Several connections to one backend. Behaviour 11.

import { type BackendPeer, VERSION } from "./backend.ts";
import { law, type Law } from "./law.ts";
import { type ProxyScene, type SceneClient } from "./scene.ts";

export const connectionLaws: readonly Law[] = [
  law(
    11,
    "what one client pipelines to a backend goes over one connection, and reads its own writes",
    async (scene) => {
      await scene.start({ backends: 1, pool: { connections: 4 } });
      const { askers, clients } = withClients(scene, 3);
      for (const [i, client] of clients.entries()) {
        const key = `own${i}`;
        client.send(`set ${key} 0 0 1\r\n${i}\r\nget ${key}\r\nincr ${key} 1\r\nget ${key} none\r\n`);
        await client.hears(
          `STORED\r\nVALUE ${key} 0 1\r\n${i}\r\nEND\r\n${i + 1}\r\nVALUE ${key} 0 1\r\n${i + 1}\r\nEND\r\n`,
        );
        if (askersOf(askers, key).size !== 1) throw new Error(`${askersOf(askers, key).size} connections`);
      }
    },
  ),
  law(
    11,
    "other clients use the next connection when one is busy, and no more than there may be",
    async (scene) => {
      await scene.start({ backends: 1, pool: { connections: 3 } });
      const backend = scene.backend(0);
      const held: (() => void)[] = [];
      const askers = new Set<BackendPeer>();
      backend.script = (request, peer) => {
        if (request === VERSION) return false;
        askers.add(peer);
        held.push(() => peer.comply(request));
        return true;
      };
      const clients = Array.from({ length: 6 }, () => scene.client());
      for (const [i, client] of clients.entries()) {
        client.send(`set k${i}x 0 0 1\r\n${i}\r\n`);
        await scene.until(() => held.length === i + 1, "the backend to be asked");
      }
      if (askers.size !== 3) throw new Error(`${askers.size} connections were used`);
      backend.script = undefined;
      for (const each of held.splice(0)) each();
      for (const client of clients) await client.hears("STORED\r\n");
    },
  ),
  law(11, "a connection that is lost takes only what waits for it", async (scene) => {
    await scene.start({ backends: 1, pool: { connections: 2 } });
    const { clients, release, peers } = withClients(scene, 2);
    const [one, other] = clients as [SceneClient, SceneClient];
    one.send("get lost\r\n");
    other.send("get kept\r\n");
    await scene.until(() => peers.size === 2, "both connections to be used");
    peers.get("lost")?.say("garbage\r\n");
    await one.hears("SERVER_ERROR backend failure\r\n");
    release();
    await other.hears("END\r\n");
    await one.asks("get a\r\n", "END\r\n");
  }),
];

/** Clients of one backend that notes over which connection it was asked for a key, and holds back some answers. */
function withClients(
  scene: ProxyScene,
  count: number,
): {
  readonly clients: SceneClient[];
  readonly askers: [key: string, peer: BackendPeer][];
  readonly peers: Map<string, BackendPeer>;
  readonly release: () => void;
} {
  const backend = scene.backend(0);
  const askers: [string, BackendPeer][] = [];
  const peers = new Map<string, BackendPeer>();
  const held: (() => void)[] = [];
  const isHeld = new Set(["get lost\r\n", "get kept\r\n"]);
  backend.script = (request, peer) => {
    const key = request.split(/[ \r]/)[1] ?? "";
    askers.push([key, peer]);
    if (!isHeld.has(request)) return false;
    peers.set(key, peer);
    held.push(() => peer.comply(request));
    return true;
  };
  const clients = Array.from({ length: count }, () => scene.client());
  return {
    clients,
    askers,
    peers,
    release() {
      for (const each of held.splice(0)) each();
    },
  };
}

function askersOf(askers: readonly [string, BackendPeer][], key: string): Set<BackendPeer> {
  return new Set(askers.filter(([asked]) => asked === key).map(([, peer]) => peer));
}
