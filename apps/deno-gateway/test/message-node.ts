// A message store as the gateway's streams want them: `get topic` hands out the next message, each once.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class MessageNode implements AsyncDisposable {
  /** Messages that were handed out. */
  handedOut = 0;
  /** Commands that were asked, and when the last one was. */
  asked = 0;
  lastAskedAt = 0;
  /** The most that were asked and not answered, at a time. */
  inFlightMost = 0;
  /** Anything that was no `get` of one key. */
  readonly odd: string[] = [];
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();
  readonly #messages: (index: number) => string | undefined;
  readonly #delayMs: () => number;
  #next = 0;
  #inFlight = 0;

  private constructor(messages: (index: number) => string | undefined, delayMs: () => number) {
    this.#messages = messages;
    this.#delayMs = delayMs;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /**
   * @param messages Message number `index`, or nothing if there is none yet.
   * @param delayMs How long an answer takes.
   */
  static async start(
    messages: (index: number) => string | undefined,
    delayMs: () => number = () => 0,
  ): Promise<MessageNode> {
    const node = new MessageNode(messages, delayMs);
    node.#server.listen(0, "127.0.0.1");
    await once(node.#server, "listening");
    return node;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    let rest = "";
    socket.setEncoding("latin1").on("data", (text: unknown) => {
      rest += String(text);
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        this.#answer(socket, rest.slice(0, end + 1));
        rest = rest.slice(end + 1);
      }
    });
  }

  #answer(socket: Socket, line: string): void {
    this.asked++;
    this.lastAskedAt = performance.now();
    this.inFlightMost = Math.max(this.inFlightMost, ++this.#inFlight);
    const [, topic] = /^get ([!-~]+)\r\n$/.exec(line) ?? [];
    if (topic === undefined) this.odd.push(line);
    const delayMs = this.#delayMs();
    const answer = (): void => {
      this.#inFlight--;
      if (socket.destroyed) return;
      const message = this.#messages(this.#next);
      if (message === undefined) {
        socket.write("END\r\n");
        return;
      }
      this.#next++;
      this.handedOut++;
      const value = Buffer.from(message);
      socket.write(`VALUE ${topic} 0 ${value.length}\r\n${value.toString("latin1")}\r\nEND\r\n`, "latin1");
    };
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  }
}
