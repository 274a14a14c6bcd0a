// A client and what it asks, on the virtual clock: memwire servers, or servers that say what a test tells them to.
//
//     client -- host "client" --> "server-0", "server-1", ... port 11211

import { simulate, type Conditions, type Simulation } from "@memwire/adapter-memory";
import { createClient, ClientError, type Client, type ClientOptions } from "@memwire/client";
import { latin1Bytes, latin1Text } from "@memwire/codec";
import { drive, type Driver, type Transport, type TransportHandler } from "@memwire/engine";
import { smallServer } from "./small-server.ts";

export interface SceneOptions extends Partial<Omit<ClientOptions, "network" | "clock" | "servers">> {
  readonly seed?: number;
  /** Servers that answer by themselves. */
  readonly servers?: number;
  /** Servers behind those that say what the test tells them to. */
  readonly scripted?: number;
  readonly network?: Partial<Conditions>;
}

const PORT = 11_211;

/** So that a test can say when something happens: everything takes a millisecond, and no timer is late. */
export const EXACT: Partial<Conditions> = { latencyMs: [1, 1], timerLateMs: [0, 0] };

export class ClientScene {
  readonly simulation: Simulation;
  readonly client: Client;
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly scripted: readonly ScriptedServer[];
  readonly #read: Map<string, string> = new Map();
  readonly #drivers: Driver[] = [];
  /** How many connections each host has accepted. */
  readonly #accepted: Map<string, number> = new Map();

  constructor(options: SceneOptions = {}) {
    const { seed = 1, servers = 0, scripted = 0, network = {}, ...client } = options;
    const simulation = simulate({
      ...network,
      seed,
      observe: ({ what, host, bytes }) => {
        if (what === "accepted") this.#accepted.set(host, this.accepted(host) + 1);
        if (what === "received" && bytes !== undefined) {
          this.#read.set(host, (this.#read.get(host) ?? "") + latin1Text(bytes));
        }
      },
    });
    const hosts = Array.from({ length: servers + scripted }, (_, i) => `server-${i}`);
    for (const host of hosts.slice(0, servers)) {
      const driver = drive(smallServer(), simulation.host(host), simulation.clock);
      void driver.listen({ kind: "tcp", host, port: PORT }); // it listens at once: only the promise is late
      this.#drivers.push(driver);
    }
    this.simulation = simulation;
    this.scripted = hosts.slice(servers).map((host) => new ScriptedServer(simulation, host));
    this.servers = hosts.map((host) => ({ host, port: PORT }));
    const { clock } = simulation;
    this.client = createClient({
      ...client,
      network: simulation.host("client"),
      clock,
      servers: this.servers,
    });
  }

  /** The first server that says what it is told to. */
  get script(): ScriptedServer {
    const [first] = this.scripted;
    if (first === undefined) throw new Error("every server of this scene answers by itself");
    return first;
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.settle(promise);
  }

  /** Waits for a call that fails. @throws Error if it does not, or with anything but a `ClientError` */
  async failure(promise: Promise<unknown>): Promise<ClientError> {
    const outcome = await this.settle(
      promise.then(
        (result) => new Error(`expected a failure, got ${String(result)}`),
        (error: unknown) => error,
      ),
    );
    if (outcome instanceof ClientError) return outcome;
    throw outcome;
  }

  /** What a server has read so far, of all its connections. */
  read(host: string): string {
    return this.#read.get(host) ?? "";
  }

  accepted(host: string): number {
    return this.#accepted.get(host) ?? 0;
  }

  /** Keys that a server owns, as many as are asked for. */
  keysOf(server: number, count: number): string[] {
    const keys: string[] = [];
    for (let i = 0; keys.length < count; i++) {
      if (this.client.ownerOf(`key:${i}`) === server) keys.push(`key:${i}`);
    }
    return keys;
  }

  /** Closes the client and then the servers. @throws Error if something is left or goes on */
  async close(): Promise<void> {
    const { simulation } = this;
    await this.settle(this.client.close());
    const ours = simulation.connections().filter(({ host }) => host === "client");
    if (ours.length > 0) throw new Error(`a closed client has ${ours.length} connections`);
    for (const driver of this.#drivers) void driver.close();
    simulation.run(); // does not come back, but for an error, while anybody keeps a timer going
    const left = simulation.connections().length;
    if (left > 0) throw new Error(`${left} ends of connections are left open`);
  }
}

/** Listens, and does nothing else by itself. */
export class ScriptedServer {
  readonly connections: ScriptedConnection[] = [];
  /** Called with whatever has arrived and was not taken; what it answers is said. */
  answer: (text: string, connection: ScriptedConnection) => string = () => "";

  constructor(simulation: Simulation, host: string) {
    void simulation.host(host).listen({ kind: "tcp", host, port: PORT }, (transport) => {
      const connection = new ScriptedConnection(this, transport);
      this.connections.push(connection);
      return connection;
    });
  }

  /** The newest connection. */
  get connection(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("nobody has connected");
    return connection;
  }
}

/** One connection of a scripted server. */
export class ScriptedConnection implements TransportHandler {
  /** Received and not taken. */
  text = "";
  isClosed = false;
  readonly transport: Transport;
  readonly #server: ScriptedServer;
  #unwritten = "";
  #writing = false;

  constructor(server: ScriptedServer, transport: Transport) {
    this.#server = server;
    this.transport = transport;
  }

  /** Takes what was received. */
  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  say(text: string): void {
    this.#unwritten += text;
    if (this.#writing || this.#unwritten === "") return;
    const bytes = latin1Bytes(this.#unwritten);
    this.#unwritten = "";
    this.#writing = !this.transport.write(bytes);
  }

  connected(): void {}

  received(chunk: Uint8Array): void {
    this.text += latin1Text(chunk);
    this.say(this.#server.answer(this.text, this));
  }

  ended(): void {
    this.transport.close();
  }

  drained(): void {
    this.#writing = false;
    this.say("");
  }

  closed(): void {
    this.isClosed = true;
  }
}
