// The items of many keys, each as one line of JSON as soon as its server has answered, all within a deadline.
//
// Lines are bounded in bytes together; a compressed value is inflated, one at a time.

import { ClientError, type Item, type Outcome } from "@memwire/client";
import type { Millis } from "@memwire/engine";
import { base64Text, utf8Text } from "./bytes.ts";
import type { Context } from "./context.ts";
import { failureOf } from "./failure.ts";
import { Refusal } from "./refusal.ts";
import { plainBytes, type Value, valueOf } from "./value.ts";

export interface AskedKey {
  readonly key: Uint8Array;
  /** As it is called in the answer. */
  readonly name: string;
}

/** What became of them all. */
export interface Gathered {
  /** Every key was found or is not there. */
  readonly complete: boolean;
  readonly keys: number;
  readonly hits: number;
  readonly misses: number;
  readonly failures: number;
}

export interface GatherSink {
  /** Each index once. */
  answered(index: number, line: string): void;
  /** Once, after all lines. */
  done(gathered: Gathered): void;
}

const encoder = new TextEncoder();
/** With a line end or a comma. */
const bytesOf = (line: string): number => encoder.encode(line).length + 1;

export class Gather {
  readonly #context: Context;
  readonly #keys: readonly AskedKey[];
  readonly #timeoutMs: Millis;
  readonly #sink: GatherSink;
  readonly #abort: AbortController = new AbortController();
  readonly #isAnswered: boolean[];
  readonly #stopWaiting: () => void;
  #left: number;
  #bytes = 0;
  /** Of compressed values whose turn has not come. */
  #compressedBytes = 0;
  #hits = 0;
  #misses = 0;
  #isOver = false;
  #inflating: Promise<void> = Promise.resolve();

  /** Asks at once. */
  constructor(context: Context, keys: readonly AskedKey[], timeoutMs: Millis, sink: GatherSink) {
    const { client, clock } = context;
    this.#context = context;
    this.#keys = keys;
    this.#timeoutMs = timeoutMs;
    this.#sink = sink;
    this.#isAnswered = keys.map(() => false);
    this.#left = keys.length;
    this.#stopWaiting = clock.at(clock.now() + timeoutMs, () => this.#expire());
    const each = (index: number, outcome: Outcome): void => this.#received(index, outcome);
    client
      .getEach(
        keys.map(({ key }) => key),
        each,
        { signal: this.#abort.signal },
      )
      .catch((error: unknown) => this.#failTheRest(failureOf(error)));
  }

  /** Nobody wants them any more: neither `answered` nor `done` is called again. */
  giveUp(): void {
    this.#isOver = true;
    this.#stopWaiting();
    this.#abort.abort();
  }

  #received(index: number, outcome: Outcome): void {
    if (this.#isOver) return;
    if (outcome === undefined) {
      this.#misses++;
      this.#say(index, { status: 404 });
    } else if (outcome instanceof ClientError) {
      this.#fail(index, failureOf(outcome));
    } else {
      this.#found(index, outcome);
    }
  }

  #found(index: number, item: Item): void {
    const value = valueOf(item, this.#context.settings);
    if (value.forms.length === 0) {
      this.#hit(index, value.flags, value.bytes);
      return;
    }
    // Inflated it has hardly fewer bytes: what has no room as it is does not wait, or all that servers send would.
    if (this.#compressedBytes + value.bytes.length > this.#room) {
      this.#tooLarge(index);
      return;
    }
    this.#compressedBytes += value.bytes.length;
    this.#inflating = this.#inflateAfter(this.#inflating, index, value);
  }

  async #inflateAfter(earlier: Promise<void>, index: number, value: Value): Promise<void> {
    await earlier;
    this.#compressedBytes -= value.bytes.length;
    if (this.#isOver) return;
    if (this.#room <= 0) {
      this.#tooLarge(index);
      return;
    }
    const plain = await plainBytes(value, this.#context);
    if (this.#isOver) return;
    if (plain instanceof Refusal) this.#fail(index, plain);
    else this.#hit(index, value.flags, plain);
  }

  /** Bytes that lines may still have. */
  get #room(): number {
    return this.#context.settings.limits.multiBytesMax - this.#bytes;
  }

  #hit(index: number, flags: number, bytes: Uint8Array): void {
    if (bytes.length <= this.#room) {
      const text = utf8Text(bytes);
      const line = this.#line(index, {
        status: 200,
        flags,
        ...(text === undefined ? { base64: base64Text(bytes) } : { value: text }),
      });
      if (bytesOf(line) <= this.#room) {
        this.#hits++;
        this.#answer(index, line);
        return;
      }
    }
    this.#tooLarge(index);
  }

  #tooLarge(index: number): void {
    const { counters, settings } = this.#context;
    const { multiBytesMax } = settings.limits;
    counters.multiKeysTooLarge++;
    this.#say(index, { status: 413, error: `all items together must have at most ${multiBytesMax} bytes` });
  }

  #fail(index: number, { status, message }: Refusal): void {
    this.#say(index, { status, error: message });
  }

  #failTheRest(refusal: Refusal): void {
    for (let index = 0; index < this.#keys.length && !this.#isOver; index++) {
      if (!(this.#isAnswered[index] as boolean)) this.#fail(index, refusal);
    }
  }

  #expire(): void {
    this.#context.counters.multiKeysTooLate += this.#left;
    this.#failTheRest(new Refusal(504, "serverTimeouts", `no answer within ${this.#timeoutMs} ms`));
    this.#abort.abort();
  }

  #say(index: number, what: object): void {
    this.#answer(index, this.#line(index, what));
  }

  #line(index: number, what: object): string {
    return JSON.stringify({ key: (this.#keys[index] as AskedKey).name, ...what });
  }

  #answer(index: number, line: string): void {
    if (this.#isOver || (this.#isAnswered[index] as boolean)) return;
    this.#isAnswered[index] = true;
    this.#bytes += bytesOf(line);
    this.#context.counters.multiKeys++;
    this.#sink.answered(index, line);
    if (--this.#left > 0) return;
    this.#isOver = true;
    this.#stopWaiting();
    const keys = this.#keys.length;
    const failures = keys - this.#hits - this.#misses;
    this.#sink.done({ complete: failures === 0, keys, hits: this.#hits, misses: this.#misses, failures });
  }
}
