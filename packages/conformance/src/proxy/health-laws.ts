// Backends that fail for longer, come back, flap, or are taken out; several connections to one. Behaviours 8, 11, 13.

import type { BackendPeer, ScriptedBackend } from "./backend.ts";
import { law, virtualLaw, type Law } from "./law.ts";
import { byLastDigit, type ProxyScene, quote, type SceneClient } from "./scene.ts";

const AN_ERROR = /^SERVER_ERROR [^\r\n]+\r\n$/;
const VERSION = "version\r\n";
/** Down at the second failure, tried again soon. */
const SOON = { failuresMax: 2, retryMinMs: 20, retryMaxMs: 40 } as const;
/** Down at the first failure, and not tried again as long as a law takes. */
const LATER = { failuresMax: 1, retryMinMs: 600_000, retryMaxMs: 600_000 } as const;

export const healthLaws: readonly Law[] = [
  law(
    8,
    "a backend that is taken out fails at once and is not connected to, until it is put back",
    async (scene) => {
      await scene.start();
      const backend = scene.backend(1);
      const client = scene.client();
      scene.setServer("s1", "down");
      for (let times = 0; times < 20; times++) {
        await client.asks("get a0\r\n", "END\r\n");
        await failsOnce(client, "get a1\r\n");
      }
      if (backend.peers.length > 0) throw new Error("it was connected to");
      scene.setServer("s1", "up");
      await answersAgain(scene, client, "a1");
    },
  ),
  law(8, "a backend that is taken out in the middle of its work loses its connection", async (scene) => {
    await scene.start();
    const backend = scene.backend(1);
    const client = scene.client();
    await client.asks("get a1\r\n", "END\r\n");
    scene.setServer("s1", "down");
    await scene.until(() => backend.openPeers === 0, "its connection to be closed");
    await failsOnce(client, "get a1\r\n");
  }),
  law(8, "a backend that is drained answers what it was asked, and is asked nothing more", async (scene) => {
    await scene.start();
    const backend = scene.backend(1);
    const client = scene.client();
    const held: (() => void)[] = [];
    backend.script = (request, peer) => {
      held.push(() => peer.comply(request));
      return true;
    };
    client.send("get a1\r\n");
    await scene.until(() => held.length === 1, "the backend to be asked");
    scene.setServer("s1", "drain");
    const other = scene.client();
    await failsOnce(other, "get b1\r\n");
    backend.script = undefined;
    held.shift()?.();
    await client.hears("END\r\n");
    await scene.until(() => backend.openPeers === 0, "its connection to be closed");
    if (backend.requests.length !== 1) throw new Error(quote(backend.requests.join("")));
  }),
  law(
    8,
    "where partial results are misses, a multi-get over a dead backend has what the others have",
    async (scene) => {
      await scene.start({ pool: { partialResults: "miss" } });
      const client = scene.client();
      await client.asks("set a0 0 0 1\r\nx\r\nset a1 0 0 1\r\ny\r\n", "STORED\r\nSTORED\r\n");
      await scene.backend(1).die();
      await client.asks("get a0 a1\r\n", "VALUE a0 0 1\r\nx\r\nEND\r\n");
      const missed = await scene.stat("alpha:parts_missed");
      if (missed !== "1") throw new Error(`${missed} parts were counted as missed`);
    },
  ),

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

  law(
    12,
    "a request above requestsActiveMax fails at once in its slot, and the connection stays",
    async (scene) => {
      await scene.start({ limits: { requestsActiveMax: 4 } });
      const held: (() => void)[] = [];
      const backend = scene.backend(0);
      backend.script = (request, peer) => {
        held.push(() => peer.comply(request));
        return true;
      };
      const [client, other] = [scene.client(), scene.client()];
      client.send(Array.from({ length: 4 }, (_, i) => `set k${i}0 0 0 1\r\n${i}\r\n`).join(""));
      await scene.until(() => held.length === 4, "the backend to be asked");
      await failsOnce(other, "get k01\r\n");
      await other.asks("version\r\n", "VERSION 1.6.45\r\n");
      backend.script = undefined;
      for (const each of held.splice(0)) each();
      await client.hears("STORED\r\n".repeat(4));
      for (const each of [client, other]) await each.asks("get k01\r\n", "END\r\n");
      const counted = await scene.stat("requests_over_active_max");
      if (counted !== "1") throw new Error(`${counted} were counted`);
    },
  ),
  virtualLaw(
    12,
    "requests above bufferedBytesMax fail at once in their slot, and the connection stays",
    async (scene) => {
      await scene.start({ backends: 1, limits: { bufferedBytesMax: 500_000, unsentBytesPause: 100_000 } });
      const other = scene.client();
      // Larger ones are handed on as they come, and wait at the server.
      const value = "v".repeat(40_000);
      await other.asks(`set big 0 0 ${value.length}\r\n${value}\r\n`, "STORED\r\n");
      const slow = Array.from({ length: 6 }, () => scene.client());
      for (const client of slow) await client.asks("get a\r\n", "END\r\n");
      for (const client of slow) {
        client.wire.pause();
        client.send("get big\r\n".repeat(4)); // no more than twice the bound together, above which they are closed
      }
      const isFull = (): boolean => scene.engine.counters.bufferedBytesNow >= 500_000;
      await scene.until(isFull, "the buffers to be full");
      await failsOnce(other, "get a\r\n");
      await other.asks("version\r\n", "VERSION 1.6.45\r\n");
      for (const client of slow) client.wire.resume();
      // Those who asked when the buffers were full were told so.
      const whole = `VALUE big 0 ${value.length}\r\n${value}\r\nEND\r\n`;
      for (const client of slow) {
        const answer = await client.told("version\r\n", "VERSION 1.6.45\r\n");
        if (!/^(SERVER_ERROR [^\r\n]+\r\n)*VERSION/.test(answer.replaceAll(whole, ""))) {
          throw new Error(quote(answer));
        }
      }
      await other.asks("get a\r\n", "END\r\n");
    },
  ),

  law(
    13,
    "a backend that fails again and again is seen in the statistics, and no longer when it is well",
    async (scene) => {
      await scene.start({ pool: { health: SOON } });
      const backend = scene.backend(1);
      const client = scene.client();
      await client.asks("get a1\r\n", "END\r\n");
      if ((await scene.stat(FAILURES)) !== undefined) throw new Error("it is seen before it fails");
      await backend.die();
      await isDown(scene, client);
      if ((await scene.stat(FAILURES)) === undefined) throw new Error("it is not seen");
      await backend.start();
      await answersAgain(scene, client, "a1");
      if ((await scene.stat(FAILURES)) !== undefined) throw new Error("it is still seen");
    },
  ),
  law(
    13,
    "a backend that is down is asked nothing of clients before it has answered a probe",
    async (scene) => {
      await scene.start({ pool: { health: SOON, connectTimeoutMs: 500 } });
      const backend = scene.backend(1);
      const client = scene.client();
      await backend.die();
      await isDown(scene, client);
      let probed: BackendPeer | undefined;
      backend.script = (request, peer) => {
        if (request !== VERSION) return false;
        probed = peer;
        return true; // and no answer
      };
      await backend.start();
      await scene.until(() => probed !== undefined, "a probe");
      for (let times = 0; times < 10; times++) await failsOnce(client, "get a1\r\n");
      if (backend.requests.length > 0) throw new Error(`it was asked ${quote(backend.requests.join(""))}`);
      backend.script = undefined;
      await answersAgain(scene, client, "a1");
    },
  ),
  law(13, "a probe that is answered by nonsense leaves the backend down", async (scene) => {
    await scene.start({ pool: { health: SOON } });
    const backend = scene.backend(1);
    const client = scene.client();
    await backend.die();
    await isDown(scene, client);
    let probes = 0;
    backend.script = (request, peer) => {
      if (request !== VERSION) return false;
      probes++;
      peer.say("220 mail.example.com ESMTP\r\n");
      return true;
    };
    await backend.start();
    await scene.until(() => probes >= 3, "three probes");
    await failsOnce(client, "get a1\r\n");
    if (backend.requests.length > 0) throw new Error(`it was asked ${quote(backend.requests.join(""))}`);
    backend.script = undefined;
    await answersAgain(scene, client, "a1");
  }),
  virtualLaw(
    13,
    "one that connects and drops again and again is left alone for longer and longer",
    async (scene) => {
      const health = { ...SOON, retryMinMs: 100, retryMaxMs: 100_000, retryJitter: 0 };
      await scene.start({ pool: { health } });
      const backend = scene.backend(1);
      backend.onBytes = (_bytes, peer) => {
        peer.close();
        return true;
      };
      const gaps = await gapsBetweenConnects(scene, backend, 300_000);
      if (gaps.length < 4 || gaps.length > 40) throw new Error(`${gaps.length} connects`);
      const [last = 0, before = 0] = gaps.toReversed();
      if (Math.max(last, before) < 20_000) throw new Error(`${gaps.map(Math.round).join(", ")} ms`);
    },
  ),
  virtualLaw(
    13,
    "one that flaps, up and soon down again, is left alone for longer and longer",
    async (scene) => {
      const health = {
        ...SOON,
        retryMinMs: 100,
        retryMaxMs: 100,
        retryJitter: 0,
        flapRamp: 2,
        flapWindowMs: 60_000,
      };
      await scene.start({ pool: { health } });
      const backend = scene.backend(1);
      // It answers its probe, and drops the connection for whatever it is asked then.
      backend.script = (request, peer) => {
        if (request === VERSION) return false;
        peer.close();
        return true;
      };
      const gaps = await gapsBetweenConnects(scene, backend, 300_000);
      if (gaps.length > 200) throw new Error(`${gaps.length} connects`);
      if (Math.max(...gaps) < 10_000) throw new Error(`${gaps.map(Math.round).join(", ")} ms`);
    },
  ),
  law(
    13,
    "where its keys are misses, a backend that is down answers nothing was found and nothing stored",
    async (scene) => {
      await scene.start({ pool: { health: { ...LATER, whenDown: "miss" } } });
      const client = scene.client();
      await scene.backend(1).die();
      await isDown(scene, client);
      await client.asks("get a1\r\ngets a1 b1\r\nget a0 a1\r\n", "END\r\n".repeat(3));
      await client.asks(
        "set a1 0 0 1\r\nx\r\nadd a1 0 0 1\r\nx\r\nappend a1 0 0 1\r\nx\r\n",
        "NOT_STORED\r\n".repeat(3),
      );
      await client.asks(
        "delete a1\r\nincr a1 1\r\ntouch a1 0\r\ncas a1 0 0 1 1\r\nx\r\n",
        "NOT_FOUND\r\n".repeat(4),
      );
      await client.asks("set a1 0 0 1 noreply\r\nx\r\nset a0 0 0 1\r\nx\r\n", "STORED\r\n");
      await client.asks("mg a1 v\r\nmd a1\r\nmn\r\n", "EN\r\nNF\r\nMN\r\n");
    },
  ),
  law(
    13,
    "where its keys go to the others, they do as long as it is down, and come back with it",
    async (scene) => {
      const left: number[][] = [];
      await scene.start({
        pool: {
          health: { ...SOON, whenDown: "rehash" },
          distributionWithout(servers) {
            left.push([...servers]);
            const { owner } = byLastDigit(servers.length);
            return { owner: (bytes, start, end) => servers[owner(bytes, start, end) % servers.length] ?? 0 };
          },
        },
      });
      const client = scene.client();
      const backend = scene.backend(1);
      await backend.die();
      for (let times = 0; ; times++) {
        if (times === 50) throw new Error("its keys stay with it");
        if ((await client.told("set a1 0 0 1\r\nx\r\n")) === "STORED\r\n") break;
      }
      await client.asks("get a1 a0\r\n", "VALUE a1 0 1\r\nx\r\nEND\r\n");
      if (left.some((servers) => servers.includes(1))) throw new Error(JSON.stringify(left));
      await backend.start();
      await scene.until(() => backend.openPeers > 0, "a probe");
      let isBack = false;
      for (let times = 0; times < 100 && !isBack; times++) {
        await scene.harness.sleep(20);
        isBack = (await client.told("get a1\r\n", "END\r\n")) === "END\r\n"; // it does not know it
      }
      if (!isBack) throw new Error("its keys stay with the others");
    },
  ),
  law(13, "where too few are left, nobody is taken for down, and all are asked", async (scene) => {
    const health = { ...SOON, failuresMax: 1, whenDown: "miss", failOpenBelow: 0.5 } as const;
    await scene.start({ pool: { health } });
    const client = scene.client();
    await scene.backend(1).die();
    await isDown(scene, client);
    await client.asks("get a1\r\n", "END\r\n"); // which is a miss
    await scene.backend(2).die();
    await failsOnce(client, "get a2\r\n");
    await failsOnce(client, "get a1\r\n");
    await client.asks("get a0\r\n", "END\r\n");
    await scene.backend(1).start();
    await answersAgain(scene, client, "a1");
  }),
];

