// Values of 20 MB through memwire-proxy, on every runtime: byte for byte, and with less memory than they have bytes. The
// proxy is a process of its own, whose largest resident memory Linux tells.

import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  RUNTIMES,
  startMemcached,
  startProgram,
  TextClient,
  withPeer,
  type RunningPeer,
  type RunningProgram,
  type Runtime,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BulkClient } from "./bulk-client.ts";

const MIB = 1_048_576;
const VALUE_BYTES = 20 * MIB;
/** While ten such values wait for somebody; and at any time, what a busy machine has not collected yet included. */
const HELD_BYTES_MAX = 96 * MIB;
const GROWN_BYTES_MAX = 200 * MIB;
const SMALL = "set small 0 0 5\r\nhello\r\nget small\r\n";
const SMALL_ANSWER = "STORED\r\nVALUE small 0 5\r\nhello\r\nEND\r\n";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const random = randomFillSync(Buffer.alloc(VALUE_BYTES + 10_000));
/** All of them are different, and lie in the same memory. */
const valueOf = (i: number): Buffer => random.subarray(i * 1_000, i * 1_000 + VALUE_BYTES);

/** One protocol's way to store a value and to ask for it. */
interface Form {
  readonly name: string;
  set(client: BulkClient, key: string, value: Buffer): Promise<void>;
  ask(client: BulkClient, key: string): void;
  told(client: BulkClient, key: string, value: Buffer): Promise<void>;
}

const BINARY_HEAD_BYTES = 24;
const FLAGS_BYTES = 4;

function binaryHead(opcode: number, key: string, extrasBytes: number, bodyBytes: number): Buffer {
  const head = Buffer.alloc(BINARY_HEAD_BYTES + extrasBytes);
  head.writeUInt8(0x80, 0);
  head.writeUInt8(opcode, 1);
  head.writeUInt16BE(key.length, 2);
  head.writeUInt8(extrasBytes, 4);
  head.writeUInt32BE(bodyBytes, 8);
  return head;
}

async function expectBinary(client: BulkClient, opcode: number, bodyBytes: number): Promise<void> {
  const head = await client.bytes(BINARY_HEAD_BYTES);
  const told = { opcode: head.readUInt8(1), status: head.readUInt16BE(6), bodyBytes: head.readUInt32BE(8) };
  expect(told).toEqual({ opcode, status: 0, bodyBytes });
}

const FORMS: readonly Form[] = [
  {
    name: "text",
    async set(client, key, value) {
      client.send(`set ${key} 7 0 ${value.length}\r\n`, value, "\r\n");
      expect(await client.line()).toBe("STORED");
    },
    ask: (client, key) => client.send(`get ${key}\r\n`),
    async told(client, key, value) {
      expect(await client.line()).toBe(`VALUE ${key} 7 ${value.length}`);
      await client.value(value);
      expect([await client.line(), await client.line()]).toEqual(["", "END"]);
    },
  },
  {
    name: "meta",
    async set(client, key, value) {
      client.send(`ms ${key} ${value.length} F7\r\n`, value, "\r\n");
      expect(await client.line()).toBe("HD");
    },
    ask: (client, key) => client.send(`mg ${key} v f\r\n`),
    async told(client, _key, value) {
      expect(await client.line()).toBe(`VA ${value.length} f7`);
      await client.value(value);
      expect(await client.line()).toBe("");
    },
  },
  {
    name: "binary",
    async set(client, key, value) {
      const head = binaryHead(1, key, 2 * FLAGS_BYTES, 2 * FLAGS_BYTES + key.length + value.length);
      head.writeUInt32BE(7, BINARY_HEAD_BYTES);
      client.send(head, key, value);
      await expectBinary(client, 1, 0);
    },
    ask: (client, key) => client.send(binaryHead(0, key, 0, key.length), key),
    async told(client, _key, value) {
      await expectBinary(client, 0, FLAGS_BYTES + value.length);
      expect((await client.bytes(FLAGS_BYTES)).readUInt32BE()).toBe(7);
      await client.value(value);
    },
  },
];

/** A proxy in a process of its own. */
class MeasuredProxy implements AsyncDisposable {
  readonly #program: RunningProgram;
  readonly main: Endpoint;
  readonly small: TextClient;
  readonly #startBytes: number;

