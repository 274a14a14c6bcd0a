// Random requests of one client that speaks text: well formed and not, to keys that are the client's own.

import type { Chance } from "@memwire/adapter-memory";
import { KEY_BYTES_MAX, KeyNames } from "./simulation-keys.ts";
import { metaRequest } from "./simulation-meta.ts";

/** A request, one character a byte. */
export interface Request {
  readonly text: string;
  /** The same request for a server that gives out other cas numbers. */
  readonly referenceText: string;
  readonly keys: readonly string[];
  /**
   * `values`: any number of values and a line; `lines`: as many lines as the reference answers; `meta`, `binary`: one
   * reply of that kind.
   */
  readonly answer: "values" | "lines" | "meta" | "binary";
  /** Whether it may change what is stored. */
  readonly changes: boolean;
}

/** Where a client has its requests from. */
export interface Requests {
  /** @param mayFail Then there is none of which a failure is told and everything else is not. */
  next(mayFail: boolean): Request;
  /** What is stored under a key cannot be known any more. */
  giveUp(key: string): void;
  giveUpAll(): void;
  /** The cas numbers of an item as it was just seen. */
  seen(key: string, cas: CasPair): void;
}

/** The cas numbers of one version of an item, at the cluster and at the reference. */
export interface CasPair {
  readonly cluster: string;
  readonly reference: string;
}

const VALUE_BYTES_MAX = 1_000;
const EXPTIMES = ["0", "0", "0", "3600", "-1"] as const; // never close to a moment that goes by
const NO_SUCH_CAS: CasPair = { cluster: "18446744073709551615", reference: "18446744073709551615" };

const COMMANDS = [
  ...Array.from({ length: 6 }, () => "get" as const),
  ...Array.from({ length: 5 }, () => "set" as const),
  ...([
    "gets",
    "gets",
    "gat",
    "gats",
    "add",
    "replace",
    "append",
    "prepend",
    "cas",
    "cas",
    "delete",
  ] as const),
  ...(["incr", "incr", "decr", "touch", "other"] as const),
  ...Array.from({ length: 6 }, () => "meta" as const),
];

/** Answered by whoever reads it, without a look at what is stored. */
const OTHERS = [
  "version\r\n",
  "verbosity 1\r\n",
  "nonsense\r\n",
  "get\r\n",
  "set a b c d\r\n",
  "incr onlykey\r\n",
  "touch key notanumber\r\n",
  "delete key 5\r\n",
  "add key 0 0 3\r\ntoolong\r\n",
  "verbosity 1 noreply\r\n",
  "quit\r\n",
  `get ${"k".repeat(KEY_BYTES_MAX + 1)}\r\n`,
] as const;

export class TextRequests implements Requests {
  readonly #chance: Chance;
  readonly #keys: KeyNames;
  readonly #cas: Map<string, CasPair> = new Map();
  readonly #noise: string;
  readonly #isSayable: boolean;

  /**
   * @param client Part of every key: no two clients share one.
   * @param isSayable Only what can be said in binary is asked.
   */
  constructor(chance: Chance, client: string, isSayable: boolean) {
    this.#chance = chance;
    this.#isSayable = isSayable;
    this.#keys = new KeyNames(chance, client);
    this.#noise = String.fromCharCode(
      ...Array.from({ length: 2 * VALUE_BYTES_MAX }, () => chance.below(256)),
    );
  }

  giveUp(key: string): void {
    this.#keys.giveUp(key);
  }

  giveUpAll(): void {
    this.#keys.giveUpAll();
  }

  seen(key: string, cas: CasPair): void {
    this.#cas.set(key, cas);
  }

  next(mayFail: boolean): Request {
    const chance = this.#chance;
    const command = chance.oneOf(COMMANDS);
    switch (command) {
      case "get":
      case "gets":
        return this.#retrieval(command);
      case "gat":
      case "gats":
        return this.#retrieval(`${command} ${chance.oneOf(EXPTIMES)}`);
      case "delete":
        return this.#change(command, "");
      case "touch":
        return this.#change(command, ` ${chance.oneOf(EXPTIMES)}`);
      case "incr":
      case "decr":
        return this.#change(command, ` ${chance.happens(0.9) ? chance.below(1_000) : "notanumber"}`);
      case "meta":
        return metaRequest(chance, chance.oneOf(this.#keys.names), this.#value(), !mayFail, this.#isSayable);
      case "other":
        return other(chance.oneOf(OTHERS));
      default:
        return this.#storage(command);
    }
  }

  #retrieval(command: string): Request {
    const count = this.#chance.skewed([1, this.#keys.names.length]);
    const keys = Array.from({ length: count }, () => this.#chance.oneOf(this.#keys.names));
    const text = `${command} ${keys.join(" ")}\r\n`;
    return { text, referenceText: text, keys, answer: "values", changes: command.startsWith("gat") };
  }

  #storage(command: string): Request {
    const chance = this.#chance;
    const key = chance.oneOf(this.#keys.names);
    const value = this.#value();
    const quiet = chance.happens(0.1);
    const cas = chance.happens(0.9) ? (this.#cas.get(key) ?? NO_SUCH_CAS) : NO_SUCH_CAS;
    const head = `${command} ${key} ${chance.uint32()} ${chance.oneOf(EXPTIMES)} ${value.length}`;
    const tail = `${quiet ? " noreply" : ""}\r\n${value}\r\n`;
    const withCas = (number: string): string => head + (command === "cas" ? ` ${number}` : "") + tail;
    const texts = { text: withCas(cas.cluster), referenceText: withCas(cas.reference) };
    return { ...texts, keys: [key], answer: "lines", changes: true };
  }

  #change(command: string, argument: string): Request {
    const key = this.#chance.oneOf(this.#keys.names);
    const quiet = this.#chance.happens(0.1);
    const text = `${command} ${key}${argument}${quiet ? " noreply" : ""}\r\n`;
    return { text, referenceText: text, keys: [key], answer: "lines", changes: true };
  }

  #value(): string {
    const chance = this.#chance;
    if (chance.happens(0.3)) return String(chance.uint32());
    return this.#bytes(chance.skewed([0, VALUE_BYTES_MAX]));
  }

  #bytes(length: number): string {
    const start = this.#chance.below(VALUE_BYTES_MAX);
    return this.#noise.slice(start, start + length);
  }
}

function other(text: string): Request {
  return { text, referenceText: text, keys: [], answer: "lines", changes: false };
}
