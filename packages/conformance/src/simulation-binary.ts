// Random requests of a simulated client that speaks the binary protocol, to keys that are the client's own.
//
// Every reply has its cas number left out when it is compared: servers give out different ones.

import type { Chance } from "@memwire/adapter-memory";
import { type BinaryRequest, latin1Bytes, latin1Text, SendBuffer, writeBinaryRequest } from "@memwire/codec";
import { KeyNames } from "./simulation-keys.ts";
import type { Request, Requests } from "./simulation-requests.ts";

const HEADER_BYTES = 24;
const VALUE_BYTES_MAX = 1_000;
const NO_SUCH_CAS = 0xffff_ffff_ffff_ffffn;

const COMMANDS = [
  ...(["get", "get", "getk", "set", "set", "set", "add", "replace", "append", "prepend"] as const),
  ...(["delete", "incr", "decr", "touch", "gat", "gatk", "noop", "version"] as const),
] as const;

/** Those of which one end is not answered. Only where nothing may fail: an error of theirs is an answer. */
const QUIET = ["getq", "getkq", "setq", "addq", "deleteq", "incrq", "gatq"] as const;

export class BinaryRequests implements Requests {
  readonly #chance: Chance;
  readonly #keys: KeyNames;
  #opaque = 0;

  constructor(chance: Chance, client: string) {
    this.#chance = chance;
    this.#keys = new KeyNames(chance, client);
  }

  giveUp(key: string): void {
    this.#keys.giveUp(key);
  }

  giveUpAll(): void {
    this.#keys.giveUpAll();
  }

  seen(): void {}

  next(mayFail: boolean): Request {
    const chance = this.#chance;
    const name = chance.oneOf(this.#keys.names);
    const opcode = !mayFail && chance.happens(0.2) ? chance.oneOf(QUIET) : chance.oneOf(COMMANDS);
    const request = this.#request(opcode, latin1Bytes(name));
    const out = new SendBuffer();
    writeBinaryRequest(out, request);
    const text = latin1Text(out.take());
    const isBare = opcode === "noop" || opcode === "version";
    const changes = !isBare && !opcode.startsWith("get");
    return { text, referenceText: text, keys: isBare ? [] : [name], answer: "binary", changes };
  }

  #request(opcode: (typeof COMMANDS | typeof QUIET)[number], key: Uint8Array): BinaryRequest {
    const chance = this.#chance;
    const cas = chance.happens(0.05) ? NO_SUCH_CAS : 0n;
    const common = { opaque: ++this.#opaque, cas, vbucket: 0 };
    const exptime = chance.oneOf([0, 0, 3_600]);
    switch (opcode) {
      case "noop":
      case "version":
        return { ...common, cas: 0n, opcode };
      case "get":
      case "getk":
      case "getq":
      case "getkq":
        return { ...common, cas: 0n, opcode, key };
      case "delete":
      case "deleteq":
        return { ...common, opcode, key };
      case "set":
      case "setq":
      case "add":
      case "addq":
      case "replace":
        return { ...common, opcode, key, flags: chance.uint32(), exptime, value: this.#value() };
      case "append":
      case "prepend":
        return { ...common, opcode, key, value: this.#value() };
      case "incr":
      case "incrq":
      case "decr":
        return { ...common, opcode, key, delta: BigInt(chance.below(1_000)), initial: 7n, exptime: 0 };
      default:
        return { ...common, cas: 0n, opcode, key, exptime };
    }
  }

  #value(): Uint8Array {
    if (this.#chance.happens(0.3)) return latin1Bytes(String(this.#chance.uint32()));
    return Uint8Array.from({ length: this.#chance.skewed([0, VALUE_BYTES_MAX]) }, () =>
      this.#chance.below(256),
    );
  }
}

/** How many characters the first reply takes in `text`; 0 if it is not all there. */
export function binaryReplyLength(text: string): number {
  if (text.length < HEADER_BYTES) return 0;
  const length = HEADER_BYTES + uint32At(text, 8);
  return text.length < length ? 0 : length;
}

/** The same but for its cas number. */
export function withoutCas(reply: string): string {
  return reply.slice(0, 16) + reply.slice(HEADER_BYTES);
}

export const binaryStatusOf = (reply: string): number => uint32At(reply, 4) & 0xffff;
export const opaqueOf = (message: string): number => uint32At(message, 12);

function uint32At(text: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) value = value * 256 + text.charCodeAt(i);
  return value;
}
