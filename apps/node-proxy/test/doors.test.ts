// In front and behind: several listeners of a pool, who may connect, how many, TLS on both sides, a password for the
// servers. On every runtime, over real sockets.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTcp } from "node:net";
import process from "node:process";
import { connect } from "node:tls";
import { BinaryReplyDecoder, latin1Bytes, latin1Text, SendBuffer, writeBinaryRequest } from "@memwire/codec";
import {
  RUNTIMES,
  saslOptions,
  startMemcached,
  startProgram,
  TextClient,
  WITH_SASL,
  withPeer,
  type RunningProgram,
} from "@memwire/conformance";
import { describeEndpoint, parseEndpoint, type Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const apps = join(import.meta.dirname, "..", "..");
import { AddressGuard } from "../src/address-guard.ts";

const main = join(apps, "node-proxy", "src", "main.ts");
const serverMain = join(apps, "bun-server", "src", "main.ts");
const certificates = join(apps, "..", "packages", "conformance", "certificates");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-doors-"))));
afterAll(() => rm(folder, { recursive: true }));

/** A file with one pool, beside which other files of the same runtime may stand. */
function config(runtime: string, name: string, lines: string): string {
  const file = join(folder, `${runtime}-${name}.yml`);
  writeFileSync(file, `pools:\n  main:\n${lines}`);
  return file;
}

/** Where the pool listens, in the order of the file. */
async function endpointsOf(program: RunningProgram): Promise<readonly Endpoint[]> {
  await program.said(/Ctrl-C ends it/);
  return Array.from(program.stdout.matchAll(/^(\S+) pool main:/gm), ([, address = ""]) =>
    parseEndpoint(address),
  );
}

/** A certificate of the conformance suite is what the proxy has from now on. */
function install(name: string, runtime: string): void {
  for (const kind of ["crt", "key"]) {
    copyFileSync(join(certificates, `${name}.${kind}`), join(folder, `${runtime}.${kind}`));
  }
}

/** Whose certificate is shown, and what is answered. */
function askInTls(endpoint: Endpoint, text: string): Promise<readonly [name: string, answer: string]> {
  const { port } = endpoint as { port: number };
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.on("data", (piece: Uint8Array) => {
        resolve([String(subject.CN), new TextDecoder().decode(piece)]);
        socket.destroy();
      });
      socket.write(text);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed")));
  });
}

/** What a new client is told that says who it is and asks what everybody who is in may. */
async function comeIn(endpoint: Endpoint, message: string): Promise<readonly string[]> {
  const out = new SendBuffer();
  const common = { opaque: 0, cas: 0n, vbucket: 0 };
  const [key, value] = [latin1Bytes("PLAIN"), latin1Bytes(message)];
  writeBinaryRequest(out, { opcode: "sasl-auth", key, value, ...common });
  writeBinaryRequest(out, { opcode: "noop", ...common });
  writeBinaryRequest(out, { opcode: "quit", ...common });
  using client = await TextClient.connect(endpoint);
  client.send(latin1Text(out.take()));
  const decoder = new BinaryReplyDecoder();
  decoder.receive(latin1Bytes(await client.rest()));
  const statuses: string[] = [];
  while (decoder.next() === "reply" && decoder.opcode !== "quit") statuses.push(decoder.status);
  return statuses;
}

/** What a new client is told. */
async function versionFrom(endpoint: Endpoint): Promise<string> {
  using client = await TextClient.connect(endpoint);
  return await client.ask("version\r\n");
}

/** The timers that Linux has for the connections accepted at a port: 02 is that of keepalive. */
function timersOf(endpoint: Endpoint): readonly string[] {
  const port = (endpoint as { port: number }).port.toString(16).toUpperCase().padStart(4, "0");
  const lines = readFileSync("/proc/net/tcp", "utf8").matchAll(
    new RegExp(String.raw`: \w+:${port} \w+:(?!0000)\w+ 01 \S+ (\w\w):`, "g"),
  );
  return Array.from(lines, ([, timer = ""]) => timer);
}

const statOf = (stats: string, name: string): string | undefined =>
  new RegExp(`^STAT main:${name} (.*)\r$`, "m").exec(stats)?.[1];

