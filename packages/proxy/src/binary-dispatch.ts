// Binary requests to the servers that own their keys, as meta requests.
//
//     get a      -->  server A: mg a v f c       each in a slot of its own, which makes a binary reply of the meta one
//     getq b     -->  server B: mg b v f c       and leaves out what a quiet request is not told
//     noop       answered here, and so behind all that was asked before it
//
// Hot path: a look-up, a line and a slot a request.

import { binaryRefusalReply, latin1Text, refusalReply, type BinaryStatus } from "@memwire/codec";
import { unreachable } from "@memwire/engine";
import type { ClientLink, Upload, Uploads } from "@memwire/link";
import { BinaryHead } from "./binary-head.ts";
import { BinaryRequestWriter, type BinaryTask } from "./binary-request.ts";
import { BinarySlot } from "./binary-slot.ts";
import { flushServers } from "./classic-dispatch.ts";
import type { Pool } from "./pool.ts";
import { authenticate, isForAnybody } from "./sasl.ts";
import type { StatLine } from "./stats.ts";

const TOO_LARGE = refusalReply("too-large");

export class BinaryDispatcher {
  readonly #pool: Pool;
  readonly #uploads: Uploads;
  readonly #version: string;
  readonly #stats: (argument: string) => readonly StatLine[] | null;
  readonly #head: BinaryHead = new BinaryHead();
  readonly #writer: BinaryRequestWriter = new BinaryRequestWriter();

  /** @param stats What `stats` tells, or null if the argument is unknown. */
  constructor(
    pool: Pool,
    uploads: Uploads,
    version: string,
    stats: (argument: string) => readonly StatLine[] | null,
  ) {
    this.#pool = pool;
    this.#uploads = uploads;
    this.#version = version;
    this.#stats = stats;
  }

