// TLS of the runtime at hand: who is let in, what is shown to whom, and what becomes of those who do not finish.

import { Buffer } from "node:buffer";
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { openAdapter } from "@memwire/adapter";
import type { CloseCause, Distrust, Listener, TlsConnectOptions, TlsListenOptions } from "@memwire/engine";
import { afterEach, expect, test } from "vitest";
import { Peer } from "../src/adapter/peer.ts";
import { alone, ca, expired, one, otherCa, stranger, two } from "./certificates.ts";

const { network, clock } = await openAdapter();
const here = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
const localhost: TlsConnectOptions = { ca, servername: "localhost" };
const text = (pem: Uint8Array): string => Buffer.from(pem).toString("latin1");
const garbage: Uint8Array = new Uint8Array(Buffer.from("garbage"));

/** A listener and those whom it has let in. */
interface Door {
  readonly listener: Listener;
  readonly tls: NonNullable<Listener["tls"]>;
  readonly accepted: readonly Peer[];
}

const peers: Peer[] = [];
const listeners: Listener[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
  for (const peer of peers) if (peer.cause === undefined) peer.ask("close");
  await until(() => peers.every((peer) => peer.cause !== undefined), "every peer to be closed");
  expect(peers.splice(0).flatMap((peer) => peer.faults)).toEqual([]);
});

