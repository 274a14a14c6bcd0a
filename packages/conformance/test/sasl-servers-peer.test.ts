// The proxy before real memcacheds that want SASL, on this runtime's own sockets.
//
//     the same dialogue --+--> ProxyEngine --text----> memcached --------> replies --+
//                         +--> ProxyEngine --binary--> memcached -S -----> replies --+--> equal; to what binary cannot
//                                                                                        say an error that names it

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drive, type Endpoint } from "@memwire/engine";
import { ProxyEngine, type PoolOptions } from "@memwire/proxy";
import { afterAll, beforeAll, expect, test } from "vitest";
import { saslOptions, startMemcached, TextClient, WITH_SASL, withPeer } from "../src/mod.ts";
import { binaryDialogue, classicDialogue, metaDialogue } from "../src/proxy/dialogues.ts";
import { isSayable } from "./sayable-in-binary.ts";
import { realWorld } from "./server-harness.ts";

const { network, clock } = await realWorld();
const USER = { name: "ann", password: "open sesame" };
const credentials = { kind: "sasl", user: USER.name, password: USER.password } as const;
const folder = mkdtempSync(join(tmpdir(), "memwire-sasl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LARGE = ["-I", "8m", "-m", "128"];
const ABOVE_8_MIB = 9_000_000;

/** Behind what is asked in binary, so that its answer ends what is answered. */
const LAST = "\x80\x0a".padEnd(12, "\0") + "LAST".padEnd(12, "\0");

const POOLS = ["plain", "sasl", "wrong", "none"] as const;
type PoolName = (typeof POOLS)[number];

withPeer("memcached", () => withPeer("saslpasswd2", behindSasl), WITH_SASL);

function behindSasl(saslpasswd2: string): void {
  const stack = new AsyncDisposableStack();
  const fronts = new Map<PoolName, Endpoint>();
  let engine: ProxyEngine | undefined;

  beforeAll(async () => {
    const plain = stack.use(await startMemcached({ args: LARGE }));
    const { args = [], ...rest } = saslOptions(saslpasswd2, folder, USER);
    const sasl = stack.use(await startMemcached({ args: [...args, ...LARGE], ...rest }));
    const pool = (
      name: PoolName,
      { endpoint }: { endpoint: Endpoint },
      more: Partial<PoolOptions>,
    ): PoolOptions => ({
      name,
      servers: [{ name, endpoint }],
      distribution: { owner: () => 0 },
      flushEnabled: true,
      ...more,
    });
    engine = new ProxyEngine({
      requests: { valueBytesMax: ABOVE_8_MIB },
      pools: [
        pool("plain", plain, {}),
        pool("sasl", sasl, { credentials, connections: 2 }),
        pool("wrong", sasl, { credentials: { ...credentials, password: "open" } }),
        pool("none", plain, { credentials }),
      ],
    });
    const driver = drive(engine, network, clock);
    stack.defer(() => driver.close());
    for (const name of POOLS) {
      const { endpoint } = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
      fronts.set(name, endpoint);
    }
  });
  afterAll(() => stack.disposeAsync());

  const connect = (name: PoolName): Promise<TextClient> => TextClient.connect(fronts.get(name) as Endpoint);

  test.each([
    ["classic", classicDialogue],
    ["meta", metaDialogue],
  ])("every %s command is answered as by a server without", async (_, dialogue) => {
    using plain = await connect("plain");
    using sasl = await connect("sasl");
    const ask = (client: TextClient, wire: string): Promise<string> => client.ask(`${wire}mn\r\n`, "MN\r\n");
    for (const wire of dialogue) {
      const answer = await ask(sasl, wire);
      if (isSayable(wire) === "no") {
        expect([wire, answer]).toEqual([
          wire,
          expect.stringMatching(/^CLIENT_ERROR cannot be asked of a server with SASL: [^\r\n]+\r\nMN\r\n$/),
        ]);
      } else expect([wire, answer]).toEqual([wire, await ask(plain, wire)]);
    }
  });

  test("every binary command is answered as by a server without", async () => {
    using plain = await connect("plain");
    using sasl = await connect("sasl");
    const end = LAST.replace("\x80", "\x81");
    for (const wire of binaryDialogue) {
      expect(await sasl.ask(wire + LAST, end)).toEqual(await plain.ask(wire + LAST, end));
    }
  });

  test.each([16_384, 65_000, 500_000, 5_000_000])("a value of %d bytes goes both ways", async (bytes) => {
    const value = "0123456789abcdef".repeat(bytes / 16 + 1).slice(0, bytes);
    using client = await connect("sasl");
    expect(await client.ask(`set large 7 0 ${bytes}\r\n${value}\r\n`)).toBe("STORED\r\n");
    const got = await client.ask("get large none\r\n", "\r\nEND\r\n");
    expect(got === `VALUE large 7 ${bytes}\r\n${value}\r\nEND\r\n`).toBe(true);
    const meta = await client.ask("mg large s v\r\nmn\r\n", "\r\nMN\r\n");
    expect(meta === `VA ${bytes} s${bytes}\r\n${value}\r\nMN\r\n`).toBe(true);
  });

  test("what is too large for the server is told as text tells it", async () => {
    const value = "v".repeat(ABOVE_8_MIB);
    using client = await connect("sasl");
    expect(await client.ask(`set large 7 0 ${ABOVE_8_MIB}\r\n${value}\r\n`)).toBe(
      "SERVER_ERROR object too large for cache\r\n",
    );
    expect(await client.ask("get large\r\n", "END\r\n")).toBe("END\r\n");
  });

  test("many clients at once, each told its own", async () => {
    const counters = engine?.servers().find(({ pool }) => pool === "sasl")?.counters;
    const lost = counters?.disconnects;
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect("sasl")));
    await Promise.all(
      clients.map(async (client, i) => {
        for (let round = 0; round < 20; round++) {
          const value = `${i}-${round}`.repeat(round * 50 + 1);
          const block = `${value.length}\r\n${value}\r\n`;
          client.send(`set own${i} 0 0 ${block}get own${i} none${i}\r\nincr none 1\r\n`);
          const wanted = `STORED\r\nVALUE own${i} 0 ${block}END\r\nNOT_FOUND\r\n`;
          expect(await client.upTo("NOT_FOUND\r\n")).toBe(wanted);
        }
      }),
    );
    for (const client of clients) client[Symbol.dispose]();
    expect(counters?.disconnects).toBe(lost);
  });

  test.each(["wrong", "none"] as const)("%s: who is not let in is told so", async (name) => {
    using client = await connect(name);
    expect(await client.ask("get a\r\n")).toBe("SERVER_ERROR backend authentication failed\r\n");
  });
}
