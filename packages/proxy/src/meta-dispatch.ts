// Meta requests to the servers that own their keys, as they came but for flag q, which stops here as `noreply` does.
//
// A key in base64 belongs to the server of the key itself: where a client of the binary protocol finds it, too. Hot
// path: a look-up and a copy a request.

import { hasNul, latin1Bytes, refusalReply, RequestForwarder, type TextRequestDecoder } from "@memwire/codec";
import type { ClientLink, ServerLink, Upload, Uploads } from "@memwire/link";
import { ANY, hashOf, MetaSlot, type MetaCommand } from "./meta-slot.ts";
import type { Pool } from "./pool.ts";
import { BAD_FORMAT } from "./refusals.ts";

const KEY_BYTES_MAX = 250;
const TOO_MANY_FLAGS = refusalReply("too-many-flags");
const DELETE = latin1Bytes("md ");
const IN_BASE64 = latin1Bytes(" b");
const LINE_END = latin1Bytes("\r\n");

export class MetaDispatcher {
  readonly #pool: Pool;
  readonly #uploads: Uploads;
  readonly #forwarder: RequestForwarder = new RequestForwarder({ answered: true });
  readonly #key: Uint8Array = new Uint8Array(KEY_BYTES_MAX);

  constructor(pool: Pool, uploads: Uploads) {
    this.#pool = pool;
    this.#uploads = uploads;
  }

  forward(client: ClientLink, command: MetaCommand): void {
    const { decoder } = client;
    const server = this.#owner(decoder);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const written = this.#forwarder.write(server.output, decoder);
    if (written !== "written") {
      return client.answer(written === "too-many-flags" ? TOO_MANY_FLAGS : BAD_FORMAT);
    }
    const slot = client.push(slotOf(client, decoder, command));
    server.push(slot, "meta");
    slot.done();
  }

  /** The same for an `ms` whose value comes in parts. @returns null if it is answered already */
  begin(client: ClientLink): Upload | null {
    const { decoder } = client;
    const server = this.#owner(decoder);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    if (refusal !== null) return (client.answer(refusal.line), null);
    const slot = slotOf(client, decoder, "ms");
    const upload = this.#uploads.begin(server, client, slot, "meta");
    const written = this.#forwarder.write(upload.head, decoder);
    if (written === "written") {
      client.push(slot);
      return upload;
    }
    client.answer(written === "too-many-flags" ? TOO_MANY_FLAGS : BAD_FORMAT);
    return null;
  }

  /** An `ms` was refused for its value: what is stored under its key must go. */
  refuseValue(client: ClientLink, reply: Uint8Array): void {
    const { decoder } = client;
    // To a server a line ends at a NUL: another key's value would go.
    if (hasNul(decoder.bytes, decoder.keyStart, decoder.keyEnd)) return client.answer(reply);
    const server = this.#owner(decoder);
    if (server.refusal() !== null) return client.answer(reply);
    const { output } = server;
    output.copy(DELETE, 0, DELETE.length);
    output.copy(decoder.bytes, decoder.keyStart, decoder.keyEnd);
    if (decoder.keyIsBase64) output.copy(IN_BASE64, 0, IN_BASE64.length);
    output.copy(LINE_END, 0, 2);
    const slot = client.push(new MetaSlot(client, "md", true, ANY, ANY));
    slot.refuse(reply);
    server.push(slot, "meta");
    slot.done();
  }

  #owner(decoder: TextRequestDecoder): ServerLink {
    const { bytes, keyStart, keyEnd } = decoder;
    if (!decoder.keyIsBase64) return this.#pool.owner(bytes, keyStart, keyEnd);
    return this.#pool.owner(this.#key, 0, decoder.copyKey(this.#key));
  }
}

/** The place of the request at hand, with what its reply is to repeat. */
function slotOf(client: ClientLink, decoder: TextRequestDecoder, command: MetaCommand): MetaSlot {
  const { bytes, meta, keyStart, keyEnd, quiet } = decoder;
  if (command === "me") return new MetaSlot(client, command, false, ANY, ANY);
  // A server writes the key in base64 as it would, which may be otherwise than the client did.
  const key = !decoder.keyIsBase64 && meta.has("k") ? hashOf(bytes, keyStart, keyEnd) : ANY;
  const opaque = meta.has("O") ? hashOf(bytes, meta.tokenStart("O"), meta.tokenEnd("O")) : ANY;
  return new MetaSlot(client, command, quiet, key, opaque);
}
