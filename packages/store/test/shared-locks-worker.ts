// A thread that uses locks, as its order says: shared-locks-threads.test.ts.

import process from "node:process";
import { workerData } from "node:worker_threads";
import { chances, Memory, type Order, SPARE } from "./shared-locks-memory.ts";

const { buffer, role, slot, steps, diesWith, patience } = workerData as Order;
const die = (): never => process.exit(0);
const memory = new Memory(buffer);
const locks = memory.locks(patience, role === "die-recovering" ? die : undefined);
locks.join();
Atomics.store(memory.tickets, slot, locks.ticket);

switch (role) {
  case "step": {
    const chance = chances(slot);
    for (let step = 0; step < steps && !memory.stopped; step++) memory.step(locks, slot, chance());
    while (diesWith !== undefined) {
      memory.step(locks, slot, chance(), (inHand) => {
        if (inHand === diesWith) die();
      });
    }
    break;
  }
  case "hold":
    locks.lock(SPARE);
    die();
    break;
  case "hold-slowly": {
    const asleep = new Int32Array(new SharedArrayBuffer(4));
    for (let step = 0; step < steps; step++) {
      locks.lock(SPARE);
      Atomics.wait(asleep, 0, 0, 50);
      locks.unlock(SPARE);
    }
    break;
  }
  case "die-recovering":
    locks.lock(SPARE);
    break;
}
locks.leave();
