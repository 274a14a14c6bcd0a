// The laws of `serveHttp` (packages/adapter/src/http.ts), run against any adapter.
//
//     httpSuite(harness)  ->  vitest tests; the server is the adapter's, its clients write raw bytes to node:net
//
// Real time and real sockets: a law waits for what it says, never for a while, and asserts no duration.

import type { Adapter } from "@memwire/adapter";
import type { Endpoint } from "@memwire/engine";
import { test } from "vitest";
import { httpAnswerLaws } from "./adapter/http-answer-laws.ts";
import { httpBodyLaws } from "./adapter/http-body-laws.ts";
import { httpClosingLaws } from "./adapter/http-closing-laws.ts";
import type { HttpLaw } from "./adapter/http-law.ts";
import { httpLeavingLaws } from "./adapter/http-leaving-laws.ts";
import { httpRequestLaws } from "./adapter/http-request-laws.ts";
import { httpTimeLaws } from "./adapter/http-time-laws.ts";
import type { Kind } from "./adapter/law.ts";

/** What the suite needs to know and to have of an adapter. */
export interface HttpHarness extends Pick<Adapter, "serveHttp"> {
  readonly name: string;
  /** What handlers answer with. */
  readonly Response: typeof globalThis.Response;
  /** An endpoint that can be listened on, not given out before; port 0 for tcp. */
  fresh(kind: Kind): Endpoint;
  /** Exemptions: the full names of tests that do not apply, with the reason that the report prints. */
  readonly skip: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

const laws: readonly HttpLaw[] = [
  ...httpRequestLaws,
  ...httpBodyLaws,
  ...httpAnswerLaws,
  ...httpLeavingLaws,
  ...httpTimeLaws,
  ...httpClosingLaws,
];

/**
 * Registers the tests of one adapter, named `<harness> <law>`, and `(<kind>)` for laws tried on both kinds of socket.
 *
 * @throws RangeError if an exemption names a test that does not exist, or gives no reason
 */
export function httpSuite(harness: HttpHarness): void {
  const reasons = new Map<string, string>();
  for (const { reason, tests } of harness.skip) {
    if (reason === "")
      throw new RangeError(`an exemption needs a reason, got none for "${tests.join(", ")}"`);
    for (const name of tests) reasons.set(name, reason);
  }
  for (const law of laws) {
    for (const kind of law.kinds) {
      const name = law.kinds.length > 1 ? `${law.name} (${kind})` : law.name;
      const reason = reasons.get(name);
      reasons.delete(name);
      const slowly = law.isSlow ? test.concurrent : test;
      slowly(`${harness.name}: ${name}`, async (context) => {
        context.skip(reason !== undefined, reason);
        await law.holds(harness, kind);
      });
    }
  }
  for (const name of reasons.keys()) throw new RangeError(`no such test to be exempted: "${name}"`);
}