test("who comes by IPv4 is in ranges of IPv6 as well, however the runtime writes the address", () => {
  const from = (host: string): Endpoint => ({ kind: "tcp", host, port: 1 });
  for (const host of ["127.0.0.1", "::ffff:127.0.0.1"]) {
    const admits = (allow: string[] | undefined, deny?: string[]): boolean =>
      new AddressGuard(allow, deny).admits(from(host));
    expect([host, admits(undefined, ["::/0"]), admits(["::/0"])]).toEqual([host, false, true]);
    expect([host, admits(undefined, ["127.0.0.0/8"]), admits(["0.0.0.0/0"])]).toEqual([host, false, true]);
    expect([host, admits(["::1"]), admits(["::ffff:0:0/96"])]).toEqual([host, false, true]);
  }
});

describe.each(RUNTIMES)("on %s", (runtime) => {
  test("a pool listens in several places, and lets in whom it may, as many as it may", async () => {
    const socketPath = join(folder, `${runtime}.sock`);
    const file = config(
      runtime,
      "several",
      `    listen:
      - { address: 127.0.0.1:0, allow: [127.0.0.0/8], backlog: 64 }
      - { address: 127.0.0.1:0, allow: [10.0.0.0/8] }
      - { address: 127.0.0.1:0, deny: [127.0.0.1] }
      - ${socketPath} 0600
    client_connections: 2
    servers: [127.0.0.1:1]
`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [open, others, denied, unix] = (await endpointsOf(proxy)) as [
      Endpoint,
      Endpoint,
      Endpoint,
      Endpoint,
    ];
    expect(describeEndpoint(unix)).toBe(socketPath);
    using first = await TextClient.connect(open);
    expect(await first.ask("version\r\n")).toMatch(/^VERSION /);
    for (const endpoint of [others, denied, others]) {
      using nobody = await TextClient.connect(endpoint);
      expect(await nobody.rest()).toBe("");
    }
    {
      using second = await TextClient.connect(unix);
      expect(await second.ask("version\r\n")).toMatch(/^VERSION /);
      using third = await TextClient.connect(open);
      expect(await third.rest()).toBe("ERROR Too many open connections\r\n");
      const stats = await first.ask("stats\r\n", "END\r\n");
      expect([statOf(stats, "clients_denied"), statOf(stats, "clients_rejected")]).toEqual(["3", "1"]);
      second.send("quit\r\n");
      expect(await second.rest()).toBe("");
    }
    // When the connection that has quit is over, another one may come.
    await expect.poll(() => versionFrom(open), { timeout: 10_000 }).toMatch(/^VERSION /);
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });

  test.runIf(process.platform === "linux")(
    "clients are asked whether they are still there, if that is asked for",
    async () => {
      install("one", runtime);
      const tls = `tls: { cert: ${runtime}.crt, key: ${runtime}.key }`;
      const file = config(
        runtime,
        "keepalive",
        `    listen:
      - 127.0.0.1:0
      - { address: 127.0.0.1:0, keepalive: true }
      - { address: 127.0.0.1:0, keepalive: true, reuse_port: true }
      - { address: 127.0.0.1:0, keepalive: true, ${tls} }
    servers: [127.0.0.1:1]
`,
      );
      await using proxy = startProgram(runtime, main, ["--config", file]);
      const endpoints = await endpointsOf(proxy);
      for (const [i, endpoint] of endpoints.entries()) {
        using client = await TextClient.connect(endpoint);
        await expect.poll(() => timersOf(endpoint), { timeout: 10_000 }).toEqual([i === 0 ? "00" : "02"]);
        client.send("quit\r\n");
      }
      expect(endpoints).toHaveLength(4);
    },
  );

  test("clients and servers may both have TLS, and SIGHUP reads certificates again", async () => {
    install("one", runtime);
    const key = join(certificates, "two");
    const tls = ["-Z", "-o", `ssl_chain_cert=${key}.crt,ssl_key=${key}.key`];
    await using server = startProgram(runtime, serverMain, [...tls, "-p", "-1", "-v", "-l", "127.0.0.1"]);
    const [, address = ""] = await server.said(/ listens on (\S+)\n/);
    const file = config(
      runtime,
      "tls",
      `    listen:
      - { address: 127.0.0.1:0, tls: { cert: ${runtime}.crt, key: ${runtime}.key }, allow: [127.0.0.1] }
      - { address: 127.0.0.1:0, tls: { cert: ${runtime}.crt, key: ${runtime}.key }, deny: [127.0.0.1] }
    servers: ["${address}"]
    server_tls: { ca: ${join(certificates, "ca.crt")} }
`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [endpoint, denying] = (await endpointsOf(proxy)) as [Endpoint, Endpoint];
    await expect(askInTls(denying, "get a\r\n")).rejects.toThrow("closed");
    const [first, answer] = await askInTls(endpoint, "set a 0 0 1\r\nx\r\n");
    expect(answer).toBe("STORED\r\n");
    expect((await askInTls(endpoint, "get a\r\n"))[1]).toBe("VALUE a 0 1\r\nx\r\nEND\r\n");
    install("two", runtime);
    proxy.signal("SIGHUP");
    await proxy.said(/memwire-proxy: certificates are read again\n/);
    expect((await askInTls(endpoint, "get a\r\n"))[0]).not.toBe(first);
    writeFileSync(join(folder, `${runtime}.crt`), "no certificate");
    proxy.signal("SIGHUP");
    await proxy.said(/memwire-proxy: certificates stay as they are: .+\n/);
    expect((await askInTls(endpoint, "get a\r\n"))[1]).toBe("VALUE a 0 1\r\nx\r\nEND\r\n");
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });

  test("a certificate that has expired is used and said, and one without its key is neither", async () => {
    install("expired", `${runtime}-late`);
    install("one", `${runtime}-own`);
    const [late, own] = [`${runtime}-late`, `${runtime}-own`];
    const file = config(
      runtime,
      "late",
      `    listen:
      - { address: 127.0.0.1:0, tls: { cert: ${own}.crt, key: ${own}.key } }
      - { address: 127.0.0.1:0, tls: { cert: ${late}.crt, key: ${late}.key } }
    servers: [{ address: "127.0.0.1:1", tls: { cert: ${late}.crt, key: ${late}.key } }]
`,
    );
    const note = (name: string): string =>
      `pool main: certificate 1 in ${folder}/${name}.crt has expired at 2021-01-02T03:04:05.000Z; it is used all the same`;
    await using checked = startProgram(runtime, main, ["--config", file, "--check"]);
    expect((await checked.ended).code).toBe(0);
    expect(checked.stdout).toContain(`\n${note(late)}\n`);
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [endpoint, other] = (await endpointsOf(proxy)) as [Endpoint, Endpoint];
    expect((await askInTls(other, "version\r\n"))[0]).toBe("memwire test expired");
    expect(proxy.stderr).toBe(`memwire-proxy: ${note(late)}\n`);
    install("expired", own);
    proxy.signal("SIGHUP");
    await proxy.said(/certificates are read again\n/);
    await expect.poll(() => proxy.stderr).toContain(`memwire-proxy: ${note(own)}\n`);
    expect((await askInTls(endpoint, "version\r\n"))[0]).toBe("memwire test expired");
    install("two", own);
    copyFileSync(join(certificates, "two.crt"), join(folder, `${late}.crt`));
    proxy.signal("SIGHUP");
    const mistake = `the key in ${folder}/${late}.key is not that of the first certificate in ${folder}/${late}.crt`;
    await proxy.said(new RegExp(`certificates stay as they are: pool main: ${mistake}\n`));
    expect((await askInTls(endpoint, "version\r\n"))[0]).toBe("memwire test expired");
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    await using refused = startProgram(runtime, main, ["--config", file]);
    expect((await refused.ended).code).toBe(2);
    expect(refused.stderr).toBe(`${file}:5 pools.main.listen[1].tls.key: ${mistake}\n`);
  });

  test("certificate and key may be in one file, in either order", async () => {
    install("one", runtime);
    const [crt, key] = ["crt", "key"].map((kind) => readFileSync(join(folder, `${runtime}.${kind}`)));
    const both = `${runtime}-both.pem`;
    const file = config(
      runtime,
      "both",
      `    listen: { address: 127.0.0.1:0, tls: { cert: ${both} } }\n    servers: [127.0.0.1:1]\n`,
    );
    for (const parts of [
      [crt, key],
      [key, crt],
    ]) {
      writeFileSync(join(folder, both), parts.join(""));
      await using proxy = startProgram(runtime, main, ["--config", file]);
      const [endpoint] = (await endpointsOf(proxy)) as [Endpoint];
      expect(await askInTls(endpoint, "version\r\n")).toEqual([
        "memwire test one",
        expect.stringMatching(/^VERSION /),
      ]);
    }
  });

  test("as many clients as connections_max says shake hands, as many again wait, and who is one more is closed", async () => {
    install("one", runtime);
    const file = config(
      runtime,
      "handshakes",
      `    listen:
      - 127.0.0.1:0
      - { address: 127.0.0.1:0, tls: { cert: ${runtime}.crt, key: ${runtime}.key } }
    servers: [127.0.0.1:1]
proxy: { connections_max: 2 }
`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [plain, tls] = (await endpointsOf(proxy)) as [Endpoint, Endpoint];
    using client = await TextClient.connect(plain);
    const stats = async (): Promise<unknown> => {
      const said = await client.ask("stats\r\n", "END\r\n");
      return [statOf(said, "tls_waiting"), statOf(said, "tls_failures")];
    };
    const stuck = Array.from({ length: 4 }, () => connectTcp((tls as { port: number }).port, "127.0.0.1"));
    await expect.poll(stats, { timeout: 10_000 }).toEqual(["2", "0"]);
    using surplus = await TextClient.connect(tls);
    expect(await surplus.rest()).toBe("");
    await expect.poll(stats, { timeout: 10_000 }).toEqual(["2", "1"]);
    for (const socket of stuck.splice(0, 2)) socket.destroy();
    await expect.poll(stats, { timeout: 10_000 }).toEqual(["0", "3"]);
    for (const socket of stuck) socket.destroy();
    expect((await askInTls(tls, "version\r\n"))[1]).toMatch(/^VERSION /);
  });

  test("a server whose certificate nobody vouches for is not spoken to", async () => {
    const key = join(certificates, "one");
    const tls = ["-Z", "-o", `ssl_chain_cert=${key}.crt,ssl_key=${key}.key`];
    await using server = startProgram(runtime, serverMain, [...tls, "-p", "-1", "-v", "-l", "127.0.0.1"]);
    const [, address = ""] = await server.said(/ listens on (\S+)\n/);
    const file = config(
      runtime,
      "untrusted",
      `    listen: 127.0.0.1:0\n    servers: [{ address: "${address}", tls: { ca: ${join(certificates, "other-ca.crt")} } }]\n    health: { failures: 1 }\n`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [endpoint] = (await endpointsOf(proxy)) as [Endpoint];
    using client = await TextClient.connect(endpoint);
    const reason = "TLS handshake failed: certificate is of an unknown authority";
    expect(await client.ask("get a\r\n")).toBe(`SERVER_ERROR ${reason}\r\n`);
    await proxy.said(
      new RegExp(String.raw`server \S+ is down since \S+: untrusted \(${reason}\), 1 failure in a row;`),
    );
  });

  withPeer("memcached", () => {
    test("servers are told a user and a password, which stand in a file or in the environment", async () => {
      const users = join(folder, `${runtime}.users`);
      writeFileSync(users, "me:open-sesame\n");
      writeFileSync(join(folder, `${runtime}.secret`), "open-sesame\n");
      await using memcached = await startMemcached({ args: ["-Y", users] });
      for (const where of [`password_file: ${runtime}.secret`, "password_env: MEMCACHED_SECRET"]) {
        const file = config(
          runtime,
          "secret",
          `    listen: 127.0.0.1:0
    servers: ["${describeEndpoint(memcached.endpoint)}"]
    credentials: { user: me, ${where} }
`,
        );
        await using proxy = startProgram(runtime, main, ["--config", file], {
          env: { MEMCACHED_SECRET: "open-sesame" },
        });
        const [endpoint] = (await endpointsOf(proxy)) as [Endpoint];
        using client = await TextClient.connect(endpoint);
        expect(await client.ask("set a 0 0 1\r\nx\r\n")).toBe("STORED\r\n");
        expect(proxy.stdout + proxy.stderr).not.toContain("sesame");
      }
    });
  });

  withPeer(
    "memcached",
    () =>
      withPeer("saslpasswd2", (saslpasswd2) => {
        test("servers with SASL are told them, too, and asked in binary", async () => {
          const own = join(folder, `${runtime}-sasl`);
          mkdirSync(own);
          writeFileSync(join(own, "secret"), "open sesame\n");
          const user = { name: "me", password: "open sesame" };
          await using memcached = await startMemcached(saslOptions(saslpasswd2, own, user));
          const file = config(
            runtime,
            "sasl",
            `    listen: 127.0.0.1:0
    servers: ["${describeEndpoint(memcached.endpoint)}"]
    credentials: { kind: sasl, user: me, password_file: ${runtime}-sasl/secret }
`,
          );
          await using checked = startProgram(runtime, main, ["--config", file, "--check"]);
          expect((await checked.ended).code).toBe(0);
          expect(checked.stdout).toContain("  1 connection to each server, as me by SASL\n");
          await using proxy = startProgram(runtime, main, ["--config", file]);
          const [endpoint] = (await endpointsOf(proxy)) as [Endpoint];
          using client = await TextClient.connect(endpoint);
          const value = "v".repeat(500_000);
          expect(await client.ask(`set a 7 0 500000\r\n${value}\r\n`)).toBe("STORED\r\n");
          expect(await client.ask("get a b\r\n", "END\r\n")).toBe(`VALUE a 7 500000\r\n${value}\r\nEND\r\n`);
          expect(await client.ask("mg a t\r\n")).toBe(
            "CLIENT_ERROR cannot be asked of a server with SASL: flag t of mg\r\n",
          );
        });
      }),
    WITH_SASL,
  );

  test("clients say who they are, and SIGHUP reads again who may come in", async () => {
    const users = join(folder, `${runtime}.users`);
    writeFileSync(users, "ann:open sesame\n");
    const file = config(
      runtime,
      "users",
      `    listen: 127.0.0.1:0\n    users_file: ${runtime}.users\n    servers: [127.0.0.1:1]\n`,
    );
    await using proxy = startProgram(runtime, main, ["--config", file]);
    const [endpoint] = (await endpointsOf(proxy)) as [Endpoint];
    const come = (message: string): Promise<readonly string[]> => comeIn(endpoint, message);
    expect(await come("\0ann\0open sesame")).toEqual(["ok", "ok"]);
    expect(await come("\0ann\0open")).toEqual(["auth-error", "auth-error"]);
    expect(await come("\0bob\0open sesame")).toEqual(["auth-error", "auth-error"]);
    writeFileSync(users, "bob:hidden\n");
    proxy.signal("SIGHUP");
    await proxy.said(/^memwire-proxy: users are read again$/m);
    expect(await come("\0bob\0hidden")).toEqual(["ok", "ok"]);
    expect(await come("\0ann\0open sesame")).toEqual(["auth-error", "auth-error"]);
    writeFileSync(users, "bob:hidden\ncarol\n");
    proxy.signal("SIGHUP");
    await proxy.said(/^memwire-proxy: users stay as they are: \S+\.users:2: must be name:password, .+$/m);
    expect(await come("\0bob\0hidden")).toEqual(["ok", "ok"]);
    expect(proxy.stdout + proxy.stderr).not.toMatch(/sesame|hidden|carol|certificates/);
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });

  test("users with a mistake, and a password that no server takes, are mistakes of the file", async () => {
    writeFileSync(join(folder, `${runtime}.wrong`), "ann:secret\n:hidden\n");
    writeFileSync(join(folder, `${runtime}.blank`), "open sesame\n");
    for (const [line, message] of [
      [
        `users_file: ${runtime}.wrong`,
        `memwire-proxy: ${folder}/${runtime}.wrong:2: must be name:password, neither of them empty; see memwire-proxy --help`,
      ],
      [
        `credentials: { user: me, password_file: ${runtime}.blank }`,
        `${folder}/${runtime}-mistake.yml:5 pools.main.credentials.password_file: a password must be without blanks: memcached -Y reads it up to the first one`,
      ],
    ] as const) {
      const file = config(
        runtime,
        "mistake",
        `    listen: 127.0.0.1:0\n    servers: [127.0.0.1:1]\n    ${line}\n`,
      );
      await using proxy = startProgram(runtime, main, ["--config", file]);
      expect((await proxy.ended).code).toBe(2);
      expect(proxy.stderr).toBe(`${message}\n`);
    }
  });

  test("containers say it all in variables", async () => {
    await using proxy = startProgram(runtime, main, [], {
      env: { MEMWIRE_PROXY_LISTEN: "127.0.0.1:0", MEMWIRE_PROXY_BACKENDS: "127.0.0.1:1,127.0.0.1:2" },
    });
    await proxy.said(/^127\.0\.0\.1:\d+ pool main: ketama by md5 over 127\.0\.0\.1:1, 127\.0\.0\.1:2$/m);
    proxy.signal("SIGHUP");
    await proxy.said(/^memwire-proxy: there are no certificates or users to read again$/m);
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });
});
