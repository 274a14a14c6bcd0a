// Plays a scenario against a server, as one recorded version had it.

import type { ServerHarness } from "../server-suite.ts";
import { bytesAtLeast, match } from "./expectation.ts";
import { bytesOf, type Part, type Scenario, type Step } from "./scenario.ts";
import { WireClient } from "./wire-client.ts";
import type { Endpoint } from "@memwire/engine";

// Requests up to this size are sent byte by byte when they are cut; larger ones in pieces that are no divisor of
// anything.
const BYTEWISE_MAX = 4_096;
const PIECE_BYTES = 1_021;

// An answer that grows is compared again and again: a long one only when it can be whole.
const COMPARED_EARLY_BYTES = 4_096;

/** Plays what 1.6.18 answered, and if it is not that, what 1.6.45 did. @throws Error that tells the first difference */
export async function play(
  harness: ServerHarness,
  endpoint: Endpoint,
  { steps, steps_1_6_45: newer }: Scenario,
  inPieces: boolean,
  flush: () => Promise<void>,
): Promise<void> {
  await flush();
  const older = await playSteps(harness, endpoint, steps, inPieces);
  if (older === undefined) return;
  if (newer === undefined) throw new Error(older);
  await flush();
  const difference = await playSteps(harness, endpoint, newer, inPieces);
  if (difference !== undefined) throw new Error(`not as 1.6.18: ${older}\nnor as 1.6.45: ${difference}`);
}

/** @returns what was different, if anything */
async function playSteps(
  harness: ServerHarness,
  endpoint: Endpoint,
  steps: readonly Step[],
  inPieces: boolean,
): Promise<string | undefined> {
  const cas = new Map<string, string>();
  const client = WireClient.connect(harness.network, endpoint);
  try {
    for (const [i, step] of steps.entries()) {
      if (step.sleep !== undefined) await harness.sleep(step.sleep * 1_000);
      const bytes = bytesOf(step.send, cas);
      const pieceBytes = bytes.length <= BYTEWISE_MAX ? 1 : PIECE_BYTES;
      client.send(bytes, inPieces ? pieceBytes : bytes.length);
      const difference = await expectAnswer(harness, client, step, cas);
      if (difference !== undefined) return `step ${i}, ${difference}`;
    }
    client.end();
    await harness.until(() => client.isOver, "the server to close after the last step");
    if (client.receivedBytes > 0) return `after the last step received ${quote(client.take())}`;
    return undefined;
  } finally {
    client.close();
  }
}

async function expectAnswer(
  harness: ServerHarness,
  client: WireClient,
  { expect, closed = false }: Step,
  cas: Map<string, string>,
): Promise<string | undefined> {
  const bytesMin = bytesAtLeast(expect);
  let compared = -1;
  let found = match("", expect, cas);
  const isDecided = (): boolean => {
    const { receivedBytes } = client;
    if (receivedBytes !== compared && (receivedBytes < COMPARED_EARLY_BYTES || receivedBytes >= bytesMin)) {
      compared = receivedBytes;
      found = match(client.peek(), expect, cas);
    }
    if (found === "wrong") return true;
    return client.isOver || (found === "whole" && !closed && client.hasSent);
  };
  const what = `expected ${quote(expect)}`;
  try {
    await harness.until(isDecided, what);
  } catch {
    return `${what}, received only ${quote(client.take())}`;
  }
  const received = client.take();
  if (found !== "whole") return `${what}, received ${quote(received)}`;
  if (client.isOver !== closed) return `${what}, and the connection was ${closed ? "not " : ""}closed`;
  return undefined;
}

function quote(text: string | readonly Part[]): string {
  const quoted = JSON.stringify(text);
  return quoted.length <= 300 ? quoted : `${quoted.slice(0, 200)} ... ${quoted.slice(-80)}`;
}
