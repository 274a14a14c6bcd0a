// memwire-server -Z, on every runtime and with several workers: certificates, and the next ones.

import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { RUNTIMES, type RunningProgram, startProgram, TextClient } from "@memwire/conformance";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const certificates = join(import.meta.dirname, "..", "..", "..", "packages", "conformance", "certificates");
let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "memwire-tls-"))));
afterAll(() => rm(folder, { recursive: true }));

/** A certificate of the folder is what the server has from now on. */
function install(name: string, runtime: string): readonly [chain: string, key: string] {
  const [chain, key] = [join(folder, `${runtime}.crt`), join(folder, `${runtime}.key`)];
  copyFileSync(join(certificates, `${name}.crt`), chain);
  copyFileSync(join(certificates, `${name}.key`), key);
  return [chain, key];
}

/** Whose certificate it shows, and what it answers. */
function ask(port: number, text: string): Promise<readonly [name: string, answer: string]> {
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
  });
}

/** Whose certificates the workers show, as soon as that is one other than `name`. */
async function becomesAnother(port: number, name: string): Promise<string> {
  const until = Date.now() + 10_000;
  for (;;) {
    const names = new Set<string>();
    for (let i = 0; i < 12; i++) names.add((await ask(port, "version\r\n"))[0]);
    const [only = name] = names;
    if ((names.size === 1 && only !== name) || Date.now() > until) return [...names].join();
  }
}

async function portsOf(server: RunningProgram): Promise<readonly number[]> {
  const [, addresses = ""] = await server.said(/ listens on (.*)\n/);
  return addresses.split(", ").map((address) => Number(address.split(":").at(-1)));
}

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["1", "2"])(
    "with -t %s it has certificates, and others after SIGHUP and refresh_certs",
    async (threads) => {
      const [chain, key] = install("one", runtime);
      const args = ["-Z", "-o", `ssl_chain_cert=${chain},ssl_key=${key}`, "-t", threads, "-p", "-1", "-v"];
      await using server = startProgram(runtime, main, [...args, "-l", "127.0.0.1,notls:127.0.0.2"]);
      const [port = 0, plain = 0] = await portsOf(server);
      const [first, stored] = await ask(port, "set a 0 0 1\r\nx\r\n");
      expect(stored).toBe("STORED\r\n");
      using client = await TextClient.connect({ kind: "tcp", host: "127.0.0.2", port: plain });
      expect(await client.ask("get a\r\n", "END\r\n")).toBe("VALUE a 0 1\r\nx\r\nEND\r\n");
      expect(await client.ask("stats settings\r\n", "END\r\n")).toContain(`STAT ssl_chain_cert ${chain}\r\n`);
      install("two", runtime);
      server.signal("SIGHUP");
      const second = await becomesAnother(port, first);
      expect(second).not.toContain(first);
      install("one", runtime);
      expect(await client.ask("refresh_certs\r\n")).toBe("OK\r\n");
      expect(await becomesAnother(port, second)).toBe(first);
      writeFileSync(chain, "no certificate");
      server.signal("SIGHUP");
      await server.said(/memwire-server: the certificates stay as they were: .+\n/);
      expect((await ask(port, "version\r\n"))[0]).toBe(first);
    },
  );

  test.each(["1", "2"])("with -t %s refresh_certs leaves the users of -Y as they are", async (threads) => {
    const [chain, key] = install("one", runtime);
    const users = join(folder, `${runtime}.users`);
    writeFileSync(users, "ada:old\n");
    const tls = ["-Z", "-o", `ssl_chain_cert=${chain},ssl_key=${key}`, "-Y", users];
    const args = [...tls, "-t", threads, "-p", "-1", "-v", "-l", "127.0.0.1"];
    await using server = startProgram(runtime, main, args);
    const [port = 0] = await portsOf(server);
    const comeIn = "set a 0 0 7\r\nada old\r\n";
    const [first] = await ask(port, comeIn);
    writeFileSync(users, "ada:new\n");
    install("two", runtime);
    expect(await ask(port, `${comeIn}refresh_certs\r\n`)).toEqual([first, "STORED\r\nOK\r\n"]);
    expect(await becomesAnother(port, first)).not.toContain(first);
    for (let i = 0; i < 12; i++) expect((await ask(port, comeIn))[1]).toBe("STORED\r\n");
  });

  test("a private key may be in the file of the certificate, and if it is nowhere that is said", async () => {
    const [chain, key] = install("one", runtime);
    const args = ["-Z", "-o", `ssl_chain_cert=${chain}`, "-l", "127.0.0.1", "-p", "-1", "-v"];
    await using without = startProgram(runtime, main, args);
    expect(await without.ended).toEqual({ code: 2, signal: null });
    expect(without.stderr).toBe(
      `memwire-server: -Z needs a private key: -o ssl_key=<file>, since there is none in ${chain}; ` +
        "see memwire-server --help\n",
    );
    appendFileSync(chain, readFileSync(key));
    await using server = startProgram(runtime, main, args);
    const [port = 0] = await portsOf(server);
    expect((await ask(port, "version\r\n"))[1]).toContain("VERSION");
  });

  test("a certificate that is not there is said", async () => {
    const args = ["-Z", "-o", "ssl_chain_cert=/no/such.crt", "-l", "127.0.0.1", "-p", "-1"];
    await using server = startProgram(runtime, main, args);
    expect(await server.ended).toEqual({ code: 2, signal: null });
    expect(server.stderr).toBe(
      "memwire-server: cannot read /no/such.crt: no such file; see memwire-server --help\n",
    );
  });
});
