// A server that is asked in binary as if it were asked in text: what stands between a connection, which writes text
// requests and reads text replies, and a memcached that wants SASL, and so nothing but binary.
//
//     connection --text--> requests.ask, requests.take --binary--> server
//     connection <--TextReplyDecoder-- replies <--binary-- server
//
// It logs in first, unasked, and the first reply is what memcached -Y answers to a password: `STORED`, or that it is
// not taken. To all else come the replies that memcached has in text, byte for byte; to what binary cannot say an error
// that names it. Nothing is to be asked until the password is taken.

import type { BufferPool, Limits } from "@memwire/codec";
import { AskQueue } from "./ask-queue.ts";
import { BinaryReplies } from "./binary-replies.ts";
import { BinaryRequests } from "./binary-requests.ts";
import type { Credentials } from "./greeting.ts";

export interface TextOverBinaryOptions {
  /** Bounds of what the server sends. */
  readonly replies?: Partial<Limits>;
  /** Values of so many bytes are handed on as they come. By default none is. */
  readonly streamedFromBytes?: number | undefined;
  /** Where memory for large requests comes from. */
  readonly pool?: BufferPool | undefined;
}

export class TextOverBinary {
  readonly requests: BinaryRequests;
  readonly replies: BinaryReplies;

  /** For one connection. */
  constructor(credentials: Credentials, options: TextOverBinaryOptions = {}) {
    const asks = new AskQueue();
    this.requests = new BinaryRequests(asks, credentials, options.pool);
    this.replies = new BinaryReplies(asks, options.replies, options.streamedFromBytes);
  }
}
