// Nodes that hand each message out once, and watch how they are asked.

import { ClientError, type CallOptions, type Item } from "@memwire/client";
import { bytesOf } from "./memory-client.ts";

/** How a node answers a call: at once, or when the test says so. */
export type Delay = (answer: () => void) => void;

export class MessageNodes {
  readonly names: readonly string[];
  /** Messages that are left, the next one first. */
  readonly queues: (string | Uint8Array)[][];
  readonly asked: number[];
  readonly handedOut: number[];
  /** What the client has read, to be kept by the test. */
  readonly received: number[];
  /** Nodes that answer with this error. */
  readonly failures: Map<number, Error> = new Map();
  /** What was asked in a way that it must not be. */
  readonly violations: string[] = [];
  readonly #isInFlight: boolean[];
  readonly #delay: Delay;

  constructor(queues: readonly (readonly (string | Uint8Array)[])[], delay: Delay = (answer) => answer()) {
    this.names = queues.map((_, i) => `node-${i}`);
    this.queues = queues.map((queue) => [...queue]);
    this.asked = queues.map(() => 0);
    this.handedOut = queues.map(() => 0);
    this.received = queues.map(() => 0);
    this.#isInFlight = queues.map(() => false);
    this.#delay = delay;
  }

  /** For `MemoryClient.node`. */
  readonly answer = (
    server: number,
    _key: string,
    { signal }: CallOptions = {},
  ): Promise<Item | undefined> => {
    this.#check(server, signal?.aborted === true);
    (this.asked[server] as number)++;
    this.#isInFlight[server] = true;
    const failure = this.failures.get(server);
    const message = failure === undefined ? this.queues[server]?.shift() : undefined;
    if (message !== undefined) (this.handedOut[server] as number)++;
    return new Promise((resolve, reject) => {
      const over = (settle: () => void): void => {
        signal?.removeEventListener("abort", aborted);
        this.#isInFlight[server] = false;
        settle();
      };
      const aborted = (): void =>
        over(() => reject(new ClientError("aborted", this.names[server] ?? "", "given up")));
      signal?.addEventListener("abort", aborted);
      const item = message === undefined ? undefined : { value: bytesOf(message), flags: 0 };
      this.#delay(() => over(() => (failure === undefined ? resolve(item) : reject(failure))));
    });
  };

  #check(server: number, isAborted: boolean): void {
    if (isAborted) this.violations.push(`node ${server} was asked after the client had gone`);
    if (this.#isInFlight[server] as boolean) this.violations.push(`node ${server} was asked twice at a time`);
    const untaken = (this.handedOut[server] as number) - (this.received[server] as number);
    if (untaken > 0) {
      this.violations.push(`node ${server} was asked while ${untaken} of its messages were not taken`);
    }
  }
}
