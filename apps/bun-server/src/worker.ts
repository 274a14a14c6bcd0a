// A worker thread: an engine of its own on the store and the ports of all.
//
//     started with Orders --> joins the store --> "joined", with its ticket --> listens --> "serves"
//     "reload" --> reads users again
//     "end" --> listens no more, lets clients take their replies --> "ended"

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { openAdapter } from "@memwire/adapter";
import { drive, type Endpoint, type Listener } from "@memwire/engine";
import { endParts } from "@memwire/program";
import type { ShutdownMode } from "@memwire/server";
import { type SharedStore, SlabStore } from "@memwire/store";
import { type Common, engineOfTask } from "./engine-of-task.ts";
import { listenOptionsOf } from "./listen.ts";

/** What a worker is started with. */
export interface Orders extends Common {
  /** From 1: 0 is the main thread. */
  readonly worker: number;
  readonly store: SharedStore;
  /** As the main thread has bound them. */
  readonly endpoints: readonly Endpoint[];
}

export type WorkerWord =
  | { readonly kind: "joined"; readonly ticket: number }
  | { readonly kind: "serves" | "ended" }
  /** A client has asked for the end. */
  | { readonly kind: "shutdown"; readonly mode: ShutdownMode }
  /** For stderr. */
  | { readonly kind: "says"; readonly line: string };

export interface MainWord {
  readonly kind: "end" | "reload";
}

/** Serves in a worker thread until it is told to end. What it throws ends the thread. */
export async function serveAsWorker(): Promise<void> {
  const orders = workerData as Orders;
  const store = SlabStore.join(orders.store);
  tell({ kind: "joined", ticket: store.ticket });
  const { network, clock } = await openAdapter();
  const { engine, reload } = engineOfTask(
    orders,
    store,
    orders.worker,
    orders.endpoints,
    (line) => tell({ kind: "says", line }),
    (mode) => tell({ kind: "shutdown", mode }),
  );
  const driver = drive(engine, network, clock);
  const listeners: Listener[] = [];
  for (const endpoint of orders.endpoints) {
    engine.listening(listeners.length, endpoint);
    listeners.push(await driver.listen(endpoint, listenOptionsOf(orders.task, endpoint)));
  }
  const end = async (): Promise<void> => {
    await endParts([{ engine, driver, listeners }], clock);
    store.leave();
    tell({ kind: "ended" });
  };
  parentPort?.on("message", ({ kind }: MainWord) => {
    // The main thread has read the same, and says what is wrong with it.
    if (kind === "reload") reload();
    else void end();
  });
  tell({ kind: "serves" });
}

function tell(word: WorkerWord): void {
  if (parentPort === null) throw new Error(`a worker runs in a thread, not as process ${process.pid}`);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's
  parentPort.postMessage(word);
}
