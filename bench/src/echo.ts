// The least that a server on Bun can do: echo.ts PORT WORKERS
//
// It has nothing in store: to a request that comes whole and alone it answers with a value of 100 bytes, or that it was
// stored. For two-workers.ts.
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

interface Socket {
  write(bytes: Uint8Array | string): number;
}

/** Of Bun's own types, which are those of its adapter alone, what is needed here. */
interface Listens {
  listen(options: {
    readonly hostname: string;
    readonly port: number;
    readonly reusePort: boolean;
    readonly socket: { readonly binaryType: "buffer"; data(socket: Socket, request: Buffer): void };
  }): unknown;
}

const { Bun: bun } = globalThis as unknown as { readonly Bun: Listens };
const [port = 0, workers = 1] = isMainThread ? process.argv.slice(2).map(Number) : [Number(workerData)];
const value = "x".repeat(100);
const STORED = Buffer.from("STORED\r\n");
const G = 103;

bun.listen({
  hostname: "127.0.0.1",
  port,
  reusePort: true,
  socket: {
    binaryType: "buffer",
    data(socket, request) {
      if (request[0] !== G) return void socket.write(STORED);
      const key = request.toString("latin1", 4, 16);
      socket.write(`VALUE ${key} ${Number(key.slice(4)) & 0xffff} 100\r\n${value}\r\nEND\r\n`);
    },
  },
});
const another = (): Worker => new Worker(fileURLToPath(import.meta.url), { workerData: port });
if (isMainThread) for (let i = 1; i < workers; i++) another();
