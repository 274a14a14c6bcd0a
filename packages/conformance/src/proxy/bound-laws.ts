// Bounds, what the proxy answers itself, and pools. Behaviours 12, 16 and 17.

import { law, type Law, virtualLaw } from "./law.ts";
import { type ProxyScene, quote, type SceneOptions, SERVER_ERROR_LINE } from "./scene.ts";

/** Three keys at once, and then none for as long as a law goes on. */
const THREE = { perSecond: 0.001, burst: 3 };

export const boundLaws: readonly Law[] = [
  law(12, "a request above inFlightMax fails at once in its slot, and the connection stays", (scene) =>
    fails(scene, { inFlightMax: 3 }, 3),
  ),
  law(12, "a request above queuedMax fails at once in its slot, and the connection stays", async (scene) => {
    await scene.start({ backends: 1, limits: { queuedMax: 3 } });
    const client = scene.client();
    const sets = Array.from({ length: 10 }, (_, i) => `set k${i}x 0 0 1\r\n${i}\r\n`);
    const answer = await client.told(`${sets.join("")}version\r\n`, "VERSION 1.6.45\r\n");
    const lines = answer.split("\r\n").slice(0, -2);
    const stored = lines.filter((line) => line === "STORED").length;
    const failed = lines.filter((line) => SERVER_ERROR_LINE.test(`${line}\r\n`)).length;
    if (stored < 3 || failed === 0 || stored + failed !== 10) throw new Error(quote(answer));
    await client.asks("set k 0 0 1\r\nx\r\nget k\r\n", "STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n");
  }),
  law(
    12,
    "bytes above queuedBytesMax fail at once in their slot, and the connection stays",
    async (scene) => {
      await scene.start({ backends: 1, limits: { queuedBytesMax: 10_000 } });
      const client = scene.client();
      const value = "v".repeat(4_000);
      const sets = Array.from({ length: 10 }, (_, i) => `set k${i}x 0 0 4000\r\n${value}\r\n`);
      const answer = await client.told(`${sets.join("")}version\r\n`, "VERSION 1.6.45\r\n");
      const lines = answer.split("\r\n").slice(0, -2);
      if (
        lines.length !== 10 ||
        !lines.every((line) => line === "STORED" || SERVER_ERROR_LINE.test(`${line}\r\n`))
      ) {
        throw new Error(quote(answer));
      }
      await client.asks("set k 0 0 1\r\nx\r\nget k\r\n", "STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n");
    },
  ),
  law(12, "a request above a pool's rate fails at once in its slot, and the connection stays", (scene) =>
    asksTooOften(scene, { rateTotal: THREE }, "requests_over_rate"),
  ),
  law(12, "so does one above the rate of its client, and the others are served", async (scene) => {
    await asksTooOften(scene, { ratePerClient: THREE }, "requests_over_client_rate");
    await scene.client().asks("get k0x\r\n", "VALUE k0x 0 1\r\n0\r\nEND\r\n");
  }),
  virtualLaw(
    12,
    "as time goes by requests pass again, at the rate of the pool and no faster",
    async (scene) => {
      await scene.start({ backends: 1, pool: { rateTotal: { perSecond: 10, burst: 2 } } });
      const client = scene.client();
      const startedAt = scene.clock.now();
      let passed = 0;
      for (let i = 0; i < 100; i++) {
        const answer = await client.told("get k\r\n");
        if (answer === "END\r\n") passed++;
        else if (!SERVER_ERROR_LINE.test(answer)) throw new Error(quote(answer));
        await scene.harness.sleep(20);
      }
      const seconds = (scene.clock.now() - startedAt) / 1_000;
      if (passed < seconds * 10 - 2 || passed > seconds * 10 + 2) {
        throw new Error(`${passed} passed in ${seconds} s`);
      }
    },
  ),
  law(12, "a client above connectionsMax is told so and closed, and the others are served", async (scene) => {
    await scene.start({ backends: 1, limits: { connectionsMax: 2 } });
    const [one, other] = [scene.client(), scene.client()];
    for (const client of [one, other]) await client.asks("get a\r\n", "END\r\n");
    const third = scene.client();
    await third.hears("ERROR Too many open connections\r\n");
    await third.isClosed();
    for (const client of [one, other]) await client.asks("get a\r\n", "END\r\n");
    other.wire.close();
    await scene.until(() => scene.engine.counters.connectionsNow === 1, "room");
    await scene.client().asks("get a\r\n", "END\r\n");
  }),
  law(
    12,
    "a client that asks and does not read is read no further, and the others are served",
    async (scene) => {
      await scene.start({ backends: 1, limits: { unsentBytesPause: 65_536 } });
      const other = scene.client();
      const value = "v".repeat(100_000);
      await other.asks(`set big 0 0 ${value.length}\r\n${value}\r\n`, "STORED\r\n");
      const slow = scene.client();
      await slow.asks("get a\r\n", "END\r\n");
      slow.wire.pause();
      const { counters } = scene.engine;
      let asked = 0;
      while (counters.clientsPaused === 0 && asked < 1_000) {
        const before = counters.requests;
        slow.send("get big\r\n");
        asked++;
        await scene.until(
          () => counters.requests > before || counters.clientsPaused > 0,
          "it to be read, or to be read no further",
        );
      }
      if (counters.clientsPaused === 0) throw new Error(`${asked} values were asked for in vain`);
      for (let times = 0; times < 10; times++) await other.asks("get a\r\n", "END\r\n");
      slow.wire.resume();
      await slow.hears(`VALUE big 0 ${value.length}\r\n${value}\r\nEND\r\n`.repeat(asked));
    },
  ),
  virtualLaw(12, "a client that never reads is closed, and leaves nothing", async (scene) => {
    await scene.start({ backends: 1, limits: { unsentBytesMax: 300_000, unsentBytesPause: 65_536 } });
    const other = scene.client();
    const value = "v".repeat(100_000);
    await other.asks(`set big 0 0 ${value.length}\r\n${value}\r\n`, "STORED\r\n");
    const slow = scene.client();
    await slow.asks("get a\r\n", "END\r\n");
    slow.wire.pause();
    slow.send("get big\r\n".repeat(100));
    await scene.until(
      () => scene.engine.counters.clientsTooSlow + scene.engine.counters.clientsPaused > 0,
      "the proxy to hold it back",
    );
    await other.asks("get a\r\n", "END\r\n");
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
      await other.fails("get k01\r\n");
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
      await scene.start({ backends: 1, limits: { bufferedBytesMax: 500_000, unsentBytesPause: 1_000_000 } });
      const other = scene.client();
      // Larger ones are handed on as they come, and wait at the server.
      const value = "v".repeat(40_000);
      await other.asks(`set big 0 0 ${value.length}\r\n${value}\r\n`, "STORED\r\n");
      const slow = Array.from({ length: 6 }, () => scene.client());
      for (const client of slow) await client.asks("get a\r\n", "END\r\n");
      for (const client of slow) client.wire.pause();
      const isFull = (): boolean => scene.engine.counters.bufferedBytesNow >= 500_000;
      let answer = "END\r\n";
      // What is unsent becomes less for as long as the network takes some.
      for (let tries = 0; tries < 20 && answer === "END\r\n"; tries++) {
        // Less than unsentBytesPause, above which the slow ones may be closed.
        for (const client of slow) client.send("get big\r\n".repeat(10));
        await scene.until(isFull, "the buffers to be full");
        answer = await other.told("get a\r\n");
      }
      if (!SERVER_ERROR_LINE.test(answer)) throw new Error(quote(answer));
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
  law(16, "version is answered by the proxy itself", async (scene) => {
    await scene.start({ version: "1.6.45" });
    for (const backend of scene.backends) await backend.die();
    await scene.client().asks("version\r\n", "VERSION 1.6.45\r\n");
    if (scene.backends.some(({ peers }) => peers.length > 0)) throw new Error("a backend was connected to");
  }),
  law(16, "stats are answered by the proxy itself, with a line for every server, and END", async (scene) => {
    await scene.start();
    for (const backend of scene.backends) await backend.die();
    const answer = await scene.client().told("stats\r\n", "END\r\n");
    for (const wanted of ["STAT version 1.6.45", "STAT curr_connections 1", "STAT alpha:s2:"]) {
      if (!answer.includes(wanted)) throw new Error(`no ${wanted} in ${answer}`);
    }
    if (!/^(STAT [^\r\n]+\r\n)+END\r\n$/.test(answer)) throw new Error(quote(answer));
  }),
  law(16, "flush_all is refused unless enabled, and no backend hears of it", async (scene) => {
    await scene.start();
    const client = scene.client();
    await client.asks("set a1 0 0 1\r\nx\r\n", "STORED\r\n");
    const answer = await client.told("flush_all\r\n");
    if (!/^(CLIENT|SERVER)_ERROR [^\r\n]*flush_all[^\r\n]*\r\n$/.test(answer)) throw new Error(quote(answer));
    await client.asks("get a1\r\n", "VALUE a1 0 1\r\nx\r\nEND\r\n");
    const heard = scene.backends.filter(({ requests }) => requests.some((each) => each.startsWith("flush")));
    if (heard.length > 0) throw new Error("a backend was told to flush");
  }),
  law(16, "flush_all goes to every backend where it is enabled, and is answered once", async (scene) => {
    await scene.start({ pool: { flushEnabled: true } });
    const client = scene.client();
    const keys = ["a0", "a1", "a2"];
    await client.asks(keys.map((key) => `set ${key} 0 0 1\r\nx\r\n`).join(""), "STORED\r\n".repeat(3));
    await client.asks("flush_all\r\nversion\r\n", "OK\r\nVERSION 1.6.45\r\n");
    await client.asks(`get ${keys.join(" ")}\r\n`, "END\r\n");
    for (const { requests } of scene.backends) {
      if (!requests.some((request) => request.startsWith("flush_all")))
        throw new Error("a backend was not told to flush");
    }
  }),
  law(16, "flush_all that one backend cannot do is one error", async (scene) => {
    await scene.start({ pool: { flushEnabled: true } });
    await scene.backend(2).die();
    const answer = await scene.client().told("flush_all\r\n");
    if (!SERVER_ERROR_LINE.test(answer)) throw new Error(quote(answer));
  }),

  law(17, "one broken backend fails only its own keys", async (scene) => {
    await scene.start();
    scene.backend(1).script = (_request, peer) => {
      peer.say("garbage\r\n");
      return true;
    };
    const client = scene.client();
    for (let i = 0; i < 20; i++) {
      await client.asks(`set ${i}k0 0 0 1\r\nx\r\nget ${i}k2\r\n`, "STORED\r\nEND\r\n");
      const answer = await client.told(`get ${i}k1\r\n`);
      if (!SERVER_ERROR_LINE.test(answer)) throw new Error(quote(answer));
    }
  }),
  law(17, "the same backend in several pools is one set of connections", async (scene) => {
    const shared = await scene.addBackend();
    const own = await scene.addBackend();
    await scene.startPools([scene.pool("alpha", [shared]), scene.pool("beta", [own, shared])]);
    const [alpha, beta] = [scene.client(0), scene.client(1)];
    await alpha.asks("set a1 0 0 1\r\nx\r\n", "STORED\r\n");
    await beta.asks("get a1 a0\r\n", "VALUE a1 0 1\r\nx\r\nEND\r\n");
    await alpha.asks("get a1\r\n", "VALUE a1 0 1\r\nx\r\nEND\r\n");
    if (shared.peers.length !== 1) throw new Error(`${shared.peers.length} connections were made`);
  }),
  law(17, "each pool keeps its keys to itself", async (scene) => {
    const [one, other] = [await scene.addBackend(), await scene.addBackend()];
    await scene.startPools([scene.pool("alpha", [one]), scene.pool("beta", [other])]);
    await scene.client(0).asks("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    await scene.client(1).asks("get a\r\n", "END\r\n");
  }),
  law(17, "a pool without a server is refused, by its name", async (scene) => {
    const backend = await scene.addBackend();
    const pools = [scene.pool("alpha", [backend]), scene.pool("empty", [])];
    const refusal = await scene.startPools(pools).then(
      () => "nothing",
      (error: unknown) => String(error),
    );
    if (!refusal.includes("empty")) throw new Error(`expected an error that names the pool, got ${refusal}`);
  }),
  law(17, "a pool whose backends are all dead answers an error, and the connection stays", async (scene) => {
    await scene.start({ backends: 2 });
    for (const backend of scene.backends) await backend.die();
    const client = scene.client();
    const answer = await client.told("get a0 a1\r\nset a0 0 0 1\r\nx\r\nversion\r\n", "VERSION 1.6.45\r\n");
    if (!/^(SERVER_ERROR [^\r\n]+\r\n){2}VERSION 1.6.45\r\n$/.test(answer)) throw new Error(quote(answer));
  }),
];

/** With a backend that keeps its answers, so many requests wait and the next ones fail. */
async function fails(
  scene: ProxyScene,
  limits: { readonly inFlightMax: number },
  waiting: number,
): Promise<void> {
  await scene.start({ backends: 1, limits });
  const backend = scene.backend(0);
  const held: (() => void)[] = [];
  backend.script = (request, peer) => {
    held.push(() => peer.comply(request));
    return true;
  };
  const client = scene.client();
  const other = scene.client();
  client.send(Array.from({ length: waiting }, (_, i) => `set k${i}x 0 0 1\r\n${i}\r\n`).join(""));
  await scene.until(() => held.length === waiting, "the backend to be asked");
  await other.fails("get k0x\r\n");
  client.send("get k1x\r\n");
  await scene.until(() => scene.engine.servers()[0]?.counters.overflows === 2, "both to be refused");
  backend.script = undefined;
  for (const each of held.splice(0)) each();
  const answers = await client.told("version\r\n", "VERSION 1.6.45\r\n");
  if (!new RegExp(`^(STORED\r\n){${waiting}}SERVER_ERROR [^\r\n]+\r\nVERSION 1.6.45\r\n$`).test(answers)) {
    throw new Error(quote(answers));
  }
  for (const each of [client, other]) await each.asks("get k0x\r\n", "VALUE k0x 0 1\r\n0\r\nEND\r\n");
}

/** Of a pool that takes three keys, and counts the others. */
async function asksTooOften(
  scene: ProxyScene,
  pool: NonNullable<SceneOptions["pool"]>,
  counter: string,
): Promise<void> {
  await scene.start({ backends: 1, pool });
  const client = scene.client();
  const sets = Array.from({ length: 5 }, (_, i) => `set k${i}x 0 0 1\r\n${i}\r\n`);
  const answer = await client.told(`${sets.join("")}version\r\n`, "VERSION 1.6.45\r\n");
  if (!/^(STORED\r\n){3}(SERVER_ERROR [^\r\n]+\r\n){2}VERSION 1.6.45\r\n$/.test(answer)) {
    throw new Error(quote(answer));
  }
  const counted = await scene.stat(`alpha:${counter}`);
  if (counted !== "2") throw new Error(`${counter} is ${counted}`);
}
