// A gateway on a virtual clock over a client of memory, and what it has said.

import { simulate, type Simulation } from "@memwire/adapter-memory";
import { type AccessLine, createGateway, type Gateway, type GatewayOptions } from "../src/mod.ts";
import { MemoryClient } from "./memory-client.ts";

export interface Bench {
  readonly gateway: Gateway;
  readonly client: MemoryClient;
  readonly simulation: Simulation;
  /** What was logged. */
  readonly lines: AccessLine[];
  /** @param path Path and query. */
  readonly ask: (
    method: string,
    path: string,
    init?: Omit<RequestInit, "method">,
    address?: string,
  ) => Promise<Response>;
}

export function bench(options: Partial<GatewayOptions> = {}): Bench {
  const simulation = simulate({ seed: 1, timerLateMs: [0, 0] });
  const client = new MemoryClient();
  const lines: AccessLine[] = [];
  const gateway = createGateway({
    client,
    clock: simulation.clock,
    log: (line) => lines.push(line),
    ...options,
  });
  return {
    gateway,
    client,
    simulation,
    lines,
    ask: (method, path, init = {}, address = "") =>
      gateway.fetch(new Request(`http://gateway${path}`, { method, ...init }), { address }),
  };
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

export async function answered(response: Promise<Response>): Promise<Answered> {
  const { status } = await response;
  return { status, body: await (await response).text() };
}

/** The one message of a refusal. */
export async function errorOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: string }).error;
}

/** A request whose URL and method are exactly these: `new Request` would clean them up, or refuse them. */
export function rawRequest(url: string, method = "GET"): Request {
  const request = new Request("http://gateway/");
  Object.defineProperty(request, "url", { value: url });
  Object.defineProperty(request, "method", { value: method });
  return request;
}

/** Lets promises that are settled be noticed, streams of the runtime included. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
