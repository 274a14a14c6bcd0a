// Requests of one format in another, and the replies to those in the first again: values, for proxies and tools.
//
//     client of one format                   server of another
//       request   --toMeta(request)-->         requests, to be sent in order
//       replies   <--textReplies(request, ..)  all that is answered to those, in order
//
// What is sent always answers, once a request: `noreply` and quiet forms are taken off, and the way back leaves out
// what the client does not want to hear. A classic retrieval and statistics are answered up to the line that ends
// them, binary statistics up to the reply without a key. What cannot be said is answered by type, and nothing throws.

import type { BinaryReply, BinaryRequest } from "../binary/binary-message.ts";
import type { MetaRequest } from "../meta/meta-message.ts";
import type { TextReply } from "../text/reply.ts";
import type { AdminRequest, ClassicRequest, TextRequest } from "../text/request.ts";
import { binaryAnswer, binaryOperation, binaryRequests } from "./binary.ts";
import { classicAnswer, classicOperations, classicRequests } from "./classic.ts";
import { metaAnswer, metaRequests } from "./meta.ts";
import { metaOperation } from "./meta-operation.ts";
import {
  isUntranslatable,
  type Operation,
  type Outcome,
  type Translated,
  type Untranslatable,
  untranslatable,
} from "./operation.ts";
import { binaryOutcome, textOutcome } from "./outcome.ts";

/** Classic requests that together ask for the same. */
export function toClassic(request: MetaRequest | BinaryRequest): Translated<ClassicRequest> {
  return said(operationsOf(request), classicRequests);
}

/** Meta requests that together ask for the same. */
export function toMeta(request: ClassicRequest | AdminRequest | BinaryRequest): Translated<MetaRequest> {
  return said(operationsOf(request), metaRequests);
}

/** Binary requests that together ask for the same. Opaque and vbucket are 0; the caller may put others in. */
export function toBinary(request: TextRequest): Translated<BinaryRequest> {
  return said(operationsOf(request), binaryRequests);
}

export function isMetaRequest(request: TextRequest): request is MetaRequest {
  return "metaFlags" in request || request.command === "mn";
}

/** What the client is told. @param replies All of them to what the request was translated to. */
export function textReplies(
  request: TextRequest,
  replies: readonly TextReply[] | readonly BinaryReply[],
): Translated<TextReply> {
  const outcomes = outcomesOf(operationsOf(request), replies);
  if (isUntranslatable(outcomes)) return outcomes;
  if (isMetaRequest(request)) return metaAnswer(request, outcomes[0] as Outcome);
  return classicAnswer(request, outcomes);
}

/** What the client is told. @param replies All of them to what the request was translated to. */
export function binaryReplies(
  request: BinaryRequest,
  replies: readonly TextReply[],
): Translated<BinaryReply> {
  const outcomes = outcomesOf(operationsOf(request), replies);
  return isUntranslatable(outcomes) ? outcomes : binaryAnswer(request, outcomes[0] as Outcome);
}

function operationsOf(request: TextRequest | BinaryRequest): Translated<Operation> {
  if (!("opcode" in request) && !isMetaRequest(request)) return classicOperations(request);
  const operation = "opcode" in request ? binaryOperation(request) : metaOperation(request);
  return isUntranslatable(operation) ? operation : [operation];
}

/** All or nothing. */
function said<Request>(
  operations: Translated<Operation>,
  say: (operation: Operation) => Translated<Request>,
): Translated<Request> {
  if (isUntranslatable(operations)) return operations;
  const requests: Request[] = [];
  for (const operation of operations) {
    const translated = say(operation);
    if (isUntranslatable(translated)) return translated;
    requests.push(...translated);
  }
  return requests;
}

/** One for each operation. Several are answered by one reply each, one by all there are. */
function outcomesOf(
  operations: Translated<Operation>,
  replies: readonly TextReply[] | readonly BinaryReply[],
): readonly Outcome[] | Untranslatable {
  if (isUntranslatable(operations)) return operations;
  if (operations.length > 1 && operations.length !== replies.length) {
    return untranslatable("reply", `${replies.length} replies to ${operations.length} requests`);
  }
  const outcomes: Outcome[] = [];
  for (const [i, operation] of operations.entries()) {
    const own = operations.length > 1 ? replies.slice(i, i + 1) : replies;
    const outcome = isBinary(own) ? binaryOutcome(operation, own) : textOutcome(operation, own);
    if (isUntranslatable(outcome)) return outcome;
    outcomes.push(outcome);
  }
  return outcomes;
}

function isBinary(replies: readonly TextReply[] | readonly BinaryReply[]): replies is readonly BinaryReply[] {
  const [first] = replies;
  return first !== undefined && "status" in first;
}
