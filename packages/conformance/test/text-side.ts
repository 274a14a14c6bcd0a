// One server under comparison, asked in the text protocol; cas uniques are told by number.

import { Buffer } from "node:buffer";
import type { Endpoint } from "@memwire/engine";
import type { ServerHarness } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { CasUniques } from "./cas-uniques.ts";
import { type Asked, NEVER_GIVEN, normalised } from "./meta-requests.ts";

export class TextSide {
  readonly #client: WireClient;
  readonly #until: ServerHarness["until"];
  readonly #uniques: CasUniques;

  constructor(
    { network, until }: Pick<ServerHarness, "network" | "until">,
    endpoint: Endpoint,
    uniques: CasUniques = new CasUniques(),
  ) {
    this.#client = WireClient.connect(network, endpoint);
    this.#until = until;
    this.#uniques = uniques;
  }

  /** Sends the requests in one write and answers all replies. */
  async ask(requests: readonly Asked[]): Promise<string> {
    const wire = requests.map((request) =>
      request.wire.replace(/^(cas \S+ 7 0 \d+ |m.*? C)%/, (_, line: string) => {
        return `${line}${this.#uniques.last(request.key) ?? NEVER_GIVEN}`;
      }),
    );
    this.#client.send(`${wire.join("")}version\r\n`);
    const whole = /VERSION [^\r\n]*\r\n$/;
    let seenBytes = 0;
    await this.#until(() => {
      if (this.#client.isOver) throw new Error("the server closed the connection");
      const receivedBytes = this.#client.receivedBytes;
      if (receivedBytes === seenBytes) return false;
      seenBytes = receivedBytes;
      return whole.test(this.#client.peek());
    }, "all replies");
    return normalised(this.#client.take().replace(whole, ""))
      .replace(/^VALUE (\S+) (\d+) (\d+) (\d+)\r$/gm, (...groups) => {
        const [, key, flags, bytes, cas] = groups as string[];
        this.#uniques.told(key as string, cas as string);
        return `VALUE ${key} ${flags} ${bytes} cas ${this.#uniques.number(cas as string)}\r`;
      })
      .replace(/^(?:HD|VA \d+|ME \S+) .*\r$/gm, (line) => this.#withNumber(line));
  }

  close(): void {
    this.#client.close();
  }

  #withNumber(line: string): string {
    const [, key = "", inBase64 = ""] = / k(\S+)( b)?/.exec(line) ?? [];
    const name = inBase64 === "" ? key : Buffer.from(key, "base64").toString("latin1");
    return line.replace(/ (c|cas=)(\d+)/, (_, flag: string, cas: string) => {
      if (name !== "") this.#uniques.told(name, cas);
      return ` ${flag}${this.#uniques.number(cas)}`;
    });
  }
}
