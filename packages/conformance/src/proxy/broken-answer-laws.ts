// Backends that answer nonsense, half, too much, or errors. Behaviours 6 and 7.

import type { BackendPeer, ScriptedBackend } from "./backend.ts";
import { law, virtualLaw, type Law } from "./law.ts";
import { type ProxyScene, quote } from "./scene.ts";

const BACKEND_FAILURE = "SERVER_ERROR backend failure\r\n";
const VALUE_ALONE = "VALUE bad0 0 1\r\nx\r\n";
const SET_BYTES = 4_194_304;

/** What is no answer to `get bad0`, whatever memcached it is. */
const brokenAnswers: readonly (readonly [what: string, answer: string])[] = [
  ["garbage", "these are not the values\r\n"],
  ["an impossible length", "VALUE bad0 0 99999999999999\r\nx\r\nEND\r\n"],
  ["a negative length", "VALUE bad0 0 -1\r\nx\r\nEND\r\n"],
  ["a length that is no number", "VALUE bad0 0 one\r\nx\r\nEND\r\n"],
  ["a value without its end", "VALUE bad0 0 1\r\nxxxxEND\r\n"],
  ["a VALUE without a length", "VALUE bad0\r\nEND\r\n"],
  ["an answer to another command", "STORED\r\n"],
  ["zeros", `${"\0".repeat(64)}\r\n`],
  ["a binary reply", `\x81\x00${"\0".repeat(22)}\r\n`],
  ["a line without an end", "V".repeat(100_000)],
];

/** What is no answer to `set bad0`. */
const brokenLines: readonly string[] = ["END\r\n", "VALUE bad0 0 1\r\nx\r\nEND\r\n", "42\r\n", "STORE\r\n"];