  private constructor(program: RunningProgram, endpoint: Endpoint, small: TextClient) {
    this.#program = program;
    this.main = endpoint;
    this.small = small;
    this.#startBytes = this.#memory("VmRSS");
  }

  static async start(
    runtime: Runtime,
    pools: Readonly<Record<string, object>>,
    limits: object = {},
  ): Promise<MeasuredProxy> {
    const file = join(folder, `${runtime}.yaml`);
    const listening = Object.entries(pools).map(([name, pool]) => [
      name,
      { listen: "127.0.0.1:0", timeout: 60_000, ...pool },
    ]);
    const proxy = { value_bytes_max: 64 * MIB, reply_value_bytes_max: 64 * MIB, ...limits };
    await writeFile(file, JSON.stringify({ proxy, pools: Object.fromEntries(listening) }));
    const program = startProgram(runtime, main, ["--config", file]);
    const endpoint = await endpointOf(program, "main");
    const small = await TextClient.connect(endpoint);
    expect(await small.ask(SMALL, "END\r\n")).toBe(SMALL_ANSWER);
    return new MeasuredProxy(program, endpoint, small);
  }

  endpoint(pool: string): Promise<Endpoint> {
    return endpointOf(this.#program, pool);
  }

  /** By how much it was larger, at its largest, than when it had started. */
  get grownBytes(): number {
    return this.#memory("VmHWM") - this.#startBytes;
  }

  /** Waits until `stats` says a number of at least `least` under that name. */
  async says(name: string, least: number): Promise<void> {
    const pattern = new RegExp(`STAT ${name} (\\d+)`);
    for (let tries = 0; tries < 500; tries++) {
      const stats = await this.small.ask("stats\r\n", "END\r\n");
      if (Number(pattern.exec(stats)?.[1]) >= least) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${name} is still below ${least}`);
  }

  /** Asks for little, again and again, as long as something else goes on; at least once. */
  async answersWhile(other: Promise<unknown>): Promise<void> {
    let isOver = false;
    const ask = async (): Promise<void> => {
      do expect(await this.small.ask(SMALL, "END\r\n")).toBe(SMALL_ANSWER);
      while (!isOver);
    };
    await Promise.all([other.finally(() => void (isOver = true)), ask()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.small[Symbol.dispose]();
    expect((await this.#program.stop()).code).toBe(0);
  }

  #memory(name: string): number {
    const status = readFileSync(`/proc/${this.#program.pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) * 1_024;
  }
}

async function endpointOf(program: RunningProgram, pool: string): Promise<Endpoint> {
  const [, address = ""] = await program.said(new RegExp(`^(\\S+) pool ${pool}:`, "m"));
  return parseEndpoint(address);
}

/** A server that takes nothing until it is told to, and then a large value on each connection. */
async function startSleeping(): Promise<
  { address: string; take(count: number): Promise<void> } & AsyncDisposable
> {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  return {
    address: `127.0.0.1:${port}`,
    async take(count) {
      while (sockets.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
      await Promise.all(
        sockets.map(async (socket) => {
          const client = new BulkClient(socket);
          const [, i] = /^set k(\d+) 7 0 \d+$/.exec(await client.line()) ?? [];
          await client.value(valueOf(Number(i)));
          expect(await client.line()).toBe("");
          client.send("STORED\r\n");
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

let folder = "";
let memcached: RunningPeer | undefined;

const connectAll = (endpoint: Endpoint, count: number): Promise<BulkClient[]> =>
  Promise.all(Array.from({ length: count }, () => BulkClient.connect(endpoint)));

withPeer("memcached", () => {
  const large: { readonly value: Buffer; readonly key: string; readonly form: Form }[] = FORMS.map(
    (form, i) => ({
      form,
      key: `by-${form.name}`,
      value: valueOf(i),
    }),
  );
  let server = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "memwire-large-"));
    memcached = await startMemcached({ args: ["-I", "64m", "-m", "512"] });
    server = describeEndpoint(memcached.endpoint);
    for (const { form, key, value } of large) {
      using client = await BulkClient.connect(memcached.endpoint);
      await form.set(client, key, value);
    }
  });
  afterAll(async () => {
    await memcached?.stop();
    await rm(folder, { recursive: true });
  });

  describe.runIf(process.platform === "linux").each(RUNTIMES)("on %s", (runtime) => {
    test("they go up and down by every protocol at once, and others are answered meanwhile", async () => {
      await using proxy = await MeasuredProxy.start(runtime, {
        main: { servers: [server], connections: 16 },
      });
      const clients = await connectAll(proxy.main, 4 * FORMS.length);
      const done = clients.map(async (client, i) => {
        const form = FORMS[i % FORMS.length] as Form;
        const key = `${form.name}-${i}`;
        await form.set(client, key, valueOf(i));
        form.ask(client, key);
        await form.told(client, key, valueOf(i));
        client[Symbol.dispose]();
      });
      await proxy.answersWhile(Promise.all(done));
      for (const i of clients.keys()) {
        const key = `${FORMS[i % FORMS.length]?.name}-${i}`;
        expect(await proxy.small.ask(`delete ${key}\r\n`)).toBe("DELETED\r\n");
      }
      expect(proxy.grownBytes).toBeLessThan(GROWN_BYTES_MAX);
    });

    test("of what a server does not take the proxy holds little", async () => {
      await using sleeping = await startSleeping();
      await using proxy = await MeasuredProxy.start(runtime, {
        main: { servers: [server] },
        sleeping: { servers: [sleeping.address] },
      });
      const clients = await connectAll(await proxy.endpoint("sleeping"), 10);
      const [{ form }] = large as [(typeof large)[number]];
      const stored = clients.map((client, i) => form.set(client, `k${i}`, valueOf(i)));
      await proxy.says("clients_paused", clients.length);
      await proxy.answersWhile(Promise.resolve());
      expect(proxy.grownBytes).toBeLessThan(HELD_BYTES_MAX);
      await Promise.all([sleeping.take(clients.length), ...stored]);
      for (const client of clients) client[Symbol.dispose]();
      expect(proxy.grownBytes).toBeLessThan(GROWN_BYTES_MAX);
    });

    test("what clients do not take is left with the server, where nobody else waits for the connection", async () => {
      await using proxy = await MeasuredProxy.start(runtime, {
        main: { servers: [server], connections: 16 },
      });
      const clients = await connectAll(proxy.main, 10);
      const asked = clients.map((client, i) => {
        const { form, key, value } = large[i % large.length] as (typeof large)[number];
        form.ask(client, key);
        return () => form.told(client, key, value);
      });
      await proxy.says(`main:${server}:pauses`, clients.length);
      await proxy.answersWhile(Promise.resolve());
      expect(proxy.grownBytes).toBeLessThan(HELD_BYTES_MAX);
      await proxy.answersWhile(Promise.all(asked.map((told) => told())));
      for (const client of clients) client[Symbol.dispose]();
      expect(proxy.grownBytes).toBeLessThan(GROWN_BYTES_MAX);
    });

    test("where others wait the slowest are closed at the bound of all, and the rest are told everything", async () => {
      const limits = { buffered_bytes_max: 32 * MIB };
      await using proxy = await MeasuredProxy.start(runtime, { main: { servers: [server] } }, limits);
      const clients = await connectAll(proxy.main, 10);
      const [{ form, key, value }] = large as [(typeof large)[number]];
      for (const client of clients) {
        client.send("mn\r\n");
        expect(await client.line()).toBe("MN");
      }
      for (const client of clients) form.ask(client, key);
      await proxy.says("clients_too_slow", 1);
      const outcomes = await Promise.all(clients.map((client) => outcomeOf(form.told(client, key, value))));
      expect([...new Set(outcomes)].toSorted()).toEqual(["closed", "told"]);
      await proxy.says("clients_too_slow", outcomes.filter((each) => each === "closed").length);
      await proxy.answersWhile(Promise.resolve());
      for (const client of clients) client[Symbol.dispose]();
      expect(proxy.grownBytes).toBeLessThan(3 * 2 * limits.buffered_bytes_max);
    });
  });
});

/** Anything but these is a mistake. */
async function outcomeOf(told: Promise<void>): Promise<"told" | "closed"> {
  try {
    await told;
    return "told";
  } catch (error) {
    if (/closed the connection|ECONNRESET/.test(String(error))) return "closed";
    throw error;
  }
}
