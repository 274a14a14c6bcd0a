// What a connection does that the system takes back at once: real ones cannot be made to, on every system.

import type { CloseCause } from "@memwire/engine";
import { expect, test } from "vitest";
import { DenoTransport } from "../src/transport.ts";

type Conn = Parameters<DenoTransport["open"]>[0];

/** A socket that was reset before anybody has set its options. */
function resetConn(): { readonly conn: Conn; readonly told: string[] } {
  const told: string[] = [];
  const conn = {
    remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    setNoDelay() {
      throw Object.assign(new Error("Invalid argument (os error 22)"), { code: "EINVAL" });
    },
    close: () => void told.push("close"),
  };
  return { conn: conn as Conn, told };
}

/** Notes what it hears. */
function handler(): { readonly heard: string[] } & Parameters<DenoTransport["serve"]>[0] {
  const heard: string[] = [];
  return {
    heard,
    connected: () => void heard.push("connected"),
    received: () => void heard.push("received"),
    ended: () => void heard.push("ended"),
    drained: () => void heard.push("drained"),
    closed: (cause: CloseCause) => void heard.push(`closed ${cause}`),
  };
}

test.each([undefined, new AbortController()])(
  "a socket that takes no options is closed, and its handler hears of it once (%s)",
  async (connecting) => {
    const { conn, told } = resetConn();
    const { heard, ...rest } = handler();
    const transport = new DenoTransport(connecting);
    if (connecting !== undefined) transport.serve(rest);
    transport.open(conn);
    if (connecting === undefined) transport.serve(rest);
    transport.close();
    await Promise.resolve();
    expect([heard, told]).toEqual([[expect.stringMatching(/^closed /)], ["close"]]);
  },
);