export const brokenAnswerLaws: readonly Law[] = [
  ...brokenAnswers.map(([what, answer]) =>
    law(6, `${what}: the client is told so, and the connection is replaced`, (scene) =>
      isReplaced(scene, "get bad0\r\n", answer),
    ),
  ),
  ...brokenLines.map((answer) =>
    law(
      6,
      `${JSON.stringify(answer)} to a set: the client is told so, and the connection is replaced`,
      (scene) => isReplaced(scene, "set bad0 0 0 1\r\nx\r\n", answer),
    ),
  ),
  law(
    6,
    "what waits behind a broken answer fails in the same way, and other backends go on",
    async (scene) => {
      await scene.start({ backends: 2 });
      const backend = scene.backend(0);
      await scene.client().asks("get a0\r\n", "END\r\n");
      backend.requests.length = 0;
      // The other clients' requests come to it while it thinks.
      let broken: (() => void) | undefined;
      backend.script = (request, peer) => {
        if (request.includes("bad0")) broken = () => peer.say("garbage\r\n");
        return true;
      };
      const clients = [scene.client(), scene.client(), scene.client()];
      for (const [i, client] of clients.entries()) {
        client.send(i === 0 ? "get bad0\r\n" : `set s${i}0 0 0 1\r\nx\r\nget t${i}1\r\n`);
        await scene.until(() => backend.requests.length === i + 1, "the backend to be asked");
      }
      broken?.();
      await clients[0]?.hears(BACKEND_FAILURE);
      for (const client of clients.slice(1)) await client.hears(`${BACKEND_FAILURE}END\r\n`);
      backend.script = undefined;
      for (const client of clients) await client.asks("get a0\r\n", "END\r\n");
    },
  ),
  law(6, "an END that is missing within the read timeout is a broken answer", async (scene) => {
    const backend = await saysValueAlone(scene);
    const answer = await scene.client().told("get bad0 none0\r\n", BACKEND_FAILURE);
    if (answer.replace(VALUE_ALONE, "") !== BACKEND_FAILURE) throw new Error(quote(answer));
    await isInOrder(scene, backend);
    if (backend.openPeers !== 1 || backend.peers.length !== 2) throw new Error("the connection was kept");
  }),
  law(6, "an END that is missing behind all that was asked for costs the connection, too", async (scene) => {
    const backend = await saysValueAlone(scene);
    const client = scene.client();
    // The value is all there: to say so is as true as to say that the backend failed.
    const answer = await client.told("get bad0\r\nversion\r\n", "VERSION 1.6.45\r\n");
    const [told] = answer.split("VERSION");
    if (told !== `${VALUE_ALONE}END\r\n` && told?.replace(VALUE_ALONE, "") !== BACKEND_FAILURE) {
      throw new Error(quote(answer));
    }
    await scene.harness.sleep(2 * scene.shortMs); // until it is late
    await isInOrder(scene, backend);
    if (backend.openPeers !== 1 || backend.peers.length !== 2) throw new Error("the connection was kept");
  }),
  law(6, "half a reply, then a reset: the client is told so in its slot", async (scene) => {
    await scene.start();
    const backend = scene.backend(0);
    await scene.client().asks("get a0\r\n", "END\r\n");
    let halfSaid = false;
    backend.script = (request, peer) => {
      if (!request.startsWith("get bad0")) return false;
      peer.say("VALUE bad0 0 1000\r\nonly the beginn");
      halfSaid = true;
      return true;
    };
    const client = scene.client();
    client.send("get a1\r\nget bad0\r\nget a2\r\n");
    await scene.until(() => halfSaid, "half of the reply");
    await scene.harness.sleep(20); // on its way
    backend.reset();
    const answer = await client.told("version\r\n", "VERSION 1.6.45\r\n");
    if (!/^END\r\nSERVER_ERROR [^\r\n]+\r\nEND\r\nVERSION 1.6.45\r\n$/.test(answer))
      throw new Error(quote(answer));
    await isInOrder(scene, backend);
  }),
  law(
    6,
    "trailing bytes behind a whole answer: that is delivered, then the connection is replaced",
    async (scene) => {
      await scene.start();
      const backend = scene.backend(0);
      backend.script = says("get bad0", "VALUE bad0 0 1\r\nx\r\nEND\r\nand more\r\n");
      await scene.client().asks("get bad0\r\n", "VALUE bad0 0 1\r\nx\r\nEND\r\n");
      await isInOrder(scene, backend);
      if (backend.openPeers !== 1 || backend.peers.length !== 2) throw new Error("the connection was kept");
    },
  ),
  law(6, "a second answer to one request reaches nobody", async (scene) => {
    await scene.start();
    const backend = scene.backend(0);
    backend.script = says("get bad0", "END\r\nVALUE a0 0 5\r\nwrong\r\nEND\r\n");
    const client = scene.client();
    await client.asks("get bad0\r\n", "END\r\n");
    await isInOrder(scene, backend);
  }),
  law(6, "a value in three pieces over 0.2 s is fine", async (scene) => {
    await scene.start({ pool: { replyTimeoutMs: 5_000 } });
    let asked: BackendPeer | undefined;
    scene.backend(0).script = (request, peer) => {
      if (!request.startsWith("get slow0")) return false;
      asked = peer;
      return true;
    };
    const client = scene.client();
    client.send("get slow0\r\n");
    await scene.until(() => asked !== undefined, "the backend to be asked");
    for (const piece of ["VALUE slow0 0 ", "11\r\nhello ", "world\r\nEND\r\n"]) {
      asked?.say(piece);
      await scene.harness.sleep(100);
    }
    await client.hears("VALUE slow0 0 11\r\nhello world\r\nEND\r\n");
    if (scene.backend(0).peers.length !== 1) throw new Error("the connection was replaced");
  }),
  virtualLaw(6, "an answer that comes byte by byte is fine, however long it takes", async (scene) => {
    await scene.start({ pool: { replyTimeoutMs: scene.shortMs } });
    let asked: BackendPeer | undefined;
    scene.backend(0).script = (request, peer) => {
      if (!request.startsWith("get slow0")) return false;
      asked = peer;
      return true;
    };
    const client = scene.client();
    client.send("get slow0 slower0\r\n");
    await scene.until(() => asked !== undefined, "the backend to be asked");
    const values = ["VALUE slow0 0 1\r\nx\r\n", "VALUE slower0 0 1\r\ny\r\n"];
    for (const value of values) {
      asked?.say(value);
      await scene.harness.sleep(150);
    }
    asked?.say("END\r\n");
    await client.hears(`${values.join("")}END\r\n`);
  }),

  law(7, "a SERVER_ERROR passes as it is, and keeps the connection", (scene) =>
    passes(scene, "SERVER_ERROR out of memory storing object\r\n", "kept"),
  ),
  law(7, "an ERROR passes as it is, and costs the connection", (scene) =>
    passes(scene, "ERROR\r\n", "replaced"),
  ),
  law(7, "a CLIENT_ERROR passes as it is, and costs the connection", (scene) =>
    passes(scene, "CLIENT_ERROR bad command line format\r\n", "replaced"),
  ),
  law(7, "a SERVER_ERROR to a get passes as it is", async (scene) => {
    await scene.start();
    scene.backend(0).script = says("get bad0", "SERVER_ERROR out of memory writing get response\r\n");
    const client = scene.client();
    await client.asks("get bad0\r\nget a0\r\n", "SERVER_ERROR out of memory writing get response\r\nEND\r\n");
  }),
  law(
    7,
    "a backend that refuses a set of 4 MiB when it has read its line is heard at once",
    async (scene) => {
      await scene.start({ requests: { valueBytesMax: 2 * SET_BYTES }, pool: { replyTimeoutMs: 5_000 } });
      const backend = scene.backend(0);
      let refused = false;
      backend.onBytes = (bytes, peer) => {
        if (refused || !bytes.includes("\r\n") || !bytes.startsWith("set big0")) return refused;
        refused = true;
        peer.say("SERVER_ERROR out of memory storing object\r\n");
        return true;
      };
      const client = scene.client();
      client.send(`set big0 0 0 ${SET_BYTES}\r\n${"v".repeat(SET_BYTES)}\r\n`);
      await client.hears("SERVER_ERROR out of memory storing object\r\n");
      backend.onBytes = undefined;
      await client.asks("get a1\r\n", "END\r\n");
    },
  ),
];

