// Binary requests as operations and back, and what their client is told of outcomes.

import { NO_INITIAL, OPCODES } from "../binary/opcode.ts";
import { BINARY_STATUSES } from "../binary/status.ts";
import type { BinaryReply, BinaryRequest, BinaryStatus } from "../binary/binary-message.ts";
import { latin1Bytes, latin1Text } from "../bytes.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { binaryExptime, isTextExptime } from "./exptime.ts";
import { statusOf } from "./failure.ts";
import { isBinaryKey, shownKey } from "./key.ts";
import {
  type Operation,
  type Outcome,
  type Translated,
  type Untranslatable,
  untranslatable,
} from "./operation.ts";

/** Statistics that both protocols have under one name. */
const STATISTICS = new Set(["", "settings", "items", "slabs", "sizes", "reset"]);

const KEY_BYTES_MAX = DEFAULT_LIMITS.keyBytesMax;
const EMPTY: Uint8Array = new Uint8Array(0);
const NO_CAS = 0n;

export function binaryOperation(request: BinaryRequest): Operation | Untranslatable {
  const { opcode } = request;
  const ifCas = request.cas === NO_CAS ? {} : { cas: request.cas };
  switch (opcode) {
    case "get":
    case "getq":
    case "getk":
    case "getkq":
      return { does: "retrieve", key: request.key, tellsCas: "always" };
    case "gat":
    case "gatq":
    case "gatk":
    case "gatkq":
      if (!isTextExptime(request.exptime)) return wrongExptime(request.exptime);
      return { does: "retrieve", key: request.key, exptime: request.exptime, tellsCas: "always" };
    case "touch":
      if (!isTextExptime(request.exptime)) return wrongExptime(request.exptime);
      return { does: "touch", key: request.key, exptime: request.exptime, tellsItem: true };
    case "set":
    case "setq":
    case "add":
    case "addq":
    case "replace":
    case "replaceq": {
      const { key, flags, exptime, value } = request;
      if (!isTextExptime(exptime)) return wrongExptime(exptime);
      const mode = request.cas === NO_CAS ? loud(opcode) : "set";
      return { does: "store", mode, key, flags, exptime, value, ...ifCas, tellsCas: "if-possible" };
    }
    case "append":
    case "appendq":
    case "prepend":
    case "prependq": {
      const { key, value } = request;
      const joined = { key, flags: 0, exptime: 0, value, ...ifCas };
      return { does: "store", mode: loud(opcode), ...joined, tellsCas: "if-possible" };
    }
    case "delete":
    case "deleteq":
      return { does: "delete", key: request.key, ...ifCas };
    case "incr":
    case "incrq":
    case "decr":
    case "decrq": {
      const { key, delta, initial, exptime } = request;
      const counted = { does: "count", by: loud(opcode), key, delta, ...ifCas } as const;
      if (exptime === NO_INITIAL) return { ...counted, tellsCas: "if-possible" };
      if (!isTextExptime(exptime)) return wrongExptime(exptime);
      return { ...counted, create: { initial, exptime }, tellsCas: "if-possible" };
    }
    case "flush":
    case "flushq": {
      const delay = request.exptime ?? 0;
      return isTextExptime(delay) ? { does: "flush", delay } : wrongExptime(delay);
    }
    case "stat": {
      const argument = latin1Text(request.key);
      if (!STATISTICS.has(argument)) return untranslatable("argument", shownKey(request.key));
      return { does: "statistics", argument };
    }
    case "quit":
    case "quitq":
      return { does: "quit" };
    case "noop":
      return { does: "nothing" };
    case "version":
      return { does: "version" };
    case "sasl-list":
    case "sasl-auth":
    case "sasl-step":
      return untranslatable("command", opcode);
  }
}

/** The opcode that answers. */
function loud<Loud extends string>(opcode: Loud | `${Loud}q`): Loud {
  return opcode.replace(/q$/, "") as Loud;
}

const wrongExptime = (exptime: number): Untranslatable => untranslatable("exptime", `exptime ${exptime}`);

