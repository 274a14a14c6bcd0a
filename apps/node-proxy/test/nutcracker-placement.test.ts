// A pool as nutcracker.yml has it places 10,000 random keys exactly where a real nutcracker puts them: every hash with
// every distribution that goes by it, with and without weights, names and hash tags.
//
// Behind nutcracker stand tiny servers that answer every get with their own place in the list.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPlacement, readProxyConfig, type PoolConfig } from "@memwire/config";
import { freePort, startPeer, withPeer } from "@memwire/conformance";
import type { HashName } from "@memwire/router";
import { expect, test } from "vitest";

const SERVERS = 7;
const KEYS = 10_000;
const KEYS_PER_GET = 200;

/** The hashes that twemproxy has. */
const twemproxyHashes: readonly HashName[] = [
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "crc32a",
  "fnv1_64",
  "fnv1a_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "murmur",
  "jenkins",
];
const POOLS = twemproxyHashes.length * 2;
const hashTags = [undefined, "{}", "$$"] as const;
const NAMES = ["cache-a", "b", "cache-with-a-long-name", "c:11211", "10.0.0.1", "cache_d", "Z"];

withPeer("nutcracker", (nutcracker) => {
  test(`${KEYS} random keys are where nutcracker puts them, in ${POOLS} pools`, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const keys = randomKeys(seed);
    const folder = await mkdtemp(join(tmpdir(), "memwire-placement-"));
    const backends = await Promise.all(Array.from({ length: SERVERS }, (_, place) => startTiny(place)));
    try {
      const ports = await freePorts(POOLS);
      const text = configOf(ports, backends.map(portOf));
      const file = join(folder, "nutcracker.yml");
      await writeFile(file, text);
      const reading = readProxyConfig(text, file);
      if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
      const { pools } = reading.config;
      expect(pools).toHaveLength(POOLS);

      const args = ["-c", file, "-o", join(folder, "log"), "-p", join(folder, "pid")];
      const stats = ["-a", "127.0.0.1", "-s", `${await freePort()}`];
      await using running = await startPeer(nutcracker, [...args, ...stats], endpointOf(ports[0] as number));
      expect(running.pid).toBeGreaterThan(0);
      for (const [i, pool] of pools.entries()) {
        const theirs = await askAll(ports[i] as number, keys);
        const ours = placesOf(pool, keys);
        const wrong = keys.findIndex((_, key) => ours[key] !== theirs[key]);
        const hex = Buffer.from(keys[wrong] ?? "", "latin1").toString("hex");
        expect(
          wrong,
          `key ${hex} of ${pool.name}, seed ${seed}: ${ours[wrong]}, nutcracker ${theirs[wrong]}`,
        ).toBe(-1);
        expect(theirs).toHaveLength(KEYS);
      }
    } finally {
      for (const backend of backends) backend.close();
      await rm(folder, { recursive: true });
    }
  });
});

/** A pool for each hash and distribution; among them each of the other settings, with each of the others. */
function configOf(ports: readonly number[], backends: readonly number[]): string {
  let text = "";
  let number = 0;
  for (const hash of twemproxyHashes) {
    for (const distribution of ["ketama", "modula"]) {
      const tag = hashTags[number % hashTags.length];
      const [weighted, named] = [(number & 2) > 0, (number & 4) > 0];
      const name = `${distribution}-${hash}${tag === undefined ? "" : "-tag"}${weighted ? "-weights" : ""}${named ? "-names" : ""}`;
      text += `${name}:\n  listen: 127.0.0.1:${ports[number]}\n  hash: ${hash}\n  distribution: ${distribution}\n`;
      if (tag !== undefined) text += `  hash_tag: "${tag}"\n`;
      text += "  timeout: 5000\n  servers:\n";
      for (const [i, port] of backends.entries()) {
        const weight = weighted ? 1 + ((i * 5 + number) % 4) : 1;
        text += `    - 127.0.0.1:${port}:${weight}${named ? ` ${NAMES[i]}` : ""}\n`;
      }
      number++;
    }
  }
  return text;
}

/** Where this project places them. */
function placesOf(pool: PoolConfig, keys: readonly string[]): number[] {
  const made = createPlacement(pool, pool.servers, () => 0);
  return keys.map((key) => made.owner(Buffer.from(key, "latin1"), 0, key.length));
}

/** Where nutcracker places them: the value of each key is the place of the server that was asked. */
async function askAll(port: number, keys: readonly string[]): Promise<number[]> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  const places = new Map<string, number>();
  try {
    for (let at = 0; at < keys.length; at += KEYS_PER_GET) {
      const asked = keys.slice(at, at + KEYS_PER_GET);
      const reply = await answerTo(socket, `get ${asked.join(" ")}\r\n`);
      for (const [, key, place] of reply.matchAll(/VALUE ([^ ]+) 0 1\r\n(\d)\r\n/g)) {
        places.set(key as string, Number(place));
      }
    }
  } finally {
    socket.destroy();
  }
  return keys.map((key) => places.get(key) ?? -1);
}

function answerTo(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let reply = "";
    const read = (chunk: string): void => {
      reply += chunk;
      if (!reply.endsWith("END\r\n")) return;
      socket.off("data", read).off("error", reject).off("close", closed);
      resolve(reply);
    };
    const closed = (): void => reject(new Error(`closed after ${JSON.stringify(reply.slice(-200))}`));
    socket.on("data", read).once("error", reject).once("close", closed);
    socket.write(request, "latin1");
  });
}

function startTiny(place: number): Promise<Server> {
  const server = createServer((socket) => {
    let unread = "";
    socket.setEncoding("latin1");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      const lines = (unread + chunk).split("\r\n");
      unread = lines.pop() ?? "";
      for (const line of lines) {
        // nutcracker leaves a blank at the end.
        const keys = line.replace(/ $/, "").split(" ").slice(1);
        socket.write(`${keys.map((key) => `VALUE ${key} 0 1\r\n${place}\r\n`).join("")}END\r\n`, "latin1");
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** Ports that nobody listens on, all different. */
async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

function endpointOf(port: number): { kind: "tcp"; host: string; port: number } {
  return { kind: "tcp", host: "127.0.0.1", port };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Different keys of 1 to 60 bytes, each one any but blanks, controls and DEL; every other one with tags in it. */
function randomKeys(seed: number): readonly string[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * below);
  };
  const text = (length: number): string =>
    String.fromCharCode(
      ...Array.from({ length }, () => {
        const byte = 0x21 + random(0x100 - 0x21);
        return byte === 0x7f ? 0x7e : byte;
      }),
    );
  const keys = new Set<string>();
  while (keys.size < KEYS) {
    const [before, inside, after] = [text(random(20)), text(random(20)), text(1 + random(20))];
    const tagged = random(2) === 0 ? `${before}{${inside}}${after}` : `${before}$${inside}$${after}`;
    keys.add(random(2) === 0 ? tagged : before + inside + after);
  }
  return [...keys];
}
