// What a simulation can make go wrong, and set right again.

import type { Millis } from "@memwire/engine";
import type { Admission, Machine } from "./machine.ts";
import type { Socket } from "./socket.ts";
import type { World } from "./world.ts";

/** Names are those of `Simulation.host`; a host that does not exist is a `RangeError`. */
export interface Faults {
  /** Both ends of each connection of this host, or only of those with `peer`, are reset; returns how many. */
  reset(host: string, peer?: string): number;
  /** Resets one connection of the network, drawn by chance; `false` if there is none. */
  resetOne(): boolean;
  /** Nothing gets through between two hosts; connections stay, and go on after `heal`. */
  partition(one: string, other: string): void;
  heal(one: string, other: string): void;
  /**
   * The host is gone without a word, as when its power is cut: its own ends are closed ("reset"), its peers hear
   * nothing until they send, and connects to it stay unanswered.
   */
  vanish(host: string): void;
  /** The host is back, listening as before; it knows nothing of its old connections and resets them. */
  restore(host: string): void;
  /** The host's processes are killed: its connections end or are reset, connects to it are refused. */
  stop(host: string): void;
  /** The host listens again as before. */
  start(host: string): void;
  /** What becomes of connects to the host from now on. */
  connects(host: string, admission: Admission): void;
  /** The host's readers take at most `readBytes` at once, and that only every `everyMs`. */
  slowReaders(host: string, readBytes: number, everyMs: Millis): void;
  /** Everything to and from the host takes this much longer. */
  lag(host: string, ms: Millis): void;
  /** Ends every fault there is. Connections that are lost stay lost. */
  healAll(): void;
}

export function faultsOf(world: World): Faults {
  const { machines } = world;
  const machine = (name: string): Machine => {
    const found = machines.get(name);
    if (found === undefined) throw new RangeError(`no host is called "${name}"`);
    return found;
  };
  return {
    reset(host, peer) {
      const other = peer === undefined ? undefined : machine(peer);
      const hit = connectionsOf(machine(host)).filter(
        (end) => other === undefined || end.peer.machine === other,
      );
      for (const end of hit) end.reset();
      return hit.length;
    },
    resetOne() {
      const ends = [...machines.values()].flatMap((each) => [...each.sockets]);
      if (ends.length === 0) return false;
      world.chance.oneOf(ends).reset();
      return true;
    },
    partition(one, other) {
      machine(one).cutFrom.add(machine(other));
      machine(other).cutFrom.add(machine(one));
    },
    heal(one, other) {
      machine(one).cutFrom.delete(machine(other));
      machine(other).cutFrom.delete(machine(one));
    },
    vanish(host) {
      machine(host).powered = false;
      for (const end of machine(host).sockets) end.vanish();
    },
    restore(host) {
      machine(host).powered = true;
    },
    stop(host) {
      machine(host).running = false;
      for (const end of machine(host).sockets) end.kill();
    },
    start(host) {
      machine(host).running = true;
    },
    connects(host, admission) {
      machine(host).admission = admission;
    },
    slowReaders(host, readBytes, everyMs) {
      if (!Number.isInteger(readBytes) || readBytes < 1) {
        throw new RangeError(`readBytes must be a whole number from 1, got ${readBytes}`);
      }
      machine(host).readBytesMax = readBytes;
      machine(host).readEveryMs = everyMs;
    },
    lag(host, ms) {
      machine(host).lagMs = ms;
    },
    healAll() {
      for (const each of machines.values()) each.mend();
    },
  };
}

/** One end of each connection; of those within the host only the first. */
function connectionsOf(host: Machine): Socket[] {
  const seen = new Set<number>();
  return [...host.sockets].filter(({ connection }) => !seen.has(connection) && seen.add(connection));
}
