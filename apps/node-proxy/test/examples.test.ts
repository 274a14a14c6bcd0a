// Every example is good, for the program and for an editor, and what is said to be a default is one.

import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LIMITS } from "@memwire/codec";
import { readProxyConfig } from "@memwire/config";
import { DEFAULT_REPLY_LIMITS } from "@memwire/link";
import { END_WITHIN_MS } from "@memwire/program";
import { DEFAULT_PROXY_LIMITS } from "@memwire/proxy";
import { DEFAULT_HEALTH } from "@memwire/router";
import { afterAll, beforeAll, expect, test } from "vitest";
import { check } from "../src/check.ts";
import { readTask, readWhereTask } from "../src/cli.ts";
import { DEFAULT_DENO_SOCKETS } from "../src/settings.ts";
import { where } from "../src/where.ts";

const examples = join(import.meta.dirname, "..", "examples");
const root = join(import.meta.dirname, "..", "..", "..");
const names = readdirSync(examples).filter((name) => !name.endsWith(".md"));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memwire-examples-"));
  cpSync(examples, folder, { recursive: true });
  const own = join(folder, "certificates");
  mkdirSync(own);
  const certificates = join(root, "packages", "conformance", "certificates");
  for (const kind of ["crt", "key"]) cpSync(join(certificates, `one.${kind}`), join(own, `proxy.${kind}`));
  cpSync(join(certificates, "ca.crt"), join(own, "ca.crt"));
  writeFileSync(join(own, "password"), "open-sesame\n");
  writeFileSync(join(own, "users"), "ann:open-sesame\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(names)("--check takes %s", async (name) => {
  const flag = name.endsWith(".servers") ? "--servers" : "--config";
  const said = await check(readTask([flag, join(folder, name), "--check"], "1.2.3", {}));
  expect(said).toMatch(/^nothing is wrong: \d pools?, \d+ servers?\n/);
});

test("the README shows what is really said", async () => {
  const readme = readFileSync(join(examples, "..", "README.md"), "utf8");
  const config = ["--config", join(examples, "proxy.yml")];
  expect(readme).toContain(await check(readTask([...config, "--check"], "1.2.3", {})));
  const task = readWhereTask(["user:42", ...config], "1.2.3", {});
  expect(readme).toContain(task.kind === "where" ? where(task) : "another task");
});

test.each(names.filter((name) => name.endsWith(".yml")))("an editor finds the schema of %s", (name) => {
  const [, schema = ""] =
    /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(examples, name), "utf8")) ?? [];
  const { title } = JSON.parse(readFileSync(join(examples, schema), "utf8")) as { title: string };
  expect(title.includes("twemproxy")).toBe(name === "nutcracker.yml");
});

test("every-option.yml has every option", () => {
  const keysIn = (schema: object): string[] =>
    Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
      if (typeof value !== "object" || value === null) return [];
      const own = key === "properties" ? Object.keys(value) : [];
      return [...own, ...keysIn(value)];
    });
  const schema = join(root, "packages", "config", "src", "schema", "proxy.schema.json");
  const text = readFileSync(join(examples, "every-option.yml"), "utf8");
  const missing = [...new Set(keysIn(JSON.parse(readFileSync(schema, "utf8")) as object))].filter(
    (key) => !new RegExp(`\\b${key}:`).test(text),
  );
  // Those that cannot stand beside what is there, or that tls.yml, users.yml and client-rings.yml show.
  const shownElsewhere =
    "routes users_file hash_stop seed order ketama_points algorithm compatibility placement " +
    "credentials kind user password_file password_env cert key ca verify ciphers min_version servername";
  expect(missing.toSorted()).toEqual(shownElsewhere.split(" ").toSorted());
});

test("what every-option.yml says without a comment is what holds without it", () => {
  const reading = readProxyConfig(readFileSync(join(examples, "every-option.yml"), "utf8"), "f");
  if (!reading.ok) throw new Error("it is not good");
  const { limits, requests, replies, drainTimeoutMs, denoSockets, pools } = reading.config;
  expect(limits).toEqual(DEFAULT_PROXY_LIMITS);
  expect(requests).toEqual(DEFAULT_LIMITS);
  expect(replies).toEqual(DEFAULT_REPLY_LIMITS);
  expect(drainTimeoutMs).toBe(END_WITHIN_MS);
  expect(denoSockets).toBe(DEFAULT_DENO_SOCKETS);
  const [pool] = pools;
  // A file has no trialMs of its own: it is the proxy's retry_min.
  expect({ trialMs: limits.retryMinMs, ...pool?.health }).toEqual(DEFAULT_HEALTH);
  const bare = readProxyConfig("pools: { main: { listen: ':1', servers: [10.0.0.1:11211] } }", "f");
  expect(pool).toMatchObject(
    bare.ok
      ? {
          ...bare.config.pools[0],
          listeners: pool?.listeners,
          servers: pool?.servers,
          distribution: { name: "ketama" },
        }
      : {},
  );
});
