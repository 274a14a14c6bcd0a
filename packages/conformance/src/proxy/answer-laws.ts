// What is asked is answered: as by a server, in order, once, whole. Behaviours 1 to 4.

import { latin1Bytes } from "@memwire/codec";
import { Reference } from "../simulation-reference.ts";
import { law, type Law } from "./law.ts";
import { quote, type ProxyScene } from "./scene.ts";
import { binaryDialogue, classicDialogue, metaDialogue, quietDialogue } from "./dialogues.ts";

const VALUE_256_KB = "0123456789abcdef".repeat(16_384);
const VALUE_2_MIB = `${"fedcba9876543210".repeat(131_072)}!`;
const MIB_32 = 33_554_432;

export const answerLaws: readonly Law[] = [
  law(1, "every classic command is answered as by the server, byte for byte", (scene) =>
    asDirect(scene, classicDialogue),
  ),
  law(1, "every meta command is answered as by the server, byte for byte", (scene) =>
    asDirect(scene, metaDialogue),
  ),
  law(1, "every binary command is answered as by the server, byte for byte", (scene) =>
    asDirect(scene, binaryDialogue),
  ),
  law(1, "a value of 256 KB goes both ways", (scene) => bothWays(scene, VALUE_256_KB)),
  law(1, "a value of 2 MiB and a byte goes both ways where the limit allows it", (scene) =>
    bothWays(scene, VALUE_2_MIB),
  ),
  law(1, "a request that comes byte by byte is answered", async (scene) => {
    await scene.start();
    const client = scene.client();
    client.send("set a1 7 0 5\r\nhello\r\nget a1 b2\r\nincr a1 1\r\n", 1);
    await client.hears(
      "STORED\r\nVALUE a1 7 5\r\nhello\r\nEND\r\n" +
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n",
    );
  }),

  law(2, "pipelined requests are answered in order, whatever backends they go to", async (scene) => {
    await scene.start();
    const held = holdBack(scene);
    const client = scene.client();
    client.send("set a0 0 0 1\r\na\r\nget a1\r\ndelete a2\r\nincr b1 1\r\nget b0 b1 b2\r\nversion\r\n");
    await scene.until(() => held.every((answers) => answers.length > 0), "every backend to be asked");
    // The one that was asked first answers last.
    for (const answers of held.toReversed()) for (const answer of answers.splice(0)) answer();
    for (const backend of scene.backends) backend.script = undefined;
    await client.hears("STORED\r\nEND\r\nNOT_FOUND\r\nNOT_FOUND\r\nEND\r\nVERSION 1.6.45\r\n");
  }),
  law(2, "what stands before quit in one packet is served, and what stands behind is not", async (scene) => {
    await scene.start();
    const client = scene.client();
    await client.asks(
      "set a1 0 0 1\r\nx\r\nget a1\r\nquit\r\nset b1 0 0 1\r\nx\r\n",
      "STORED\r\nVALUE a1 0 1\r\nx\r\nEND\r\n",
    );
    await client.isClosed();
    await scene.client().asks("get b1\r\n", "END\r\n");
  }),
  law(2, "a client that ends its side is answered what it had asked", async (scene) => {
    await scene.start();
    const client = scene.client();
    client.send("get a0\r\nget a1\r\n");
    client.wire.end();
    await client.hears("END\r\nEND\r\n");
    await client.isClosed();
  }),

  law(3, "a multi-get is split by owner, and the values of hits are joined under one END", async (scene) => {
    await scene.start();
    const client = scene.client();
    await client.asks(
      "set a0 1 0 1\r\n0\r\nset a1 2 0 1\r\n1\r\nset b1 3 0 1\r\n2\r\n",
      "STORED\r\n".repeat(3),
    );
    const answer = await client.told("get a0 a1 a2 b1 b0\r\n", "END\r\n");
    expectSame(valuesOf(answer), ["VALUE a0 1 1\r\n0", "VALUE a1 2 1\r\n1", "VALUE b1 3 1\r\n2"]);
    for (const [i, backend] of scene.backends.entries()) {
      const asked = backend.requests.flatMap((request) => request.match(/\b[ab]\d\b/g) ?? []);
      if (!asked.every((key) => key.endsWith(`${i}`))) throw new Error(`${i} was asked ${asked.join(" ")}`);
    }
  }),
  law(3, "a multi-get of misses is one END, and its connections stay usable", async (scene) => {
    await scene.start();
    const client = scene.client();
    for (let times = 0; times < 3; times++) await client.asks("get a0 a1 a2 b0 b1 b2\r\n", "END\r\n");
    await client.asks("gets a0 a1 a2\r\ngat 0 a0 a1 a2\r\n", "END\r\nEND\r\n");
    for (const { peers } of scene.backends) expectSame([peers.length], [1]);
  }),
  ...[179, 500, 1_000].map((count) =>
    law(3, `${count} keys in any order, some of them missing, equal what was stored`, async (scene) => {
      await scene.start();
      const client = scene.client();
      const keys = Array.from({ length: count }, (_, i) => `key-${(i * 7_919) % count}`);
      const stored = keys.filter((_, i) => i % 3 !== 0);
      const sets = stored.map((key) => `set ${key} 5 0 ${key.length}\r\n${key}\r\n`);
      await client.asks(sets.join(""), "STORED\r\n".repeat(stored.length));
      const answer = await client.told(`get ${keys.toReversed().join(" ")}\r\n`, "END\r\n");
      const wanted = stored.map((key) => `VALUE ${key} 5 ${key.length}\r\n${key}`);
      expectSame(valuesOf(answer), wanted.toSorted());
    }),
  ),

  law(4, "noreply is answered nothing, and the next request gets its own answer", async (scene) => {
    await scene.start();
    const client = scene.client();
    for (const [request, then, answer] of quietDialogue) {
      await client.asks(`${request}${then}`, answer).catch((error: unknown) => {
        throw new Error(`${quote(request)}: ${String(error)}`, { cause: error });
      });
    }
  }),
  law(4, "nothing quiet reaches a backend", async (scene) => {
    await scene.start({ backends: 1 });
    const client = scene.client();
    for (const [request] of quietDialogue) client.send(request);
    await client.asks("get last0\r\n", "END\r\n");
    const quiet = scene.backend(0).requests.filter((request) => / noreply\r\n| q[ \r]/.test(request));
    expectSame(quiet, []);
  }),
  law(
    4,
    "an error of a backend for a quiet request is kept from the client, which stays in step",
    async (scene) => {
      await scene.start({ backends: 1 });
      scene.backend(0).script = (request, peer) => {
        if (!request.startsWith("set")) return false;
        peer.say("SERVER_ERROR out of memory storing object\r\n");
        return true;
      };
      await scene.client().asks("set a 0 0 1 noreply\r\nx\r\nget a\r\n", "END\r\n");
    },
  ),
  law(4, "meta with q is told nothing of HD and EN, and all of NF, NS and EX", async (scene) => {
    await scene.start();
    const client = scene.client();
    await client.asks("ms a1 1 q\r\nx\r\nmn\r\n", "MN\r\n");
    await client.asks("mg none1 v q\r\nmn\r\n", "MN\r\n");
    await client.asks("mg a1 v q\r\nmn\r\n", "VA 1\r\nx\r\nMN\r\n");
    await client.asks("md none1 q\r\nmn\r\n", "NF\r\nMN\r\n");
    await client.asks("ms a1 1 ME q\r\ny\r\nmn\r\n", "NS\r\nMN\r\n");
    await client.asks("ms a1 1 C999999 q\r\ny\r\nmn\r\n", "EX\r\nMN\r\n");
    await client.asks("ma none1 q\r\nmn\r\n", "NF\r\nMN\r\n");
    await client.asks("md a1 q\r\nmn\r\n", "MN\r\n");
  }),
  law(4, "meta with q is told of a backend that fails", async (scene) => {
    await scene.start();
    await scene.backend(1).die();
    const client = scene.client();
    const answer = await client.told("mg a0 v q\r\nms a1 1 q\r\nx\r\nmg a1 v q\r\nmn\r\n", "MN\r\n");
    if (!/^(SERVER_ERROR [^\r\n]+\r\n){2}MN\r\n$/.test(answer)) {
      throw new Error(`expected two errors and MN, got ${quote(answer)}`);
    }
  }),
  law(4, "mn is answered behind everything that was asked before it", async (scene) => {
    await scene.start();
    const held = holdBack(scene);
    const client = scene.client();
    client.send("mg a0 v\r\nmg a1 v q\r\nmg a2 v\r\nmn\r\n");
    await scene.until(() => held.every((answers) => answers.length > 0), "every backend to be asked");
    for (const answers of held.toReversed()) for (const answer of answers.splice(0)) answer();
    await client.hears("EN\r\nEN\r\nMN\r\n");
  }),
];