const FAILURES = "alpha:s1:failures_in_a_row";

async function failsOnce(client: SceneClient, request: string): Promise<void> {
  const answer = await client.told(request);
  if (!AN_ERROR.test(answer)) throw new Error(`expected an error, got ${quote(answer)}`);
}

/** Asks for what backend 1 has until that is down. */
async function isDown(scene: ProxyScene, client: SceneClient): Promise<void> {
  for (let times = 0; (await scene.stat("alpha:s1:state")) !== "down"; times++) {
    if (times === 100) throw new Error(`it is ${await scene.stat("alpha:s1:state")}, not down`);
    await client.told("get a1\r\n");
    await scene.harness.sleep(20);
  }
}

async function answersAgain(scene: ProxyScene, client: SceneClient, key: string): Promise<void> {
  let answer = "";
  for (let times = 0; times < 200; times++) {
    answer = await client.told(`get ${key}\r\n`);
    if (answer === "END\r\n") return;
    await scene.harness.sleep(20);
  }
  throw new Error(`it still answers ${quote(answer)}`);
}

/** How long the proxy waited from one connect to the next, asked a hundred times a second all the while. */
async function gapsBetweenConnects(
  scene: ProxyScene,
  backend: ScriptedBackend,
  forMs: number,
): Promise<number[]> {
  const client = scene.client();
  const times: number[] = [];
  for (const end = scene.clock.now() + forMs; scene.clock.now() < end;) {
    const before = backend.peers.length;
    await client.told("get a1\r\n");
    await scene.harness.sleep(10);
    if (backend.peers.length > before) times.push(scene.clock.now());
  }
  return times.slice(1).map((at, i) => at - (times[i] ?? 0));
}

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
