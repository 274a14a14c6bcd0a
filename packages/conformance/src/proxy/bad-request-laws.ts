// Requests that make no sense, and clients that go away: nothing of it reaches a backend or another client. Behaviour 5.

import { law, type Law } from "./law.ts";
import { quote, type ProxyScene } from "./scene.ts";

const BAD_FORMAT = "CLIENT_ERROR bad command line format\r\n";
const KEY_251 = "k".repeat(251);
const HALF = 131_072;

/** Requests and their answers, as real memcached gives them. */
const badRequests: readonly (readonly [request: string, answer: string | RegExp])[] = [
  ["nonsense a b\r\n", "ERROR\r\n"],
  ["GET a\r\n", "ERROR\r\n"],
  ["get\r\n", /^(ERROR|CLIENT_ERROR bad command line format)\r\n$/],
  [`get ${KEY_251}\r\n`, BAD_FORMAT],
  [`get a0 ${KEY_251} a1\r\n`, BAD_FORMAT],
  [`get ${"k".repeat(10_000)}\r\n`, BAD_FORMAT],
  [`delete ${KEY_251}\r\n`, BAD_FORMAT],
  [`incr ${KEY_251} 1\r\n`, BAD_FORMAT],
  ["incr a -1\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"],
  ["incr a b\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n"],
  ["touch a b\r\n", "CLIENT_ERROR invalid exptime argument\r\n"],
  ["gat b a\r\n", "CLIENT_ERROR invalid exptime argument\r\n"],
  ["delete a 10\r\n", "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"],
  [
    "set a 0 0 3\r\nfour\r\n",
    /^CLIENT_ERROR bad data chunk\r\n(ERROR\r\n|CLIENT_ERROR bad command line format\r\n)?$/,
  ],
  ["mg a !\r\n", "CLIENT_ERROR invalid flag\r\n"],
  ["mg a v v\r\n", "CLIENT_ERROR duplicate flag\r\n"],
  [`mg a O${"o".repeat(40)}\r\n`, "CLIENT_ERROR opaque token too long\r\n"],
  [`mg ${KEY_251} v\r\n`, BAD_FORMAT],
];

export const badRequestLaws: readonly Law[] = [
  law(
    5,
    "a bad request is answered in front, reaches no backend, and the client stays in step",
    async (scene) => {
      await scene.start();
      const client = scene.client();
      for (const [request, answer] of badRequests) {
        const told = await client.told(`${request}version\r\n`, "VERSION 1.6.45\r\n");
        const first = told.slice(0, -"VERSION 1.6.45\r\n".length);
        if (typeof answer === "string" ? first !== answer : !answer.test(first)) {
          throw new Error(`${quote(request)}: expected ${String(answer)}, got ${quote(first)}`);
        }
      }
      expectUntouched(scene);
    },
  ),
  law(5, "a bad request between good ones is answered in its place", async (scene) => {
    await scene.start();
    await scene
      .client()
      .asks(`get a1\r\nget ${KEY_251}\r\nnonsense\r\nget a2\r\n`, `END\r\n${BAD_FORMAT}ERROR\r\nEND\r\n`);
  }),
  law(
    5,
    "a value above the bound is skipped, refused, and takes what was stored before with it",
    async (scene) => {
      await scene.start({ requests: { valueBytesMax: 1_000 } });
      const client = scene.client();
      await client.asks("set a1 0 0 3\r\nold\r\n", "STORED\r\n");
      await client.asks(
        `set a1 0 0 1001\r\n${"v".repeat(1_001)}\r\nget a1\r\n`,
        "SERVER_ERROR object too large for cache\r\nEND\r\n",
      );
    },
  ),
  law(5, "one who goes away in the middle of a value disturbs nobody and leaves nothing", async (scene) => {
    await scene.start({ backends: 1, pool: { replyTimeoutMs: 1_000, queuedTimeoutMs: 1_000 } });
    const client = scene.client();
    const other = scene.client();
    await other.asks("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    client.send(`set half 0 0 ${2 * HALF}\r\n${"v".repeat(HALF)}`);
    await scene.until(() => client.wire.hasSent, "half of the value to be sent");
    await other.asks("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
    client.wire.close();
    await scene.until(() => client.wire.cause !== undefined, "the client to be gone");
    await scene.until(() => scene.engine.counters.connectionsNow === 1, "the proxy to have noticed");
    for (let times = 0; times < 3; times++) {
      await other.asks("get a\r\nget half\r\n", "VALUE a 0 1\r\nx\r\nEND\r\nEND\r\n");
    }
    for (const { counters } of scene.engine.servers()) {
      if (counters.inFlightNow + counters.queuedNow > 0) throw new Error(quote(JSON.stringify(counters)));
    }
  }),
  law(5, "one who goes away without waiting for the answers disturbs nobody", async (scene) => {
    await scene.start({ backends: 1 });
    const other = scene.client();
    await other.asks("set a 0 0 1\r\nx\r\n", "STORED\r\n");
    const held: (() => void)[] = [];
    scene.backend(0).script = (request, peer) => {
      held.push(() => peer.comply(request));
      return true;
    };
    const client = scene.client();
    client.send("get b\r\nget c d\r\nset e 0 0 1\r\ny\r\n");
    // What is asked in one turn may come in one request; the set comes last.
    const asked = (): boolean => scene.backend(0).requests.some((request) => request.startsWith("set e"));
    await scene.until(asked, "the backend to be asked");
    other.send("get a\r\n");
    client.wire.close();
    await scene.until(() => client.wire.cause !== undefined, "the client to be gone");
    scene.backend(0).script = undefined;
    for (const answer of held.splice(0)) answer();
    await other.hears("VALUE a 0 1\r\nx\r\nEND\r\n");
    await other.asks("get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n");
  }),
];

/** No backend was asked anything. */
function expectUntouched({ backends }: ProxyScene): void {
  for (const { requests } of backends) {
    if (requests.length > 0) throw new Error(`a backend was asked ${quote(requests.join(""))}`);
  }
}