/** The same dialogue with the proxy over one server, and with such a server itself. */
async function asDirect(scene: ProxyScene, dialogue: readonly string[]): Promise<void> {
  await scene.start({ backends: 1, pool: { flushEnabled: true } });
  const direct = new Reference({ version: "1.6.45" });
  const client = scene.client();
  for (const request of dialogue) {
    const answer = direct.ask(request, scene.clock.now()).reply;
    await client.asks(request, answer).catch((error: unknown) => {
      throw new Error(`${quote(request)}: ${String(error)}`, { cause: error });
    });
  }
}

async function bothWays(scene: ProxyScene, value: string): Promise<void> {
  await scene.start({ requests: { valueBytesMax: MIB_32 } });
  const client = scene.client();
  const head = `a1 9 0 ${value.length}\r\n`;
  await client.asks(`set ${head}${value}\r\n`, "STORED\r\n");
  await client.asks("get a1\r\n", `VALUE a1 9 ${value.length}\r\n${value}\r\nEND\r\n`);
  const pieces = latin1Bytes(`set b${head}${value}\r\nget ba1 c0\r\n`);
  client.wire.send(pieces, 10_007);
  await client.hears(`STORED\r\nVALUE ba1 9 ${value.length}\r\n${value}\r\nEND\r\n`);
}

/** Every backend keeps its answers until they are called for. */
function holdBack(scene: ProxyScene): (() => void)[][] {
  return scene.backends.map((backend) => {
    const answers: (() => void)[] = [];
    backend.script = (request, peer) => {
      answers.push(() => peer.comply(request));
      return true;
    };
    return answers;
  });
}

/** Each value with its line, sorted. */
function valuesOf(answer: string): string[] {
  return answer
    .split("\r\nVALUE ")
    .map((value, i) => (i === 0 ? value : `VALUE ${value}`).replace(/(\r\n)?END\r\n$/, ""))
    .filter((value) => value !== "")
    .toSorted();
}

function expectSame(got: readonly unknown[], wanted: readonly unknown[]): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`expected ${quote(other)}, got ${quote(one)}`);
}
