// One connection to a memcached that speaks classic, meta or binary, and what is asked and answered on it as values.

import { connect, type Socket } from "node:net";
import {
  BinaryReplyDecoder,
  latin1Text,
  SendBuffer,
  TextReplyDecoder,
  writeBinaryRequest,
  writeRequest,
  type BinaryReply,
  type BinaryRequest,
  type MetaRequest,
  type TextReply,
  type ClassicRequest,
} from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";

/** The opaque of what comes behind a quiet request. */
const LAST = 0x7fff_ffff;

/** Asks one request at a time; text and binary on connections of their own. */
export class Dialogue implements Disposable {
  readonly #text: Half<TextReply>;
  readonly #binary: Half<BinaryReply>;

  private constructor(text: Half<TextReply>, binary: Half<BinaryReply>) {
    this.#text = text;
    this.#binary = binary;
  }

  static async connect(endpoint: Endpoint): Promise<Dialogue> {
    const text = new TextReplyDecoder();
    const binary = new BinaryReplyDecoder();
    return new Dialogue(
      new Half(await opened(endpoint), text, () => text.snapshot()),
      new Half(await opened(endpoint), binary, () => binary.snapshot()),
    );
  }

  /** All replies up to the one that ends the answer. */
  classic(request: ClassicRequest): Promise<TextReply[]> {
    const out = new SendBuffer();
    writeRequest(out, request);
    if ("noreply" in request && request.noreply) {
      this.#text.send(out.take());
      return Promise.resolve([]);
    }
    const goesOn = ({ kind }: TextReply): boolean => kind === "value" || kind === "stat";
    return this.#text.ask(out.take(), goesOn);
  }

  meta(request: MetaRequest): Promise<TextReply[]> {
    const out = new SendBuffer();
    writeRequest(out, request);
    return this.#text.ask(out.take(), () => false);
  }

  binary(request: BinaryRequest): Promise<BinaryReply[]> {
    const out = new SendBuffer();
    writeBinaryRequest(out, request);
    return this.#binary.ask(out.take(), ({ key }) => request.opcode === "stat" && key.length > 0);
  }

  /** What a request that may be quiet is answered: all that comes before the answer to the `mn` behind it. */
  async quietMeta(request: MetaRequest): Promise<TextReply[]> {
    const out = new SendBuffer();
    writeRequest(out, request);
    out.latin1("mn\r\n");
    const replies = await this.#text.ask(out.take(), ({ kind }) => kind !== "mn");
    return replies.slice(0, -1);
  }

  /** The same of text requests that are bytes already. */
  async quietBytes(requests: Uint8Array): Promise<TextReply[]> {
    const out = new SendBuffer();
    out.copy(requests, 0, requests.length);
    out.latin1("mn\r\n");
    const replies = await this.#text.ask(out.take(), ({ kind }) => kind !== "mn");
    return replies.slice(0, -1);
  }

  /** What a quiet request is answered, with a `noop` behind it. */
  async quietBinary(request: BinaryRequest): Promise<BinaryReply[]> {
    const out = new SendBuffer();
    writeBinaryRequest(out, request);
    writeBinaryRequest(out, { opcode: "noop", opaque: LAST, vbucket: 0, cas: 0n });
    const replies = await this.#binary.ask(out.take(), ({ opaque }) => opaque !== LAST);
    return replies.slice(0, -1);
  }

  [Symbol.dispose](): void {
    this.#text.destroy();
    this.#binary.destroy();
  }
}

interface Decoder {
  receive(chunk: Uint8Array): void;
  next(): string;
}

class Half<Reply> {
  readonly #socket: Socket;
  readonly #replies: Reply[] = [];
  #failure: Error | undefined;
  #heard: () => void = () => {};

  constructor(socket: Socket, decoder: Decoder, snapshot: () => Reply) {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array) => {
      decoder.receive(chunk);
      for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
        if (found !== "reply")
          return this.#fail(
            new Error(
              `${found} in what memcached answered: ${latin1Text(chunk, 0, Math.min(chunk.length, 200))}`,
            ),
          );
        this.#replies.push(snapshot());
      }
      this.#heard();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.once("close", () => this.#fail(new Error("memcached closed the connection")));
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** @param goesOn Whether another reply belongs to the answer after this one. */
  async ask(bytes: Uint8Array, goesOn: (reply: Reply) => boolean): Promise<Reply[]> {
    this.send(bytes);
    const answer: Reply[] = [];
    for (;;) {
      const reply = this.#replies.shift();
      if (reply === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        await new Promise<void>((resolve) => (this.#heard = resolve));
        continue;
      }
      answer.push(reply);
      if (!goesOn(reply)) return answer;
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#heard();
  }
}

function opened(endpoint: Endpoint): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
    socket.setNoDelay(true);
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}
