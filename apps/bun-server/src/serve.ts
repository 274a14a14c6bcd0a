// The main thread of a server: the store, the sockets, the workers, the signals, the files.
//
//     store <- items of -e      main thread is worker 0      threads 1 ... N-1, same store, same ports
//     SIGHUP: all read users and certificates again; refresh_certs: all read certificates
//     SIGUSR1: all listen no more, let clients take their replies, end --> store -> items of -e
//     SIGTERM, SIGINT: the same, but no client is waited for

import process from "node:process";
import { openAdapter } from "@memwire/adapter";
import {
  type Clock,
  type DatagramAddress,
  describeEndpoint,
  drive,
  type Driver,
  type Endpoint,
} from "@memwire/engine";
import {
  endOnSignal,
  endParts,
  type OtherPart,
  type Part,
  inTurn,
  sinkOf,
  StderrLines,
  usageMistake,
  withPermissions,
} from "@memwire/program";
import { takeSignals } from "@memwire/program/hold-signals";
import { type ShutdownMode, WorkerCounters, type WorkerMessage } from "@memwire/server";
import { becomeUser } from "./become-user.ts";
import { type Bound, engineOfTask, type WorkerEngine } from "./engine-of-task.ts";
import { listenFor, waitFor } from "./listen.ts";
import { writePidFile } from "./pid-file.ts";
import { writePortFile } from "./port-file.ts";
import { nodeSharesPorts } from "./shared-ports.ts";
import { storeOfTask } from "./store-of-task.ts";
import { PROGRAM, type Task, WAITING_CHARACTERS_MAX } from "./task.ts";
import { WarmRestart } from "./warm-restart.ts";
import { type MainWorker, Workers } from "./workers.ts";

/**
 * Resolves when it serves.
 *
 * @param script What a worker thread runs: `serveAsWorker`.
 */
export async function serve(task: Task, version: string, script: URL): Promise<void> {
  const adapter = await openAdapter(task.sockets);
  // What there is to end, and to read again, as far as it has begun.
  let own: WorkerEngine | undefined;
  let main: Part | undefined;
  let workers: Workers | undefined;
  const serving: OtherPart = {
    async end(withinMs) {
      const mine = main === undefined ? undefined : endParts([main], adapter.clock, withinMs);
      await Promise.all([mine, workers?.end(withinMs)]);
    },
  };
  const parts = [serving];
  // From now on nobody has to read stderr for the server to go on.
  const sink = inTurn(sinkOf(adapter.runtime));
  const lines = new StderrLines(sink, PROGRAM, WAITING_CHARACTERS_MAX);
  const says = (line: string | undefined): void => {
    if (line !== undefined) lines.say(line);
  };
  const reloadAll = (): void => {
    for (const line of own?.reload() ?? []) says(line);
    workers?.reload();
  };
  // As memcached; but items that are to be kept are kept, whichever signal it is.
  endOnSignal(parts, adapter.clock, { SIGTERM: "at-once", SIGINT: "at-once", SIGUSR1: "gracefully" });
  process.on("SIGHUP", reloadAll);
  for (const signal of takeSignals()) process.emit(signal, signal);
  for (const remark of task.remarks) says(remark);
  // Only now: another user may not be able to read what is still to be loaded.
  if (task.user !== undefined) says(becomeUser(task.user));
  const { network, clock, runtime, title } = adapter;
  const { threads, snapshotFile } = task;
  if (threads > 1 && runtime === "node" && !nodeSharesPorts(process.versions.node)) {
    throw usageMistake(PROGRAM, `-t ${threads} needs Node 22.12 or newer, this is ${process.versions.node}`);
  }
  const store = await storeOfTask(task, adapter, says);
  const counters = threads > 1 ? WorkerCounters.shared(threads) : undefined;
  const bound = { endpoints: [] as Endpoint[], datagrams: [] as DatagramAddress[] };
  const { endpoints, datagrams } = bound;
  const common = { task, startedAt: clock.now(), counters };
  const events = {
    says,
    writes: sink,
    shutdown,
    refreshed: (): void => workers?.refresh(),
    tells: (message: WorkerMessage, to: number | undefined): void => workers?.tell(message, to),
  };
  const ownEngine = engineOfTask(common, adapter, store, 0, bound, events, lines);
  own = ownEngine;
  const { engine } = ownEngine;
  const warmRestart = snapshotFile === undefined ? undefined : new WarmRestart(snapshotFile, store, clock);
  if (warmRestart !== undefined) {
    parts.push(warmRestart);
    lines.write(await warmRestart.read());
  }
  const driver = drive(engine, network, clock);
  // Deno 2.9 cannot share a port for datagrams.
  const sharesDatagrams = threads > 1 && runtime !== "deno";
  await warmRestart?.begins();
  try {
    const listeners = await withPermissions(task.socketMode, () =>
      listenFor(ownEngine, driver, task, task.listen, network),
    );
    main = { engine, driver, listeners };
    endpoints.push(...listeners.map(({ endpoint }) => endpoint));
    const sockets = await waitFor(driver, task.datagrams, sharesDatagrams, network);
    datagrams.push(...sockets.map(({ address }) => address));
  } catch (error) {
    await warmRestart?.isOff();
    throw error;
  }
  await warmRestart?.serves();
  if (threads > 1) {
    const where = {
      listen: task.listen.map((one, i) => ({ ...one, endpoint: endpoints[i] as Endpoint })),
      datagrams: datagrams.map((address) => ({ address })),
      sharesDatagrams,
    };
    workers = new Workers(
      script,
      common,
      store,
      where,
      clock,
      events,
      mainWorker(ownEngine, driver, clock, says),
    );
    try {
      await workers.start();
    } catch (error) {
      await endParts(parts, clock, 0); // its own worker has served, and what it has stored is to be kept
      throw error;
    }
  }
  if (task.pidFile !== undefined) says(writePidFile(task.pidFile));
  const portFile = process.env["MEMCACHED_PORT_FILENAME"];
  if (portFile !== undefined) says(writePortFile(portFile, endpoints, datagrams));
  if (task.verbosity > 0) lines.write(whereOf(version, title, threads, bound));
}

/** What the main thread, a worker itself, does with what other workers tell. */
function mainWorker(
  { engine, refresh }: WorkerEngine,
  driver: Driver,
  clock: Clock,
  says: (line: string | undefined) => void,
): MainWorker {
  return {
    told(worker, message) {
      engine.toldByWorker(worker, message, clock.now());
      driver.wake();
    },
    refreshed: () => says(refresh()),
    lost(worker) {
      engine.forgetWorker(worker, clock.now());
      driver.wake();
    },
  };
}

/**
 * As the signal that says the same, behind the input at hand. It is not sent if somebody listens to it: on SIGUSR1 Deno,
 * from 2.9.2 on, also opens its debugger to everybody on the machine, and a client is not to have it do that.
 */
function shutdown(mode: ShutdownMode): void {
  const signal = mode === "graceful" ? "SIGUSR1" : "SIGTERM";
  setImmediate(() => process.emit(signal, signal) || process.kill(process.pid, signal));
}

function whereOf(version: string, title: string, threads: number, { endpoints, datagrams }: Bound): string {
  const workers = threads > 1 ? `, ${threads} workers,` : "";
  const addresses = [
    ...endpoints.map(describeEndpoint),
    ...datagrams.map(({ host, port }) => `udp ${describeEndpoint({ kind: "tcp", host, port })}`),
  ];
  return `${PROGRAM} ${version} on ${title}${workers} listens on ${addresses.join(", ")}`;
}