  dispatch(client: ClientLink): void {
    const { binary } = client;
    const { opcode } = binary;
    if (this.#isStranger(client)) return this.#turnAway(client);
    switch (opcode) {
      case "get":
      case "getq":
      case "getk":
      case "getkq":
      case "gat":
      case "gatq":
      case "gatk":
      case "gatkq":
        return this.#forward(client, "retrieve");
      case "touch":
        return this.#forward(client, "touch");
      case "set":
      case "setq":
      case "add":
      case "addq":
      case "replace":
      case "replaceq":
      case "append":
      case "appendq":
      case "prepend":
      case "prependq":
        return this.#forward(client, "store");
      case "delete":
      case "deleteq":
        return this.#forward(client, "delete");
      case "incr":
      case "incrq":
      case "decr":
      case "decrq":
        return this.#forward(client, "count");
      case "flush":
      case "flushq":
        return this.#flush(client);
      case "noop":
        return this.#answer(client, "ok");
      case "version":
        return this.#tell(client, [["", this.#version]]);
      case "stat": {
        const lines = this.#stats(latin1Text(binary.bytes, binary.keyStart, binary.keyEnd));
        return lines === null ? this.#answer(client, "not-found") : this.#tell(client, [...lines, ["", ""]]);
      }
      case "quit":
        this.#answer(client, "ok");
        return client.finish();
      case "quitq":
        return client.finish();
      case "sasl-list":
        if (this.#pool.users === undefined) return this.#answer(client, "unknown-command");
        client.standing = "stranger";
        return this.#tell(client, [["", "PLAIN"]]);
      case "sasl-auth":
      case "sasl-step":
        return this.#authenticate(client);
      default:
        return unreachable(opcode);
    }
  }

  /** Says what is wrong with a request that the decoder refused. */
  refuse(client: ClientLink): void {
    const { refusal, code, opaque, opcode } = client.binary;
    // Where lengths make no sense nobody is asked who it is.
    if (refusal !== "bad-magic" && refusal !== "bad-length" && this.#isStranger(client)) {
      return this.#turnAway(client);
    }
    const reply = binaryRefusalReply(refusal, code, opaque);
    if (refusal === "too-large" && (opcode === "set" || opcode === "setq")) this.#refuseValue(client, reply);
    else if (reply.length > 0) client.tell(reply);
  }

  /** A request that stores a value that comes in parts. @returns null if it is answered already */
  begin(client: ClientLink): Upload | null {
    const { binary } = client;
    if (this.#isStranger(client)) return (this.#turnAway(client), null);
    if (binary.opcode.startsWith("sasl")) {
      return (
        this.#answer(client, this.#pool.users === undefined ? "unknown-command" : "out-of-memory"), null
      );
    }
    if (!this.#writer.canSay(binary)) return (this.#answer(client, "invalid"), null);
    const server = this.#pool.owner(binary.bytes, binary.keyStart, binary.keyEnd);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    const slot = client.push(new BinarySlot(client, this.#head, "store", binary));
    if (refusal !== null) {
      slot.fail(refusal);
      return null;
    }
    const upload = this.#uploads.begin(server, client, slot, "meta");
    this.#writer.write(upload.head, "store", binary);
    return upload;
  }

  #forward(client: ClientLink, task: BinaryTask): void {
    const { binary } = client;
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = binary;
    if (!this.#writer.canSay(binary)) return this.#answer(client, "invalid");
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    const slot = client.push(new BinarySlot(client, this.#head, task, binary));
    if (refusal !== null) slot.refuse(refusal.line);
    else {
      const { output } = server;
      this.#writer.write(output, task, binary);
      if (task === "store") {
        output.copy(bytes, valueStart, valueEnd);
        output.latin1("\r\n");
      }
      server.push(slot, this.#writer.expected(task));
    }
    slot.done();
  }

  /** memcached drops the old value with a `set` that it refuses: nobody reads it again and takes it for the new. */
  #refuseValue(client: ClientLink, reply: Uint8Array): void {
    const { binary } = client;
    const server = this.#pool.owner(binary.bytes, binary.keyStart, binary.keyEnd);
    if (!this.#writer.canSay(binary) || server.refusal() !== null) return client.tell(reply);
    this.#writer.writeRemoval(server.output, binary);
    const slot = client.push(new BinarySlot(client, this.#head, "delete", binary));
    slot.refuse(TOO_LARGE);
    server.push(slot, "meta");
    slot.done();
  }

  #flush(client: ClientLink): void {
    const { binary } = client;
    if (!this.#pool.flushEnabled) return this.#answer(client, "auth-error");
    const slot = client.push(new BinarySlot(client, this.#head, "all", binary));
    flushServers(this.#pool, slot, binary.exptime);
    slot.done();
  }

  #isStranger(client: ClientLink): boolean {
    return this.#pool.users !== undefined && client.standing !== "known" && !isForAnybody(client.binary.code);
  }

  /** Whoever has not said who it is gets one answer, and has to begin anew. */
  #turnAway(client: ClientLink): void {
    this.#answer(client, "auth-error");
    client.finish();
  }

  #authenticate(client: ClientLink): void {
    const { users } = this.#pool;
    if (users === undefined) return this.#answer(client, "unknown-command");
    const status = authenticate(client, users);
    if (status === "ok" || status === "auth-error") this.#pool.logins++;
    if (status === "auth-error") this.#pool.loginsFailed++;
    if (status === "ok") this.#tell(client, [["", "Authenticated"]]);
    else this.#answer(client, status);
  }

  #answer(client: ClientLink, status: BinaryStatus): void {
    const slot = this.#slotHere(client);
    slot.status(status);
    slot.done();
  }

  #tell(client: ClientLink, lines: readonly StatLine[]): void {
    const slot = this.#slotHere(client);
    for (const [name, value] of lines) slot.say(name, value);
    slot.done();
  }

  #slotHere(client: ClientLink): BinarySlot {
    return client.push(new BinarySlot(client, this.#head, "here", client.binary));
  }
}
