// What a new connection says before anything else, and what it must hear for an answer.
//
//     set x 0 0 9\r\nuser pass\r\n  -->  STORED          to a server that wants a password (memcached -Y)
//     version\r\n                   -->  VERSION ...     to one that failed before: nothing else is asked until then
//
// A password that is taken shows as well as a version that memcached is there and answers.

import { SendBuffer, utf8Bytes, type TextReplyDecoder } from "@memwire/codec";
import { BROKEN_REPLY, UNAUTHENTICATED, type Failure } from "./failure.ts";

/** Who we are to a server. */
export interface TextCredentials {
  /** No blanks in either: memcached takes what stands behind one for a further word, which means nothing. */
  readonly user: string;
  readonly password: string;
}

export class Greeting {
  readonly output: SendBuffer = new SendBuffer();
  readonly #expected: "stored" | "version";

  constructor(credentials?: TextCredentials) {
    const { output } = this;
    if (credentials === undefined) {
      this.#expected = "version";
      output.latin1("version\r\n");
      return;
    }
    this.#expected = "stored";
    const words = utf8Bytes(`${credentials.user} ${credentials.password}\r\n`);
    output.latin1(`set x 0 0 ${words.length - 2}\r\n`); // it is no key: nothing is stored
    output.copy(words, 0, words.length);
  }

  /** What is wrong with the answer; null if the connection may be used. */
  fault({ kind }: TextReplyDecoder): Failure | null {
    if (kind === this.#expected) return null;
    return kind === "client-error" ? UNAUTHENTICATED : BROKEN_REPLY;
  }
}

/** @throws RangeError for a user or a password that cannot be said */
export function checkCredentials({ user, password }: TextCredentials): void {
  if (!/^[^\s\p{Cc}]+$/u.test(user)) {
    throw new RangeError(`a user must be one word, got ${JSON.stringify(user)}`);
  }
  // Which one it was is not said: errors are logged.
  if (!/^\P{Cc}+$/u.test(password))
    throw new RangeError("a password must not be empty or have control characters");
  // memcached compares the word up to the blank with all that its file has.
  if (password.includes(" ")) {
    throw new RangeError("a password must be without blanks: memcached -Y reads it up to the first one");
  }
}
