// What listening on a real machine has that a simulated one has not: files in the way, and errors of the system.

import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint, Listener, TransportHandler } from "@memwire/engine";
import { describe, expect, test } from "vitest";
import { adaptersHere } from "./adapters.ts";

const folder = mkdtempSync(join(tmpdir(), "memwire-"));

const deaf: TransportHandler = {
  connected: () => {},
  received: () => {},
  ended: () => {},
  drained: () => {},
  closed: () => {},
};

const failures: readonly (readonly [Endpoint, string])[] = [
  [
    { kind: "unix", path: join(folder, "missing", "a.sock") },
    `cannot listen on ${join(folder, "missing", "a.sock")}: no such folder`,
  ],
  [
    { kind: "tcp", host: "203.0.113.1", port: 11211 },
    "cannot listen on 203.0.113.1:11211: this machine has no such address",
  ],
  [
    { kind: "tcp", host: "nobody.invalid", port: 11211 },
    "cannot listen on nobody.invalid:11211: no such host name",
  ],
];

describe.each(await adaptersHere())("$title", ({ network }) => {
  const listen = (endpoint: Endpoint): Promise<Listener> => network.listen(endpoint, () => deaf);

  test("a unix socket that a dead process left is replaced, and gone after close", async () => {
    const path = join(folder, "stale.sock");
    await leaveSocket(path);
    const listener = await listen({ kind: "unix", path });
    expect(listener.endpoint).toEqual({ kind: "unix", path });
    expect(existsSync(path)).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test("a file that is no socket stays as it is", async () => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "keep me");
    await expect(listen({ kind: "unix", path })).rejects.toThrow(
      `cannot listen on ${path}: a file that is not a socket is in the way`,
    );
    expect(readFileSync(path, "utf8")).toBe("keep me");
  });

  for (const [endpoint, message] of failures) {
    test(`the failure reads "${message.replace(folder, "...")}"`, async () => {
      const failure = await listen(endpoint).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Error);
      expect((failure as Error).message).toBe(message);
      expect((failure as Error).cause).toBeInstanceOf(Error);
    });
  }

  test("a backlog is what the system keeps while nobody accepts", async () => {
    const whole = await network.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, () => deaf);
    expect(connectsTo(whole.endpoint)).toBe(CONNECTS);
    await whole.close();
    const short = await network.listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, () => deaf, {
      backlog: 2,
    });
    // Linux keeps one more than it is told.
    expect(connectsTo(short.endpoint)).toBeLessThan(CONNECTS);
    await short.close();
  });
});

const CONNECTS = 12;

/** How many connects succeed while this thread does nothing but wait for the child that tries. */
function connectsTo(endpoint: Endpoint): number {
  const child = spawnSync("node", ["-e", CONNECTOR, JSON.stringify(endpoint), `${CONNECTS}`]);
  return Number(new TextDecoder().decode(child.stdout));
}

// Says so when all are through, or when none has come through for a second.
const CONNECTOR = `
  const [endpoint, connects] = process.argv.slice(1).map((text) => JSON.parse(text));
  let connected = 0;
  const say = () => {
    require("node:fs").writeSync(1, String(connected));
    process.exit();
  };
  const patience = setTimeout(say, 1000);
  for (let i = 0; i < connects; i++) {
    const socket = require("node:net").connect(endpoint.port, endpoint.host, () => {
      patience.refresh();
      if (++connected === connects) say();
    });
    socket.on("error", () => {});
  }
`;

/** A socket file with nobody behind it: who listened removes it by the name it had then. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.old`, resolve));
  renameSync(`${path}.old`, path);
  await new Promise((resolve) => server.close(resolve));
}
