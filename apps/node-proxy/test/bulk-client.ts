// One end of a connection that sends large values and compares those that it takes, piece by piece, with what they are
// to be. It reads when it is asked to, and no further: who does not ask is a slow reader.

import { connect, type Socket } from "node:net";
import { describeEndpoint, type Endpoint } from "@memwire/engine";

export class BulkClient implements Disposable {
  readonly #socket: Socket;
  readonly #pieces: AsyncIterator<Buffer>;
  #unread: Buffer = Buffer.alloc(0);

  /** @param socket Of which nothing was read. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#pieces = socket[Symbol.asyncIterator]();
    socket.on("error", () => {}); // whoever reads hears of it
  }

  /** @throws Error if nobody listens there */
  static connect(endpoint: Endpoint): Promise<BulkClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
      socket.once("error", (cause) => {
        reject(new Error(`no connection to ${describeEndpoint(endpoint)}: ${cause.message}`, { cause }));
      });
      socket.once("connect", () => resolve(new BulkClient(socket)));
    });
  }

  send(...pieces: readonly (string | Uint8Array)[]): void {
    for (const piece of pieces) this.#socket.write(piece, "latin1");
  }

  /** Takes a line. @returns it without its end */
  async line(): Promise<string> {
    let end = this.#unread.indexOf("\n");
    for (; end < 0; end = this.#unread.indexOf("\n")) await this.#more();
    return this.#take(end + 1)
      .toString("latin1")
      .trimEnd();
  }

  /** Takes so many bytes: a few. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#unread.length < count) await this.#more();
    return this.#take(count);
  }

  /** Takes as many bytes as there are to be. @throws Error if they are others, or do not come */
  async value(expected: Buffer): Promise<void> {
    for (let at = 0; at < expected.length;) {
      if (this.#unread.length === 0) await this.#more();
      const piece = this.#take(Math.min(this.#unread.length, expected.length - at));
      if (piece.compare(expected, at, at + piece.length) !== 0) {
        throw new Error(`other bytes than expected between ${at} and ${at + piece.length}`);
      }
      at += piece.length;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(count: number): Buffer {
    const taken = this.#unread.subarray(0, count);
    this.#unread = this.#unread.subarray(count);
    return taken;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#pieces.next();
    if (done === true) throw new Error("the other end closed the connection");
    this.#unread = this.#unread.length === 0 ? value : Buffer.concat([this.#unread, value]);
  }
}