/** A backend that answers so to a request that begins so. */
function says(beginning: string, answer: string): ScriptedBackend["script"] {
  return (request, peer) => {
    if (!request.startsWith(beginning)) return false;
    peer.say(answer);
    return true;
  };
}

/** The first backend forgets the END of a reply. */
async function saysValueAlone(scene: ProxyScene): Promise<ScriptedBackend> {
  await scene.start({ pool: { replyTimeoutMs: scene.shortMs } });
  const backend = scene.backend(0);
  await scene.client().asks("get a0\r\n", "END\r\n");
  backend.script = says("get bad0", VALUE_ALONE);
  return backend;
}

async function isReplaced(scene: ProxyScene, request: string, answer: string): Promise<void> {
  await scene.start();
  const backend = scene.backend(0);
  backend.script = (asked, peer) => {
    if (!asked.includes("bad0")) return false;
    peer.say(answer);
    return true;
  };
  const client = scene.client();
  await client.asks("get a0\r\n", "END\r\n");
  await client.asks(request, BACKEND_FAILURE);
  await isInOrder(scene, backend);
  await scene.until(() => backend.openPeers === 1, "the broken connection to be closed");
  if (backend.peers.length !== 2) throw new Error(`${backend.peers.length} connections were made`);
}

/** Asked again, it answers as memcached does. */
async function isInOrder(scene: ProxyScene, backend: ScriptedBackend): Promise<void> {
  backend.script = undefined;
  const client = scene.client();
  await client.asks("set a0 0 0 2\r\nok\r\nget a0\r\n", "STORED\r\nVALUE a0 0 2\r\nok\r\nEND\r\n");
}

async function passes(scene: ProxyScene, line: string, connection: "kept" | "replaced"): Promise<void> {
  await scene.start();
  const backend = scene.backend(0);
  backend.script = says("set bad0", line);
  const client = scene.client();
  await client.asks("get a0\r\n", "END\r\n");
  await client.asks("set bad0 0 0 1\r\nx\r\n", line);
  await isInOrder(scene, backend);
  const wanted = connection === "kept" ? 1 : 2;
  if (backend.peers.length !== wanted) throw new Error(`${backend.peers.length} connections were made`);
}
