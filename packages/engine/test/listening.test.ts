import { expect, test } from "vitest";
import {
  bindBy,
  listenBy,
  type CloseCause,
  type Endpoint,
  type Network,
  type SocketFiles,
} from "../src/mod.ts";

const endpoint = { kind: "unix", path: "/run/memwire.sock" } as const satisfies Endpoint;

/** A network where every connect ends like this. */
function answering(end: CloseCause | "connected"): Network {
  return {
    connect(_endpoint, handler) {
      queueMicrotask(() => (end === "connected" ? handler.connected() : handler.closed(end)));
      return {
        write: () => true,
        pause() {},
        resume() {},
        end() {},
        close: () => handler.closed("closed"),
      };
    },
    listen: () => Promise.reject(new Error("not asked for")),
    bind: () => Promise.reject(new Error("not asked for")),
  };
}

function socketFile(): { files: SocketFiles; removed: string[] } {
  const removed: string[] = [];
  const files: SocketFiles = {
    kindOf: (path) => Promise.resolve(path === endpoint.path && removed.length === 0 ? "socket" : "other"),
    remove(path) {
      removed.push(path);
      return Promise.resolve();
    },
  };
  return { files, removed };
}

test("a socket file is removed only if a connect to it is refused", async () => {
  const { files, removed } = socketFile();
  expect(await listenBy(() => "bound", endpoint, answering("refused"), files)).toBe("bound");
  expect(removed).toEqual([endpoint.path]);
});

for (const end of ["connected", "denied", "exhausted", "reset", "failed"] as const) {
  test(`a socket file stays if a connect to it ends with ${end}`, async () => {
    const { files, removed } = socketFile();
    await expect(listenBy(() => "bound", endpoint, answering(end), files)).rejects.toThrow(
      "cannot listen on /run/memwire.sock: address already in use",
    );
    expect(removed).toEqual([]);
  });
}

const reasons = [
  ["EADDRINUSE", "address already in use"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["EACCES", "permission denied"],
  ["ENOTFOUND", "no such host name"],
  ["ENOTSUP", "this system cannot share a port"],
  ["EMFILE", "out of file descriptors or memory"],
  ["EWHATEVER", "what the runtime said"],
] as const;

for (const [code, reason] of reasons) {
  test(`${code} of a runtime reads "${reason}"`, async () => {
    const tcp: Endpoint = { kind: "tcp", host: "::1", port: 11211 };
    const cause = Object.assign(new Error("what the runtime said"), { code });
    const fail = (): Promise<never> => Promise.reject(cause);
    const listening = listenBy(fail, tcp, answering("failed"), socketFile().files);
    await expect(listening).rejects.toMatchObject({
      message: `cannot listen on [::1]:11211: ${reason}`,
      cause,
    });
    await expect(bindBy(fail, { host: "::1", port: 11211 })).rejects.toMatchObject({
      message: `cannot bind udp [::1]:11211: ${reason}`,
      cause,
    });
  });
}
