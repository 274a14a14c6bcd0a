// Classic requests as operations and back, and what their client is told of outcomes.

import type { ClassicReply } from "../text/reply.ts";
import type { AdminRequest, ClassicRequest } from "../text/request.ts";
import { isClassicKey, shownKey } from "./key.ts";
import { type Operation, type Outcome, type Translated, untranslatable } from "./operation.ts";

/** Those that a request asks for, one for each key. */
export function classicOperations(request: ClassicRequest | AdminRequest): Translated<Operation> {
  // A decoder's is not exact from 2^53 on.
  if ("exptime" in request && !Number.isSafeInteger(request.exptime)) {
    return untranslatable("exptime", `exptime ${request.exptime}`);
  }
  switch (request.command) {
    case "get":
    case "gets":
    case "gat":
    case "gats": {
      const { command, keys } = request;
      if (keys.length === 0) return untranslatable("malformed", `${command} without a key`);
      const tellsCas = command === "gets" || command === "gats" ? "always" : "never";
      const touch = "exptime" in request ? { exptime: request.exptime } : {};
      return keys.map((key): Operation => ({ does: "retrieve", key, tellsCas, ...touch }));
    }
    case "set":
    case "add":
    case "replace":
    case "append":
    case "prepend": {
      const { command: mode, key, flags, exptime, value } = request;
      return [{ does: "store", mode, key, flags, exptime, value, tellsCas: "never" }];
    }
    case "cas": {
      const { key, flags, exptime, value, cas } = request;
      return [{ does: "store", mode: "set", key, flags, exptime, value, cas, tellsCas: "never" }];
    }
    case "delete":
      return [{ does: "delete", key: request.key }];
    case "incr":
    case "decr": {
      const { command: by, key, delta } = request;
      return [{ does: "count", by, key, delta, tellsCas: "never" }];
    }
    case "touch":
      return [{ does: "touch", key: request.key, exptime: request.exptime, tellsItem: false }];
    case "flush_all":
      return [{ does: "flush", delay: request.exptime }];
    case "stats":
      return [{ does: "statistics", argument: request.argument }];
    case "version":
    case "quit":
      return [{ does: request.command }];
    case "verbosity":
    case "shutdown":
    case "lru_crawler":
    case "lru":
    case "slabs":
    case "cache_memlimit":
    case "watch":
    case "refresh_certs":
    case "extstore":
    case "config":
    case "debugtime":
      return untranslatable("command", request.command);
  }
}

export function classicRequests(operation: Operation): Translated<ClassicRequest> {
  const noreply = false;
  if ("key" in operation && !isClassicKey(operation.key))
    return untranslatable("key", shownKey(operation.key));
  if ("cas" in operation && operation.cas !== undefined && operation.does !== "store") {
    return untranslatable("cas", `${operation.does} if the cas is ${operation.cas}`);
  }
  switch (operation.does) {
    case "retrieve": {
      const { key, exptime, tellsCas } = operation;
      const keys = [key];
      if (exptime === undefined) return [{ command: tellsCas === "never" ? "get" : "gets", keys }];
      return [{ command: tellsCas === "never" ? "gat" : "gats", exptime, keys }];
    }
    case "store": {
      const { mode: command, key, flags, exptime, value, cas, tellsCas } = operation;
      if (tellsCas === "always") return untranslatable("cas", "the cas of what is stored");
      if (cas === undefined) return [{ command, key, flags, exptime, value, noreply }];
      if (command !== "set") return untranslatable("cas", `${command} if the cas is ${cas}`);
      return [{ command: "cas", key, flags, exptime, value, cas, noreply }];
    }
    case "delete":
      return [{ command: "delete", key: operation.key, noreply }];
    case "count": {
      const { by: command, key, delta, create, tellsCas } = operation;
      if (tellsCas === "always") return untranslatable("cas", "the cas of what is counted");
      if (create !== undefined) return untranslatable("initial", `${command} that begins with a number`);
      return [{ command, key, delta, noreply }];
    }
    case "touch":
      return [{ command: "touch", key: operation.key, exptime: operation.exptime, noreply }];
    case "flush":
      return [{ command: "flush_all", exptime: operation.delay, noreply }];
    case "statistics":
      return [{ command: "stats", argument: operation.argument }];
    case "version":
    case "quit":
      return [{ command: operation.does }];
    case "nothing":
      return untranslatable("command", "a request that does nothing");
  }
}

/** What the client is told, with an outcome for each operation. Nothing at all if it wants no reply. */
export function classicAnswer(
  request: ClassicRequest | AdminRequest,
  outcomes: readonly Outcome[],
): Translated<ClassicReply> {
  if ("noreply" in request && request.noreply) return [];
  // One failure is the whole answer, as memcached has it for a multi-get.
  for (const outcome of outcomes) if (outcome.came === "failure") return [outcome.failure];
  if ("keys" in request) return retrieved(request, outcomes);
  const [outcome] = outcomes;
  switch (outcome?.came) {
    case "done":
      return doneReplies(request);
    case "number":
      return [{ kind: "number", number: outcome.number }];
    case "miss":
      return [{ kind: "not-found" }];
    case "not-stored":
    case "exists":
      return [{ kind: outcome.came }];
    case "version":
      return [{ kind: "version", text: outcome.text }];
    case "statistics": {
      if ("argument" in request && request.argument === "reset") return [{ kind: "reset" }];
      const lines = outcome.lines.map(([name, value]): ClassicReply => ({
        kind: "stat",
        text: value === "" ? name : `${name} ${value}`,
      }));
      return [...lines, { kind: "end" }];
    }
    default:
      return untranslatable("reply", `${outcome?.came ?? "nothing"} for ${request.command}`);
  }
}

function retrieved(
  request: ClassicRequest & { readonly keys: readonly Uint8Array[] },
  outcomes: readonly Outcome[],
): Translated<ClassicReply> {
  const withCas = request.command === "gets" || request.command === "gats";
  const replies: ClassicReply[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.came === "miss") continue;
    if (outcome.came !== "hit") return untranslatable("reply", `${outcome.came} for ${request.command}`);
    const { flags, value, cas } = outcome;
    const key = request.keys[i] as Uint8Array;
    if (!withCas) replies.push({ kind: "value", key, flags, value });
    else if (cas === undefined) return untranslatable("reply", `no cas for ${request.command}`);
    else replies.push({ kind: "value", key, flags, value, cas });
  }
  return [...replies, { kind: "end" }];
}

function doneReplies({ command }: ClassicRequest | AdminRequest): Translated<ClassicReply> {
  switch (command) {
    case "delete":
      return [{ kind: "deleted" }];
    case "touch":
      return [{ kind: "touched" }];
    case "flush_all":
      return [{ kind: "ok" }];
    case "quit":
      return [];
    default:
      return [{ kind: "stored" }];
  }
}
