// Datagrams between machines: lost, doubled and overtaken as the conditions say.
//
//     send --- a latency of its own ---> arrived, at one of those who wait there
//       `----- perhaps a second time, after another
//
// A partition, a host without power, a stopped one and a port where nobody waits swallow them.

import {
  bindBy,
  DATAGRAM_PAYLOAD_BYTES_MAX,
  type BindOptions,
  type DatagramAddress,
  type DatagramHandler,
  type DatagramSocket,
} from "@memwire/engine";
import type { Machine } from "./machine.ts";
import { type World, latencyMs } from "./world.ts";

const POISON = 0xee;

/** Waits at a port of a machine. */
export function bindAt(
  world: World,
  machine: Machine,
  address: DatagramAddress,
  handler: DatagramHandler,
  { reusePort: shared = false }: BindOptions,
  find: (host: string) => Machine | undefined,
): Promise<DatagramSocket> {
  const bind = (): DatagramSocket => {
    const mailbox = machine.mailboxes.get(address.port) ?? { shared, handlers: [] };
    if (mailbox.handlers.length > 0 && !(shared && mailbox.shared)) {
      throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
    }
    mailbox.handlers.push(handler);
    machine.mailboxes.set(address.port, mailbox);
    return new Post(world, machine, address, handler, find);
  };
  return bindBy(bind, address);
}

class Post implements DatagramSocket {
  readonly address: DatagramAddress;
  drops = 0;
  readonly #world: World;
  readonly #machine: Machine;
  readonly #handler: DatagramHandler;
  readonly #find: (host: string) => Machine | undefined;
  #open = true;

  constructor(
    world: World,
    machine: Machine,
    address: DatagramAddress,
    handler: DatagramHandler,
    find: (host: string) => Machine | undefined,
  ) {
    this.#world = world;
    this.#machine = machine;
    this.address = address;
    this.#handler = handler;
    this.#find = find;
  }

  send(to: DatagramAddress, bytes: Uint8Array): void {
    if (!this.#open) return;
    const target = this.#find(to.host);
    if (bytes.length > DATAGRAM_PAYLOAD_BYTES_MAX || target === undefined) {
      this.drops++;
      return;
    }
    const { chance, conditions } = this.#world;
    this.#note("sent", this.#machine, bytes);
    if (chance.happens(conditions.datagramLoss)) return;
    const copy = bytes.slice();
    this.#carry(target, to.port, copy);
    if (chance.happens(conditions.datagramEcho)) this.#carry(target, to.port, copy);
  }

  close(): Promise<void> {
    const { mailboxes } = this.#machine;
    const { port } = this.address;
    const mailbox = mailboxes.get(port);
    if (this.#open && mailbox !== undefined) {
      mailbox.handlers.splice(mailbox.handlers.indexOf(this.#handler), 1);
      if (mailbox.handlers.length === 0) mailboxes.delete(port);
    }
    this.#open = false;
    return Promise.resolve();
  }

  #carry(target: Machine, port: number, bytes: Uint8Array): void {
    const { clock, chance } = this.#world;
    // One that was bound to a loopback name is known to others by the name of its machine.
    const from = target === this.#machine ? this.address : { ...this.address, host: this.#machine.name };
    clock.schedule(clock.now() + latencyMs(this.#world, this.#machine, target), () => {
      const mailbox = target.mailboxes.get(port);
      if (mailbox === undefined || !target.running || !this.#machine.reaches(target)) return;
      const { handlers } = mailbox;
      const handler = handlers.length === 1 ? handlers[0] : chance.oneOf(handlers);
      this.#note("arrived", target, bytes);
      const lent = bytes.slice();
      handler?.received(from, lent);
      lent.fill(POISON);
    });
  }

  #note(what: "sent" | "arrived", machine: Machine, bytes: Uint8Array): void {
    const { clock, journal } = this.#world;
    journal.note({ at: clock.now(), host: machine.name, connection: 0, what, bytes });
  }
}
