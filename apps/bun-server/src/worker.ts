// A worker thread: an engine of its own on the store and the ports of all.
//
//     started with Orders --> joins the store --> "joined", with its ticket --> listens --> "serves"
//     "reload" --> reads users and certificates again; "refresh" --> certificates alone
//     "end" --> listens no more, lets clients take their replies for so long --> "ended"

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { openAdapter } from "@memwire/adapter";
import { drive, type Millis } from "@memwire/engine";
import { endParts, type Sink, StderrLines } from "@memwire/program";
import type { ShutdownMode, WorkerMessage } from "@memwire/server";
import { type SharedStore, SlabStore } from "@memwire/store";
import { type Common, engineOfTask, type WorkerEvents } from "./engine-of-task.ts";
import { listenFor, waitFor } from "./listen.ts";
import { type Listening, PROGRAM, type Waiting, WAITING_CHARACTERS_MAX } from "./task.ts";

/** What a worker is started with. */
export interface Orders extends Common {
  /** From 1: 0 is the main thread. */
  readonly worker: number;
  readonly store: SharedStore;
  /** As the main thread has bound them. */
  readonly listen: readonly Listening[];
  readonly datagrams: readonly Waiting[];
  /** Whether it waits for datagrams as well; else the main thread alone does. */
  readonly sharesDatagrams: boolean;
}

export type WorkerWord =
  | { readonly kind: "joined"; readonly ticket: number }
  | { readonly kind: "serves" | "refreshed" | "ended" }
  /** A client has asked for the end. */
  | { readonly kind: "shutdown"; readonly mode: ShutdownMode }
  /** For another worker, or all others. */
  | { readonly kind: "tells"; readonly message: WorkerMessage; readonly to: number | undefined }
  /** For stderr: nothing more is said until the main thread has "written" that. */
  | { readonly kind: "says"; readonly text: string };

export type MainWord =
  | { readonly kind: "reload" | "refresh" | "written" }
  | { readonly kind: "end"; readonly withinMs: Millis }
  /** Another worker tells something, or is dead. */
  | { readonly kind: "told"; readonly worker: number; readonly message: WorkerMessage }
  | { readonly kind: "lost"; readonly worker: number };

/** Serves in a worker thread until it is told to end. What it throws ends the thread. */
export async function serveAsWorker(): Promise<void> {
  const orders = workerData as Orders;
  const adapter = await openAdapter(orders.task.sockets);
  const { network, clock, copyBytes } = adapter;
  const store = SlabStore.join(orders.store, { copyBytes });
  tell({ kind: "joined", ticket: store.ticket });
  const bound = {
    endpoints: orders.listen.map(({ endpoint }) => endpoint),
    datagrams: orders.datagrams.map(({ address }) => address),
  };
  const events: WorkerEvents = {
    shutdown: (mode) => tell({ kind: "shutdown", mode }),
    refreshed: () => tell({ kind: "refreshed" }),
    tells: (message, to) => tell({ kind: "tells", message, to }),
  };
  const nothing = (): void => {};
  let written: () => void = nothing;
  const sink: Sink = (text, done) => {
    written = done;
    tell({ kind: "says", text });
  };
  const lines = new StderrLines(sink, PROGRAM, WAITING_CHARACTERS_MAX);
  const own = engineOfTask(orders, adapter, store, orders.worker, bound, events, lines);
  const { engine } = own;
  const driver = drive(engine, network, clock);
  const listeners = await listenFor(own, driver, orders.task, orders.listen);
  if (orders.sharesDatagrams) await waitFor(driver, orders.datagrams, true);
  const end = async (withinMs: Millis): Promise<void> => {
    await endParts([{ engine, driver, listeners }], clock, withinMs);
    store.leave();
    tell({ kind: "ended" });
  };
  parentPort?.on("message", (word: MainWord) => {
    switch (word.kind) {
      case "reload":
        // The main thread has read the same, and says what is wrong with it.
        own.reload();
        return;
      case "refresh":
        own.refresh();
        return;
      case "written": {
        const done = written;
        written = nothing; // one that is new may hear of what the one before it wrote
        return done();
      }
      case "told":
        engine.toldByWorker(word.worker, word.message, clock.now());
        return driver.wake();
      case "lost":
        engine.forgetWorker(word.worker, clock.now());
        return driver.wake();
      case "end":
        return void end(word.withinMs);
    }
  });
  tell({ kind: "serves" });
}

function tell(word: WorkerWord): void {
  if (parentPort === null) throw new Error(`a worker runs in a thread, not as process ${process.pid}`);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's
  parentPort.postMessage(word);
}
