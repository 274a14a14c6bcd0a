// Lets the clients of others do their steps, each in every way it can reach a server.
//
//     everyWay(client, program, "the server", start)   a test for each way, all of which begin at once, as most of the
//                                                      time is waiting for items to expire

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Endpoint } from "@memwire/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningProgram } from "../../src/mod.ts";
import type { Command, OtherClient, Way } from "./clients.ts";
import { type Step, STEPS } from "./steps.ts";

export const USER = { name: "user", password: "pass" };

export type Where = Way["where"];
export type Servers = ReadonlyMap<Where, Endpoint>;

const ENDS_WITHIN_MS = 90_000;

const noun: Readonly<Record<Where, string>> = { tcp: "TCP", unix: "a unix socket", sasl: "TCP with SASL" };

/** What one file of tests has of the clients: a folder, and programs that are compiled once. */
export class Players {
  readonly folder: string = mkdtempSync(join(tmpdir(), "memwire-clients-"));
  /** What ends with the tests. */
  readonly stack: AsyncDisposableStack = new AsyncDisposableStack();
  readonly #commands: Map<OtherClient, Promise<Command>> = new Map();

  constructor() {
    // Each program that runs is ended with this process.
    process.setMaxListeners(process.getMaxListeners() + 100);
    afterAll(async () => {
      await this.stack.disposeAsync();
      rmSync(this.folder, { recursive: true });
    });
  }

  /** Declares a test for each way of a client. */
  everyWay(client: OtherClient, program: string, name: string, start: () => Promise<Servers>): void {
    const { ways } = client;
    const finds = new Map<Way, Promise<string[]>>();
    beforeAll(async () => {
      const servers = await start();
      for (const way of ways) finds.set(way, this.#found(client, program, way, servers));
    });
    for (const way of ways) {
      test(
        `${client.name}, ${way.protocol}, over ${noun[way.where]}, finds in ${name} what it should`,
        async () => expect(await finds.get(way)).toEqual(expected(client, way)),
        ENDS_WITHIN_MS + 10_000,
      );
    }
  }

  /** What a client says that it found, a line a step, and what went wrong if something did. */
  async #found(client: OtherClient, program: string, way: Way, servers: Servers): Promise<string[]> {
    try {
      const endpoint = servers.get(way.where);
      if (endpoint === undefined) throw new Error(`no server for ${way.where}`);
      const address = endpoint.kind === "unix" ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
      const [path, ...args] = await this.#commandOf(client, program);
      const prefix = `${client.name}-${way.protocol}-${way.where}-`;
      const user = way.where === "sasl" ? [USER.name, USER.password] : [];
      await using steps = new RunningProgram(path, [...args, address, prefix, way.protocol, ...user]);
      const timer = setTimeout(() => steps.signal("SIGKILL"), ENDS_WITHIN_MS);
      const { code, signal } = await steps.ended;
      clearTimeout(timer);
      const lines = steps.stdout.trimEnd().split("\n");
      return code === 0 ? lines : [...lines, `ended with ${code ?? signal}: ${steps.stderr.trimEnd()}`];
    } catch (error) {
      return [String(error)];
    }
  }

  #commandOf(client: OtherClient, program: string): Promise<Command> {
    const command = this.#commands.get(client) ?? Promise.resolve(client.command(program, this.folder));
    this.#commands.set(client, command);
    return command;
  }
}

function expected({ lacks }: OtherClient, { protocol, where }: Way): string[] {
  const lacking = new Set<string>(lacks.flatMap(({ steps }) => steps));
  const steps: readonly Step[] = STEPS;
  return steps
    .filter(({ step, only }) => !lacking.has(step) && [undefined, protocol, where].includes(only))
    .map(({ step, answer }) => `${step}\t${answer}`);
}
