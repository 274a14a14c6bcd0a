// A host of the simulated network: what listens on it, what is open on it, and what is wrong with it.

import type { DatagramHandler, Endpoint, Millis, TransportHandler, Transport } from "@memwire/engine";
import type { Socket } from "./socket.ts";

export type Accept = (transport: Transport) => TransportHandler;

/** Who listens at an endpoint: one, or any number who share it. */
export interface Listening {
  readonly shared: boolean;
  readonly accepts: Accept[];
}

/** Who waits for datagrams at a port: one, or any number who share it. */
export interface Mailbox {
  readonly shared: boolean;
  readonly handlers: DatagramHandler[];
}

/** What becomes of connects to a host. */
export type Admission = "accepted" | "refused" | "unanswered";

export class Machine {
  readonly name: string;
  readonly listeners: Map<string, Listening> = new Map();
  readonly sockets: Set<Socket> = new Set();
  /** Who waits for datagrams, by port. */
  readonly mailboxes: Map<number, Mailbox> = new Map();

  // What is wrong: the faults. These are the values when nothing is.
  powered: boolean = true;
  running: boolean = true;
  admission: Admission = "accepted";
  readonly cutFrom: Set<Machine> = new Set();
  lagMs: Millis = 0;
  readBytesMax: number = Infinity;
  readEveryMs: Millis = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether anything gets from here to there. */
  reaches(other: Machine): boolean {
    return this.powered && other.powered && !this.cutFrom.has(other);
  }

  /** Ends every fault but those that already had their effect. */
  mend(): void {
    this.powered = true;
    this.running = true;
    this.admission = "accepted";
    for (const other of this.cutFrom) other.cutFrom.delete(this);
    this.cutFrom.clear();
    this.lagMs = 0;
    this.readBytesMax = Infinity;
    this.readEveryMs = 0;
  }
}

/** Under which name a machine keeps the listener of an endpoint. */
export function listenerKey(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? `unix:${endpoint.path}` : `tcp:${endpoint.port}`;
}
