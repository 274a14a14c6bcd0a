// One server under comparison, asked in the binary protocol; cas uniques are told by number.

import {
  BinaryReplyDecoder,
  type BinaryReply,
  type BinaryRequest,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  writeBinaryRequest,
} from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import { bin } from "../../codec/test/binary-wire.ts";
import type { ServerHarness } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { type Asked, COMMON } from "./binary-commands.ts";
import { CasUniques } from "./cas-uniques.ts";
import { NEVER_GIVEN } from "./meta-requests.ts";

const END_OPAQUE = 0xe4d0_0e4d;

export class BinarySide {
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
  async ask(requests: readonly Asked[]): Promise<readonly unknown[]> {
    const out = new SendBuffer();
    for (const [i, { request, cas }] of requests.entries()) {
      writeBinaryRequest(out, { ...request, opaque: i, cas: this.#casOf(request, cas) });
    }
    writeBinaryRequest(out, { ...COMMON, opcode: "noop", opaque: END_OPAQUE });
    this.#client.send(out.take());
    const replies: BinaryReply[] = [];
    const decoder = new BinaryReplyDecoder();
    await this.#until(() => {
      if (this.#client.isOver) throw new Error("the server closed the connection");
      decoder.receive(latin1Bytes(this.#client.take()));
      let found = decoder.next();
      for (; found === "reply"; found = decoder.next()) replies.push(decoder.snapshot());
      if (found === "fatal") throw new Error(`${decoder.fault} where a reply was due`);
      return replies.at(-1)?.opaque === END_OPAQUE;
    }, "all replies");
    return replies.map((reply) => {
      const asked = requests[reply.opaque];
      if (asked !== undefined && "key" in asked.request && reply.cas !== 0n) {
        this.#uniques.told(latin1Text(asked.request.key), reply.cas.toString());
      }
      return {
        ...reply,
        cas: reply.cas === 0n ? 0 : this.#uniques.number(reply.cas.toString()),
        key: latin1Text(reply.key),
        value: latin1Text(reply.value),
      };
    });
  }

  /** Sends bytes, and answers what came back until the server closed, or for as long as it takes to answer another. */
  async say(bytes: Uint8Array): Promise<string> {
    const noop = bin("80 0a 0000 00 00 0000 00000000 99999999 0000000000000000");
    const end = latin1Text(bin("81 0a 0000 00 00 0000 00000000 99999999 0000000000000000"));
    this.#client.send(bytes);
    this.#client.send(noop);
    await this.#until(() => this.#client.isOver || this.#client.peek().endsWith(end), "an answer");
    return `${this.#client.take()}${this.#client.isOver ? ", closed" : ""}`;
  }

  close(): void {
    this.#client.close();
  }

  #casOf(request: BinaryRequest, cas: Asked["cas"]): bigint {
    if (cas === "none" || !("key" in request)) return 0n;
    const last = cas === "last" ? this.#uniques.last(latin1Text(request.key)) : undefined;
    return BigInt(last ?? NEVER_GIVEN);
  }
}