async function until(done: () => boolean, what: string): Promise<void> {
  const deadline = clock.now() + 10_000;
  while (!done()) {
    if (clock.now() > deadline) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function open(options: Partial<TlsListenOptions> = {}): Promise<Door> {
  const accepted: Peer[] = [];
  const listener = await network.listen(
    here,
    (transport) => {
      const peer = new Peer(`far ${accepted.length}`);
      accepted.push(peer);
      peers.push(peer);
      // An answer shows the client that it was let in: with TLS 1.3 it believes so before the server has looked.
      peer.onReceived = () => void peer.send(10);
      return peer.start(() => transport);
    },
    { tls: { ...one, ...options } },
  );
  listeners.push(listener);
  const { tls } = listener;
  if (tls === undefined) throw new TypeError("the adapter listens without TLS");
  return { listener, tls, accepted };
}

function dial({ listener }: Door, options: TlsConnectOptions): Peer {
  const peer = new Peer("near").start((handler) =>
    network.connect(listener.endpoint, handler, { tls: options }),
  );
  peers.push(peer);
  return peer;
}

/** How a visit ends: with an answer, or because the server ended or lost the connection. */
type Outcome = "answered" | "ended" | CloseCause;

/** Connects and asks. */
async function visit(door: Door, options: TlsConnectOptions): Promise<Outcome> {
  const near = dial(door, options);
  await until(() => near.events.length > 0, "the handshake");
  if (near.cause === undefined) near.send(10);
  const isRefused = (): boolean => near.cause !== undefined || near.events.includes("ended");
  await until(() => near.receivedBytes > 0 || isRefused(), "an answer");
  const outcome = near.cause ?? (near.receivedBytes > 0 ? "answered" : "ended");
  if (near.cause === undefined) near.ask("close");
  return outcome;
}

/** How a client that believes to be connected hears that it is not let in: what TLS 1.3 tells it may be lost. */
const refusal: readonly Outcome[] = ["untrusted", "reset", "ended"];

test("a client that trusts the authority behind the certificate is let in, by name and by address", async () => {
  const door = await open();
  expect(await visit(door, localhost)).toBe("answered");
  expect(await visit(door, { ca })).toBe("answered");
  expect(await visit(door, { ca, servername: "127.0.0.1" })).toBe("answered");
  expect([door.accepted.length, door.tls.failures, door.tls.handshakes]).toEqual([3, 0, 0]);
});

test("a server whose certificate is of another authority, or for another name, is untrusted", async () => {
  const door = await open();
  expect(await visit(door, { ca: otherCa, servername: "localhost" })).toBe("untrusted");
  expect(await visit(door, { ca, servername: "elsewhere.example" })).toBe("untrusted");
  expect(await visit(door, { ca, servername: "127.0.0.2" })).toBe("untrusted");
  // The roots of the runtime do not have it either.
  expect(await visit(door, { servername: "localhost" })).toBe("untrusted");
  expect(await visit(door, { verify: false, servername: "elsewhere.example" })).toBe("answered");
});

/** The words of OpenSSL, where a runtime of another library has others. */
const isDeno = "Deno" in globalThis;

const distrusts: readonly (readonly [Distrust, Partial<TlsListenOptions>, TlsConnectOptions])[] = [
  // Deno 2.9.5 does not believe a certificate that is its own authority, and looks no further.
  [isDeno ? "unknown-authority" : "expired", expired, { ca: expired.chain, servername: "localhost" }],
  ["self-signed", alone, localhost],
  ["unknown-authority", {}, { ca: otherCa, servername: "localhost" }],
  ["unknown-authority", {}, { servername: "localhost" }],
  ["other-name", {}, { ca, servername: "elsewhere.example" }],
  ["own-certificate", {}, { ...localhost, ...one, key: two.key }],
];

for (const [distrust, theirs, ours] of distrusts) {
  test(`why a server is untrusted is said: ${distrust}, ${JSON.stringify(ours.servername)}`, async () => {
    const door = await open(theirs);
    const near = dial(door, ours);
    await until(() => near.cause !== undefined, "the close");
    expect([near.cause, near.distrust]).toEqual(["untrusted", distrust]);
  });
}

const others: readonly (readonly [Distrust, () => Server])[] = [
  [
    "no-common-version",
    () => createTlsServer({ cert: text(one.chain), key: text(one.key), maxVersion: "TLSv1.2" }),
  ],
  ["no-tls", () => createServer((socket) => void socket.on("data", () => socket.write("ERROR\r\n")))],
];

for (const [distrust, make] of others) {
  test(`why a server is untrusted is said: ${distrust}`, async () => {
    const server = make();
    server.on("connection", (socket: Socket) => void socket.on("error", () => {}));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const options = { tls: { ...localhost, minVersion: "TLSv1.3" } } as const;
    const near = new Peer("near").start((handler) =>
      network.connect({ kind: "tcp", host: "127.0.0.1", port }, handler, options),
    );
    peers.push(near);
    await until(() => near.cause !== undefined, "the close");
    server.close();
    expect([near.cause, near.distrust]).toEqual(["untrusted", distrust]);
  });
}

const visitors = {
  nobody: { options: localhost, name: "a client without a certificate" },
  known: { options: { ...localhost, ...two }, name: "a client with a good certificate" },
  stranger: { options: { ...localhost, ...stranger }, name: "a client with somebody else's certificate" },
} as const;

const modes: readonly (readonly [TlsListenOptions["verify"], ...(keyof typeof visitors)[]])[] = [
  ["none", "nobody", "known", "stranger"],
  ["request", "nobody", "known"],
  ["once", "nobody", "known"],
  ["require", "known"],
];

for (const minVersion of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const [verify = "none", ...welcome] of modes) {
    for (const [visitor, { options, name }] of Object.entries(visitors)) {
      const isWelcome = (welcome as readonly string[]).includes(visitor);
      test(`${name} is ${isWelcome ? "" : "not "}let in by ${verify}, from ${minVersion}`, async () => {
        const door = await open({ ca, verify, minVersion });
        const end = await visit(door, options);
        if (isWelcome) expect(end).toBe("answered");
        else expect(refusal).toContain(end);
        await until(() => door.tls.handshakes === 0, "no handshake to be under way");
        expect([door.accepted.length, door.tls.failures]).toEqual(isWelcome ? [1, 0] : [0, 1]);
      });
    }
  }
}

test("new connections get the new certificate, and the old ones go on", async () => {
  const door = await open();
  const old = dial(door, localhost);
  await until(() => old.events.length > 0 && door.accepted.length === 1, "a connection");
  door.tls.refresh(stranger);
  expect(await visit(door, localhost)).toBe("untrusted");
  expect(await visit(door, { ca: otherCa, servername: "localhost" })).toBe("answered");
  old.send(10);
  await until(() => old.receivedBytes === 10, "an answer on the old connection");
  door.tls.refresh(two);
  expect(await visit(door, localhost)).toBe("answered");
  expect(old.cause).toBeUndefined();
});

test("a refresh changes whom the server believes as well", async () => {
  const door = await open({ ca, verify: "require" });
  door.tls.refresh({ ...one, ca: otherCa });
  expect(refusal).toContain(await visit(door, { ...localhost, ...two }));
  expect(await visit(door, { ...localhost, ...stranger })).toBe("answered");
});

for (const verify of ["request", "require", "once"] as const) {
  test(`to ${verify} certificates needs roots, at the start and in a refresh: not those of the runtime`, async () => {
    const message = `clients' certificates cannot be verified without ca, got verify "${verify}"`;
    await expect(open({ verify })).rejects.toThrow(`cannot listen on 127.0.0.1:0: ${message}`);
    const door = await open({ ca, verify });
    expect(() => door.tls.refresh(one)).toThrow(new RangeError(message));
    expect(await visit(door, { ...localhost, ...two })).toBe("answered");
  });
}

test("certificate and key may be in one file, in either order, at both ends", async () => {
  for (const name of [one, two]) {
    for (const file of [joined(name.chain, name.key), joined(name.key, name.chain)]) {
      const door = await open({ chain: file, key: file, ca, verify: "require" });
      expect(await visit(door, { ...localhost, chain: file, key: file })).toBe("answered");
    }
  }
});

const mistakes: readonly (readonly [Partial<TlsListenOptions>, string])[] = [
  [{ chain: garbage }, "the certificate chain has no PEM certificate"],
  [{ key: garbage }, "the key is not a PEM private key, or it is encrypted"],
  [{ key: two.key }, "the key is not that of the first certificate in the chain"],
  [{ ca: garbage }, "the CA has no PEM certificate"],
  [{ chain: cutShort(one.chain) }, "the certificate chain has a broken certificate, number 1"],
  [{ chain: joined(one.chain, cutShort(ca)) }, "the certificate chain has a broken certificate, number 2"],
];

for (const [mistake, message] of mistakes) {
  test(`"${message}" is said at the start, and of a refresh, after which the old one stays`, async () => {
    await expect(open(mistake)).rejects.toThrow(`cannot listen on 127.0.0.1:0: ${message}`);
    const door = await open();
    expect(() => door.tls.refresh({ ...one, ...mistake })).toThrow(new Error(message));
    expect(await visit(door, localhost)).toBe("answered");
  });
}

test("ciphers that do not exist are refused, and those that do are used", async () => {
  await expect(open({ ciphers: "NONSENSE" })).rejects.toThrow(': no such ciphers as "NONSENSE"');
  const door = await open({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
  expect(await visit(door, localhost)).toBe("answered");
});

test("a client's own certificate that is no good ends its connection, as untrusted", async () => {
  const door = await open();
  expect(await visit(door, { ...localhost, ...one, key: two.key })).toBe("untrusted");
  expect(await visit(door, { ca: garbage })).toBe("untrusted");
  const given = dial(door, { ...localhost, ca: garbage });
  given.ask("close");
  await until(() => given.cause !== undefined, "the close");
  expect(given.events).toEqual(["closed"]);
  expect(door.accepted).toEqual([]);
});

test("a client that says nothing is closed after the time for a handshake, and counted", async () => {
  const door = await open({ handshakeTimeoutMs: 200 });
  const start = clock.now();
  const silent = await raw(door);
  await until(() => door.tls.handshakes === 1, "the handshake to be under way");
  await silent.closed;
  expect(clock.now() - start).toBeGreaterThanOrEqual(190);
  await until(() => door.tls.failures === 1, "the failure");
  expect([door.accepted.length, door.tls.handshakes]).toEqual([0, 0]);
});

const leavings: readonly (readonly [when: string, said: (hello: Uint8Array) => Uint8Array])[] = [
  ["before it has said a word", () => new Uint8Array()],
  ["in the middle of its first message", (hello) => hello.subarray(0, 40)],
  ["when the server has answered", (hello) => hello],
];

for (const [when, said] of leavings) {
  test(`a client that ends its connection ${when} is closed at once, and counted`, async () => {
    const door = await open({ handshakeTimeoutMs: 60_000 });
    const gone = await raw(door);
    gone.write(said(await clientHello()));
    await until(() => door.tls.handshakes === 1, "the handshake to be under way");
    gone.end();
    await gone.closed;
    await until(() => door.tls.failures === 1, "the failure");
    expect([door.accepted.length, door.tls.handshakes]).toEqual([0, 0]);
  });
}

test("a client that speaks no TLS is closed and counted, and disturbs nobody", async () => {
  const door = await open();
  const plain = await raw(door);
  plain.write("get a\r\n");
  await plain.closed;
  await until(() => door.tls.failures === 1, "the failure");
  expect([door.accepted.length, door.tls.handshakes]).toEqual([0, 0]);
  expect(await visit(door, localhost)).toBe("answered");
});

test("above the handshakes that may be under way, a client waits until the stuck ones have timed out", async () => {
  const door = await open({ handshakesMax: 3, handshakeTimeoutMs: 500 });
  const stuck = [await raw(door), await raw(door), await raw(door)];
  await until(() => door.tls.handshakes === 3, "three handshakes");
  const visitors = Array.from({ length: 5 }, () => visit(door, localhost));
  await until(() => door.tls.waiting === 5, "five that wait");
  expect([door.tls.handshakes, door.tls.failures, door.accepted.length]).toEqual([3, 0, 0]);
  expect(await Promise.all(visitors)).toEqual(Array.from(visitors, () => "answered"));
  await Promise.all(stuck.map(({ closed }) => closed));
  await until(() => door.tls.handshakes === 0, "no handshake to be under way");
  expect([door.tls.waiting, door.tls.failures, door.accepted.length]).toEqual([0, 3, 5]);
});

test("who waits for a handshake and leaves takes nobody's turn", async () => {
  const door = await open({ handshakesMax: 1, handshakeTimeoutMs: 60_000 });
  const stuck = await raw(door);
  await until(() => door.tls.handshakes === 1, "a handshake");
  const gone = await raw(door);
  await until(() => door.tls.waiting === 1, "one that waits");
  gone.destroy();
  const visitor = visit(door, localhost);
  await until(() => door.tls.waiting + door.tls.failures >= 2, "the next one");
  stuck.destroy();
  expect(await visitor).toBe("answered");
  expect([door.tls.handshakes, door.tls.waiting, door.tls.failures]).toEqual([0, 0, 2]);
});

test("where too many wait for a handshake one is closed at once, and so are all when the listener closes", async () => {
  const door = await open({ handshakesMax: 1, handshakesWaitingMax: 2, handshakeTimeoutMs: 60_000 });
  const stuck = await raw(door);
  await until(() => door.tls.handshakes === 1, "a handshake");
  const waiting = [await raw(door), await raw(door)];
  await until(() => door.tls.waiting === 2, "two that wait");
  const surplus = await raw(door);
  await surplus.closed;
  expect([door.tls.handshakes, door.tls.waiting, door.tls.failures]).toEqual([1, 2, 1]);
  await door.listener.close();
  await Promise.all(waiting.map(({ closed }) => closed));
  await until(() => door.tls.waiting === 0, "nobody to wait");
  stuck.destroy();
});

test("a server without TLS is untrusted, and nothing is left open", async () => {
  const listener = await network.listen(here, (transport) => {
    const peer = new Peer("far");
    peers.push(peer);
    peer.start(() => transport);
    return { ...silent, received: () => peer.ask("close"), closed: (cause) => peer.closed(cause) };
  });
  listeners.push(listener);
  expect(listener.tls).toBeUndefined();
  const near = new Peer("near").start((handler) =>
    network.connect(listener.endpoint, handler, { tls: localhost }),
  );
  peers.push(near);
  await until(() => near.cause !== undefined, "the close");
  expect(near.events).toEqual(["closed"]);
  expect(refusal).toContain(near.cause);
});

const silent = { connected: () => {}, received: () => {}, ended: () => {}, drained: () => {} };

/** A TCP connection to a door, without TLS. */
async function raw({ listener }: Door): Promise<{
  readonly closed: Promise<void>;
  write(said: string | Uint8Array): void;
  end(): void;
  destroy(): void;
}> {
  if (listener.endpoint.kind !== "tcp") throw new TypeError("expected tcp");
  const socket = connectTcp(listener.endpoint.port, listener.endpoint.host);
  socket.on("error", () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
  return {
    closed,
    write: (said) => void socket.write(said),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** What a client says first. */
async function clientHello(): Promise<Uint8Array> {
  let hello: Uint8Array | undefined;
  const listener = await network.listen(here, (transport) => ({
    ...silent,
    received: (chunk) => {
      hello ??= chunk.slice();
      transport.close();
    },
    closed: () => {},
  }));
  listeners.push(listener);
  peers.push(
    new Peer("near").start((handler) => network.connect(listener.endpoint, handler, { tls: localhost })),
  );
  await until(() => hello !== undefined, "a client's first message");
  return hello ?? new Uint8Array();
}

/** A certificate of which only the first lines are there. */
function cutShort(pem: Uint8Array): Uint8Array {
  const text = Buffer.from(pem).toString("latin1");
  return new Uint8Array(Buffer.from(`${text.slice(0, 200)}\n-----END CERTIFICATE-----\n`));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
