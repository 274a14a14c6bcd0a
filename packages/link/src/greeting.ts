// What a new connection says before anything else, and what it must hear for an answer.
//
//     set x 0 0 9\r\nuser pass\r\n  -->  STORED          to a server that wants a password (memcached -Y)
//     nothing: `TextOverBinary`     -->  STORED          to one that wants SASL (memcached -S)
//     version\r\n                   -->  VERSION ...     to one that failed before: nothing else is asked until then
//
// A password that is taken shows as well as a version that memcached is there and answers.

import { SendBuffer, utf8Bytes, type TextReplyDecoder } from "@memwire/codec";
import { BROKEN_REPLY, SERVER_FULL, UNAUTHENTICATED, type Failure } from "./failure.ts";
import { saysFull } from "./reply-rules.ts";

/** Who we are to a server. */
export interface Credentials {
  /** `text` is what memcached -Y asks for, `sasl` what -S does, which then takes nothing but the binary protocol. */
  readonly kind: "text" | "sasl";
  readonly user: string;
  /** No blanks in that of `text`: memcached takes what stands behind one for a further word, which means nothing. */
  readonly password: string;
}

export class Greeting {
  readonly output: SendBuffer = new SendBuffer();
  /** Who is to log in by SASL. */
  readonly sasl: Credentials | null;
  readonly #expected: "stored" | "version";

  constructor(credentials?: Credentials) {
    const { output } = this;
    this.sasl = credentials?.kind === "sasl" ? credentials : null;
    if (credentials === undefined) {
      this.#expected = "version";
      output.latin1("version\r\n");
      return;
    }
    this.#expected = "stored";
    if (this.sasl !== null) return;
    const words = utf8Bytes(`${credentials.user} ${credentials.password}\r\n`);
    output.latin1(`set x 0 0 ${words.length - 2}\r\n`); // it is no key: nothing is stored
    output.copy(words, 0, words.length);
  }

  /** What is wrong with the answer; null if the connection may be used. */
  fault(reply: TextReplyDecoder): Failure | null {
    const { kind } = reply;
    if (kind === this.#expected) return null;
    if (kind === "error" && saysFull(reply, kind)) return SERVER_FULL;
    return kind === "client-error" ? UNAUTHENTICATED : BROKEN_REPLY;
  }
}

const KINDS: readonly unknown[] = ["text", "sasl"] satisfies readonly Credentials["kind"][];

/** @throws RangeError for a kind that there is not, and for a user or a password that cannot be said */
export function checkCredentials({ kind, user, password }: Credentials): void {
  if (!KINDS.includes(kind)) {
    throw new RangeError(`the kind of credentials must be "text" or "sasl", got ${JSON.stringify(kind)}`);
  }
  if (!/^[^\s\p{Cc}]+$/u.test(user)) {
    throw new RangeError(`a user must be one word, got ${JSON.stringify(user)}`);
  }
  // Which one it was is not said: errors are logged.
  if (!/^\P{Cc}+$/u.test(password))
    throw new RangeError("a password must not be empty or have control characters");
  // memcached compares the word up to the blank with all that its file has.
  if (kind === "text" && password.includes(" ")) {
    throw new RangeError("a password must be without blanks: memcached -Y reads it up to the first one");
  }
}