export function binaryRequests(operation: Operation): Translated<BinaryRequest> {
  if ("key" in operation && !isBinaryKey(operation.key))
    return untranslatable("key", shownKey(operation.key));
  const given = "cas" in operation ? operation.cas : undefined;
  if (given === NO_CAS) return untranslatable("cas", "a cas of 0");
  const common = { opaque: 0, vbucket: 0, cas: given ?? NO_CAS };
  switch (operation.does) {
    case "retrieve": {
      const { key } = operation;
      if (operation.exptime === undefined) return [{ opcode: "get", key, ...common }];
      const exptime = binaryExptime(operation.exptime);
      return exptime < 0 ? wrongExptime(operation.exptime) : [{ opcode: "gat", key, exptime, ...common }];
    }
    case "store": {
      const { mode: opcode, key, flags, value } = operation;
      if (opcode === "append" || opcode === "prepend") return [{ opcode, key, value, ...common }];
      const exptime = binaryExptime(operation.exptime);
      if (exptime < 0) return wrongExptime(operation.exptime);
      return [{ opcode, key, flags, exptime, value, ...common }];
    }
    case "delete":
      return [{ opcode: "delete", key: operation.key, ...common }];
    case "count": {
      const { by: opcode, key, delta, create } = operation;
      const counted = { opcode, key, delta, ...common };
      if (create === undefined) return [{ ...counted, initial: 0n, exptime: NO_INITIAL }];
      const exptime = binaryExptime(create.exptime);
      return exptime < 0 ? wrongExptime(create.exptime) : [{ ...counted, initial: create.initial, exptime }];
    }
    case "touch": {
      const exptime = binaryExptime(operation.exptime);
      if (exptime < 0) return wrongExptime(operation.exptime);
      return [{ opcode: "touch", key: operation.key, exptime, ...common }];
    }
    case "flush": {
      const exptime = operation.delay < 0 ? 0 : binaryExptime(operation.delay);
      if (exptime < 0) return wrongExptime(operation.delay);
      return [{ opcode: "flush", ...(exptime > 0 && { exptime }), ...common }];
    }
    case "statistics": {
      const { argument } = operation;
      if (!STATISTICS.has(argument)) return untranslatable("argument", argument);
      return [{ opcode: "stat", key: latin1Bytes(argument), ...common }];
    }
    case "version":
      return [{ opcode: "version", ...common }];
    case "nothing":
      return [{ opcode: "noop", ...common }];
    case "quit":
      return [{ opcode: "quitq", ...common }];
  }
}

/** What the client is told. Quiet is what went well, and of retrievals what is not there. */
export function binaryAnswer(request: BinaryRequest, outcome: Outcome): Translated<BinaryReply> {
  const { opcode, opaque } = request;
  const isQuiet = OPCODES[opcode].quiet;
  const isRetrieval = opcode.startsWith("get") || opcode.startsWith("gat");
  const reply = (status: BinaryStatus, parts: Partial<BinaryReply> = {}): BinaryReply => {
    return { opcode, status, opaque, cas: NO_CAS, key: EMPTY, value: EMPTY, ...parts };
  };
  const refused = (status: BinaryStatus, text = BINARY_STATUSES[status].text): BinaryReply[] => [
    reply(status, { value: latin1Bytes(text) }),
  ];
  const key = "key" in request && /^ga?e?tkq?$/.test(opcode) ? request.key : undefined;
  switch (outcome.came) {
    case "hit": {
      const { flags, value, cas = NO_CAS } = outcome;
      if (!isRetrieval) break;
      return [reply("ok", { flags, value, cas, ...(key && { key }) })];
    }
    case "miss":
      if (isRetrieval && isQuiet) return [];
      if (opcode.startsWith("replace") && request.cas === NO_CAS) break;
      return key === undefined ? refused("not-found") : [reply("not-found", { key })];
    case "done": {
      const { flags, cas = NO_CAS } = outcome;
      if (isRetrieval) break;
      return isQuiet ? [] : [reply("ok", { cas, ...(flags !== undefined && { flags }) })];
    }
    case "number": {
      const { number, cas = NO_CAS } = outcome;
      if (OPCODES[opcode].extras !== "arithmetic") break;
      return isQuiet ? [] : [reply("ok", { number, cas, value: bytes64(number) })];
    }
    // memcached says why nothing was stored.
    case "not-stored":
      if (opcode.startsWith("add")) return refused("exists");
      return refused(opcode.startsWith("replace") ? "not-found" : "not-stored");
    case "exists":
      return refused("exists");
    case "version":
      return [reply("ok", { value: latin1Bytes(outcome.text) })];
    case "statistics": {
      // One without a name would be the end.
      const unnamed = outcome.lines.find(([name]) => name === "" || name.length > KEY_BYTES_MAX);
      if (unnamed !== undefined) return untranslatable("reply", `a statistic "${unnamed.join(" ")}"`);
      const lines = outcome.lines.map(([name, value]) =>
        reply("ok", { key: latin1Bytes(name), value: latin1Bytes(value) }),
      );
      return [...lines, reply("ok")];
    }
    case "failure":
      return refused(...statusOf(outcome.failure));
  }
  return untranslatable("reply", `${outcome.came} for ${opcode}`);
}

function bytes64(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => Number((number >> BigInt(56 - 8 * i)) & 0xffn));
}
