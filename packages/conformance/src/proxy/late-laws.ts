// Backends that are dead, silent or late. Behaviours 8 and 9.

import { law, virtualLaw, type Law } from "./law.ts";
import { type ProxyScene, quote } from "./scene.ts";

const TIMED_OUT = "SERVER_ERROR Connection timed out\r\n";
const AN_ERROR = /^SERVER_ERROR [^\r\n]+\r\n$/;

export const lateLaws: readonly Law[] = [
  law(8, "a dead backend fails in its slot, and the others answer in theirs", async (scene) => {
    await scene.start();
    await scene.backend(1).die();
    await scene
      .client()
      .asks("get a0\r\nget a1\r\nget a2\r\n", "END\r\nSERVER_ERROR Connection refused\r\nEND\r\n");
  }),
  law(8, "a dead backend is not connected to for every request", async (scene) => {
    await scene.start({ limits: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
    await scene.backend(1).die();
    const client = scene.client();
    await client.asks("get a1\r\n".repeat(50), "SERVER_ERROR Connection refused\r\n".repeat(50));
    for (let times = 0; times < 50; times++)
      await client.asks("get a1\r\n", "SERVER_ERROR Connection refused\r\n");
    const [failures, fast] = [
      await scene.stat("alpha:s1:connect_failures"),
      await scene.stat("alpha:s1:failed_fast"),
    ];
    if (Number(failures) > 3 || Number(fast) < 50)
      throw new Error(`${failures} connects failed, ${fast} at once`);
  }),
  law(
    8,
    "a multi-get over a dead backend is one error in place of END, and the connection stays",
    async (scene) => {
      await scene.start();
      const client = scene.client();
      await client.asks("set a0 0 0 1\r\nx\r\n", "STORED\r\n");
      await scene.backend(1).die();
      const answer = await client.told("get a0 a1\r\nversion\r\n", "VERSION 1.6.45\r\n");
      if (!/^(VALUE a0 0 1\r\nx\r\n)?SERVER_ERROR [^\r\n]+\r\nVERSION 1.6.45\r\n$/.test(answer)) {
        throw new Error(quote(answer));
      }
    },
  ),
  virtualLaw(8, "a connect that nobody answers fails what waits for it, in time", async (scene) => {
    await scene.start({ backends: 2, pool: { connectTimeoutMs: 300 } });
    scene.harness.unanswered?.(scene.backend(1).endpoint);
    const client = scene.client();
    const before = scene.clock.now();
    await client.asks("get a1\r\nget a0\r\n", `${TIMED_OUT}END\r\n`);
    if (scene.clock.now() - before > 320) throw new Error(`it took ${scene.clock.now() - before} ms`);
  }),

  law(9, "a silent backend times out in its slot, and the others answer in theirs", async (scene) => {
    await scene.start({ pool: { replyTimeoutMs: scene.shortMs } });
    scene.backend(1).script = () => true;
    await scene.client().asks("get a0\r\nget a1\r\nget a2\r\n", `END\r\n${TIMED_OUT}END\r\n`);
  }),
  law(9, "an answer that is late reaches nobody, and the next request gets its own", async (scene) => {
    await scene.start({ backends: 1, pool: { replyTimeoutMs: scene.shortMs } });
    const answers = holdBack(scene);
    const client = scene.client();
    await client.asks("get late\r\n", TIMED_OUT);
    scene.backend(0).script = undefined;
    for (const answer of answers.splice(0)) answer("VALUE late 0 4\r\nlate\r\nEND\r\n");
    for (let times = 0; times < 5; times++) {
      await client.asks("set a 0 0 1\r\nx\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
    }
  }),
  law(9, "what waits behind a late answer times out too, and afterwards nothing is mixed", async (scene) => {
    await scene.start({ backends: 1, pool: { replyTimeoutMs: scene.shortMs }, limits: { timeoutsMax: 100 } });
    const answers = holdBack(scene);
    const [one, other] = [scene.client(), scene.client()];
    one.send("get x\r\nset y 0 0 1\r\ny\r\n");
    await scene.until(() => answers.length === 2, "the backend to be asked");
    other.send("get z\r\n");
    await one.hears(TIMED_OUT + TIMED_OUT);
    await other.hears(TIMED_OUT);
    scene.backend(0).script = undefined;
    const late = ["VALUE x 0 1\r\nX\r\nEND\r\n", "STORED\r\n", "VALUE z 0 1\r\nZ\r\nEND\r\n"];
    for (const [i, answer] of answers.splice(0).entries()) answer(late[i] ?? "END\r\n");
    for (const client of [one, other]) {
      await client.asks("set a 0 0 1\r\nx\r\nget a b\r\n", "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
    }
  }),
  law(9, "a backend that stays silent is given up, and asked anew when it is back", async (scene) => {
    await scene.start({
      backends: 1,
      pool: { replyTimeoutMs: scene.shortMs },
      limits: { timeoutsMax: 3, retryMinMs: 50, retryMaxMs: 50 },
    });
    const backend = scene.backend(0);
    const [first] = [scene.client()];
    await first.asks("get a\r\n", "END\r\n");
    backend.script = () => true;
    for (let times = 0; times < 4; times++) {
      const answer = await first.told("get a\r\n");
      if (!AN_ERROR.test(answer)) throw new Error(quote(answer));
    }
    await scene.until(() => backend.openPeers < backend.peers.length, "the silent connection to be closed");
    backend.script = undefined;
    const answers = async (): Promise<boolean> => (await first.told("get a\r\n")) === "END\r\n";
    let back = false;
    for (let times = 0; times < 50 && !back; times++) {
      await scene.harness.sleep(50);
      back = await answers();
    }
    if (!back) throw new Error("it is never asked again");
  }),
  virtualLaw(9, "the time of a timeout is that of the pool", async (scene) => {
    await scene.start({ backends: 1, pool: { replyTimeoutMs: 250 } });
    scene.backend(0).script = () => true;
    const client = scene.client();
    const before = scene.clock.now();
    await client.asks("get a\r\n", TIMED_OUT);
    const ms = scene.clock.now() - before;
    if (ms < 250 || ms > 300) throw new Error(`it took ${ms} ms`);
  }),
];

/** The first backend keeps its answers until they are called for. */
function holdBack(scene: ProxyScene): ((answer: string) => void)[] {
  const answers: ((answer: string) => void)[] = [];
  scene.backend(0).script = (_request, peer) => {
    answers.push((answer) => peer.say(answer));
    return true;
  };
  return answers;
}
