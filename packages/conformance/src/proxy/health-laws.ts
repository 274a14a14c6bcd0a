// Backends that fail for longer, come back, flap, or are taken out. Behaviours 8 and 13.

import { type BackendPeer, type ScriptedBackend, VERSION } from "./backend.ts";
import { law, virtualLaw, type Law } from "./law.ts";
import { byLastDigit, type ProxyScene, quote, type SceneClient } from "./scene.ts";

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
        await client.fails("get a1\r\n");
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
    await client.fails("get a1\r\n");
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
    await other.fails("get b1\r\n");
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
      for (let times = 0; times < 10; times++) await client.fails("get a1\r\n");
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
    await client.fails("get a1\r\n");
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
    await client.fails("get a2\r\n");
    await client.fails("get a1\r\n");
    await client.asks("get a0\r\n", "END\r\n");
    await scene.backend(1).start();
    await answersAgain(scene, client, "a1");
  }),
];

const FAILURES = "alpha:s1:failures_in_a_row";

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
